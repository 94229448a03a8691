namespace Enmesh.Peers;

/// <summary>The system's clock, with timers that go off on a node's own thread instead of the pool, which user code may block.</summary>
internal sealed class NodeClock(NodeThread thread) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new NodeTimer(thread, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}

/// <summary>A timer that goes off on a node's own thread.</summary>
internal sealed class NodeTimer(NodeThread thread, TimerCallback callback, object? state) : ITimer
{
    private long _period = Timeout.Infinite;
    private volatile bool _disposed;

    /// <summary>When it goes off; the thread's.</summary>
    internal long Due { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
            return false;
        Volatile.Write(ref _period, period > TimeSpan.Zero ? Milliseconds(period) : Timeout.Infinite);
        thread.Set(this, dueTime < TimeSpan.Zero ? null : NodeThread.Now + Milliseconds(dueTime));
        return true;
    }

    public void Dispose()
    {
        _disposed = true;
        thread.Set(this, null);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <summary>When it goes off once more; null when it does not.</summary>
    internal long? Again(long now) => Volatile.Read(ref _period) is > 0 and var period ? now + period : null;

    internal void GoOff()
    {
        if (!_disposed)
            callback(state);
    }

    // Never before its time.
    private static long Milliseconds(TimeSpan time) => (long)Math.Ceiling(time.TotalMilliseconds);
}
