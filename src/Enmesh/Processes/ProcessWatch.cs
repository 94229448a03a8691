using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// Waits for the end of a process, on this node or another, for code that knows cancellation but no processes: a token
/// is cancelled when it has ended, is not there, or is out of reach.
/// </summary>
/// <remarks>
/// Disposing takes the watch back: nothing is cancelled any more, and <see cref="Ended"/> never completes. It ends with
/// the node that watches as well, with reason <c>shutdown</c>. May be used from any thread.
/// </remarks>
public sealed class ProcessWatch : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource<Term> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ProcessRuntime _runtime;
    private readonly ProcessContext _watcher;
    private int _isOver;

    private ProcessWatch(ProcessRuntime runtime, ProcessAddress target)
    {
        _runtime = runtime;
        Token = _cancellation.Token;
        _watcher = runtime.Create(context => RunAsync(context, target), SpawnOptions.Default);
    }

    /// <summary>Cancelled when the process has ended. Also valid after disposing.</summary>
    public CancellationToken Token { get; }

    /// <summary>
    /// Completes with the reason when the process has ended: what it exited with, <c>noproc</c>, <c>noconnection</c>.
    /// </summary>
    public Task<Term> Ended => _ended.Task;

    internal static ProcessWatch Begin(ProcessRuntime runtime, ProcessAddress target)
    {
        var watch = new ProcessWatch(runtime, target);
        ProcessRuntime.Begin(watch._watcher);
        return watch;
    }

    /// <summary>Takes the watch back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        _runtime.Kill(_watcher, ExitReason.Killed);
        _cancellation.Dispose();
    }

    private async Task RunAsync(ProcessContext context, ProcessAddress target)
    {
        Term reason;
        try
        {
            var monitor = await context.MonitorAsync(target).ConfigureAwait(false);
            var down = await context.ReceiveAsync(
                message => message.TupleElements is [_, { Reference: { } reference }, _, _, _]
                    && reference == monitor).ConfigureAwait(false);
            reason = down.TupleElements[4];
        }
        catch (ProcessExitException e)
        {
            reason = e.Reason;
        }
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        _ended.TrySetResult(reason);
        await _cancellation.CancelAsync().ConfigureAwait(false);
        _cancellation.Dispose();
    }
}
