using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

// How children are stopped: exit(Pid, shutdown), then exit(Pid, kill) for those that do not heed it. It is the monitor
// that tells of the end: a child may have taken its link back.
internal sealed partial class SupervisorServer
{
    /// <summary>Stops children in the opposite order of the list; the specifications of temporary ones go.</summary>
    private async ValueTask StopChildrenAsync(List<SupervisedProcess> children)
    {
        foreach (var child in Enumerable.Reverse(children).ToArray())
        {
            await StopAsync(child).ConfigureAwait(false);
            Forget(child);
        }
    }

    /// <summary>Stops a child's process, if there is one, and reports an end that was not the one asked for.</summary>
    private async ValueTask StopAsync(SupervisedProcess child)
    {
        if (child.Running is not { } pid)
            return;
        var monitor = await Context.MonitorAsync(pid).ConfigureAwait(false);
        var shutdown = child.Spec.Shutdown;
        Context.SendExit(pid, shutdown.IsBrutal ? ExitReason.Kill : ExitReason.Shutdown);
        bool IsDown(Term message) => ReferenceOfDown(message) == monitor;
        var down = await Context.ReceiveAsync(IsDown, shutdown.IsBrutal ? Timeout.InfiniteTimeSpan : shutdown.Time)
            .ConfigureAwait(false);
        if (down is null)
        {
            Context.SendExit(pid, ExitReason.Kill);
            down = await Context.ReceiveAsync(IsDown).ConfigureAwait(false);
        }
        await UnlinkStoppedAsync(child, pid, down.Value.TupleElements[4]).ConfigureAwait(false);
    }

    /// <summary>Stops the children of a simple supervisor, all at the same time.</summary>
    private async ValueTask StopDynamicAsync()
    {
        var waiting = new Dictionary<Reference, SupervisedProcess>();
        var shutdown = Template.Shutdown;
        foreach (var child in _byPid.Values.Where(child => !child.IsRestarting))
        {
            waiting.Add(await Context.MonitorAsync(child.Pid!).ConfigureAwait(false), child);
            Context.SendExit(child.Pid!, shutdown.IsBrutal ? ExitReason.Kill : ExitReason.Shutdown);
        }
        var left = shutdown.IsBrutal ? Timeout.InfiniteTimeSpan : shutdown.Time;
        var began = Context.TimeProvider.GetTimestamp();
        while (waiting.Count > 0)
        {
            var down = await Context.ReceiveAsync(
                message => ReferenceOfDown(message) is { } reference && waiting.ContainsKey(reference), left)
                .ConfigureAwait(false);
            if (down is null)
            {
                foreach (var child in waiting.Values)
                    Context.SendExit(child.Pid!, ExitReason.Kill);
                left = Timeout.InfiniteTimeSpan;
                continue;
            }
            waiting.Remove(ReferenceOfDown(down.Value)!, out var ended);
            await UnlinkStoppedAsync(ended!, ended!.Pid!, down.Value.TupleElements[4]).ConfigureAwait(false);
            if (left != Timeout.InfiniteTimeSpan)
                left = Later(shutdown.Time - Context.TimeProvider.GetElapsedTime(began));
        }
        _byPid.Clear();
    }

    private static TimeSpan Later(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    private async ValueTask UnlinkStoppedAsync(SupervisedProcess child, Pid pid, Term reason)
    {
        bool IsExit(Term message) => message.TupleElements is [{ Atom: { } marker }, { Pid: { } from }, _]
            && marker == ExitTag && from == pid;
        Term? exit;
        if (reason == ExitReason.NoProc && pid.Node == Context.Self.Node && Context.LinkedPids.Contains(pid))
        {
            // It had ended before the monitor was set; the signal that tells the reason is on its way.
            exit = await Context.ReceiveAsync(IsExit).ConfigureAwait(false);
        }
        else
        {
            Context.Unlink(pid);
            exit = await Context.ReceiveAsync(IsExit, TimeSpan.Zero).ConfigureAwait(false);
        }
        if (exit is { } told)
            reason = told.TupleElements[2];
        if (!IsAsAsked(child.Spec, reason))
            Context.Runtime.Logger.ChildShutdownError(
                Context.DisplayName, child.Spec.Id, pid, child.Spec.Restart, reason);
    }

    // A permanent child is to end the way it is told to; others may have ended by themselves at that very moment.
    private static bool IsAsAsked(ChildSpec spec, Term reason) =>
        reason == (spec.Shutdown.IsBrutal ? ExitReason.Killed : ExitReason.Shutdown)
        || (spec.Restart != ChildRestart.Permanent && ExitReason.IsInGoodOrder(reason));

    private static Reference? ReferenceOfDown(Term message) =>
        message.TupleElements is [{ Atom: { } marker }, { Reference: { } reference }, _, _, _]
            && marker == GenAtoms.Down
                ? reference
                : null;
}
