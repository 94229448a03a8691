using System.Collections.Concurrent;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

// supervisor, with the answers of OTP 27; what differs from release to release is in docs/supervision.md.

/// <summary>The process that is a supervisor.</summary>
internal sealed partial class SupervisorServer(SupervisorOptions options) : GenServer
{
    private static readonly Atom SupervisorAtom = new("supervisor");
    private static readonly Atom FailedToStartChild = new("failed_to_start_child");
    private static readonly Atom TryAgainRestart = new("try_again_restart");
    private static readonly Atom ExitTag = new("EXIT");

    // In the order in which they start. Children of a simple supervisor are only among those by pid.
    private readonly List<SupervisedProcess> _children = [];
    private readonly Dictionary<Term, SupervisedProcess> _byId = [];
    private readonly Dictionary<Pid, SupervisedProcess> _byPid = [];
    private readonly Queue<long> _restarts = [];
    private readonly ConcurrentDictionary<Reference, ChildSpec> _offered = new();

    internal override Atom Module => SupervisorAtom;

    internal AutoShutdown AutoShutdown => options.AutoShutdown;

    private ChildSpec Template => options.Children[0];

    /// <summary>
    /// Keeps a specification that a call is about to name by its reference: what it starts is no term.
    /// </summary>
    internal void Offer(Reference reference, ChildSpec spec) => _offered[reference] = spec;

    internal void TakeBack(Reference reference) => _offered.TryRemove(reference, out _);

    protected override async ValueTask<InitResult> InitAsync()
    {
        Context.TrapExit = true;
        if (options.IsSimple)
            return InitResult.Ok();
        foreach (var spec in options.Children)
            Add(new SupervisedProcess(spec, spec.Start.Arguments));
        if (await StartChildrenAsync(_children).ConfigureAwait(false) is not (var failed, var reason))
            return InitResult.Ok();
        await StopChildrenAsync(_children).ConfigureAwait(false);
        return InitResult.Stop(
            Term.Tuple(ExitReason.Shutdown, Term.Tuple(FailedToStartChild, failed.Spec.Id.Term, reason)));
    }

    protected override async ValueTask<ServerResult> HandleInfoAsync(Term message)
    {
        if (message.TupleElements is not [{ Atom: { } marker }, { Pid: { } from }, var reason] || marker != ExitTag)
            return await base.HandleInfoAsync(message).ConfigureAwait(false);
        // Anybody may send exit signals; those of strangers are nothing to a supervisor.
        return _byPid.TryGetValue(from, out var child) && !child.IsRestarting
            ? await EndedAsync(child, reason).ConfigureAwait(false)
            : NoReply();
    }

    protected override async ValueTask<ServerResult> HandleCastAsync(Term request)
    {
        if (request.TupleElements is not [{ Atom: { } marker }, var id] || marker != TryAgainRestart)
            return await base.HandleCastAsync(request).ConfigureAwait(false);
        return FindRestarting(id) is { } child ? await RestartAsync(child).ConfigureAwait(false) : NoReply();
    }

    protected override ValueTask TerminateAsync(Term reason) =>
        options.IsSimple ? StopDynamicAsync() : StopChildrenAsync(_children);

    private SupervisedProcess? FindRestarting(Term id)
    {
        SupervisedProcess? child = null;
        if (!options.IsSimple)
            _byId.TryGetValue(id, out child);
        else if (id.TupleElements is [{ Atom: { } marker }, { Pid: { } pid }] && marker == ChildTerms.Restarting)
            _byPid.TryGetValue(pid, out child);
        return child is { IsRestarting: true } ? child : null;
    }

    private void Add(SupervisedProcess child)
    {
        _children.Add(child);
        _byId.Add(child.Spec.Id.Term, child);
    }

    private void Remove(SupervisedProcess child)
    {
        SetPid(child, null);
        if (_byId.Remove(child.Spec.Id.Term))
            _children.Remove(child);
    }

    /// <summary>It has ended for good: one that is temporary goes with its specification.</summary>
    private void Forget(SupervisedProcess child)
    {
        if (child.Spec.Restart == ChildRestart.Temporary || options.IsSimple)
            Remove(child);
        else
            SetPid(child, null);
    }

    private void SetPid(SupervisedProcess child, Pid? pid)
    {
        if (child.Pid is { } old)
            _byPid.Remove(old);
        child.Pid = pid;
        child.IsRestarting = false;
        if (pid is not null)
            _byPid[pid] = child;
    }

    private async ValueTask<ChildOutcome> StartAsync(ChildSpec spec, IReadOnlyList<Term> arguments)
    {
        var outcome = await spec.Start.Run(Context, arguments).ConfigureAwait(false);
        if (outcome.Pid is { } pid)
            Context.Runtime.Logger.ChildStarted(Context.DisplayName, spec.Id, pid);
        return outcome;
    }

    /// <summary>Starts children in the order of the list, until one fails.</summary>
    private async ValueTask<(SupervisedProcess Failed, Term Reason)?> StartChildrenAsync(
        IReadOnlyCollection<SupervisedProcess> children)
    {
        foreach (var child in children.ToArray())
        {
            var outcome = await StartAsync(child.Spec, []).ConfigureAwait(false);
            if (outcome.Error is { } reason)
            {
                Context.Runtime.Logger.ChildStartError(Context.DisplayName, child.Spec.Id, child.Spec.Restart, reason);
                return (child, reason);
            }
            if (outcome.Pid is null && child.Spec.Restart == ChildRestart.Temporary)
                Remove(child);
            else
                SetPid(child, outcome.Pid);
        }
        return null;
    }
}

/// <summary>A child: its specification, and its process if there is one.</summary>
internal sealed class SupervisedProcess(ChildSpec spec, Term? arguments)
{
    internal ChildSpec Spec { get; } = spec;

    /// <summary>
    /// The arguments of its start function as peers see them; null for one that is never started again.
    /// </summary>
    internal Term? Arguments { get; } = arguments;

    /// <summary>What it was given when it was added to a simple supervisor.</summary>
    internal IReadOnlyList<Term> Given { get; init; } = [];

    /// <summary>The process; while it is to be started again the one that has ended.</summary>
    internal Pid? Pid { get; set; }

    /// <summary>Starting it again has failed, and is tried again.</summary>
    internal bool IsRestarting { get; set; }

    /// <summary>The process that runs.</summary>
    internal Pid? Running => IsRestarting ? null : Pid;
}
