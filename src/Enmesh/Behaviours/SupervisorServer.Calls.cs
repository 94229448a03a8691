using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

// What supervisor:start_child/2 and its siblings ask.
internal sealed partial class SupervisorServer
{
    private static readonly Term NotFound = Error("not_found");
    private static readonly Term RunningError = Error("running");
    private static readonly Term RestartingError = Error("restarting");
    private static readonly Term SimpleError = Error("simple_one_for_one");
    private static readonly Term AlreadyPresent = Error("already_present");
    private static readonly Atom BadArg = new("badarg");
    private static readonly Atom Specs = new("specs");
    private static readonly Atom Active = new("active");
    private static readonly Atom Supervisors = new("supervisors");
    private static readonly Atom Workers = new("workers");

    protected override async ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
    {
        switch (request)
        {
            case { AtomText: "which_children" }:
                return Reply(options.IsSimple ? Describe(_byPid.Values) : Describe(Enumerable.Reverse(_children)));
            case { AtomText: "count_children" }:
                return Reply(Count());
            case { TupleElements: [{ AtomText: "start_child" }, var what] }:
                return Reply(options.IsSimple
                    ? await StartDynamicAsync(what).ConfigureAwait(false)
                    : await StartChildAsync(what).ConfigureAwait(false));
            case { TupleElements: [{ AtomText: "terminate_child" }, var id] }:
                return Reply(await TerminateChildAsync(id).ConfigureAwait(false));
            case { TupleElements: [{ AtomText: "restart_child" }, var id] }:
                return Reply(await RestartChildAsync(id).ConfigureAwait(false));
            case { TupleElements: [{ AtomText: "delete_child" }, var id] }:
                return Reply(DeleteChild(id));
            case { TupleElements: [{ AtomText: "get_childspec" }, var id] }:
                return Reply(GetChildSpec(id));
            case { TupleElements: [{ AtomText: "which_child" }, var id] }:
                return Reply(Find(id) is { } child ? Ok(Describe(child)) : NotFound);
            default:
                return await base.HandleCallAsync(request, call).ConfigureAwait(false);
        }
    }

    protected override Term FormatState()
    {
        var specs = options.IsSimple
            ? [new SupervisedProcess(Template, Template.Start.Arguments)]
            : Enumerable.Reverse(_children).ToArray();
        return Term.Tuple(
            new Atom("state"), NameTerm(), ChildTerms.ToAtom(options.Strategy),
            Term.Tuple(
                Term.List([.. specs.Select(child => child.Spec.Id.Term)]),
                Term.Map([.. specs.Select(child => (
                    child.Spec.Id.Term, ChildTerms.ToRecord(child.Spec, PidTerm(child, true), child.Arguments)))])),
            options.IsSimple ? Dynamics() : Atoms.Undefined, options.Intensity, (long)options.Period.TotalSeconds,
            Term.List([.. _restarts.Reverse().Select(time => (Term)(time / Context.TimeProvider.TimestampFrequency))]),
            _byPid.Values.Count(child => child.IsRestarting), ChildTerms.ToAtom(options.AutoShutdown), SupervisorAtom,
            Term.Nil);
    }

    private static Term Error(string what) => Error(new Atom(what));

    private static Term Error(Term reason) => Term.Tuple(Atoms.Error, reason);

    private static Term Ok(Term value) => Term.Tuple(Atoms.Ok, value);

    private static Term PidTerm(SupervisedProcess child, bool asRecord = false) => child switch
    {
        { IsRestarting: true } => asRecord
            ? Term.Tuple(ChildTerms.Restarting, child.Pid is { } old ? old : Atoms.Undefined)
            : ChildTerms.Restarting,
        { Pid: { } pid } => pid,
        _ => Atoms.Undefined,
    };

    private Term NameTerm() => options.Name switch
    {
        { Name: { } name } => Term.Tuple(new Atom("local"), name),
        { Entry: { } entry } => entry.ToTerm(),
        _ => Term.Tuple(Context.Self, SupervisorAtom),
    };

    private Term Dynamics()
    {
        var isKept = Template.Restart != ChildRestart.Temporary;
        return Term.Tuple(
            new Atom(isKept ? "maps" : "mapsets"),
            Term.Map([.. _byPid.Values.Select(
                child => (PidTerm(child, true), isKept ? Term.List([.. child.Given]) : Term.Nil))]));
    }

    private Term Describe(IEnumerable<SupervisedProcess> children) => Term.List([.. children.Select(Describe)]);

    private Term Describe(SupervisedProcess child) => Term.Tuple(
        options.IsSimple ? Atoms.Undefined : child.Spec.Id.Term, PidTerm(child), ChildTerms.ToAtom(child.Spec.Kind),
        ChildTerms.ModulesOf(child.Spec));

