using System.Collections.Immutable;

namespace Enmesh.Cluster;

/// <summary>What the reconciler does about a member.</summary>
public enum MemberState
{
    /// <summary>To be dialled as soon as a place is free.</summary>
    Waiting,

    /// <summary>Being dialled.</summary>
    Dialing,

    /// <summary>Connected.</summary>
    Up,

    /// <summary>The last attempt failed; the next one is at <see cref="ClusterMember.RetryAt"/>.</summary>
    Backoff,
}

/// <summary>A peer that is wanted or connected.</summary>
public sealed record ClusterMember
{
    /// <summary>Its name.</summary>
    public required NodeName Name { get; init; }

    /// <summary>Where it is dialled; null for the host part of the name.</summary>
    public string? Address { get; init; }

    /// <summary>Its distribution port; null when EPMD or the fixed port decides.</summary>
    public int? Port { get; init; }

    /// <summary>What is being done about it.</summary>
    public required MemberState State { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>
    /// The sources that name it; empty when it came by itself, or has vanished from discovery and is still connected.
    /// </summary>
    public required ImmutableArray<string> Sources { get; init; }

    /// <summary>
    /// Whether it is connected as a hidden node. One that no source names, as a tool that looks in, does not count
    /// among the connected.
    /// </summary>
    public bool IsHidden { get; init; }

    /// <summary>
    /// What the two ends have agreed on, with the ends of their certificates; null where nothing is encrypted, and
    /// while it is not connected.
    /// </summary>
    public TlsLink? Tls { get; init; }

    /// <summary>Attempts in a row that failed.</summary>
    public int Failures { get; init; }

    /// <summary>When it is dialled again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>The last failure, kept while the peer is up.</summary>
    public PeerFailure? LastFailure { get; init; }

    /// <summary>Whether some source names it.</summary>
    public bool IsDiscovered => !Sources.IsEmpty;
}

/// <summary>How a source of discovery fares.</summary>
public enum SourceState
{
    /// <summary>It has not answered yet.</summary>
    Starting,

    /// <summary>Its last answer was whole.</summary>
    Healthy,

    /// <summary>Its last answer was in part, or doubtful.</summary>
    Partial,

    /// <summary>It gave no answer the last time.</summary>
    Failing,
}

/// <summary>The health of a source of discovery.</summary>
public sealed record SourceHealth
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How it fares.</summary>
    public required SourceState State { get; init; }

    /// <summary>How many peers it names at present, this node not counted, remembered ones included.</summary>
    public int Peers { get; init; }

    /// <summary>What is wrong; null while it is healthy.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether its last whole answer lacked this node, although all members should be in it.</summary>
    public bool LacksSelf { get; init; }

    /// <summary>Questions in a row without a whole answer.</summary>
    public int Failures { get; init; }

    /// <summary>When it last gave a whole answer.</summary>
    public DateTimeOffset? LastComplete { get; init; }

    /// <summary>How long the last question took.</summary>
    public TimeSpan LastDuration { get; init; }
}

/// <summary>Who belongs to the cluster as this node sees it: one moment, never changed afterwards.</summary>
public sealed record ClusterView
{
    /// <summary>The node whose view this is. It is not among the <see cref="Members"/>.</summary>
    public required NodeName Self { get; init; }

    /// <summary>Counts the changes of the view.</summary>
    public required long Version { get; init; }

    /// <summary>Everybody who is wanted or connected, by name.</summary>
    public required ImmutableArray<ClusterMember> Members { get; init; }

    /// <summary>The sources of discovery, in the order they were given.</summary>
    public required ImmutableArray<SourceHealth> Sources { get; init; }

    /// <summary>How many peers discovery names.</summary>
    public required int Discovered { get; init; }

    /// <summary>How many peers there should be: the option, else as many as are discovered.</summary>
    public required int Expected { get; init; }

    /// <summary>
    /// How many peers are connected, discovered or not; without hidden ones that are not discovered.
    /// </summary>
    public required int Connected { get; init; }

    /// <summary>How far this node has come in since it started.</summary>
    public JoinState Join { get; init; }

    /// <summary>Whether this node is leaving, and dials nobody.</summary>
    public bool IsDraining { get; init; }

    /// <summary>
    /// The pairs of nodes of which one did not see the other, although some member did, the last two times that the
    /// members were asked (<see cref="ClusterOptions.CompareViewsEvery"/>); of very many, about 1,000.
    /// </summary>
    public ImmutableSortedSet<PartedPair> Parted { get; init; } = [];

    /// <summary>
    /// The first by name among this node and the connected members. All members of a whole mesh agree on it: whoever
    /// needs one node to do something first may take this one.
    /// </summary>
    public NodeName First => Members
        .Where(member => member.State == MemberState.Up && (member.IsDiscovered || !member.IsHidden))
        .Select(member => member.Name).Append(Self).Min()!;
}
