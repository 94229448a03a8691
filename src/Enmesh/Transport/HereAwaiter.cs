using System.Runtime.CompilerServices;

#pragma warning disable VSTHRD002 // The result is taken of a task that has ended.

namespace Enmesh.Transport;

/// <summary>
/// Awaits without the pool: what follows runs on the thread that completes the task, or, when it is complete already, on the one
/// that awaits it. An ordinary await asks the pool for a thread when the task completes at that very moment.
/// </summary>
/// <remarks>For what must go on while user code blocks the pool. All of it must be brief.</remarks>
internal readonly struct HereAwaiter(Task task) : ICriticalNotifyCompletion
{
    public bool IsCompleted => task.IsCompleted;

    public HereAwaiter GetAwaiter() => this;

    public void GetResult() => task.GetAwaiter().GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => _ = task.ContinueWith(
        static (_, next) => ((Action)next!)(), continuation, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

/// <summary>The same for a task with a result.</summary>
internal readonly struct HereAwaiter<T>(Task<T> task) : ICriticalNotifyCompletion
{
    public bool IsCompleted => task.IsCompleted;

    public HereAwaiter<T> GetAwaiter() => this;

    public T GetResult() => task.GetAwaiter().GetResult();

    public void OnCompleted(Action continuation) => new HereAwaiter(task).UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => new HereAwaiter(task).UnsafeOnCompleted(continuation);
}

/// <summary>See <see cref="HereAwaiter"/>.</summary>
internal static class HereAwaiterExtensions
{
    internal static HereAwaiter Here(this Task task) => new(task);

    internal static HereAwaiter<T> Here<T>(this Task<T> task) => new(task);

    internal static HereAwaiter<T> Here<T>(this ValueTask<T> task) => new(task.AsTask());
}
