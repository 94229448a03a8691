namespace Enmesh.Peers;

/// <summary>
/// A node's own thread for what must happen in time whatever user code does to the pool: ticks, and help for turns that
/// hold messages back.
/// </summary>
/// <remarks>With a clock other than the system's, ticks follow that clock's timers instead.</remarks>
internal sealed class Pulse : IAsyncDisposable
{
    private const int LookMilliseconds = 5;
    private const int PoolLookMilliseconds = 1000;

    /// <summary>Looks without anything held after which the thread goes to sleep until it is called.</summary>
    private const int QuietLooks = 4;

    /// <summary>Looks after which threads that hold nothing are no longer looked at, however busy others are.</summary>
    private const int LooksUntilForgotten = 200;

    private readonly TimeProvider _timeProvider;
    private readonly Func<IReadOnlyCollection<PeerLink>> _links;
    private readonly int _intensity;
    private readonly PoolWatch _pool;
    private readonly AutoResetEvent _call = new(false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<TurnChain> _chains = []; // under its own lock
    private readonly ITimer? _sending;
    private readonly ITimer? _checking;
    private volatile TickPace _pace;
    private int _watching;
    private long _lateMilliseconds;
    private volatile bool _stopping;

    /// <param name="timeProvider">The clock.</param>
    /// <param name="links">The links there are at the moment.</param>
    /// <param name="netTickTime">Silence after which a peer counts as lost.</param>
    /// <param name="intensity">How often in that time a tick is due.</param>
    /// <param name="pool">What looks whether user code blocks the pool.</param>
    internal Pulse(
        TimeProvider timeProvider, Func<IReadOnlyCollection<PeerLink>> links, TimeSpan netTickTime, int intensity,
        PoolWatch pool)
    {
        _timeProvider = timeProvider;
        _pool = pool;
        _links = links;
        _pace = TickPace.Of(netTickTime, intensity);
        _intensity = intensity;
        if (timeProvider != TimeProvider.System)
        {
            _sending = timeProvider.CreateTimer(static me => ((Pulse)me!).SendTicks(), this, _pace.Send, _pace.Send);
            _checking = timeProvider.CreateTimer(
                static me => ((Pulse)me!).CheckSilence(), this, _pace.Check, _pace.Check);
        }
        new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "enmesh pulse" }.Start();
    }

    internal TimeProvider TimeProvider => _timeProvider;

    /// <summary>How late the last tick was: the machine, or a limit of its share of it, kept this thread waiting.</summary>
    internal TimeSpan TickDelay => TimeSpan.FromMilliseconds(Volatile.Read(ref _lateMilliseconds));

    /// <summary>Says that a link, or a process, is held back by a turn.</summary>
    internal void WatchTurns()
    {
        if (Volatile.Read(ref _watching) == 0 && Interlocked.Exchange(ref _watching, 1) == 0)
            _call.Set();
    }

    /// <summary>Looks from now on at what a thread of the pool holds back, until it no longer holds anything.</summary>
    internal void Watch(TurnChain chain)
    {
        lock (_chains)
        {
            if (!_chains.Contains(chain))
                _chains.Add(chain);
        }
    }

