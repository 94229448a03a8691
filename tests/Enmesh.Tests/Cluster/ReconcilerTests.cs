using Enmesh.Cluster;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

[Trait("Ring", "pure")]
public sealed class ReconcilerTests
{
    private readonly ReconcilerBench _bench = new();

    [Fact]
    public void Who_is_discovered_is_dialled_at_once()
    {
        var effects = _bench.Complete(1, 2);
        Assert.Equal([Name(1), Name(2)], effects.Dialled());
        Assert.Equal(
            [new ClusterEvent.PeerDiscovered(Name(1), "s0"), new ClusterEvent.PeerDiscovered(Name(2), "s0")],
            effects.Events().OrderBy(e => e.ToString()));
        Assert.Equal(MemberState.Dialing, _bench.Member(1).State);
    }

    [Fact]
    public void This_node_is_left_out()
    {
        var effects = _bench.CompleteFrom(0, Peer(1), new(Self), new(Self, "10.0.0.1", 4370));
        Assert.Equal([Name(1)], effects.Dialled());
        Assert.DoesNotContain(_bench.View.Members, member => member.Name == Self);
        Assert.Equal(1, _bench.View.Discovered);
    }

    [Fact]
    public void A_peer_that_is_connected_is_not_dialled_whoever_dialled()
    {
        _bench.Up(1);
        Assert.Empty(_bench.Complete(1).Dialled());
        Assert.Equal(MemberState.Up, _bench.Member(1).State);
        Assert.Equal(["s0"], _bench.Member(1).Sources);
    }

    [Fact]
    public void A_peer_that_came_by_itself_is_a_member_for_as_long_as_it_stays()
    {
        var up = _bench.Up(9);
        Assert.Equal(new ClusterEvent.PeerUp(Name(9)), Assert.Single(up.Events()));
        Assert.False(_bench.Member(9).IsDiscovered);
        _bench.Down(9);
        Assert.Empty(_bench.View.Members);
        Assert.Empty(_bench.Wake().Dialled());
    }

    [Fact]
    public void The_end_of_an_attempt_and_the_notice_of_the_link_are_one_event_in_either_order()
    {
        var dials = _bench.Complete(1, 2).Dials();
        Assert.Equal(new ClusterEvent.PeerUp(Name(1)), Assert.Single(_bench.Up(1).Events()));
        Assert.Empty(_bench.Succeeded(dials[0].Dial).Events());
        Assert.Equal(new ClusterEvent.PeerUp(Name(2)), Assert.Single(_bench.Succeeded(dials[1].Dial).Events()));
        Assert.Empty(_bench.Up(2, session: 7).Events());
        Assert.Single(_bench.Down(2, session: 7).Events());
    }

    [Fact]
    public void A_late_word_about_an_older_link_says_nothing_about_the_new_one()
    {
        _bench.Complete(1);
        _bench.Up(1, session: 5);
        _bench.Up(1, session: 6);
        Assert.Empty(_bench.Down(1, session: 5).Events());
        Assert.Equal(MemberState.Up, _bench.Member(1).State);
        Assert.Single(_bench.Down(1, session: 6).Events());
    }

    [Fact]
    public void A_lost_peer_is_dialled_again_after_the_shortest_pause_without_a_tick()
    {
        _bench.Complete(1);
        _bench.Up(1);
        _bench.Succeeded(1);
        _bench.Pass(60);
        var lost = _bench.Down(1);
        Assert.IsType<ClusterEvent.PeerDown>(Assert.Single(lost.Events()));
        Assert.Empty(lost.Dialled());
        Assert.Equal(_bench.Elapsed + TimeSpan.FromSeconds(0.5), _bench.NextWake);
        _bench.Pass(0.499);
        Assert.Empty(_bench.Wake().Dialled());
        _bench.Pass(0.001);
        Assert.Equal([Name(1)], _bench.Wake().Dialled());
    }

    [Theory]
    [InlineData(PeerStage.Cookie, 0.0, new[] { 0.5, 1, 2, 4, 8, 15, 15, 15 })]
    [InlineData(PeerStage.Cookie, 0.5, new[] { 0.75, 1.5, 3, 6, 12, 22.5, 22.5, 22.5 })]
    [InlineData(PeerStage.Handshake, 0.999, new[] { 0.9995, 1.999, 3.998, 7.996, 15.992, 29.985, 29.985, 29.985 })]
    [InlineData(PeerStage.Tcp, 0.0, new[] { 0.5, 1, 2, 2.5, 2.5, 2.5 })]
    [InlineData(PeerStage.Epmd, 0.5, new[] { 0.75, 1.5, 3, 3.75, 3.75 })]
    [InlineData(PeerStage.Dns, 0.999, new[] { 0.9995, 1.999, 3.998, 4.9975, 4.9975 })]
    public void The_pause_doubles_with_each_failure_half_of_it_by_chance_and_stays_within_bounds(
        PeerStage stage, double chance, double[] seconds)
    {
        var bench = new ReconcilerBench(chance: () => chance);
        var dial = bench.Complete(1).Dials()[0].Dial;
        foreach (var pause in seconds)
        {
            bench.Failed(dial, stage);
            var wake = bench.NextWake!.Value - bench.Elapsed;
            Assert.Equal(pause, wake.TotalSeconds, 3);
            bench.Pass(wake);
            dial = Assert.Single(bench.Wake().Dials()).Dial;
        }
        Assert.Equal(seconds.Length, bench.State.Peers[Name(1)].Failures);
    }

