using Enmesh.Peers;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// What comes in from peers. All of it runs on the link's reader: it decodes, puts into mailboxes, and returns.
internal sealed partial class ProcessRuntime : IPeerHandler
{
    void IPeerHandler.OnUp(PeerLink link) => NodeMonitors.Up(link);

    void IPeerHandler.OnMessage(PeerLink link, in ControlMessage control, InboundPayload payload)
    {
        switch (control.Kind)
        {
            case ControlKind.Send:
                OnSend(control, payload);
                break;
            case ControlKind.Monitor:
                OnMonitor(link, control);
                break;
            case ControlKind.Demonitor:
                FindTarget(control.To)?.RelationsIfAny?.RemoveWatcher(control.Reference!);
                break;
            case ControlKind.MonitorExit:
                OnMonitorExit(control, ReasonOf(control, payload));
                break;
            case ControlKind.Link:
                OnLink(link, control);
                break;
            case ControlKind.Unlink:
                OnUnlink(link, control);
                break;
            case ControlKind.UnlinkAck:
                FindTarget(control.To)?.RelationsIfAny?.UnlinkAcknowledged(control.From!, control.UnlinkId);
                break;
            case ControlKind.Exit:
                // By link: acts only where there is one.
                if (FindTarget(control.To) is { } linked)
                    BreakLink(linked, control.From!, ReasonOf(control, payload));
                break;
            case ControlKind.Exit2:
                OnExit2(control, payload);
                break;
            case ControlKind.GroupLeader:
                if (FindTarget(control.To) is { } led)
                    led.GroupLeader = control.From!;
                break;
            case ControlKind.SpawnRequest:
                OnSpawnRequest(link, control, payload);
                break;
            case ControlKind.SpawnReply:
                OnSpawnReply(link, control);
                break;
            default:
                break; // answers what was never asked: ignored, as on the BEAM
        }
    }

    void IPeerHandler.OnDown(PeerLink link)
    {
        Calls.LinkLost(link);
        foreach (var (reference, spawn) in _spawns)
        {
            if (spawn.Link == link)
                FailSpawn(reference, ExitReason.NoConnection);
        }
        foreach (var (reference, monitor) in _monitors)
        {
            if (monitor.Link == link)
                Down(reference, ExitReason.NoConnection);
        }
        foreach (var (_, process) in _processes)
        {
            foreach (var peer in process.RelationsIfAny?.LinkLost(link) ?? [])
                ReceiveExit(process, peer, ExitReason.NoConnection, ExitSignal.Link);
        }
        NodeMonitors.Down(link);
    }

    private static Term ReasonOf(in ControlMessage control, InboundPayload payload) =>
        control.HasPayload ? payload.Decode() : control.Argument;

    private void OnSend(in ControlMessage control, InboundPayload payload)
    {
        // Decoded only when somebody is there to read it: a broken payload to nobody harms nobody.
        if (control.To.IsOwnAlias)
        {
            var alias = control.To.Alias!;
            if (References.KindOf(alias) == ReferenceKind.Call ? Calls.Find(alias) is not null : _aliases.ContainsKey(alias))
                DeliverToAlias(alias, payload.Decode(), payload.Length, control.HasPriority);
        }
        else if (FindTarget(control.To) is { } process)
        {
            var message = payload.Decode();
            if (Traces.IsOn && !control.Token.IsNil)
                NoteTrace(message, control.Token);
            Deliver(process, message, payload.Length);
        }
    }

    // What is handled as a request: a call is known by its reference, a cast by itself.
    private void NoteTrace(Term message, Term token)
    {
        var context = Traces.ReadToken(token);
        if (context == default)
            return;
        if (CallRequest.TryRead(message, out var call) && call.TagReference is { } reference)
            Traces.Note(reference, context);
        else if (message is { Object: { } cast, TupleElements: [{ Atom: { } tag }, _] } && tag == GenAtoms.GenCast)
            Traces.Note(cast, context);
    }

    private void OnExit2(in ControlMessage control, InboundPayload payload)
    {
        var urgent = false;
        var target = control.To.IsOwnAlias ? UseAlias(control.To.Alias!, out urgent) : FindTarget(control.To);
        if (target is not null)
            ReceiveExit(
                target, control.From!, ReasonOf(control, payload), ExitSignal.Sent, urgent && control.HasPriority);
    }

    private void OnUnlink(PeerLink link, in ControlMessage control)
    {
        // The acknowledgement goes before any other signal of ours, and also when there was no link.
        if (control.UnlinkId != 0)
            link.Signal(null, ControlMessage.UnlinkAck(control.UnlinkId, control.To.Pid!, control.From!));
        FindTarget(control.To)?.RelationsIfAny?.BreakLink(control.From!);
    }

    private ProcessContext? FindTarget(in ControlTarget target)
    {
        if (target.Name is { } name)
            return Find(name);
        return target.IsOwnPid ? Find(target.OwnPid.Id, target.OwnPid.Serial, target.OwnPid.Creation) : null;
    }

    private void OnMonitor(PeerLink link, in ControlMessage control)
    {
        var name = control.To.Name;
        if (FindTarget(control.To) is { } process
            && process.GetRelations().TryAddWatcher(control.Reference!, new(control.From, name, link)))
        {
            return;
        }
        link.Signal(null, name is not null
            ? ControlMessage.MonitorExit(name, control.From!, control.Reference!, ExitReason.NoProc)
            : ControlMessage.MonitorExit(control.To.Pid!, control.From!, control.Reference!, ExitReason.NoProc));
    }

    private void OnMonitorExit(in ControlMessage control, Term reason)
    {
        if (Calls.Find(control.Reference!) is { } call)
            call.Ended(reason);
        else
            Down(control.Reference!, reason);
    }

    private void OnLink(PeerLink link, in ControlMessage control)
    {
        if (FindTarget(control.To) is { } process && process.GetRelations().TryAcceptLink(control.From!, link))
            return;
        link.Signal(null, ControlMessage.Exit(control.To.Pid!, control.From!, ExitReason.NoProc));
    }

    /// <summary>A monitored process has ended: its watcher is told, here or elsewhere.</summary>
    private void TellDown(ProcessContext process, Reference reference, ProcessRelations.Watcher watcher, Term reason)
    {
        if (watcher.Link is not { } link)
        {
            if (Calls.Find(reference) is { } call)
                call.FailWith(reason);
            else
                Down(reference, reason);
            return;
        }
        link.Signal(process, watcher.Name is { } name
            ? ControlMessage.MonitorExit(name, watcher.Pid!, reference, reason)
            : ControlMessage.MonitorExit(process.Self, watcher.Pid!, reference, reason));
    }
}
