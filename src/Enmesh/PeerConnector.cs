using System.Net;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Transport;

namespace Enmesh;

/// <summary>The node's links, as the reconciler sees them.</summary>
/// <param name="peers">The links.</param>
/// <param name="self">The node's name.</param>
/// <param name="listener">Its listener; null when it does not listen.</param>
/// <param name="addresses">Where it listens; none when it does not.</param>
/// <param name="isPublished">Whether it is one of the visible nodes.</param>
/// <param name="askVisible">Calls <c>nodes()</c> on a peer.</param>
internal sealed class PeerConnector(
    PeerTable peers, NodeName self, ITransportListener? listener, IReadOnlyList<IPAddress> addresses, bool isPublished,
    Func<NodeName, CancellationToken, Task<Term>> askVisible) : IPeerConnector
{
    public NodeName Self => self;

    public int? Port => listener?.Port;

    public IReadOnlyList<IPAddress> Addresses => addresses;

    public IReadOnlyCollection<NodeName> Connected => [.. peers.Links.Select(link => link.Peer)];

    public IReadOnlyCollection<NodeName> Visible =>
        isPublished ? [.. peers.Links.Where(link => link.PeerIsPublished).Select(link => link.Peer)] : [];

    public async Task<IReadOnlyCollection<NodeName>> AskVisibleAsync(
        NodeName peer, int max, CancellationToken cancellationToken)
    {
        return ReadNodes(peer, await askVisible(peer, cancellationToken).ConfigureAwait(false), max);
    }

    /// <summary>The names in a peer's answer to <c>nodes()</c>.</summary>
    /// <exception cref="DistributionProtocolException">It is none, or names more than <paramref name="max"/>.</exception>
    internal static List<NodeName> ReadNodes(NodeName peer, Term answer, int max)
    {
        if (answer.AsList is not { } nodes)
            throw new DistributionProtocolException($"{peer} answered nodes() with something else than a list.");
        if (nodes.Count > max)
            throw new DistributionProtocolException($"{peer} names {nodes.Count} nodes in answer to nodes(); more than {max} are not read.");
        var names = new List<NodeName>();
        foreach (var node in nodes)
        {
            if (NodeName.TryParse(node.Atom?.Text, out var name))
                names.Add(name);
        }
        return names;
    }

    public Task ConnectAsync(DiscoveredPeer peer, CancellationToken cancellationToken) =>
        peers.DialAsync(peer.Name, new PeerHint(peer.Address, peer.Port), cancellationToken);

    public void Disconnect(NodeName peer, string reason) =>
        peers.Find(peer.Atom)?.Close(new LinkEnd(LinkEndCause.ClosedHere, reason));

    public IDisposable Subscribe(Action<PeerLinkNotice> observer) => peers.Observe(link => observer(
        link.End is { } end
            ? new PeerLinkNotice.Down(
                link.Peer, link.Session, end.Cause == LinkEndCause.NoTick ? PeerStage.Tick : PeerStage.Link, end.Reason)
            : new PeerLinkNotice.Up(link.Peer, link.Session, !link.PeerIsPublished, link.Security)));
}
