namespace Enmesh.Peers;

/// <summary>
/// A node's own thread for the turns of its services, which owe peers an answer whatever user code does to the pool.
/// </summary>
internal sealed class NodeThread : TurnThread, IDisposable
{
#pragma warning disable MA0158 // It is waited on, which a Lock cannot do.
    private readonly object _gate = new();
#pragma warning restore MA0158
    private Queue<ITurn> _queued = new();
    private Queue<ITurn> _taken = new();
    private bool _disposed;

    internal NodeThread() => new Thread(Run) { IsBackground = true, Name = "enmesh services" }.Start();

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

    /// <summary>Ends the thread once it has done what is queued.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (TakeAll())
        {
            while (_taken.TryDequeue(out var work))
            {
                // As the pool does it: what the work sets in its context must not stay on the thread.
                ExecutionContext.Run(ExecutionContext.Capture()!, static item => ((ITurn)item!).Run(), work);
            }
        }
    }

    private bool TakeAll()
    {
        lock (_gate)
        {
            while (_queued.Count == 0)
            {
                if (_disposed)
                    return false;
                Monitor.Wait(_gate);
            }
            (_queued, _taken) = (_taken, _queued);
            return true;
        }
    }
}
