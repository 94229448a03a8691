namespace Enmesh.Processes;

// Whether anybody still waits for what a process makes. A caller by erpc monitors the process from its beginning, and
// takes the monitor back when it gives up; when it ends, its node does that for it.
internal sealed partial class ProcessRelations
{
    private CancellationTokenSource? _abandoned;
    private bool _isAwaited;

    /// <summary>The process works for those that monitor it, and for nobody else.</summary>
    internal void IsAwaited()
    {
        lock (_gate)
            _isAwaited = true;
    }

    /// <summary>
    /// Cancelled when nobody monitors the process any more, if it works for those that do; and when it is to exit.
    /// </summary>
    internal CancellationToken AbandonedOr(CancellationToken exiting)
    {
        CancellationTokenSource abandoned;
        lock (_gate)
        {
            if (!_isAwaited)
                return exiting;
            abandoned = _abandoned ??= CancellationTokenSource.CreateLinkedTokenSource(exiting);
            if (_watchers is { Count: > 0 })
                return abandoned.Token;
        }
        abandoned.Cancel();
        return abandoned.Token;
    }

    // Under the gate.
    private CancellationTokenSource? AbandonedNow() =>
        _isAwaited && _watchers is not { Count: > 0 } ? _abandoned : null;

    // What is registered with the token must not run on a link's reader.
    private static void Cancel(CancellationTokenSource? abandoned)
    {
        if (abandoned is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), abandoned, preferLocal: false);
    }
}
