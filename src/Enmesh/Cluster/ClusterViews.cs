using System.Collections.Immutable;

namespace Enmesh.Cluster;

/// <summary>Makes the public view of what the reconciler knows.</summary>
internal static class ClusterViews
{
    internal static ClusterView Of(ReconcilerState state, NodeName self, int? expected, Instant now)
    {
        var members = ImmutableArray.CreateBuilder<ClusterMember>();
        foreach (var (name, peer) in state.Peers)
        {
            ImmutableArray<string> sources =
                [.. state.Sources.Where(source => source.Known.ContainsKey(name)).Select(source => source.Name)];
            // Who is neither wanted nor connected only serves the rest of a pause.
            if (!sources.IsEmpty || peer.State is PeerState.Up)
                members.Add(Member(peer, sources, now));
        }
        var discovered = members.Count(member => member.IsDiscovered);
        return new ClusterView
        {
            Self = self,
            Version = state.Version,
            Members = members.ToImmutable(),
            Sources = [.. state.Sources.Select(Health)],
            Discovered = discovered,
            Expected = expected ?? discovered,
            Connected = members.Count(
                member => member.State == MemberState.Up && (member.IsDiscovered || !member.IsHidden)),
            Join = state.Join,
            IsDraining = state.IsDraining,
            Parted = state.Parted,
        };
    }

    internal static string WhyNotJoined(ClusterView view, JoinOptions rules)
    {
        (NodeName, PeerFailure?)[] missing =
        [
            .. view.Members.Where(member => member.State != MemberState.Up)
                .Select(member => (member.Name, member.LastFailure)),
        ];
        var troubles = view.Sources.Where(source => source.Problem is not null)
            .Select(source => $"discovery source '{source.Name}': {source.Problem}");
        var details = string.Join("; ", (missing.Length > 0 ? [Listing.Missing(missing)] : Array.Empty<string>()).Concat(troubles));
        return FormattableString.Invariant(
            $"{view.Self} found {1 + view.Connected} of {rules.MinMembers} members within {rules.Timeout.TotalSeconds:0.###} s, itself included. ")
            + (details.Length > 0 ? $"Missing: {details}." : "Discovery names nobody else.");
    }

    private static ClusterMember Member(Peer peer, ImmutableArray<string> sources, Instant now) => new()
    {
        Name = peer.Target.Name,
        Address = peer.Target.Address,
        Port = peer.Target.Port,
        State = peer.State switch
        {
            PeerState.Up => MemberState.Up,
            PeerState.Dialing => MemberState.Dialing,
            PeerState.Backoff backoff when backoff.RetryAt > now.Elapsed => MemberState.Backoff,
            _ => MemberState.Waiting,
        },
        Since = peer.Since,
        Sources = sources,
        IsHidden = peer.IsHidden,
        Tls = peer.State is PeerState.Up ? peer.Security : null,
        Failures = peer.State is PeerState.Up ? 0 : peer.Failures,
        RetryAt = peer.State is PeerState.Backoff { RetryAt: var at } && at > now.Elapsed
            ? now.Wall + (at - now.Elapsed)
            : null,
        LastFailure = peer.LastFailure,
    };

    private static SourceHealth Health(Source source) => new()
    {
        Name = source.Name,
        State = source.State,
        Peers = source.Known.Count,
        Problem = source.Problem,
        LacksSelf = source.LacksSelf,
        Failures = source.Failures,
        LastComplete = source.LastComplete,
        LastDuration = source.LastDuration,
    };
}
