using System.Collections.Concurrent;
using System.Diagnostics;
using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// Processes that peers start here, and processes that are started on peers.
internal sealed partial class ProcessRuntime
{
    private static readonly Atom Undef = new("undef");
    private static readonly Atom Abandoned = new("abandoned");
    private static readonly Term BadOpt = new Atom("badopt");
    private static readonly Term NotSup = new Atom("notsup");

    // What a peer's node may say of the process it wants; all but the first two only matter to a BEAM's memory.
    private static readonly HashSet<string> KnownSpawnOptions =
        ["link", "monitor", "tag", "priority", "min_heap_size", "min_bin_vheap_size", "fullsweep_after", "max_heap_size", "message_queue_data", "async_dist"];

    private readonly ConcurrentDictionary<Reference, PendingSpawn> _spawns = new();

    /// <summary>The body of a process that a peer wants started; null when there is no such function.</summary>
    internal Func<SpawnRequest, Func<ProcessContext, Task>?> SpawnResolver { get; set; } = static _ => null;

    /// <summary>What a process does that a peer wants started with a function that does not exist.</summary>
    internal Func<SpawnRequest, Func<ProcessContext, Task>> SpawnUndefined { get; set; } = static request => _ =>
    {
        var frame = Term.Tuple(request.Module, request.Function, request.Arguments, Term.Nil);
        throw new ProcessExitException(Term.Tuple(Undef, Term.List(frame)));
    };

    /// <summary>An exported function, to be run in a process there is already; null when there is no such function.</summary>
    internal Func<SpawnTarget, Func<ProcessContext, ValueTask<Term>>?> FindFunction { get; set; } = static _ => null;

    /// <summary>Calls a function on any node, as <c>erpc:call</c> does, without end.</summary>
    internal Func<NodeName, SpawnTarget, CancellationToken, Task<Term>> CallFunction { get; set; } = null!; // from the start of the functions on

    /// <summary>Whether a process that a peer wants started belongs on the node's own thread.</summary>
    internal Func<SpawnRequest, bool> IsService { get; set; } = static _ => false;

    /// <summary>Starts a process on another node, or an exported function on this one.</summary>
    internal async ValueTask<RemoteProcess> SpawnAsync(
        ProcessContext owner, NodeName node, SpawnTarget target, RemoteSpawnOptions options,
        CancellationToken cancellationToken, Activity? span = null)
    {
        var leader = options.GroupLeader ?? owner.GroupLeader;
        if (node == Name)
            return SpawnHere(owner, target, leader, options, span?.Context ?? default);
        var link = await ConnectForSpawnAsync(node, target, connect: true, cancellationToken).ConfigureAwait(false);
        var reference = _references.Next(ReferenceKind.Spawn);
        var pending = new PendingSpawn(owner, link, node, target, options);
        _spawns[reference] = pending;
        var request = ControlMessage.SpawnRequest(
            reference, owner.Self, leader, target.Module, target.Function, target.Arguments.Count, OptionsOf(options));
        if (span is not null)
            request = request.WithToken(Traces.ToToken(span, owner.Self));
        if (!link.Signal(owner, request, target.Arguments))
            FailSpawn(reference, ExitReason.NoConnection);
        try
        {
            return await pending.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            pending.IsAbandoned = true;
            throw;
        }
    }

