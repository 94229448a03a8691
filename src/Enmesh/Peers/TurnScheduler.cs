namespace Enmesh.Peers;

/// <summary>Where work goes that a message has woken: onto the pool, never onto the thread that brought the message.</summary>
internal static class TurnScheduler
{
    internal static void Schedule(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
}