    [Fact]
    public void A_link_that_comes_and_goes_counts_as_a_failure_and_one_that_lasted_does_not()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        for (var flap = 1; flap <= 3; flap++)
        {
            _bench.Up(1, flap);
            _bench.Succeeded(dial);
            _bench.Pass(1);
            _bench.Down(1, flap);
            Assert.Equal(flap, _bench.Member(1).Failures);
            _bench.Pass(60);
            dial = _bench.Wake().Dials()[0].Dial;
        }
        _bench.Up(1, 4);
        _bench.Succeeded(dial);
        _bench.Pass(30);
        _bench.Down(1, 4);
        Assert.Equal(0, _bench.Member(1).Failures);
    }

    [Fact]
    public void A_tick_finds_what_no_notice_told()
    {
        _bench.Complete(1, 2);
        _bench.Tick(1, 3);
        Assert.Equal(
            [MemberState.Up, MemberState.Dialing, MemberState.Up], _bench.View.Members.Select(member => member.State));
        Assert.Contains(_bench.Tick(3).Events(), e => e is ClusterEvent.PeerDown { Peer: var peer } && peer == Name(1));
        Assert.Equal(1, _bench.View.Connected);
    }

    [Fact]
    public void The_dead_get_at_most_half_of_the_places_and_the_fresh_go_first()
    {
        var bench = new ReconcilerBench(new ClusterOptions { MaxParallelDials = 4 });
        var dead = bench.Complete(1, 2, 3, 4).Dials();
        Assert.Equal(4, dead.Count);
        foreach (var dial in dead)
            bench.Failed(dial.Dial);
        bench.Pass(60);
        Assert.Equal(2, bench.Wake().Dials().Count);
        var fresh = bench.Complete(1, 2, 3, 4, 5, 6, 7);
        Assert.Equal([Name(5), Name(6)], fresh.Dialled());
        // A place becomes free: the fresh one takes it, not a dead one.
        Assert.Equal([Name(7)], bench.Failed(fresh.Dials()[0].Dial).Dialled());
    }

    [Fact]
    public void Nobody_is_dialled_twice_at_the_same_time()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        _bench.Up(1);
        _bench.Pass(60);
        _bench.Down(1);
        _bench.Pass(60);
        Assert.Empty(_bench.Wake().Dialled());
        Assert.Equal([Name(1)], _bench.Failed(dial).Dialled());
    }

    [Fact]
    public void Giving_way_to_the_attempt_of_the_peer_is_no_failure_to_report()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        Assert.Empty(_bench.Failed(dial, PeerStage.Handshake, yielded: true).Notes());
        Assert.Null(_bench.Member(1).LastFailure);
        Assert.Equal(MemberState.Backoff, _bench.Member(1).State);
        Assert.Single(_bench.Up(1).Events());
    }

    [Fact]
    public void The_view_says_at_which_stage_a_peer_failed_and_when_it_is_tried_again()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        _bench.Failed(dial, PeerStage.Cookie);
        var member = _bench.Member(1);
        Assert.Equal(
            (MemberState.Backoff, 1, PeerStage.Cookie), (member.State, member.Failures, member.LastFailure!.Stage));
        Assert.Equal(TimeSpan.FromSeconds(0.5), member.RetryAt - member.Since);
        _bench.Pass(0.5);
        _bench.Succeeded(_bench.Wake().Dials()[0].Dial);
        member = _bench.Member(1);
        Assert.Equal((MemberState.Up, 0, null), (member.State, member.Failures, member.RetryAt));
        Assert.Equal(PeerStage.Cookie, member.LastFailure!.Stage);
    }

    [Fact]
    public void A_peer_at_a_new_address_is_dialled_there_soon_but_not_before_the_shortest_pause()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        for (var i = 0; i < 6; i++)
        {
            _bench.Failed(dial);
            _bench.Pass(60);
            dial = _bench.Wake().Dials()[0].Dial;
        }
        _bench.Failed(dial);
        Assert.Empty(_bench.CompleteFrom(0, Peer(1, "10.9.9.9", 4371)).Dialled());
        _bench.Pass(0.5);
        Assert.Equal(Peer(1, "10.9.9.9", 4371), Assert.Single(_bench.Wake().Dials()).Peer);
    }

    [Fact]
    public void Several_sources_are_united_and_the_first_one_decides_on_the_address()
    {
        var bench = new ReconcilerBench(sources: 2);
        bench.CompleteFrom(1, Peer(1, port: 2), Peer(2));
        bench.CompleteFrom(0, Peer(1, port: 1));
        Assert.Equal((1, "s0 s1"), (bench.Member(1).Port, string.Join(' ', bench.Member(1).Sources)));
        Assert.Equal(2, bench.View.Discovered);
        Assert.Empty(bench.CompleteFrom(0, Peer(3)).Events().OfType<ClusterEvent.PeerVanished>());
        Assert.Equal((2, "s1"), (bench.Member(1).Port, string.Join(' ', bench.Member(1).Sources)));
        Assert.Equal(
            [Name(3)],
            bench.CompleteFrom(0, new Enmesh.Discovery.DiscoveredPeer(Self))
                .Events().OfType<ClusterEvent.PeerVanished>()
                .Select(e => e.Peer));
    }

    [Fact]
    public void An_event_about_an_attempt_that_nobody_knows_changes_nothing()
    {
        _bench.Complete(1);
        var before = _bench.State;
        _bench.Failed(99);
        _bench.Down(1);
        _bench.Down(7);
        Assert.Equal(before.Version, _bench.State.Version);
        Assert.Same(before.Peers, _bench.State.Peers);
    }
}
