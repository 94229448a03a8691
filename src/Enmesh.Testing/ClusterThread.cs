using Enmesh.Peers;

namespace Enmesh.Testing;

/// <summary>
/// The one thread on which everything in a test cluster happens: the turns of all processes, what timers do, and what
/// comes over the connections, one after another in the order in which it became due.
/// </summary>
/// <remarks>
/// It knows when there is nothing left to do. Code of processes that goes on elsewhere, on the pool, is counted while
/// it runs: it carries the context it began in, which tells when a thread enters and leaves it.
/// </remarks>
internal sealed class ClusterThread : TurnThread, IDisposable
{
#pragma warning disable MA0158 // It is waited on, which a Lock cannot do.
    private readonly object _gate = new();
#pragma warning restore MA0158
    private readonly Queue<ITurn> _queued = new();
    private readonly Thread _thread;
    private readonly AsyncLocal<Whereabouts?> _here;
    private ITurn? _current;
    private TaskCompletionSource? _idle;
    private long _done;
    private int _elsewhere;
    private bool _disposed;

    internal ClusterThread()
    {
        _here = new AsyncLocal<Whereabouts?>(OnContextChanged);
        _thread = new Thread(Run) { IsBackground = true, Name = "enmesh test cluster" };
        _thread.UnsafeStart();
    }

    /// <summary>Grows with everything that is done.</summary>
    internal long Done => Interlocked.Read(ref _done);

    /// <summary>How many other threads run code of processes at this moment.</summary>
    internal int Elsewhere => Volatile.Read(ref _elsewhere);

    /// <summary>
    /// Whose code calls: that of a process, or what follows from it, wherever it runs. Null for that of the test.
    /// </summary>
    internal Whereabouts? Caller
    {
        get => _here.Value;
        set => _here.Value = value;
    }

    /// <summary>What it does at this moment; null while it waits.</summary>
    internal ITurn? Current => Volatile.Read(ref _current);

    internal bool IsIdle
    {
        get
        {
            lock (_gate)
                return IsIdleLocked;
        }
    }

    internal override bool IsCurrent => Thread.CurrentThread == _thread;

    private bool IsIdleLocked => _queued.Count == 0 && _current is null;

    internal override void Queue(ITurn work)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _queued.Enqueue(work);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Completes when there is nothing to do.</summary>
    internal Task WhenIdleAsync()
    {
        lock (_gate)
        {
            return IsIdleLocked
                ? Task.CompletedTask
                : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Ends the thread after what it does now.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _queued.Clear();
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        _here.Value = new Whereabouts(null);
        while (TryTake() is { } work)
        {
            // Each begins in the same context: what one sets in it must not stay on the thread.
            ExecutionContext.Run(ExecutionContext.Capture()!, static item => ((ITurn)item!).Run(), work);
            Interlocked.Increment(ref _done);
        }
    }

    private ITurn? TryTake()
    {
        lock (_gate)
        {
            _current = null;
            while (_queued.Count == 0 && !_disposed)
            {
                _idle?.TrySetResult();
                _idle = null;
                Monitor.Wait(_gate);
            }
            if (_disposed)
            {
                _idle?.TrySetResult();
                return null;
            }
            return _current = _queued.Dequeue();
        }
    }

    private void OnContextChanged(AsyncLocalValueChangedArgs<Whereabouts?> change)
    {
        if (change.CurrentValue == change.PreviousValue)
            return;
        change.CurrentValue?.Seen();
        if (IsCurrent)
            return;
        Interlocked.Increment(ref _done);
        Interlocked.Add(ref _elsewhere, (change.CurrentValue is null ? 0 : 1) - (change.PreviousValue is null ? 0 : 1));
    }
}