    /// <summary>Starts a process on another node and gives the reason it ends with: what <c>erpc:call</c> is made of.</summary>
    /// <exception cref="SpawnException">It was not started.</exception>
    /// <exception cref="CallExitException">The link was lost: <c>noconnection</c>.</exception>
    /// <exception cref="TimeoutException">It did not end in time; nobody waits for it any more.</exception>
    internal async ValueTask<Term> SpawnAndAwaitExitAsync(
        ProcessContext? owner, NodeName node, SpawnTarget target, Pid? groupLeader, TimeSpan? timeout,
        CancellationToken cancellationToken, Activity? span = null, bool connect = true)
    {
        var link = await ConnectForSpawnAsync(node, target, connect, cancellationToken).ConfigureAwait(false);
        var from = owner ?? _anonymous;
        var call = new PendingCall(this, from, (target.Function, node)) { AwaitsExit = true, Link = link };
        Calls.Add(call);
        call.Arm(timeout ?? CallTimeout, cancellationToken);
        var request = ControlMessage.SpawnRequest(
            call.Reference, from.Self, groupLeader ?? from.GroupLeader, target.Module, target.Function,
            target.Arguments.Count, Term.List(MonitorAtom));
        if (span is not null)
            request = request.WithToken(Traces.ToToken(span, from.Self));
        if (!link.Signal(from, request, target.Arguments))
            call.FailWith(ExitReason.NoConnection);
        return await call.Task.ConfigureAwait(false);
    }

    private static readonly Atom LinkAtom = new("link");
    private static readonly Atom MonitorAtom = new("monitor");

    private static Term OptionsOf(RemoteSpawnOptions options) => (options.Link, options.Monitor) switch
    {
        (true, true) => Term.List(LinkAtom, MonitorAtom),
        (true, false) => Term.List(LinkAtom),
        (false, true) => Term.List(MonitorAtom),
        _ => Term.Nil,
    };

    private async ValueTask<PeerLink> ConnectForSpawnAsync(NodeName node, SpawnTarget target, bool connect, CancellationToken cancellationToken)
    {
        var link = _peers.Find(node.Atom) ?? (connect ? await _peers.ConnectAsync(node.Atom, cancellationToken).ConfigureAwait(false) : null);
        if (link is null)
            throw new SpawnException(node, target.ToString(), ExitReason.NoConnection);
        return link.Negotiated.Has(DistributionFlags.Spawn) ? link : throw new SpawnException(node, target.ToString(), NotSup);
    }

    private RemoteProcess SpawnHere(
        ProcessContext owner, SpawnTarget target, Pid leader, RemoteSpawnOptions options, ActivityContext trace)
    {
        var body = BodyOf(
            new(owner.Self, leader, target.Module, target.Function, target.Arguments, options.Monitor, trace));
        var process = Create(body, new() { GroupLeader = leader });
        if (options.Link)
            LinkLocally(owner, process.Self);
        Reference? monitor = null;
        if (options.Monitor)
        {
            monitor = NewReference(owner, ReferenceKind.Monitor);
            MonitorLocally(owner, process.Self, monitor, new() { Tag = options.Tag });
        }
        Begin(process);
        return new(process.Self, monitor);
    }

    private void OnSpawnRequest(PeerLink link, in ControlMessage control, InboundPayload payload)
    {
        var from = control.From!;
        var id = control.Reference!;
        if (control.Function.TupleElements is not [{ Atom: { } module }, { Atom: { } function }, { Int32: { } arity }]
            || control.Argument.Pid is not { } leader
            || payload.Decode().AsList is not { IsProper: true } arguments || arguments.Count != arity)
        {
            throw new DistributionProtocolException("A spawn request does not name a function of its arguments' number and a group leader.");
        }
        if (!TryReadOptions(control.Options, out var flags))
        {
            link.Signal(null, ControlMessage.SpawnReply(id, from, SpawnReplyFlags.None, BadOpt));
            return;
        }
        var isMonitored = (flags & SpawnReplyFlags.MonitorSet) != SpawnReplyFlags.None;
        var trace = Traces.IsOn ? Traces.ReadToken(control.Token) : default;
        var request = new SpawnRequest(from, leader, module, function, arguments, isMonitored, trace);
        var process = Create(BodyOf(request), new() { GroupLeader = leader, IsSystem = IsService(request) });
        if ((flags & SpawnReplyFlags.LinkSet) != SpawnReplyFlags.None)
            process.GetRelations().TryAcceptLink(from, link);
        if (isMonitored)
            process.GetRelations().TryAddWatcher(id, new(from, null, link));
        // Before anything the process itself does: a BEAM closes the connection when the exit comes first.
        link.Signal(process, ControlMessage.SpawnReply(id, from, flags, process.Self));
        Begin(process);
    }

