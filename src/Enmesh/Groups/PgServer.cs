using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Groups;

/// <summary>
/// The process behind a scope, registered under its name: takes what comes in, and performs what
/// <see cref="PgScope"/> wants done. It never waits for anybody: neither for a peer that reads slowly nor for one
/// that is not connected.
/// </summary>
/// <remarks>Started again after somebody killed it, it has the members of this node still.</remarks>
internal sealed class PgServer(ProcessRuntime runtime, Atom scope, PgTable table, PgConflicts conflicts, ILogger logger)
{
    private static readonly Atom NodeUp = new("nodeup");
    private static readonly Atom NodeDown = new("nodedown");
    internal static readonly Atom JoinLocal = new("join_local");
    internal static readonly Atom LeaveLocal = new("leave_local");
    internal static readonly Atom Monitor = new("monitor");
    internal static readonly Atom Demonitor = new("demonitor");
    private static readonly Term BadArg = Term.Tuple(Atoms.Error, new Atom("badarg"));
    private static readonly Term NoConnection = ExitReason.NoConnection;

    private readonly Queue<PgEvent> _queued = new();
    private ProcessContext _context = null!; // from RunAsync on
    private PgWatches _watches = null!;
    private PgScope _scope = null!;
    private Reference _own = null!;
    private CallRequest? _asked;

    internal async Task RunAsync(ProcessContext context)
    {
        _context = context;
        _watches = new PgWatches(runtime, context);
        _scope = new PgScope(context.Self, table);
        // Nobody else knows it: what comes under it is our own.
        _own = runtime.NewReference();
        context.TrapExit = true;
        foreach (var (group, members) in table.TakeLocal())
            Perform(new PgEvent.Join(group, members));
        foreach (var node in context.MonitorNodes())
            Perform(new PgEvent.NodeUp(node.Atom));
        while (true)
            Take(await context.ReceiveAsync().ConfigureAwait(false));
    }

    private void Take(Term message)
    {
        if (PgMessages.Read(message) is { } said)
        {
            Perform(said);
            return;
        }
        if (CallRequest.TryRead(message, out var call))
        {
            Answer(call);
            return;
        }
        switch (message.TupleElements)
        {
            case [{ Atom: { } what }, { Atom: { } node }] when what == NodeUp:
                Perform(new PgEvent.NodeUp(node));
                break;
            case [{ Atom: { } what }, { Atom: { } node }] when what == NodeDown:
                Perform(new PgEvent.NodeDown(node));
                break;
            case [{ Atom: { } what }, { Reference: { } reference }, _, { Pid: { } who }, var reason]
                when what == GenAtoms.Down && _watches.TakeDown(reference, who):
                Perform(new PgEvent.Down(who, reason));
                break;
            case [{ Reference: { } own }, { Atom: { } node }, { Int32: { } release }] when own == _own:
                Perform(new PgEvent.ReleaseKnown(node, release));
                break;
            default:
                // A BEAM's scope would crash and take its groups along.
                logger.MessageNotUnderstood(scope.Text);
                break;
        }
    }

    private void Answer(CallRequest call)
    {
        var happened = ToEvent(call);
        if (happened is null)
        {
            _context.Reply(call, BadArg);
            return;
        }
        _asked = call;
        Perform(happened);
    }

    private PgEvent? ToEvent(CallRequest call) => call.Request.TupleElements switch
    {
        [{ Atom: { } verb }, var group, var pids] when verb == JoinLocal && OwnPids(pids) is { } members =>
            new PgEvent.Join(group.Detach(), members),
        [{ Atom: { } verb }, var group, var pids] when verb == LeaveLocal && OwnPids(pids) is { } members =>
            new PgEvent.Leave(group, members),
        [{ Atom: { } verb }, var group] when verb == Monitor =>
            new PgEvent.Subscribe(runtime.NewReference(), call.From, group.Detach()),
        [{ Atom: { } verb }, { Reference: { } id }] when verb == Demonitor => new PgEvent.Unsubscribe(id),
        _ => call.Request.IsAtom(Monitor) ? new PgEvent.Subscribe(runtime.NewReference(), call.From, null) : null,
    };

    private IReadOnlyList<Pid>? OwnPids(Term term) =>
        PgMessages.ReadPids(term) is { } pids && pids.All(pid => pid.Node == runtime.Name.Atom) ? pids : null;

    private void Perform(PgEvent happened)
    {
        _queued.Enqueue(happened);
        while (_queued.TryDequeue(out var next))
        {
            foreach (var effect in _scope.Take(next))
                Perform(effect);
        }
    }

    private void Perform(PgEffect effect)
    {
        switch (effect)
        {
            case PgEffect.Send send:
                if (_watches.LinkOf(send.To) is { } link)
                    runtime.SendOver(link, _context, send.To, send.Message);
                break;
            case PgEffect.SendToName send:
                if (runtime.FindLink(send.Node) is { } there)
                    runtime.SendOver(there, _context, scope, send.Message);
                break;
            case PgEffect.Tell tell:
                runtime.SendConnected(_context, tell.Who, tell.Message);
                break;
            case PgEffect.Watch watch:
                if (!_watches.Add(watch.Who))
                    _queued.Enqueue(new PgEvent.Down(watch.Who, NoConnection));
                break;
            case PgEffect.Unwatch unwatch:
                _watches.Remove(unwatch.Who);
                break;
            case PgEffect.Reply reply:
                if (_asked is { } call)
                    _context.Reply(call, reply.Answer);
                _asked = null;
                break;
            case PgEffect.AskRelease ask:
                AskRelease(ask.Node);
                break;
            case PgEffect.Conflict conflict:
                conflicts.Add(new PgConflict(scope.Text, conflict.Old.Text, conflict.OldRelease, conflict.New.Text));
                logger.ReleasesConflict(
                    scope.Text, conflict.Old.Text, conflict.OldRelease ?? PgReleases.LastFragile, conflict.New.Text);
                break;
        }
    }

    // In a process of its own: the scope waits for nobody.
    private void AskRelease(Atom node)
    {
        if (!NodeName.TryParse(node.Text, out var name))
            return;
        runtime.Spawn(async asker =>
        {
            var release = await PgReleaseQuestion.AskAsync(runtime, name, asker.Exiting).ConfigureAwait(false);
            if (release is { } known)
                asker.TrySend(_context.Self, Term.Tuple(_own, node, known));
        });
    }
}
