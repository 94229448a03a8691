using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// Calls and monitors going out.
internal sealed partial class ProcessRuntime
{
    private static readonly TimeSpan DefaultCallTimeout = TimeSpan.FromSeconds(5);

    internal ValueTask<Term> CallAsync(
        ProcessContext? caller, ProcessAddress to, Term request, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RefuseAlias(to);
        if (timeout is { } given && given < TimeSpan.Zero && given != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A time-out is zero, positive, or infinite.");
        var call = new PendingCall(this, (caller ?? _anonymous).Self, to, _references.Next(ReferenceKind.Call));
        Calls.Add(call);
        call.Arm(timeout ?? DefaultCallTimeout, cancellationToken);
        if (!IsRemote(to, out var node))
            CallLocally(call, request);
        else if (_peers.Find(node) is { } link)
            CallOver(link, call, caller, request);
        else
            _ = ConnectAndCallAsync(call, caller, request, node, cancellationToken);
        return call.Task;
    }

    internal async ValueTask<Reference> MonitorAsync(ProcessContext owner, ProcessAddress target, CancellationToken cancellationToken)
    {
        RefuseAlias(target);
        var reference = _references.Next(ReferenceKind.Monitor);
        owner.GetRelations().AddMonitoring(reference);
        if (!IsRemote(target, out var node))
        {
            var local = LocalTarget(target);
            _monitors[reference] = new(owner, target, null, local);
            if (local is null || !local.GetRelations().TryAddWatcher(reference, new(owner.Self, target.Name, null)))
                Down(reference, ExitReason.NoProc);
            return reference;
        }
        var link = _peers.Find(node) ?? await _peers.ConnectAsync(node, cancellationToken).ConfigureAwait(false);
        _monitors[reference] = new(owner, target, link, null);
        if (link is null || !link.Signal(owner, ControlMessage.Monitor(owner.Self, ToTarget(target), reference)))
            Down(reference, ExitReason.NoConnection);
        return reference;
    }

    internal void Demonitor(ProcessContext owner, Reference reference)
    {
        if (!_monitors.TryRemove(reference, out var monitor))
            return;
        owner.GetRelations().RemoveMonitoring(reference);
        monitor.Local?.GetRelations().RemoveWatcher(reference);
        monitor.Link?.Signal(owner, ControlMessage.Demonitor(owner.Self, ToTarget(monitor.Target), reference));
    }

    private void CallLocally(PendingCall call, Term request)
    {
        var target = LocalTarget(call.Target);
        if (target is null || !target.GetRelations().TryAddWatcher(call.Reference, new(null, null, null)))
        {
            call.FailWith(ExitReason.NoProc);
            return;
        }
        call.Watched = target;
        target.Mailbox.Post(ToGenCall(call, request));
    }

    private void CallOver(PeerLink link, PendingCall call, ProcessContext? caller, Term request)
    {
        // A call waits for its answer anyway: it is its own back-pressure, and may queue.
        var from = caller ?? _anonymous;
        call.Link = link;
        if (!link.Signal(from, ControlMessage.Monitor(call.From, ToTarget(call.Target), call.Reference))
            || !link.Signal(from, ToControl(from, call.Target), ToGenCall(call, request)))
        {
            call.FailWith(ExitReason.NoConnection);
        }
    }

    private async Task ConnectAndCallAsync(
        PendingCall call, ProcessContext? caller, Term request, Atom node, CancellationToken cancellationToken)
    {
        try
        {
            if (await _peers.ConnectAsync(node, cancellationToken).ConfigureAwait(false) is { } link)
                CallOver(link, call, caller, request);
            else
                call.FailWith(ExitReason.NoConnection);
        }
        catch (OperationCanceledException)
        {
            // The call's own registration of the same token has ended it.
        }
    }

    private static Term ToGenCall(PendingCall call, Term request) => Term.Tuple(
        GenAtoms.GenCall, Term.Tuple(call.From, Term.ListWithTail([GenAtoms.Alias], call.Reference)), request);

    private static void RefuseAlias(in ProcessAddress target)
    {
        if (target.Alias is not null)
            throw new ArgumentException("An alias can be sent to, but neither called nor monitored.", nameof(target));
    }

    private ProcessContext? LocalTarget(in ProcessAddress target) =>
        target.Pid is { } pid ? Find(pid.Id, pid.Serial, pid.Creation) : target.Name is { } name ? Find(name) : null;

    /// <summary>The watched one has ended, or cannot be watched.</summary>
    private void Down(Reference reference, Term reason)
    {
        if (!_monitors.TryRemove(reference, out var monitor))
            return;
        monitor.Owner.GetRelations().RemoveMonitoring(reference);
        monitor.Owner.Mailbox.Post(Term.Tuple(
            GenAtoms.Down, reference, GenAtoms.Process, monitor.Target.ToTerm(Name), reason));
    }
}
