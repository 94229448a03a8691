using Enmesh.Cluster;
using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Cluster;

/// <summary>
/// A reconciler with its state, its time and its effects, for tests that speak of one event after the other.
/// </summary>
internal sealed class ReconcilerBench
{
    internal static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");
    private readonly Reconciler _reconciler;
    private TimeSpan _elapsed = TimeSpan.FromHours(1);

    internal ReconcilerBench(
        ClusterOptions? options = null, int sources = 1, Func<double>? chance = null, bool namesSelf = false)
    {
        Options = options ?? new ClusterOptions();
        _reconciler = new Reconciler(Options, Self, peer => peer.Name == Self, chance ?? (() => 0));
        State = ReconcilerState.Start(Enumerable.Range(0, sources).Select(i => ($"s{i}", namesSelf)));
    }

    internal ClusterOptions Options { get; }

    internal ReconcilerState State { get; private set; }

    internal TimeSpan Elapsed => _elapsed;

    internal TimeSpan? NextWake => _reconciler.NextWake(State, _elapsed);

    internal ClusterView View => ClusterViews.Of(State, Self, Options.ExpectedPeers, Now);

    /// <summary>The clock on the wall, when the other one is at zero.</summary>
    internal DateTimeOffset Wall { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private Instant Now => new(_elapsed, Wall + _elapsed);

    internal static DiscoveredPeer Peer(int number, string? address = null, int? port = null) =>
        new(Name(number), address, port);

    internal static NodeName Name(int number) => NodeName.Parse($"orders@10.0.1.{number}");

    internal void Pass(TimeSpan time) => _elapsed += time;

    internal void Pass(double seconds) => Pass(TimeSpan.FromSeconds(seconds));

    internal IReadOnlyList<ReconcilerEffect> Do(params ReconcilerEvent[] happened)
    {
        (State, var effects) = _reconciler.Step(State, happened, Now);
        return effects;
    }

    internal IReadOnlyList<ReconcilerEffect> Complete(params int[] peers) =>
        CompleteFrom(0, [.. peers.Select(number => Peer(number))]);

    internal IReadOnlyList<ReconcilerEffect> CompleteFrom(int source, params DiscoveredPeer[] peers) =>
        Do(new ReconcilerEvent.Snapshot(source, new PeerSnapshot.Complete(peers), TimeSpan.Zero));

    internal IReadOnlyList<ReconcilerEffect> Incomplete(params int[] peers) =>
        Do(new ReconcilerEvent.Snapshot(
            0, new PeerSnapshot.Incomplete([.. peers.Select(number => Peer(number))], "half of it failed"),
            TimeSpan.Zero));

    internal IReadOnlyList<ReconcilerEffect> Unavailable(string why = "no server answers") =>
        Do(new ReconcilerEvent.Snapshot(0, new PeerSnapshot.Unavailable(new DiscoveryException(why)), TimeSpan.Zero));

    internal IReadOnlyList<ReconcilerEffect> Up(int peer, long session = 1) =>
        Do(new ReconcilerEvent.Link(new PeerLinkNotice.Up(Name(peer), session)));

    internal IReadOnlyList<ReconcilerEffect> Down(int peer, long session = 1) =>
        Do(new ReconcilerEvent.Link(
            new PeerLinkNotice.Down(Name(peer), session, PeerStage.Link, "closed by the peer")));

    internal IReadOnlyList<ReconcilerEffect> Failed(long dial, PeerStage stage = PeerStage.Tcp, bool yielded = false) =>
        Do(new ReconcilerEvent.DialDone(dial, new PeerFailure(stage, "refused", Now.Wall), false, yielded));

    internal IReadOnlyList<ReconcilerEffect> Succeeded(long dial) => Do(new ReconcilerEvent.DialDone(dial, null, true));

    internal IReadOnlyList<ReconcilerEffect> Tick(params int[] connected) =>
        Do(new ReconcilerEvent.Tick([.. connected.Select(Name)]));

    internal IReadOnlyList<ReconcilerEffect> Wake() => Do(new ReconcilerEvent.Wake());

    internal ClusterMember Member(int number) => Assert.Single(View.Members, member => member.Name == Name(number));
}

internal static class EffectsExtensions
{
    internal static IReadOnlyList<ReconcilerEffect.Connect> Dials(this IReadOnlyList<ReconcilerEffect> effects) =>
        [.. effects.OfType<ReconcilerEffect.Connect>()];

    internal static IEnumerable<NodeName> Dialled(this IReadOnlyList<ReconcilerEffect> effects) =>
        effects.Dials().Select(dial => dial.Peer.Name);

    internal static IReadOnlyList<ClusterEvent> Events(this IReadOnlyList<ReconcilerEffect> effects) =>
        [.. effects.OfType<ReconcilerEffect.Publish>().Select(publish => publish.Event)];

    internal static IReadOnlyList<ReconcilerEffect> Notes(this IReadOnlyList<ReconcilerEffect> effects) =>
        [.. effects.Where(effect => effect is not (ReconcilerEffect.Publish or ReconcilerEffect.Connect))];
}
