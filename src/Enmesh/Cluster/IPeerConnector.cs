using System.Net;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>What the reconciler needs of a node.</summary>
internal interface IPeerConnector
{
    /// <summary>The node's own name.</summary>
    NodeName Self { get; }

    /// <summary>
    /// Who is connected at this moment, whoever dialled. Read on every tick: the truth behind the notices.
    /// </summary>
    IReadOnlyCollection<NodeName> Connected { get; }

    /// <summary>
    /// Those of them that are published, as the node is; empty while it is hidden. All of them see each other.
    /// </summary>
    IReadOnlyCollection<NodeName> Visible { get; }

    /// <summary>The port it listens on; null when it does not listen.</summary>
    int? Port { get; }

    /// <summary>The addresses it listens on; none when it does not listen.</summary>
    IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>
    /// Connects and completes when the link is up, at once when it already is. The notice that it is up comes before
    /// that.
    /// </summary>
    /// <exception cref="EnmeshException">It did not come up; <see cref="PeerFailure.From"/> finds the
    /// stage.</exception>
    Task ConnectAsync(DiscoveredPeer peer, CancellationToken cancellationToken);

    /// <summary>Asks a peer whom it sees: its <c>nodes()</c>.</summary>
    /// <exception cref="EnmeshException">It does not say, or names more than <paramref name="max"/>.</exception>
    Task<IReadOnlyCollection<NodeName>> AskVisibleAsync(NodeName peer, int max, CancellationToken cancellationToken);

    /// <summary>Ends the link to a peer, if there is one.</summary>
    /// <param name="peer">Which one.</param>
    /// <param name="reason">Why, in a few words.</param>
    void Disconnect(NodeName peer, string reason);

    /// <summary>
    /// Calls the observer when a link comes up or goes down, in that order for one link, whoever dialled. The observer
    /// returns at once. Links that are up already are not reported.
    /// </summary>
    IDisposable Subscribe(Action<PeerLinkNotice> observer);
}

/// <summary>A link came up or went down.</summary>
/// <param name="Peer">To whom.</param>
/// <param name="Session">Tells the links to one peer apart, so that a late notice of an old link is not taken for the
/// new one.</param>
internal abstract record PeerLinkNotice(NodeName Peer, long Session)
{
    /// <summary>The handshake is done.</summary>
    /// <param name="Peer">To whom.</param>
    /// <param name="Session">Which one.</param>
    /// <param name="IsHidden">Whether the peer is hidden.</param>
    /// <param name="Security">What the two have agreed on; null where nothing is encrypted.</param>
    internal sealed record Up(
        NodeName Peer, long Session, bool IsHidden = false, TlsLink? Security = null) : PeerLinkNotice(Peer, Session);

    /// <summary>The link is gone.</summary>
    /// <param name="Peer">To whom.</param>
    /// <param name="Session">Which one.</param>
    /// <param name="Stage"><see cref="PeerStage.Tick"/> when the peer fell silent, else
    /// <see cref="PeerStage.Link"/>.</param>
    /// <param name="Reason">Why, as a sentence.</param>
    internal sealed record Down(
        NodeName Peer, long Session, PeerStage Stage, string Reason) : PeerLinkNotice(Peer, Session);
}
