using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Processes;

// What comes in from peers. All of it runs on the link's reader: it decodes, puts into mailboxes, and returns.
internal sealed partial class ProcessRuntime : IPeerHandler
{
    private static readonly Term NotSup = new Atom("notsup");

    void IPeerHandler.OnUp(PeerLink link)
    {
        // Nothing of ours waits for a link: who needs one asks for it.
    }

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
                FindTarget(control.To)?.RelationsIfAny?.RemoveLink(control.From!);
                // Before any other signal of ours, and also when there was no link.
                if (control.UnlinkId != 0)
                    link.Signal(null, ControlMessage.UnlinkAck(control.UnlinkId, control.To.Pid!, control.From!));
                break;
            case ControlKind.Exit:
                // By link: acts only where there is one.
                if (FindTarget(control.To) is { } linked && linked.RelationsIfAny?.RemoveLink(control.From!) == true)
                    Exit(linked, ReasonOf(control, payload));
                break;
            case ControlKind.Exit2:
                if (FindTarget(control.To) is { } target)
                    Exit(target, ReasonOf(control, payload) is var reason && reason == ExitReason.Kill ? ExitReason.Killed : reason);
                break;
            case ControlKind.SpawnRequest:
                // SPAWN is not negotiated; who asks all the same is told so, or it would wait for ever.
                link.Signal(null, ControlMessage.SpawnReply(control.Reference!, control.From!, SpawnReplyFlags.None, NotSup));
                break;
            default:
                break; // group leaders are not kept; the rest answers what was never asked: ignored, as on the BEAM
        }
    }

    void IPeerHandler.OnDown(PeerLink link)
    {
        Calls.LinkLost(link);
        foreach (var (reference, monitor) in _monitors)
        {
            if (monitor.Link == link)
                Down(reference, ExitReason.NoConnection);
        }
        foreach (var (_, process) in _processes)
        {
            if (process.RelationsIfAny?.LinkLost(link) == true)
                Exit(process, ExitReason.NoConnection);
        }
    }

    private static Term ReasonOf(in ControlMessage control, InboundPayload payload) =>
        control.HasPayload ? payload.Decode() : control.Argument;

    // A process that does not trap exits survives only 'normal'.
    private static void Exit(ProcessContext process, Term reason)
    {
        if (!ExitReason.IsNormal(reason))
            process.Exit(reason);
    }

    private void OnSend(in ControlMessage control, InboundPayload payload)
    {
        if (control.To.IsOwnAlias)
        {
            // Decoded only when somebody waits for it, as for a process.
            if (Calls.Find(control.To.Alias!) is { } call && payload.Decode().TupleElements is [_, var reply])
                call.Reply(reply);
            return;
        }
        if (FindTarget(control.To) is { } process)
            Deliver(process, payload.Decode());
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
            call.FailWith(reason);
        else
            Down(control.Reference!, reason);
    }

    private void OnLink(PeerLink link, in ControlMessage control)
    {
        if (FindTarget(control.To) is { } process && process.GetRelations().TryAddLink(control.From!, link))
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
