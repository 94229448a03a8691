using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Peers;
using Enmesh.Transport;

namespace Enmesh;

/// <summary>The node's links, as the reconciler sees them.</summary>
internal sealed class PeerConnector(PeerTable peers, NodeName self, ITransportListener? listener) : IPeerConnector
{
    public NodeName Self => self;

    public int? Port => listener?.Port;

    public IReadOnlyCollection<NodeName> Connected => [.. peers.Links.Select(link => link.Peer)];

    public Task ConnectAsync(DiscoveredPeer peer, CancellationToken cancellationToken) =>
        peers.DialAsync(peer.Name, new PeerHint(peer.Address, peer.Port), cancellationToken);

    public IDisposable Subscribe(Action<PeerLinkNotice> observer) => peers.Observe(link => observer(
        link.End is { } end
            ? new PeerLinkNotice.Down(
                link.Peer, link.Session, end.Cause == LinkEndCause.NoTick ? PeerStage.Tick : PeerStage.Link, end.Reason)
            : new PeerLinkNotice.Up(link.Peer, link.Session)));
}
