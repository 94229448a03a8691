using Microsoft.Extensions.Logging;

namespace Enmesh.Peers;

/// <summary>
/// Measures how long work waits for a thread of the pool, since user code that blocks its threads shows nowhere else
/// until it is too late.
/// </summary>
internal sealed class PoolWatch(TimeProvider timeProvider, ILogger logger) : IThreadPoolWorkItem
{
    /// <summary>Above it somebody should know.</summary>
    private static readonly TimeSpan Notable = TimeSpan.FromSeconds(1);

    private long _queuedAt;
    private long _lastDelay; // ticks of a TimeSpan
    private int _isQueued;
    private bool _isStarved;

    /// <summary>How long the last work has waited, or the present one has so far.</summary>
    internal TimeSpan Delay => Volatile.Read(ref _isQueued) != 0
        ? Max(timeProvider.GetElapsedTime(Volatile.Read(ref _queuedAt)), Last)
        : Last;

    private TimeSpan Last => new(Volatile.Read(ref _lastDelay));

    /// <summary>Called about every second, by a thread that is not the pool's.</summary>
    internal void Look()
    {
        var delay = Delay;
        if (delay >= Notable && !_isStarved)
        {
            _isStarved = true;
            logger.PoolStarved(delay.TotalSeconds);
        }
        if (Volatile.Read(ref _isQueued) != 0)
            return;
        if (_isStarved && delay < Notable)
        {
            _isStarved = false;
            logger.PoolRecovered();
        }
        Volatile.Write(ref _queuedAt, timeProvider.GetTimestamp());
        Volatile.Write(ref _isQueued, 1);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _lastDelay, timeProvider.GetElapsedTime(Volatile.Read(ref _queuedAt)).Ticks);
        Volatile.Write(ref _isQueued, 0);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
