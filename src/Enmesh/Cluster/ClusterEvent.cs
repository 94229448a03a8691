namespace Enmesh.Cluster;

/// <summary>A change in the cluster.</summary>
public abstract record ClusterEvent
{
    private ClusterEvent()
    {
    }

    /// <summary>Discovery names a peer that it did not name before.</summary>
    /// <param name="Peer">Who.</param>
    /// <param name="Source">The source that named it first.</param>
    public sealed record PeerDiscovered(NodeName Peer, string Source) : ClusterEvent;

    /// <summary>
    /// No source names the peer any longer. It is not dialled any more, but a link to it is left alone.
    /// </summary>
    /// <param name="Peer">Who.</param>
    public sealed record PeerVanished(NodeName Peer) : ClusterEvent;

    /// <summary>A peer is connected.</summary>
    /// <param name="Peer">Who.</param>
    public sealed record PeerUp(NodeName Peer) : ClusterEvent;

    /// <summary>A peer is no longer connected.</summary>
    /// <param name="Peer">Who.</param>
    /// <param name="Failure">Why.</param>
    public sealed record PeerDown(NodeName Peer, PeerFailure Failure) : ClusterEvent;

    /// <summary>The reader was too slow and this many events are lost to it. The view is whole.</summary>
    /// <param name="Count">How many.</param>
    public sealed record Missed(long Count) : ClusterEvent;
}
