using System.Collections.Immutable;

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

    /// <summary>
    /// Somebody else answers at the address of a peer, as when it was given to another pod. Told once, until the peer
    /// is found elsewhere or comes back.
    /// </summary>
    /// <param name="Peer">Who was looked for.</param>
    /// <param name="Failure">Who answers.</param>
    public sealed record WrongIdentity(NodeName Peer, PeerFailure Failure) : ClusterEvent;

    /// <summary>The gate of <see cref="JoinOptions"/> is open. Not told when it was so from the start.</summary>
    /// <param name="State">Why.</param>
    public sealed record Joined(JoinState State) : ClusterEvent;

    /// <summary>The members disagree about who is there, in another way than before or no longer.</summary>
    /// <param name="Parted">Who does not see whom now; empty when everybody sees everybody again.</param>
    public sealed record PartitionChanged(ImmutableSortedSet<PartedPair> Parted) : ClusterEvent;

    /// <summary>The reader was too slow and this many events are lost to it. The view is whole.</summary>
    /// <param name="Count">How many.</param>
    public sealed record Missed(long Count) : ClusterEvent;
}
