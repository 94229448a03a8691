namespace Enmesh.Peers;

/// <summary>
/// A node's own thread for the turns of its services, which owe peers an answer whatever user code does to the pool, and
/// for the timers that these and the handshakes need.
/// </summary>
internal sealed class NodeThread : TurnThread, IDisposable
{
#pragma warning disable MA0158 // It is waited on, which a Lock cannot do.
    private readonly object _gate = new();
#pragma warning restore MA0158
    private readonly HashSet<NodeTimer> _timers = []; // those that are set
    private readonly List<NodeTimer> _due = [];
    private Queue<ITurn> _queued = new();
    private Queue<ITurn> _taken = new();
    private long _nextDue = long.MaxValue;
    private bool _disposed;

    /// <param name="clock">The node's clock. If it is the system's, its timers go off on this thread.</param>
    internal NodeThread(TimeProvider clock)
    {
        Clock = clock == TimeProvider.System ? new NodeClock(this) : clock;
        new Thread(Run) { IsBackground = true, Name = "enmesh services" }.Start();
    }

    /// <summary>The system's time in milliseconds, from any point on.</summary>
    internal static long Now => (long)TimeProvider.System.GetElapsedTime(0).TotalMilliseconds;

    internal override TimeProvider Clock { get; }

    internal override void Queue(ITurn work)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _queued.Enqueue(work);
                Monitor.Pulse(_gate);
                return;
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false); // a straggler at the node's end
    }

    /// <summary>Ends the thread once it has done what is queued, and no timer is set any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Sets a timer, or takes it back.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="due">When it goes off, by <see cref="Now"/>; null for never.</param>
    internal void Set(NodeTimer timer, long? due)
    {
        lock (_gate)
        {
            if (due is not { } at)
            {
                _timers.Remove(timer);
                if (_disposed)
                    Monitor.Pulse(_gate);
                return;
            }
            timer.Due = at;
            _timers.Add(timer);
            if (at >= _nextDue)
                return;
            _nextDue = at;
            Monitor.Pulse(_gate);
        }
    }

    // As the pool does it: what the work sets in its context must not stay on the thread.
    private static void RunApart(object work) => ExecutionContext.Run(
        ExecutionContext.Capture()!,
        static item =>
        {
            if (item is ITurn turn)
                turn.Run();
            else
                ((NodeTimer)item!).GoOff();
        },
        work);

    private void Run()
    {
        while (TakeAll())
        {
            foreach (var timer in _due)
                RunApart(timer);
            _due.Clear();
            while (_taken.TryDequeue(out var work))
                RunApart(work);
        }
    }

    private bool TakeAll()
    {
        lock (_gate)
        {
            while (!TakeDue() && _queued.Count == 0)
            {
                if (_disposed && _timers.Count == 0)
                    return false;
                var left = _nextDue - Now;
                Monitor.Wait(_gate, _nextDue == long.MaxValue ? Timeout.Infinite : (int)Math.Clamp(left, 0, int.MaxValue));
            }
            (_queued, _taken) = (_taken, _queued);
            return true;
        }
    }

    private bool TakeDue()
    {
        var now = Now;
        if (now < _nextDue)
            return false;
        foreach (var timer in _timers)
        {
            if (timer.Due <= now)
                _due.Add(timer);
        }
        foreach (var timer in _due)
        {
            if (timer.Again(now) is { } again)
                timer.Due = again;
            else
                _timers.Remove(timer);
        }
        _nextDue = long.MaxValue;
        foreach (var timer in _timers)
            _nextDue = Math.Min(_nextDue, timer.Due);
        return _due.Count > 0;
    }
}
