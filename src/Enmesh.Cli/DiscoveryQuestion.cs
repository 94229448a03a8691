using Enmesh.Discovery;

namespace Enmesh.Cli;

/// <summary>One question to one source of discovery, and what came of it.</summary>
/// <param name="Answer">How well it knows: <c>complete</c>, <c>incomplete</c>, <c>unavailable</c>.</param>
/// <param name="Peers">Whom it names.</param>
/// <param name="Problem">What it does not know, and why; null when it knows all.</param>
/// <param name="Cause">The exception behind the problem, where there is one.</param>
/// <param name="Took">How long it took.</param>
internal sealed record DiscoveryQuestion(
    string Answer, IReadOnlyCollection<DiscoveredPeer> Peers, string? Problem, Exception? Cause, TimeSpan Took)
{
    internal const string Complete = "complete";
    internal const string Unavailable = "unavailable";

    /// <summary>Asks as a node does, and as nobody in particular: nothing is told to others.</summary>
    /// <param name="source">The source.</param>
    /// <param name="self">As which node.</param>
    /// <param name="listening">How long to listen to those that only speak by themselves.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task<DiscoveryQuestion> AskAsync(
        DiscoverySource source, NodeName self, TimeSpan listening, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var hearing = Task.CompletedTask;
        if (source.Discovery is GossipDiscovery gossip)
        {
            // A node that does not run must not be told of.
            hearing = gossip.ListenAsync(self, stop.Token);
            await Task.WhenAny(hearing, Task.Delay(listening, cancellationToken)).ConfigureAwait(false);
        }
        var start = TimeProvider.System.GetTimestamp();
        var (answer, peers, problem, cause) = await AskAsync(source, self, cancellationToken).ConfigureAwait(false);
        var took = TimeProvider.System.GetElapsedTime(start);
        await stop.CancelAsync().ConfigureAwait(false);
        await hearing.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default).ConfigureAwait(false);
        return new(answer, [.. peers.OrderBy(peer => peer.Name)], problem, cause, took);
    }

    private static async Task<(string Answer, IReadOnlyCollection<DiscoveredPeer> Peers, string? Problem, Exception? Cause)> AskAsync(
        DiscoverySource source, NodeName self, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(source.Timeout);
        try
        {
            return await source.Discovery.DiscoverAsync(self, deadline.Token).ConfigureAwait(false) switch
            {
                PeerSnapshot.Complete complete => (Complete, complete.Peers, null, null),
                PeerSnapshot.Incomplete incomplete => ("incomplete", incomplete.Peers, incomplete.Reason, null),
                PeerSnapshot.Unavailable unavailable => (Unavailable, [], unavailable.Cause.Message, unavailable.Cause),
                _ => (Unavailable, [], "It answered nothing.", null),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (Unavailable, [], FormattableString.Invariant($"It did not answer within {source.Timeout.TotalSeconds:0.###} s."), null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // As in a node: whatever a strategy throws is no answer, and why.
            return (Unavailable, [], e.Message, e);
        }
    }
}
