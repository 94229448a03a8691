using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>A moment: by a clock that never goes back, for decisions, and by the one on the wall, for people.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Instant(TimeSpan Elapsed, DateTimeOffset Wall);

/// <summary>What is being done about a peer.</summary>
internal abstract record PeerState
{
    /// <summary>To be dialled as soon as a place is free.</summary>
    internal sealed record Waiting : PeerState;

    /// <summary>Being dialled, after so many failures in a row.</summary>
    internal sealed record Dialing(long Dial, int Failures) : PeerState;

    /// <summary>Connected.</summary>
    /// <param name="Session">Which link; null until its notice came.</param>
    /// <param name="Failures">Failures before, which count again should the link not last.</param>
    /// <param name="Since">Since when.</param>
    internal sealed record Up(long? Session, int Failures, TimeSpan Since) : PeerState;

    /// <summary>Not to be dialled before a time.</summary>
    internal sealed record Backoff(int Failures, TimeSpan RetryAt) : PeerState;
}

/// <summary>
/// A peer that is wanted, connected, or being dialled; or one that may not be dialled yet should it come back.
/// </summary>
internal sealed record Peer(DiscoveredPeer Target, PeerState State, DateTimeOffset Since)
{
    internal PeerFailure? LastFailure { get; init; }

    /// <summary>Whether it was connected before: a refusal then means that it is leaving.</summary>
    internal bool WasUp { get; init; }

    /// <summary>Whether its last link says that it is hidden.</summary>
    internal bool IsHidden { get; init; }

    /// <summary>What the ends of its last link have agreed on.</summary>
    internal TlsLink? Security { get; init; }

    /// <summary>Whether somebody else answers at its address, which was said.</summary>
    internal bool IsSomebodyElse { get; init; }

    /// <summary>When discovery ceased to name it; null when it names it, never did, or that was acted upon.</summary>
    internal TimeSpan? VanishedAt { get; init; }

    /// <summary>The failure that was reported last, and when; not reported again at every attempt.</summary>
    internal (PeerStage Stage, TimeSpan At)? Reported { get; init; }

    internal int Failures => State switch
    {
        PeerState.Dialing dialing => dialing.Failures,
        PeerState.Up up => up.Failures,
        PeerState.Backoff backoff => backoff.Failures,
        _ => 0,
    };
}

/// <summary>A peer as a source named it, and when it did so last.</summary>
internal sealed record Sighting(DiscoveredPeer Peer, TimeSpan At);

/// <summary>A source, and what is known from it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NamesSelf">Whether the node itself should be among those it names.</param>
internal sealed record Source(string Name, bool NamesSelf)
{
    internal ImmutableDictionary<NodeName, Sighting> Known { get; init; } =
        ImmutableDictionary<NodeName, Sighting>.Empty;

    internal EmptyAnswers Empty { get; init; }

    /// <summary>Since when there was no whole answer, less the time in which there was none at all; null when the last one was whole.</summary>
    internal TimeSpan? PartialSince { get; init; }

    /// <summary>Since when there is no answer at all; null when there is one.</summary>
    internal TimeSpan? AwaySince { get; init; }

    internal SourceState State { get; init; } = SourceState.Starting;

    internal string? Problem { get; init; }

    internal int Failures { get; init; }

    internal DateTimeOffset? LastComplete { get; init; }

    internal TimeSpan LastDuration { get; init; }

    internal Report Report { get; init; } = Report.None;

    /// <summary>Whether its last whole answer lacked this node although it should be there.</summary>
    internal bool LacksSelf { get; init; }

    internal Report SelfReport { get; init; } = Report.None;

    internal Report FormReport { get; init; } = Report.None;
}

/// <summary>What the log says of a trouble at present, so that it is not said at every tick.</summary>
/// <param name="Code">What was said last; 0 is "all is well".</param>
/// <param name="At">When; null when nothing was said yet.</param>
/// <param name="Since">Since when there is trouble; null when there is none.</param>
internal sealed record Report(int Code, TimeSpan? At, TimeSpan? Since)
{
    /// <summary>
    /// A trouble that comes and goes is reported at most this often; that it is over is reported at once.
    /// </summary>
    internal static readonly TimeSpan Gap = TimeSpan.FromMinutes(1);

    internal static readonly Report None = new(0, null, null);

    /// <summary>Decides whether something is to be said about the present code, given what was said before.</summary>
    /// <param name="code">The trouble now; 0 is none.</param>
    /// <param name="now">The time.</param>
    /// <param name="after">How long a trouble must last before it is worth a line.</param>
    /// <param name="remindEvery">How often a trouble that lasts is said again.</param>
    /// <param name="say">Whether to say it now.</param>
    internal Report Next(int code, TimeSpan now, TimeSpan after, TimeSpan remindEvery, out bool say)
    {
        TimeSpan? since = code == 0 ? null : Since ?? now;
        if (code == Code)
            say = code != 0 && now - At >= remindEvery;
        else
            say = code == 0 || (now - since >= after && (At is null || now - At >= Gap));
        return say ? new Report(code, now, since) : this with { Since = since };
    }
}

/// <summary>All that the reconciler knows. Immutable.</summary>
internal sealed record ReconcilerState
{
    internal required ImmutableArray<Source> Sources { get; init; }

    internal ImmutableSortedDictionary<NodeName, Peer> Peers { get; init; } =
        ImmutableSortedDictionary<NodeName, Peer>.Empty;

    /// <summary>The attempts under way: whom and where, and whether it failed before.</summary>
    internal ImmutableDictionary<long, (DiscoveredPeer Target, bool Again)> Dials { get; init; } =
        ImmutableDictionary<long, (DiscoveredPeer, bool)>.Empty;

    internal long LastDial { get; init; }

    /// <summary>Counts the changes of what the view shows.</summary>
    internal long Version { get; init; }

    internal Report Nobody { get; init; } = Report.None;

    internal Report Missing { get; init; } = Report.None;

    /// <summary>Whether the node is leaving.</summary>
    internal bool IsDraining { get; init; }

    /// <summary>How far the node has come in.</summary>
    internal JoinState Join { get; init; }

    /// <summary>When the first step was.</summary>
    internal TimeSpan? StartedAt { get; init; }

    /// <summary>Since when all sources say that there is nobody else; null while they do not.</summary>
    internal TimeSpan? AloneSince { get; init; }

    /// <summary>Who did not see whom when the members were asked the last time.</summary>
    internal ImmutableSortedSet<PartedPair> Suspected { get; init; } = [];

    /// <summary>Who did not see whom the last two times.</summary>
    internal ImmutableSortedSet<PartedPair> Parted { get; init; } = [];

    /// <summary>How far the clock on the wall was ahead of the one that never goes back, at the last tick.</summary>
    internal TimeSpan? WallAhead { get; init; }

    internal static ReconcilerState Start(IEnumerable<(string Name, bool NamesSelf)> sources) =>
        new() { Sources = [.. sources.Select(source => new Source(source.Name, source.NamesSelf))] };

    /// <summary>The peer as the first source that knows it named it; null when nobody names it.</summary>
    internal DiscoveredPeer? Wanted(NodeName name)
    {
        foreach (var source in Sources)
        {
            if (source.Known.TryGetValue(name, out var sighting))
                return sighting.Peer;
        }
        return null;
    }
}
