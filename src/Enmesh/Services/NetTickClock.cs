using Enmesh.Peers;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>What became of the wish for another net_ticktime.</summary>
public enum NetTickTimeChange
{
    /// <summary>It is the present one.</summary>
    Unchanged,

    /// <summary>The change has begun; it is complete when the transition period is over.</summary>
    Initiated,

    /// <summary>An earlier change is still under way; this one was not begun.</summary>
    Ongoing,
}

/// <summary>
/// The net_ticktime, and its change at run time: <c>net_kernel:set_net_ticktime/2</c>. All nodes of a cluster are
/// to be changed within the transition period, during which this one ticks for the shorter of the two times and
/// counts silence by the longer one.
/// </summary>
internal sealed class NetTickClock(
    TimeSpan netTickTime, int intensity, Action<TickPace> apply, TimeProvider timeProvider, ILogger logger)
    : IDisposable
{
    private readonly Lock _gate = new();
    private TimeSpan _netTickTime = netTickTime;
    private ITimer? _transition;
    private bool _disposed;

    /// <summary>The present one, or the one that it is being changed to.</summary>
    internal TimeSpan NetTickTime
    {
        get
        {
            lock (_gate)
                return _netTickTime;
        }
    }

    internal bool IsChanging
    {
        get
        {
            lock (_gate)
                return _transition is not null;
        }
    }

    internal NetTickTimeChange Change(TimeSpan to, TimeSpan transition)
    {
        lock (_gate)
        {
            if (_transition is not null || _disposed)
                return NetTickTimeChange.Ongoing;
            if (to == _netTickTime)
                return NetTickTimeChange.Unchanged;
            apply(TickPace.Between(_netTickTime, to, intensity));
            logger.NetTickTimeChanging(_netTickTime.TotalSeconds, to.TotalSeconds, transition.TotalSeconds);
            _netTickTime = to;
            _transition = timeProvider.CreateTimer(
                static me => ((NetTickClock)me!).Complete(), this, transition, Timeout.InfiniteTimeSpan);
            return NetTickTimeChange.Initiated;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _transition?.Dispose();
        }
    }

    private void Complete()
    {
        lock (_gate)
        {
            if (_transition is null || _disposed)
                return;
            _transition.Dispose();
            _transition = null;
            apply(TickPace.Of(_netTickTime, intensity));
            logger.NetTickTimeChanged(_netTickTime.TotalSeconds);
        }
    }
}
