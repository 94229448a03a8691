using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// Calls going out.
internal sealed partial class ProcessRuntime
{
    /// <inheritdoc cref="ProcessSettings.CallTimeout"/>
    internal TimeSpan CallTimeout { get; }

    internal ValueTask<Term> CallAsync(
        ProcessContext? caller, ProcessAddress to, Term request, TimeSpan? timeout, CancellationToken cancellationToken,
        CallForm form = CallForm.GenServer, TurnThread? thread = null)
    {
        var call = new PendingCall(this, caller, to) { Form = form, Thread = thread ?? caller?.Thread };
        BeginCall(call, caller, request, timeout, cancellationToken);
        return call.Task;
    }

    /// <summary>Sends a call on its way; its task says how it ends.</summary>
    internal void BeginCall(PendingCall call, ProcessContext? caller, Term request, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RefuseAlias(call.Asked);
        if (timeout is { } given && given < TimeSpan.Zero && given != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A time-out is zero, positive, or infinite.");
        var to = call.Asked;
        var isThere = TryResolve(ref to);
        call.Target = to;
        call.Span = Traces.IsOn ? Traces.StartCall(call.Asked.ToString()) : null;
        Calls.Add(call);
        call.Arm(timeout ?? CallTimeout, cancellationToken);
        if (!isThere)
            call.FailWith(ExitReason.NoProc);
        else if (!IsRemote(to, out var node))
            CallLocally(call, request);
        else if (_peers.Find(node) is { } link)
            CallOver(link, call, caller, request);
        else
            ConnectAndCall(call, caller, request, node);
    }

    internal Reference MakeCallReference() => _references.Next(ReferenceKind.Call);

    private void CallLocally(PendingCall call, Term request)
    {
        var target = LocalTarget(call.Target);
        if (target is null || !target.GetRelations().TryAddWatcher(call.Reference, new(null, null, null)))
        {
            call.FailWith(ExitReason.NoProc);
            return;
        }
        call.Watched = target;
        if (call.Span is { } span)
            Traces.Note(call.Reference, span.Context);
        target.Mailbox.Post(ToGenCall(call, request));
    }

    private void CallOver(PeerLink link, PendingCall call, ProcessContext? caller, Term request)
    {
        // A call waits for its answer anyway: it is its own back-pressure, and may queue.
        var from = caller ?? _anonymous;
        call.Link = link;
        var send = ToControl(from, call.Target);
        if (call.Span is { } span)
            send = send.WithToken(Traces.ToToken(span, call.From));
        if (!link.Signal(from, ControlMessage.Monitor(call.From, ToTarget(call.Target), call.Reference))
            || !link.Signal(from, send, ToGenCall(call, request)))
        {
            call.FailWith(ExitReason.NoConnection);
        }
    }

    private void ConnectAndCall(PendingCall call, ProcessContext? caller, Term request, Atom node) => _peers.Connect(node, connected =>
    {
        if (connected is null)
            call.FailWith(ExitReason.NoConnection);
        else if (!call.IsFinished)
            CallOver(connected, call, caller, request);
    });

    /// <summary>
    /// Lets a call end as if the process that was called had exited: its caller's monitor is used up, and nobody else learns of it.
    /// </summary>
    /// <returns>False when the caller does not monitor the process by the reference that the call is known by.</returns>
    internal bool FailCall(ProcessContext called, in CallRequest call, Term reason)
    {
        if (call.TagReference is not { } reference || called.RelationsIfAny?.TakeWatcher(reference) is not { } watcher)
            return false;
        TellDown(called, reference, watcher, reason);
        return true;
    }

    private static Term ToGenCall(PendingCall call, Term request) => Term.Tuple(
        call.Form == CallForm.GenEvent ? call.From : GenAtoms.GenCall, Term.Tuple(call.From, Term.ListWithTail([GenAtoms.Alias], call.Reference)), request);

    private static void RefuseAlias(in ProcessAddress target)
    {
        if (target.Alias is not null)
            throw new ArgumentException("An alias can be sent to, but neither called nor monitored.", nameof(target));
    }

    /// <summary>The process of this node that has an address; null when none has.</summary>
    internal ProcessContext? FindHere(ProcessAddress address) =>
        TryResolve(ref address) && !IsRemote(address, out _) ? LocalTarget(address) : null;

    private ProcessContext? LocalTarget(in ProcessAddress target) =>
        target.Pid is { } pid ? Find(pid.Id, pid.Serial, pid.Creation) : target.Name is { } name ? Find(name) : null;
}
