namespace Enmesh.Tests;

/// <summary>
/// A clock that moves only when the test says so. Timers fire inside <see cref="Advance"/>, on the test's thread, in the order
/// they are due, each at its own instant.
/// </summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<VirtualTimer> _armed = [];
    private readonly List<(Func<TimeSpan, bool> Wanted, TaskCompletionSource Done)> _waiters = [];
    private readonly DateTimeOffset _start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
                return _elapsed;
        }
    }

    /// <summary>How many timers are armed.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
                return _armed.Count;
        }
    }

    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on and fires what becomes due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target;
        lock (_gate)
            target = _elapsed + by;
        while (TakeDue(target) is { } due)
            due.Fire();
    }

    /// <summary>
    /// Completes when a timer is armed that is due within <paramref name="min"/> to <paramref name="max"/> from now, so that the
    /// test knows that the code has come to its wait.
    /// </summary>
    public Task TimerDueInAsync(TimeSpan min, TimeSpan max)
    {
        lock (_gate)
        {
            bool Wanted(TimeSpan left) => left >= min && left <= max;
            if (_armed.Any(timer => Wanted(timer.DueAt - _elapsed)))
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((Wanted, done));
            return done.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <inheritdoc cref="TimerDueInAsync(TimeSpan, TimeSpan)"/>
    public Task TimerDueInAsync(TimeSpan exactly) => TimerDueInAsync(exactly, exactly);

    private VirtualTimer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            var next = _armed.Where(timer => timer.DueAt <= target).OrderBy(timer => (timer.DueAt, timer.Order)).FirstOrDefault();
            if (next is null)
            {
                _elapsed = target;
                return null;
            }
            if (next.DueAt > _elapsed)
                _elapsed = next.DueAt;
            _armed.Remove(next);
            if (next.Period > TimeSpan.Zero)
                Arm(next, next.Period);
            return next;
        }
    }

    private void Arm(VirtualTimer timer, TimeSpan dueTime)
    {
        timer.DueAt = _elapsed + dueTime;
        timer.Order = _order++;
        _armed.Add(timer);
        foreach (var waiter in _waiters.Where(waiter => waiter.Wanted(dueTime)).ToArray())
        {
            _waiters.Remove(waiter);
            waiter.Done.TrySetResult();
        }
    }

    private sealed class VirtualTimer(VirtualTime owner, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan DueAt { get; set; }

        public TimeSpan Period { get; private set; }

        public long Order { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                owner._armed.Remove(this);
                Period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    owner.Arm(this, dueTime);
                return true;
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (owner._gate)
                owner._armed.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
