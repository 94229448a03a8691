using System.Collections.Immutable;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>What happens to the reconciler.</summary>
internal abstract record ReconcilerEvent
{
    /// <summary>A source was asked.</summary>
    internal sealed record Snapshot(int Source, PeerSnapshot Answer, TimeSpan Duration) : ReconcilerEvent;

    /// <summary>The node says that a link came up or went down.</summary>
    internal sealed record Link(PeerLinkNotice Notice) : ReconcilerEvent;

    /// <summary>An attempt is over.</summary>
    /// <param name="Dial">Which one.</param>
    /// <param name="Failure">Why it failed; null when it did not.</param>
    /// <param name="IsConnected">Whether the node has a link to the peer at the end of the attempt.</param>
    /// <param name="Yielded">Whether it failed only because the peer's own attempt goes ahead of it.</param>
    internal sealed record DialDone(
        long Dial, PeerFailure? Failure, bool IsConnected, bool Yielded = false) : ReconcilerEvent;

    /// <summary>Time to compare who is wanted with who is really connected.</summary>
    /// <param name="Connected">Who is.</param>
    /// <param name="Dialling">The attempts under way; null when nobody has looked.</param>
    internal sealed record Tick(IReadOnlyCollection<NodeName> Connected, IReadOnlySet<long>? Dialling = null) : ReconcilerEvent;

    /// <summary>The node begins to leave: from now on nobody is dialled.</summary>
    internal sealed record Drain : ReconcilerEvent;

    /// <summary>The members were asked whom they see.</summary>
    /// <param name="Parted">Who does not see whom.</param>
    internal sealed record Compared(ImmutableSortedSet<PartedPair> Parted) : ReconcilerEvent;

    /// <summary>A pause may be over.</summary>
    internal sealed record Wake : ReconcilerEvent;
}

/// <summary>What the reconciler wants done.</summary>
internal abstract record ReconcilerEffect
{
    /// <summary>Dial, and say <see cref="ReconcilerEvent.DialDone"/> in the end, whatever comes.</summary>
    internal sealed record Connect(long Dial, DiscoveredPeer Peer) : ReconcilerEffect;

    /// <summary>Cut the link to a peer that discovery has not named for long enough.</summary>
    internal sealed record Cut(NodeName Peer) : ReconcilerEffect;

    /// <summary>Tell whoever listens.</summary>
    internal sealed record Publish(ClusterEvent Event) : ReconcilerEffect;

    /// <summary>
    /// Tell the log that a source fails; <paramref name="Failing"/> is false when it answers in part.
    /// </summary>
    internal sealed record NoteSourceTrouble(
        string Source, bool Failing, string Problem, int Failures) : ReconcilerEffect;

    /// <summary>Tell the log that a source is well again.</summary>
    internal sealed record NoteSourceRecovered(string Source, int Peers) : ReconcilerEffect;

    /// <summary>Tell the log that nobody is discovered, or somebody again.</summary>
    internal sealed record NoteDiscovered(int Peers, string Sources) : ReconcilerEffect;

    /// <summary>Tell the log how many of the peers are connected, and who is not.</summary>
    internal sealed record NoteMembers(bool Complete, int Connected, int Expected, string Missing) : ReconcilerEffect;

    /// <summary>Tell the log that a peer does not come up.</summary>
    /// <param name="Peer">Who.</param>
    /// <param name="Failure">Why.</param>
    /// <param name="Attempts">Failures in a row.</param>
    /// <param name="RetryIn">When it is tried again.</param>
    /// <param name="IsLeaving">Whether it was connected before and refuses now, as nodes do that are ending.</param>
    internal sealed record NoteDialFailed(
        NodeName Peer, PeerFailure Failure, int Attempts, TimeSpan RetryIn, bool IsLeaving) : ReconcilerEffect;

    /// <summary>Tell the log that a source does not name this node, or does so again.</summary>
    internal sealed record NoteSelf(string Source, bool IsNamed, int Peers) : ReconcilerEffect;

    /// <summary>Tell the log that a source names a peer by a short name and this node has a long one, or the reverse.</summary>
    internal sealed record NoteNameForm(string Source, NodeName Peer) : ReconcilerEffect;

    /// <summary>Tell the log that the gate for user code is open, and why.</summary>
    internal sealed record NoteJoin(JoinState State, int Members, int MinMembers) : ReconcilerEffect;

    /// <summary>Tell the log who does not see whom now.</summary>
    internal sealed record NoteParted(ImmutableSortedSet<PartedPair> Pairs) : ReconcilerEffect;

    /// <summary>Tell the log that the clock on the wall was set.</summary>
    internal sealed record NoteClockJump(TimeSpan By) : ReconcilerEffect;
}
