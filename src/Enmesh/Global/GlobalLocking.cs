using System.Security.Cryptography;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Transport;

namespace Enmesh.Global;

/// <summary>
/// Sets and deletes the locks of programs, which do that themselves: the server only keeps those of its own node.
/// </summary>
/// <remarks>
/// Attempts and pauses are the node's own thread's, so that a lock is had, and given back, also while the pool has no
/// thread; only whoever waits for it goes on there.
/// </remarks>
internal sealed class GlobalLocking(ProcessRuntime runtime, ProcessContext? holder)
{
    /// <summary>The longest pause between attempts; the first is at most an eighth of that shifted by two.</summary>
    private const int MaxPauseMilliseconds = 8000;

    /// <summary>
    /// So long the nodes may take to answer that a lock is free again, when nobody wants to wait for them.
    /// </summary>
    private static readonly TimeSpan TidyUpTime = TimeSpan.FromSeconds(5);

    internal Task<bool> SetAsync(
        GlobalLockId id, IReadOnlyCollection<NodeName> nodes, int? retries, CancellationToken cancellationToken)
    {
        if (retries is < 0)
            throw new ArgumentOutOfRangeException(
                nameof(retries), retries, "Retries are 0 or more, or null for as many as it takes.");
        return OutsideAsync(TrySetAsync(Term.Tuple(id.Resource, id.Requester), nodes, retries, cancellationToken));
    }

    internal Task DeleteAsync(
        GlobalLockId id, IReadOnlyCollection<NodeName> nodes, CancellationToken cancellationToken) =>
        OutsideAsync(AskAsync(
            GlobalMessages.DelLock(Term.Tuple(id.Resource, id.Requester)), nodes, Timeout.InfiniteTimeSpan,
            cancellationToken));

    /// <summary>The same task for code of the program, which must not go on on the node's thread.</summary>
    private static Task<T> OutsideAsync<T>(Task<T> inside)
    {
        var outside = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = inside.ContinueWith(
            static (ended, outside) => ((TaskCompletionSource<T>)outside!).SetFromTask(ended), outside,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return outside.Task;
    }

    private async Task<bool> TrySetAsync(
        Term lockId, IReadOnlyCollection<NodeName> nodes, int? retries, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (await TrySetAsync(lockId, nodes, cancellationToken).Here())
                return true;
            if (attempt >= retries)
                return false;
            var pause = Math.Min(1000 << Math.Min(attempt + 1, 6) >> 3, MaxPauseMilliseconds);
            await Task.Delay(
                TimeSpan.FromMilliseconds(1 + RandomNumberGenerator.GetInt32(pause)),
                runtime.Thread.Clock ?? runtime.TimeProvider, cancellationToken).Here();
        }
    }

    /// <summary>Our own node first: while another requester has it here there is no point in asking others.</summary>
    private async Task<bool> TrySetAsync(
        Term lockId, IReadOnlyCollection<NodeName> nodes, CancellationToken cancellationToken)
    {
        try
        {
            NodeName[] own = [.. nodes.Where(node => node == runtime.Name)];
            NodeName[] others = [.. nodes.Where(node => node != runtime.Name)];
            var isSet = await AskAsync(lockId, own, cancellationToken).Here()
                && await AskAsync(lockId, others, cancellationToken).Here();
            if (!isSet)
                await TidyUpAsync(lockId, nodes).Here();
            return isSet;
        }
        catch (OperationCanceledException)
        {
            await TidyUpAsync(lockId, nodes).Here();
            throw;
        }
    }

    private async Task<bool> AskAsync(Term lockId, NodeName[] nodes, CancellationToken cancellationToken)
    {
        var answers =
            await AskAsync(GlobalMessages.SetLock(lockId), nodes, Timeout.InfiniteTimeSpan, cancellationToken).Here();
        return Array.TrueForAll(answers, answer => answer is not { } given || given.IsAtom(Atoms.True));
    }

    private async Task TidyUpAsync(Term lockId, IReadOnlyCollection<NodeName> nodes) =>
        await AskAsync(GlobalMessages.DelLock(lockId), nodes, TidyUpTime, CancellationToken.None).Here();

    /// <summary>Asks all at the same time; null for those that cannot be reached or don't answer in time.</summary>
    private async Task<Term?[]> AskAsync(
        Term request, IReadOnlyCollection<NodeName> nodes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        return await Task.WhenAll(nodes.Select(AskOneAsync)).Here();

        async Task<Term?> AskOneAsync(NodeName node)
        {
            try
            {
                return await runtime.CallAsync(
                    holder, (GlobalServer.Name, node), request, timeout, cancellationToken, thread: runtime.Thread)
                    .Here();
            }
            catch (CallExitException)
            {
                return null; // as on the BEAM: who cannot be reached is left out
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }
}
