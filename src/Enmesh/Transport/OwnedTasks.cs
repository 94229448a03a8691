namespace Enmesh.Transport;

/// <summary>Tasks that run beside each other until their owner ends, who waits for all of them.</summary>
internal sealed class OwnedTasks
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Takes a task that has been started; it is forgotten when it has ended.</summary>
    public void Add(Task task)
    {
        lock (_lock)
            _running.Add(task);
        _ = task.ContinueWith(
            Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Waits for those that run now.</summary>
    public Task WhenAllAsync()
    {
        lock (_lock)
            return Task.WhenAll(_running);
    }

    private void Forget(Task task)
    {
        lock (_lock)
            _running.Remove(task);
    }
}
