using Enmesh.Epmd;

namespace Enmesh.Discovery;

/// <summary>Asks the EPMD of several hosts for all their nodes, and makes one answer of it.</summary>
/// <param name="names">Asks one of them.</param>
internal sealed class EpmdHosts(Func<string, CancellationToken, Task<IReadOnlyList<EpmdListing>>> names)
{
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
        foreach (var ((_, hostPart), (listings, failure)) in hosts.Zip(answers))
        {
            if (failure is not null)
                doubts.Add(failure.Message);
            foreach (var listing in listings)
            {
                // EPMD takes any bytes for a name; what is none belongs to no node that could be dialled.
                if (NodeName.TryParse($"{EpmdName.Readable(listing.Name)}@{hostPart}", out var node))
                    peers.TryAdd(node, new DiscoveredPeer(node, Port: listing.Port));
            }
        }
        if (doubts.Count > 0 && doubts.Count == hosts.Count)
            return new PeerSnapshot.Unavailable(new DiscoveryException(string.Join(" ", doubts), answers[0].Failure));
        return doubts.Count == 0
            ? new PeerSnapshot.Complete(peers.Values)
            : new PeerSnapshot.Incomplete(peers.Values, string.Join(" ", doubts));
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
