using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>How an exit signal came about.</summary>
internal enum ExitSignal
{
    /// <summary>A linked process has ended.</summary>
    Link,

    /// <summary>Somebody sent it: <c>exit/2</c>.</summary>
    Sent,
}

// Erlang Reference Manual, "Processes", on receiving exit signals.
internal sealed partial class ProcessRuntime
{
    private static readonly Atom ExitTag = new("EXIT");

    /// <summary>A process receives an exit signal: it becomes a message, ends the process, or is ignored.</summary>
    internal void ReceiveExit(ProcessContext process, Term from, Term reason, ExitSignal kind, bool urgent = false)
    {
        if (kind == ExitSignal.Sent && reason == ExitReason.Kill)
        {
            Kill(process, ExitReason.Killed);
            return;
        }
        if (process.TrapExit)
        {
            var message = Term.Tuple(ExitTag, from, reason);
            if (urgent)
                process.Mailbox.PostUrgent(message);
            else
                process.Mailbox.PostSignal(message);
            return;
        }
        // 'normal' only ends a process that sends it to itself.
        if (!ExitReason.IsNormal(reason)
            || (kind == ExitSignal.Sent && from.Pid is { } sender && sender == process.Self))
            process.Exit(reason);
    }

    /// <summary>
    /// Ends a process at once, as far as everybody else can see: whether its code gives up the thread or not. Other
    /// exit signals are told when the code has ended, so that it never runs beside what takes its place.
    /// </summary>
    internal void Kill(ProcessContext process, Term reason)
    {
        process.Exit(reason);
        Ended(process, reason);
    }

    /// <summary>
    /// Sends an exit signal: <c>exit/2</c>. Never waits; a node that is not connected is left alone, there is nobody to
    /// end.
    /// </summary>
    internal void SendExit(ProcessContext sender, Pid to, Term reason)
    {
        if (to.Node != Name.Atom)
            _peers.Find(to.Node)?.Signal(sender, Wire.ControlMessage.Exit2(sender.Self, to, reason));
        else if (Find(to.Id, to.Serial, to.Creation) is { } process)
            ReceiveExit(process, sender.Self, reason, ExitSignal.Sent);
    }

    /// <summary>A process of this node is at the other end of a broken link.</summary>
    private void BreakLink(ProcessContext process, Pid from, Term reason)
    {
        if (process.RelationsIfAny?.BreakLink(from) == true)
            ReceiveExit(process, from, reason, ExitSignal.Link);
    }
}
