using System.Security.Cryptography;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>Sets and deletes the locks of programs, which do that themselves: the server only keeps those of its own node.</summary>
internal sealed class GlobalLocking(ProcessRuntime runtime, ProcessContext? holder)
{
    /// <summary>The longest pause between attempts; the first is at most an eighth of that shifted by two.</summary>
    private const int MaxPauseMilliseconds = 8000;

    /// <summary>So long the nodes may take to answer that a lock is free again, when nobody wants to wait for them.</summary>
    private static readonly TimeSpan TidyUpTime = TimeSpan.FromSeconds(5);

    internal async Task<bool> SetAsync(GlobalLockId id, IReadOnlyCollection<NodeName> nodes, int? retries, CancellationToken cancellationToken)
    {
        if (retries is < 0)
            throw new ArgumentOutOfRangeException(nameof(retries), retries, "Retries are 0 or more, or null for as many as it takes.");
        var lockId = Term.Tuple(id.Resource, id.Requester);
        for (var attempt = 0; ; attempt++)
        {
            if (await TrySetAsync(lockId, nodes, cancellationToken).ConfigureAwait(false))
                return true;
            if (attempt >= retries)
                return false;
            var pause = Math.Min(1000 << Math.Min(attempt + 1, 6) >> 3, MaxPauseMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(1 + RandomNumberGenerator.GetInt32(pause)), runtime.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    internal async Task DeleteAsync(GlobalLockId id, IReadOnlyCollection<NodeName> nodes, CancellationToken cancellationToken) =>
        await AskAsync(GlobalMessages.DelLock(Term.Tuple(id.Resource, id.Requester)), nodes, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);

    /// <summary>Our own node first: while another requester has it here there is no point in asking others.</summary>
    private async Task<bool> TrySetAsync(Term lockId, IReadOnlyCollection<NodeName> nodes, CancellationToken cancellationToken)
    {
        try
        {
            NodeName[] own = [.. nodes.Where(node => node == runtime.Name)];
            NodeName[] others = [.. nodes.Where(node => node != runtime.Name)];
            var isSet = await AskAsync(lockId, own, cancellationToken).ConfigureAwait(false)
                && await AskAsync(lockId, others, cancellationToken).ConfigureAwait(false);
            if (!isSet)
                await TidyUpAsync(lockId, nodes).ConfigureAwait(false);
            return isSet;
        }
        catch (OperationCanceledException)
        {
            await TidyUpAsync(lockId, nodes).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> AskAsync(Term lockId, NodeName[] nodes, CancellationToken cancellationToken)
    {
        var answers = await AskAsync(GlobalMessages.SetLock(lockId), nodes, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        return Array.TrueForAll(answers, answer => answer is not { } given || given.IsAtom(Atoms.True));
    }

    private async Task TidyUpAsync(Term lockId, IReadOnlyCollection<NodeName> nodes) =>
        await AskAsync(GlobalMessages.DelLock(lockId), nodes, TidyUpTime, CancellationToken.None).ConfigureAwait(false);

    /// <summary>Asks all at the same time; null for those that cannot be reached or don't answer in time.</summary>
    private async Task<Term?[]> AskAsync(Term request, IReadOnlyCollection<NodeName> nodes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        return await Task.WhenAll(nodes.Select(AskOneAsync)).ConfigureAwait(false);

        async Task<Term?> AskOneAsync(NodeName node)
        {
            try
            {
                return await runtime.CallAsync(holder, (GlobalServer.Name, node), request, timeout, cancellationToken).ConfigureAwait(false);
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