    /// <summary>
    /// Ticks and looks at this pace from now on. The first tick goes out at once: peers may have become less patient.
    /// </summary>
    internal void ChangePace(TickPace pace)
    {
        _pace = pace;
        _sending?.Change(TimeSpan.Zero, pace.Send);
        _checking?.Change(pace.Check, pace.Check);
        _call.Set();
    }

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _call.Set();
        if (_sending is not null)
            await _sending.DisposeAsync().ConfigureAwait(false);
        if (_checking is not null)
            await _checking.DisposeAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);
        // The event stays: a process that outlives the node may still set it.
    }

    private void Run()
    {
        var ticks = new TickTimes(_pace, Environment.TickCount64);
        var poolDue = Environment.TickCount64;
        var (quiet, looks) = (0, 0);
        while (!_stopping)
        {
            _call.WaitOne(
                Volatile.Read(ref _watching) != 0 ? LookMilliseconds : WaitUntil(Math.Min(ticks.Next, poolDue)));
            if (_sending is null && Environment.TickCount64 >= poolDue)
            {
                poolDue = Environment.TickCount64 + PoolLookMilliseconds;
                _pool.Look();
            }
            if (_sending is null)
                Tick(ticks);
            if (Volatile.Read(ref _watching) == 0)
                continue;
            quiet = HelpTurns() ? 0 : quiet + 1;
            if (++looks % LooksUntilForgotten == 0)
                ForgetChains();
            if (quiet < QuietLooks)
                continue;
            quiet = 0;
            ForgetChains();
            // A turn that was held just before this is seen by the look after it, one held later calls.
            Interlocked.Exchange(ref _watching, 0);
            if (HelpTurns())
                Interlocked.Exchange(ref _watching, 1);
        }
        _ended.SetResult();
    }

    private int WaitUntil(long due) =>
        _sending is not null ? Timeout.Infinite : (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue);

    private bool HelpTurns()
    {
        var held = false;
        foreach (var link in _links())
            held |= link.HelpTurn();
        lock (_chains)
        {
            foreach (var chain in _chains)
                held |= chain.Help();
        }
        return held;
    }

    // Threads of the pool come and go; those that are gone hold nothing.
    private void ForgetChains()
    {
        lock (_chains)
        {
            foreach (var chain in _chains)
                chain.Forget(this);
            // Who holds something at this very moment may have believed that it is looked at.
            _chains.RemoveAll(static chain => !chain.IsHolding);
        }
    }

    private void Tick(TickTimes times)
    {
        var now = Environment.TickCount64;
        times.Follow(_pace, now);
        if (times.IsSendDue(now, out var late))
        {
            Volatile.Write(ref _lateMilliseconds, late);
            SendTicks();
        }
        if (times.IsCheckDue(now))
            CheckSilence();
    }

    private void SendTicks()
    {
        foreach (var link in _links())
            link.SendTick();
    }

    private void CheckSilence()
    {
        var interval = _pace.Check;
        foreach (var link in _links())
            link.CheckSilence(_intensity, interval);
    }

    /// <summary>When the next tick and the next look are due, while the clock is the system's.</summary>
    private sealed class TickTimes(TickPace pace, long now)
    {
        private TickPace _pace = pace;
        private long _send = now + (long)pace.Send.TotalMilliseconds;
        private long _check = now + (long)pace.Check.TotalMilliseconds;

        internal long Next => Math.Min(_send, _check);

        internal void Follow(TickPace pace, long now)
        {
            if (ReferenceEquals(pace, _pace))
                return;
            (_pace, _send, _check) = (pace, now, now + (long)pace.Check.TotalMilliseconds);
        }

        internal bool IsSendDue(long now, out long late)
        {
            late = now - _send;
            var due = late >= 0;
            if (due)
                _send = now + (long)_pace.Send.TotalMilliseconds;
            return due;
        }

        internal bool IsCheckDue(long now)
        {
            var due = now >= _check;
            if (due)
                _check = now + (long)_pace.Check.TotalMilliseconds;
            return due;
        }
    }
}

/// <summary>
/// How often a tick is due, and how often silence is counted: the same, but while the net_ticktime is being changed.
/// </summary>
internal sealed record TickPace(TimeSpan Send, TimeSpan Check)
{
    internal static TickPace Of(TimeSpan netTickTime, int intensity) =>
        new(netTickTime / intensity, netTickTime / intensity);

    /// <summary>
    /// On the way from one net_ticktime to another: ticks for those who have the shorter one, patience for those who
    /// have the longer one.
    /// </summary>
    internal static TickPace Between(TimeSpan one, TimeSpan other, int intensity) =>
        one < other ? new(one / intensity, other / intensity) : new(other / intensity, one / intensity);
}
