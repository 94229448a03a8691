namespace Enmesh.Testing;

/// <summary>
/// A clock that moves only when the test says so. Timers fire inside <see cref="Advance"/>, on the test's thread, in
/// the order they are due, each at its own instant; those of a cluster one by one, on its thread.
/// </summary>
/// <param name="caller">Says who makes a timer; nobody in particular when null.</param>
internal sealed class VirtualTime(Func<object?>? caller = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<VirtualTimer> _armed = [];
    private readonly List<(Func<TimeSpan, bool> Wanted, TaskCompletionSource Done)> _waiters = [];
    private readonly DateTimeOffset _start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time since the clock was made.</summary>
    internal TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
                return _elapsed;
        }
    }

    /// <summary>How many timers are armed.</summary>
    internal int ArmedTimers
    {
        get
        {
            lock (_gate)
                return _armed.Count;
        }
    }

    /// <summary>When the next timer is due; null when none is armed.</summary>
    /// <param name="isWanted">Of which timers, by what they are called with.</param>
    internal TimeSpan? NextDue(Func<object?, bool>? isWanted = null)
    {
        lock (_gate)
            return _armed
                .Where(timer => isWanted?.Invoke(timer.State) != false)
                .MinBy(static timer => timer.DueAt)?.DueAt;
    }

    /// <summary>Whether a timer is armed that this caller has made.</summary>
    internal bool IsArmedBy(object maker)
    {
        lock (_gate)
            return _armed.Exists(timer => timer.Maker == maker);
    }

    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, caller?.Invoke(), callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on and fires what becomes due.</summary>
    internal void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = Elapsed + by;
        while (TakeDue(target) is { } fire)
            fire();
    }

    /// <summary>Moves the clock to the next timer that is due by then, or to that instant when there is none.</summary>
    /// <returns>What the timer does; null when there is none.</returns>
    internal Action? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            if (FirstLocked() is not { } next || next.DueAt > target)
            {
                _elapsed = target > _elapsed ? target : _elapsed;
                return null;
            }
            if (next.DueAt > _elapsed)
                _elapsed = next.DueAt;
            _armed.Remove(next);
            if (next.Period > TimeSpan.Zero)
                Arm(next, next.Period);
            return next.Fire;
        }
    }

    /// <summary>
    /// Completes when a timer is armed that is due within <paramref name="min"/> to <paramref name="max"/> from now, so
    /// that the test knows that the code has come to its wait.
    /// </summary>
    internal Task TimerDueInAsync(TimeSpan min, TimeSpan max)
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
    internal Task TimerDueInAsync(TimeSpan exactly) => TimerDueInAsync(exactly, exactly);

    private VirtualTimer? FirstLocked() => _armed.MinBy(timer => (timer.DueAt, timer.Order));

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

    private sealed class VirtualTimer(VirtualTime owner, object? maker, TimerCallback callback, object? state) : ITimer
    {
        internal object? State => state;

        internal object? Maker => maker;

        internal TimeSpan DueAt { get; set; }

        internal TimeSpan Period { get; private set; }

        internal long Order { get; set; }

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

        internal void Fire() => callback(state);

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
