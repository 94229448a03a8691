using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

// What happens when a child ends.
internal sealed partial class SupervisorServer
{
    private async ValueTask<ServerResult> EndedAsync(SupervisedProcess child, Term reason)
    {
        var spec = child.Spec;
        var isInOrder = ExitReason.IsInGoodOrder(reason);
        if (spec.Restart == ChildRestart.Permanent || !isInOrder)
            Context.Runtime.Logger.ChildTerminated(Context.DisplayName, spec.Id, child.Pid!, spec.Restart, reason);
        if (spec.Restart == ChildRestart.Permanent || (spec.Restart == ChildRestart.Transient && !isInOrder))
            return await RestartAsync(child).ConfigureAwait(false);
        Forget(child);
        return spec.Significant && EndsWithSignificant() ? Stop(ExitReason.Shutdown) : NoReply();
    }

    private bool EndsWithSignificant() => options.AutoShutdown switch
    {
        AutoShutdown.AnySignificant => true,
        AutoShutdown.AllSignificant => options.IsSimple
            ? _byPid.Count == 0
            : !_children.Exists(child => child.Spec.Significant && (child.Pid is not null || child.IsRestarting)),
        _ => false,
    };

    private async ValueTask<ServerResult> RestartAsync(SupervisedProcess child)
    {
        if (!TryCountRestart())
        {
            Context.Runtime.Logger.RestartIntensityReached(
                Context.DisplayName, child.Spec.Id, child.Spec.Restart, options.Intensity, options.Period.TotalSeconds);
            Forget(child);
            return Stop(ExitReason.Shutdown);
        }
        var failed = options.Strategy switch
        {
            SupervisorStrategy.OneForAll => await RestartAllAsync(child, _children).ConfigureAwait(false),
            SupervisorStrategy.RestForOne => await RestartAllAsync(
                child, _children[_children.IndexOf(child)..]).ConfigureAwait(false),
            _ => await RestartOneAsync(child).ConfigureAwait(false),
        };
        // By way of the mailbox, so that whoever waits, or wants to stop it, has a turn between two attempts.
        if (failed is not null)
        {
            var again = Term.Tuple(TryAgainRestart, AgainId(failed));
            await Context.SendAsync(Context.Self, Term.Tuple(GenAtoms.GenCast, again)).ConfigureAwait(false);
        }
        return NoReply();
    }

    private Term AgainId(SupervisedProcess child) =>
        options.IsSimple ? Term.Tuple(ChildTerms.Restarting, child.Pid!) : child.Spec.Id.Term;

    /// <returns>The child, when it could not be started.</returns>
    private async ValueTask<SupervisedProcess?> RestartOneAsync(SupervisedProcess child)
    {
        var outcome = await StartAsync(child.Spec, child.Given).ConfigureAwait(false);
        if (outcome.Error is { } reason)
        {
            child.IsRestarting = true;
            Context.Runtime.Logger.ChildStartError(Context.DisplayName, child.Spec.Id, child.Spec.Restart, reason);
            return child;
        }
        // A simple supervisor has nothing to keep of one that is not there.
        if (outcome.Pid is null && options.IsSimple)
            Remove(child);
        else
            SetPid(child, outcome.Pid);
        return null;
    }

    /// <returns>The child that could not be started; those after it wait for it.</returns>
    private async ValueTask<SupervisedProcess?> RestartAllAsync(
        SupervisedProcess ended, List<SupervisedProcess> children)
    {
        SetPid(ended, null);
        await StopChildrenAsync(children).ConfigureAwait(false);
        if (await StartChildrenAsync(children.FindAll(_children.Contains)).ConfigureAwait(false) is not (var failed, _))
            return null;
        failed.IsRestarting = true;
        return failed;
    }

    /// <returns>False when there have been as many restarts as may be.</returns>
    private bool TryCountRestart()
    {
        var now = Context.TimeProvider.GetTimestamp();
        while (_restarts.TryPeek(out var oldest) && Context.TimeProvider.GetElapsedTime(oldest, now) > options.Period)
            _restarts.Dequeue();
        _restarts.Enqueue(now);
        return _restarts.Count <= options.Intensity;
    }
}