    private Func<ProcessContext, Task> BodyOf(SpawnRequest request) => SpawnResolver(request) ?? SpawnUndefined(request);

    private static bool TryReadOptions(Term options, out SpawnReplyFlags flags)
    {
        flags = SpawnReplyFlags.None;
        if (options.AsList is not { IsProper: true } list)
            return false;
        foreach (var option in list)
        {
            // OTP 23 says {monitor, [...]}.
            var key = option.Atom ?? (option.TupleElements is [{ Atom: { } first }, _] ? first : null);
            if (key is null || !KnownSpawnOptions.Contains(key.Text))
                return false;
            if (key == LinkAtom)
                flags |= SpawnReplyFlags.LinkSet;
            else if (key == MonitorAtom)
                flags |= SpawnReplyFlags.MonitorSet;
        }
        return true;
    }

    private void OnSpawnReply(PeerLink link, in ControlMessage control)
    {
        var reference = control.Reference!;
        if (Calls.Find(reference) is { } call)
        {
            if (control.Argument.Pid is not { } started)
            {
                call.Fail(new SpawnException(link.Peer, call.Target.ToString(), control.Argument));
                return;
            }
            call.Target = started;
            if (call.IsFinished)
                TakeMonitorBack(link, control, started); // given up meanwhile, perhaps without knowing whom it watched
            return;
        }
        if (control.Argument.Pid is not { } pid)
            FailSpawn(reference, control.Argument);
        else if (_spawns.TryRemove(reference, out var pending))
            Spawned(reference, pending, pid);
        else if (References.KindOf(reference) == ReferenceKind.Call)
            TakeMonitorBack(link, control, pid); // the call was given up before this came
    }

    // So that the other side knows that nobody waits for the result.
    private void TakeMonitorBack(PeerLink link, in ControlMessage control, Pid process)
    {
        var from = FindTarget(control.To)?.Self ?? _anonymous.Self;
        link.Signal(null, ControlMessage.Demonitor(from, process, control.Reference!));
    }

    private void Spawned(Reference reference, PendingSpawn pending, Pid pid)
    {
        var (owner, link) = (pending.Owner, pending.Link);
        if (pending.IsAbandoned || !IsAlive(owner.Self))
        {
            // It is linked to one that does not want it any more, or is gone.
            if (pending.Options.Link)
                link.Signal(owner, ControlMessage.Exit(owner.Self, pid, pending.IsAbandoned ? Abandoned : ExitReason.NoProc));
            if (pending.Options.Monitor)
                link.Signal(owner, ControlMessage.Demonitor(owner.Self, pid, reference));
            pending.TrySetResult(new(pid, null));
            return;
        }
        if (pending.Options.Link)
            owner.GetRelations().Link(pid, link);
        if (pending.Options.Monitor)
        {
            owner.GetRelations().TryOwn(reference);
            _monitors[reference] = new(owner, pid, link, null, pending.Options.Tag);
        }
        pending.TrySetResult(new(pid, pending.Options.Monitor ? reference : null));
    }

    private void FailSpawn(Reference reference, Term reason)
    {
        if (_spawns.TryRemove(reference, out var pending))
            pending.TrySetException(new SpawnException(pending.Node, pending.Target.ToString(), reason));
    }

    private sealed class PendingSpawn(ProcessContext owner, PeerLink link, NodeName node, SpawnTarget target, RemoteSpawnOptions options)
        : TaskCompletionSource<RemoteProcess>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        internal ProcessContext Owner => owner;

        internal PeerLink Link => link;

        internal NodeName Node => node;

        internal SpawnTarget Target => target;

        internal RemoteSpawnOptions Options => options;

        internal volatile bool IsAbandoned;
    }
}

/// <summary>What is to run in a new process.</summary>
internal readonly record struct SpawnTarget(Atom Module, Atom Function, ListTerm Arguments)
{
    public override string ToString() => $"{Module}:{Function}/{Arguments.Count}";
}
