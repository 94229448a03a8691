using System.Collections.Concurrent;

namespace Enmesh.Web.Status;

/// <summary>What a peer said the last time it was asked whom it sees.</summary>
/// <param name="Sees">Whom; null when it has not said.</param>
/// <param name="At">When it said so, or did not.</param>
/// <param name="Problem">Why it has not.</param>
internal sealed record PeerView(IReadOnlyCollection<NodeName>? Sees, DateTimeOffset At, string? Problem);

/// <summary>
/// Asks the connected peers whom they see, while somebody looks: each at most every two seconds, one that does not answer every ten, so many at a time.
/// Nobody waits for an answer who shows the page, and nobody is dialled.
/// </summary>
/// <param name="connected">The peers that may be asked.</param>
/// <param name="ask">Asks one; ends by itself when it takes too long.</param>
/// <param name="time">The clock.</param>
internal sealed class PeerViews(
    Func<IReadOnlyCollection<NodeName>> connected, Func<NodeName, CancellationToken, Task<IReadOnlyCollection<NodeName>>> ask, TimeProvider time)
    : IAsyncDisposable
{
    internal const int AtATime = 16;
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    internal static readonly TimeSpan EverySilent = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<NodeName, PeerView> _views = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _round = Task.CompletedTask;

    /// <summary>What the peers have said, without those that have not been asked yet.</summary>
    internal IReadOnlyDictionary<NodeName, PeerView> Known => _views;

    /// <summary>Begins to ask those whose answers are old, unless that goes on already.</summary>
    /// <returns>Ends when all of them have answered or will not.</returns>
    internal Task Refresh()
    {
        lock (_gate)
        {
            if (!_round.IsCompleted || _stop.IsCancellationRequested)
                return _round;
            var now = time.GetUtcNow();
            var peers = connected();
            foreach (var gone in _views.Keys.Except(peers).ToArray())
                _views.TryRemove(gone, out _);
            // Who was silent comes last, and does not keep the others waiting.
            NodeName[] due = [.. peers.Where(peer => IsDue(peer, now)).OrderBy(peer => _views.TryGetValue(peer, out var known) && known.Sees is null ? 1 : 0)];
            return _round = due.Length == 0 ? Task.CompletedTask : AskAllAsync(due);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task last;
        lock (_gate)
            last = _round;
        await last.ConfigureAwait(false);
        _stop.Dispose();
    }

    // A clock that was set back asks again as well.
    private bool IsDue(NodeName peer, DateTimeOffset now) =>
        !_views.TryGetValue(peer, out var known) || (now - known.At).Duration() >= (known.Sees is null ? EverySilent : Every);

    private async Task AskAllAsync(NodeName[] peers)
    {
        try
        {
            await Parallel.ForEachAsync(
                peers, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = _stop.Token },
                async (peer, token) => _views[peer] = await AskAsync(peer, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The node ends.
        }
    }

    private async Task<PeerView> AskAsync(NodeName peer, CancellationToken cancellationToken)
    {
        try
        {
            var sees = await ask(peer, cancellationToken).WaitAsync(Patience, time, cancellationToken).ConfigureAwait(false);
            return new(sees, time.GetUtcNow(), null);
        }
#pragma warning disable CA1031 // Whatever it is, this peer has not said whom it sees, and that is what there is to show.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var why = e is TimeoutException ? FormattableString.Invariant($"No answer within {Patience.TotalSeconds:0.#} s.") : e.Message;
            return new(null, time.GetUtcNow(), why);
        }
    }
}
