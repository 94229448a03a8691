namespace Enmesh.Testing;

/// <summary>
/// Tells when a cluster has come to rest: nothing happens in it until a message comes, or time passes.
/// </summary>
/// <remarks>
/// What runs on the cluster's thread, what is on the way between nodes and what waits in a link to be written is known
/// exactly; so is what a process awaits, if that is a message, an answer or the clock. A process that awaits something
/// else may have left work to the pool, which shows only while it runs: such a process is waited for a while, and then
/// not again before it has gone on.
/// </remarks>
internal sealed class Rest(
    ClusterThread thread, VirtualNetwork network, ProcessBook book, Func<bool> hasUnwritten, TestClusterOptions options)
{
    private const int QuietRounds = 3;
    private const int Spins = 20;

    /// <summary>Waits for it.</summary>
    /// <returns>False when that takes longer than the guard allows.</returns>
    internal async Task<bool> WaitAsync()
    {
        var begun = TimeProvider.System.GetTimestamp();
        var (seen, changed) = (thread.Done, begun);
        for (var (quiet, looks) = (0, 0); quiet < QuietRounds; looks++)
        {
            if (!await IsIdleAsync(begun).ConfigureAwait(false))
                return false;
            await LetThePoolGoAsync().ConfigureAwait(false);
            if (thread.Done is var done && done != seen)
                (seen, changed, quiet) = (done, TimeProvider.System.GetTimestamp(), 0);
            else if (thread.IsIdle && !network.IsBusy && !hasUnwritten() && !IsSomebodyMissing(changed))
                quiet++;
            else
                quiet = 0;
            if (TimeProvider.System.GetElapsedTime(begun) > options.Guard)
                return false;
            if (quiet == 0 && looks > Spins)
                await Task.Delay(1).ConfigureAwait(false);
        }
        return true;
    }

    // A thread that blocks for good must not hold up the test; one that computes, or is about to, shall be waited for.
    private bool IsSomebodyMissing(long since)
    {
        var missing = book.Missing();
        if (missing.Count == 0 && thread.Elsewhere == 0)
            return false;
        if (TimeProvider.System.GetElapsedTime(since) < options.Patience)
            return true;
        foreach (var whereabouts in missing)
            whereabouts.GiveUp();
        return false;
    }

    private async Task<bool> IsIdleAsync(long begun)
    {
        var idle = thread.WhenIdleAsync();
        if (idle.IsCompleted)
            return true;
        var left = options.Guard - TimeProvider.System.GetElapsedTime(begun);
        if (left <= TimeSpan.Zero)
            return false;
        try
        {
            await idle.WaitAsync(left).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task LetThePoolGoAsync()
    {
        for (var i = 0; i < 8; i++)
        {
            await PoolPass.Begin().ConfigureAwait(false);
            if (ThreadPool.PendingWorkItemCount == 0)
                return;
        }
    }

    /// <summary>Something for the pool to do behind all that waits there.</summary>
    private sealed class PoolPass : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _done = new();

        internal static Task Begin()
        {
            var pass = new PoolPass();
            ThreadPool.UnsafeQueueUserWorkItem(pass, preferLocal: false);
            return pass._done.Task;
        }

        void IThreadPoolWorkItem.Execute() => _done.SetResult();
    }
}