    private Term Count()
    {
        var all = options.IsSimple ? _byPid.Values : (IReadOnlyCollection<SupervisedProcess>)_children;
        var supervisors = all.Count(child => child.Spec.Kind == ChildKind.Supervisor);
        // One on another node counts while its link holds.
        var active = all.Count(child => child.Running is { } pid
            && (options.IsSimple || pid.Node != Context.Self.Node || Context.Runtime.IsAlive(pid)));
        return Term.List(
            Term.Tuple(Specs, options.IsSimple ? 1 : all.Count), Term.Tuple(Active, active),
            Term.Tuple(Supervisors, supervisors), Term.Tuple(Workers, all.Count - supervisors));
    }

    private SupervisedProcess? Find(Term id)
    {
        if (!options.IsSimple)
            return _byId.GetValueOrDefault(id);
        return id.Pid is { } pid ? _byPid.GetValueOrDefault(pid) : null;
    }

    private async ValueTask<Term> StartDynamicAsync(Term what)
    {
        if (what.AsList is not { IsProper: true } given)
            return Error(Term.Tuple(ExitTag, BadArg));
        var outcome = await StartAsync(Template, [.. given]).ConfigureAwait(false);
        if (outcome is { Error: null, Pid: not null })
            SetPid(new SupervisedProcess(Template, Template.Start.Arguments) { Given = [.. given] }, outcome.Pid);
        return ToTerm(outcome);
    }

    private async ValueTask<Term> StartChildAsync(Term what)
    {
        Term error = default;
        var spec = what.Reference is { } offer && _offered.TryRemove(offer, out var offered)
            ? offered : ChildTerms.Read(what, options.AutoShutdown, out error);
        if (spec is null)
            return Error(error);
        if (_byId.TryGetValue(spec.Id.Term, out var present))
            return present.Running is { } running ? Error(ServerStart.Taken(running)) : AlreadyPresent;
        var outcome = await StartAsync(spec, []).ConfigureAwait(false);
        if (outcome.Error is { } reason)
        {
            // Who has the name already is told as it is; any other reason comes with the record of the child.
            return Error(ServerStart.IsTaken(reason)
                ? reason : Term.Tuple(reason, ChildTerms.ToRecord(spec, Atoms.Undefined, spec.Start.Arguments)));
        }
        var isTemporary = spec.Restart == ChildRestart.Temporary;
        if (outcome.Pid is not null || !isTemporary)
        {
            var child = new SupervisedProcess(spec, isTemporary ? null : (Term?)spec.Start.Arguments);
            Add(child);
            SetPid(child, outcome.Pid);
        }
        return ToTerm(outcome);
    }

    private static Term ToTerm(in ChildOutcome outcome) => outcome switch
    {
        { Error: { } reason } => Error(reason),
        { Pid: { } pid, Info: { } info } => Term.Tuple(Atoms.Ok, pid, info),
        { Pid: { } pid } => Ok(pid),
        _ => Ok(Atoms.Undefined),
    };

    private async ValueTask<Term> TerminateChildAsync(Term id)
    {
        if (options.IsSimple && id.Pid is null)
            return SimpleError;
        if (Find(id) is { } child)
        {
            await StopAsync(child).ConfigureAwait(false);
            Forget(child);
            return Atoms.Ok;
        }
        return options.IsSimple && IsGone(id) ? Atoms.Ok : NotFound;
    }

    // A dead process may have been a child.
    private bool IsGone(Term id) => id.Pid is { } pid && pid.Node == Context.Self.Node && !Context.Runtime.IsAlive(pid);

    private async ValueTask<Term> RestartChildAsync(Term id)
    {
        if (options.IsSimple)
            return SimpleError;
        if (Find(id) is not { } child)
            return NotFound;
        if (WhyBusy(child) is { } busy)
            return busy;
        var outcome = await StartAsync(child.Spec, []).ConfigureAwait(false);
        if (outcome.Error is null)
            SetPid(child, outcome.Pid);
        return ToTerm(outcome);
    }

    private Term DeleteChild(Term id)
    {
        if (options.IsSimple)
            return SimpleError;
        if (Find(id) is not { } child)
            return NotFound;
        if (WhyBusy(child) is { } busy)
            return busy;
        Remove(child);
        return Atoms.Ok;
    }

    private Term GetChildSpec(Term id)
    {
        if (options.IsSimple)
        {
            var isKnown = id == Template.Id.Term || Find(id) is not null || IsGone(id);
            return isKnown ? Ok(ChildTerms.ToMap(Template, Template.Start.Arguments)) : NotFound;
        }
        return Find(id) is { } child ? Ok(ChildTerms.ToMap(child.Spec, child.Arguments)) : NotFound;
    }

    private static Term? WhyBusy(SupervisedProcess child) =>
        child.IsRestarting ? RestartingError : child.Pid is not null ? RunningError : (Term?)null;
}
