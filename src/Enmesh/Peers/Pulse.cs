namespace Enmesh.Peers;

/// <summary>
/// A node's own thread for what must happen in time whatever user code does to the pool: ticks, and help for turns that
/// hold messages back.
/// </summary>
/// <remarks>With a clock other than the system's, ticks follow that clock's timers instead.</remarks>
internal sealed class Pulse : IAsyncDisposable
{
    private const int LookMilliseconds = 2;
    private const int PoolLookMilliseconds = 1000;

    /// <summary>Looks without anything held after which the thread goes to sleep until it is called.</summary>
    private const int QuietLooks = 50;

    /// <summary>Looks after which threads that hold nothing are no longer looked at, however busy others are.</summary>
    private const int LooksUntilForgotten = 512;

    private readonly TimeProvider _timeProvider;
    private readonly Func<IReadOnlyCollection<PeerLink>> _links;
    private readonly TimeSpan _interval;
    private readonly int _intensity;
    private readonly PoolWatch _pool;
    private readonly AutoResetEvent _call = new(false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _timer;
    private readonly List<TurnChain> _chains = []; // under its own lock
    private int _watching;
    private volatile bool _stopping;

    /// <param name="timeProvider">The clock.</param>
    /// <param name="links">The links there are at the moment.</param>
    /// <param name="netTickTime">Silence after which a peer counts as lost.</param>
    /// <param name="intensity">How often in that time a tick is due.</param>
    /// <param name="pool">What looks whether user code blocks the pool.</param>
    internal Pulse(
        TimeProvider timeProvider, Func<IReadOnlyCollection<PeerLink>> links, TimeSpan netTickTime, int intensity, PoolWatch pool)
    {
        _timeProvider = timeProvider;
        _pool = pool;
        _links = links;
        _interval = netTickTime / intensity;
        _intensity = intensity;
        if (timeProvider != TimeProvider.System)
            _timer = timeProvider.CreateTimer(static me => ((Pulse)me!).Tick(), this, _interval, _interval);
        new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "enmesh pulse" }.Start();
    }

    internal TimeProvider TimeProvider => _timeProvider;

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

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _call.Set();
        if (_timer is not null)
            await _timer.DisposeAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);
        // The event stays: a process that outlives the node may still set it.
    }

    private void Run()
    {
        var due = Environment.TickCount64 + (long)_interval.TotalMilliseconds;
        var poolDue = Environment.TickCount64;
        var (quiet, looks) = (0, 0);
        while (!_stopping)
        {
            _call.WaitOne(Volatile.Read(ref _watching) != 0 ? LookMilliseconds : WaitUntil(Math.Min(due, poolDue)));
            if (_timer is null && Environment.TickCount64 >= poolDue)
            {
                poolDue = Environment.TickCount64 + PoolLookMilliseconds;
                _pool.Look();
            }
            if (_timer is null && Environment.TickCount64 >= due)
            {
                due = Environment.TickCount64 + (long)_interval.TotalMilliseconds;
                Tick();
            }
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
        _timer is not null ? Timeout.Infinite : (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue);

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

    private void Tick()
    {
        foreach (var link in _links())
            link.Tick(_intensity, _interval);
    }
}
