using Enmesh.Epmd;

namespace Enmesh.Discovery;

/// <summary>Asks the EPMD of several hosts for all their nodes, and makes one answer of it.</summary>
/// <remarks>
/// An EPMD that was started again knows nobody until its nodes have registered once more: a host that had nodes and has
/// none is doubted at first.
/// </remarks>
/// <param name="names">Asks one of them.</param>
/// <param name="time">The clock.</param>
internal sealed class EpmdHosts(Func<string, CancellationToken, Task<IReadOnlyList<EpmdListing>>> names, TimeProvider time)
{
    // Hosts that had nodes, and how often they had none since. One question at a time is asked.
    private readonly Dictionary<string, EmptyAnswers> _inhabited = new(StringComparer.Ordinal);

    /// <summary>Asks all at once, so that a silent host costs its time-out once.</summary>
    /// <param name="hosts">Whom to ask, and the host part of the names of the nodes there.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    internal async Task<PeerSnapshot> AskAsync(
        IReadOnlyCollection<(string Host, string HostPart)> hosts, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(hosts.Select(host => AskAsync(host.Host, cancellationToken)))
            .ConfigureAwait(false);
        var peers = new Dictionary<NodeName, DiscoveredPeer>();
        var doubts = new List<string>();
        var failures = answers.Count(answer => answer.Failure is not null);
        foreach (var ((host, hostPart), (listings, failure)) in hosts.Zip(answers))
        {
            if ((failure?.Message ?? Doubt(host, listings)) is { } doubt)
                doubts.Add(doubt);
            foreach (var listing in listings)
            {
                // EPMD takes any bytes for a name, and any port; what is none belongs to no node that could be dialled.
                if (listing.Port > 0 && NodeName.TryParse($"{EpmdName.Readable(listing.Name)}@{hostPart}", out var node))
                    peers.TryAdd(node, new DiscoveredPeer(node, Port: listing.Port));
            }
        }
        if (failures > 0 && failures == hosts.Count)
            return new PeerSnapshot.Unavailable(new DiscoveryException(string.Join(" ", doubts), answers[0].Failure));
        return doubts.Count == 0
            ? new PeerSnapshot.Complete(peers.Values)
            : new PeerSnapshot.Incomplete(peers.Values, string.Join(" ", doubts));
    }

    private string? Doubt(string host, IReadOnlyList<EpmdListing> listings)
    {
        if (listings.Count > 0)
            _inhabited[host] = default;
        else if (_inhabited.TryGetValue(host, out var empty))
        {
            var now = time.GetElapsedTime(0);
            _inhabited[host] = empty = empty.Add(now);
            if (!empty.AreBelieved(now, EmptyAnswers.DefaultConfirmations, EmptyAnswers.DefaultAge))
                return $"EPMD on {host} knows no node any more; was it started again?";
            _inhabited.Remove(host);
        }
        return null;
    }

    private async Task<(IReadOnlyList<EpmdListing> Listings, EpmdException? Failure)> AskAsync(
        string host, CancellationToken cancellationToken)
    {
        try
        {
            return (await names(host, cancellationToken).ConfigureAwait(false), null);
        }
        catch (EpmdException e)
        {
            // One host's failure is told beside what the others know.
            return ([], e);
        }
    }
}
