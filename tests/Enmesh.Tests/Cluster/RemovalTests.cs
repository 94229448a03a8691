using Enmesh.Cluster;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>Who is still wanted after an answer, a failure, or none at all.</summary>
[Trait("Ring", "pure")]
public sealed class RemovalTests
{
    private readonly ReconcilerBench _bench = new();

    [Fact]
    public void A_failed_answer_removes_nobody()
    {
        _bench.Complete(1, 2);
        for (var i = 0; i < 1000; i++)
        {
            _bench.Pass(5);
            Assert.Empty(_bench.Unavailable().Events());
        }
        Assert.Equal(2, _bench.View.Discovered);
        Assert.Equal((SourceState.Failing, 1000), (_bench.View.Sources[0].State, _bench.View.Sources[0].Failures));
    }

    [Fact]
    public void A_partial_answer_adds_and_removes_nobody()
    {
        _bench.Complete(1, 2);
        Assert.Equal([Name(3)], _bench.Incomplete(3).Dialled());
        Assert.Equal(3, _bench.View.Discovered);
        Assert.Equal(SourceState.Partial, _bench.View.Sources[0].State);
    }

    [Fact]
    public void A_whole_answer_removes_who_is_not_in_it_but_their_links_stay()
    {
        _bench.Complete(1, 2);
        _bench.Up(1);
        var effects = _bench.Complete(2);
        Assert.Equal([new ClusterEvent.PeerVanished(Name(1))], effects.Events());
        Assert.Equal((MemberState.Up, false), (_bench.Member(1).State, _bench.Member(1).IsDiscovered));
        _bench.Down(1);
        _bench.Pass(60);
        Assert.Empty(_bench.Wake().Dialled());
        Assert.DoesNotContain(_bench.View.Members, member => member.Name == Name(1));
    }

    [Fact]
    public void A_vanished_peer_that_is_being_dialled_is_not_dialled_again()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        _bench.Complete(2);
        Assert.Empty(_bench.Failed(dial).Notes());
        _bench.Pass(60);
        Assert.Empty(_bench.Wake().Dialled());
        Assert.DoesNotContain(Name(1), _bench.State.Peers.Keys);
    }

    [Fact]
    public void An_empty_answer_removes_nobody_until_it_was_given_often_and_long_enough()
    {
        _bench.Complete(1, 2);
        Assert.Empty(_bench.Complete().Events());
        _bench.Pass(5);
        Assert.Empty(_bench.Complete().Events());
        _bench.Pass(5);
        Assert.Empty(_bench.Complete().Events());
        Assert.Equal(2, _bench.View.Discovered);
        Assert.Contains("so far 3", _bench.View.Sources[0].Problem, StringComparison.Ordinal);
        _bench.Pass(20);
        Assert.Equal(2, _bench.Complete().Events().OfType<ClusterEvent.PeerVanished>().Count());
        Assert.Equal((0, SourceState.Healthy), (_bench.View.Discovered, _bench.View.Sources[0].State));
    }

    [Fact]
    public void Old_age_alone_does_not_make_one_empty_answer_believed()
    {
        _bench.Complete(1);
        _bench.Pass(3600);
        Assert.Empty(_bench.Complete().Events());
        _bench.Pass(3600);
        Assert.Empty(_bench.Complete().Events());
        Assert.Single(_bench.Complete().Events());
    }

    [Fact]
    public void An_answer_with_somebody_in_it_starts_the_count_anew()
    {
        _bench.Complete(1);
        for (var i = 0; i < 20; i++)
        {
            _bench.Pass(20);
            _bench.Complete();
            _bench.Pass(20);
            _bench.Complete();
            _bench.Complete(1);
        }
        Assert.Equal(1, _bench.View.Discovered);
    }

    [Fact]
    public void Doubt_that_a_strategy_had_already_is_not_doubted_twice()
    {
        _bench.Complete(1);
        _bench.Incomplete();
        _bench.Pass(15);
        _bench.Incomplete();
        _bench.Pass(15);
        Assert.Single(_bench.Complete().Events());
    }

    [Fact]
    public void Only_ourselves_in_the_answer_is_not_an_empty_answer()
    {
        _bench.Complete(1);
        Assert.Equal(
            [new ClusterEvent.PeerVanished(Name(1))],
            _bench.CompleteFrom(0, new Enmesh.Discovery.DiscoveredPeer(Self)).Events());
    }

    [Fact]
    public void Who_is_gone_and_no_longer_named_by_partial_answers_is_forgotten_in_time()
    {
        _bench.Complete(1, 2);
        _bench.Up(2);
        for (var i = 0; i < 119; i++)
        {
            _bench.Incomplete(3);
            _bench.Pass(5);
        }
        Assert.Equal(3, _bench.View.Discovered);
        _bench.Pass(10);
        Assert.Equal([new ClusterEvent.PeerVanished(Name(1))], _bench.Incomplete(3).Events());
        // The one that is connected was alive all the time: its ten minutes begin when its link ends.
        _bench.Down(2);
        _bench.Pass(599);
        Assert.Empty(_bench.Incomplete(3).Events());
        _bench.Pass(1);
        Assert.Equal([new ClusterEvent.PeerVanished(Name(2))], _bench.Incomplete(3).Events());
    }

    [Fact]
    public void Time_without_any_answer_does_not_age_anybody()
    {
        _bench.Complete(1);
        for (var i = 0; i < 1000; i++)
        {
            _bench.Pass(5);
            _bench.Unavailable();
        }
        Assert.Empty(_bench.Incomplete(2).Events().OfType<ClusterEvent.PeerVanished>());
        Assert.Equal(2, _bench.View.Discovered);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Peers_that_come_and_go_with_new_addresses_leave_nothing_behind(bool whole)
    {
        var most = 0;
        for (var i = 0; i < 500; i++)
        {
            var peers = new[] { i % 60_000, (i + 1) % 60_000 }
                .Select(number => new Enmesh.Discovery.DiscoveredPeer(
                    NodeName.Parse($"orders@10.7.{number / 250}.{number % 250}"))).ToArray();
            Enmesh.Discovery.PeerSnapshot answer = whole
                ? new Enmesh.Discovery.PeerSnapshot.Complete(peers)
                : new Enmesh.Discovery.PeerSnapshot.Incomplete(peers, "always");
            var dials = new Queue<ReconcilerEffect.Connect>(
                _bench.Do(new ReconcilerEvent.Snapshot(0, answer, TimeSpan.Zero)).Dials());
            while (dials.TryDequeue(out var dial))
            {
                foreach (var next in _bench.Failed(dial.Dial).Dials())
                    dials.Enqueue(next);
            }
            _bench.Pass(5);
            most = Math.Max(most, _bench.State.Peers.Count);
        }
        // Whole answers: the two of now, and who serves the rest of a pause. Partial ones: ten minutes of them, that is
        // 120.
        Assert.InRange(most, 2, whole ? 12 : 135);
        Assert.Empty(_bench.State.Dials);
    }

    [Fact]
    public void By_default_no_link_is_ever_cut()
    {
        _bench.Complete(1, 2);
        _bench.Up(1);
        _bench.Complete(2);
        Assert.Null(_bench.NextWake);
        _bench.Pass(86400);
        Assert.Empty(_bench.Tick(1).OfType<ReconcilerEffect.Cut>());
        Assert.Equal(MemberState.Up, _bench.Member(1).State);
    }

    [Fact]
    public void A_link_is_cut_once_after_the_grace_if_the_rule_says_so()
    {
        var bench = new ReconcilerBench(new() { Removal = PeerRemoval.After, RemovalGrace = TimeSpan.FromSeconds(60) });
        bench.Complete(1, 2);
        bench.Up(1);
        bench.Up(2);
        Assert.Empty(bench.Complete(2).OfType<ReconcilerEffect.Cut>());
        Assert.Equal(bench.Elapsed + TimeSpan.FromSeconds(60), bench.NextWake);
        bench.Pass(59.9);
        Assert.Empty(bench.Tick(1, 2).OfType<ReconcilerEffect.Cut>());
        bench.Pass(0.1);
        Assert.Equal([new ReconcilerEffect.Cut(Name(1))], bench.Wake().OfType<ReconcilerEffect.Cut>());
        Assert.Null(bench.NextWake);
        Assert.Empty(bench.Wake().OfType<ReconcilerEffect.Cut>());
        bench.Down(1);
        bench.Pass(3600);
        Assert.Empty(bench.Tick(2).Dialled());
    }

    [Fact]
    public void Who_is_named_again_within_the_grace_stays()
    {
        var bench = new ReconcilerBench(new() { Removal = PeerRemoval.After, RemovalGrace = TimeSpan.FromSeconds(60) });
        bench.Complete(1, 2);
        bench.Up(1);
        bench.Complete(2);
        bench.Pass(30);
        bench.Complete(1, 2);
        bench.Pass(3600);
        Assert.Empty(bench.Wake().OfType<ReconcilerEffect.Cut>());
        bench.Complete(2);
        bench.Pass(59);
        Assert.Empty(bench.Unavailable().OfType<ReconcilerEffect.Cut>());
        bench.Pass(1);
        Assert.Single(bench.Wake().OfType<ReconcilerEffect.Cut>());
    }

    [Fact]
    public void A_link_is_cut_with_the_answer_that_lacks_the_peer_if_the_rule_says_so()
    {
        var bench = new ReconcilerBench(new() { Removal = PeerRemoval.Immediate });
        bench.Complete(1, 2);
        bench.Up(1);
        Assert.Equal([new ReconcilerEffect.Cut(Name(1))], bench.Complete(2).OfType<ReconcilerEffect.Cut>());
        bench.Down(1);

        // It comes back by itself: it knows us, whatever our discovery says, and cutting it again would go on for ever.
        bench.Up(1, session: 2);
        bench.Pass(3600);
        Assert.Empty(bench.Complete(2).OfType<ReconcilerEffect.Cut>());
    }

    [Fact]
    public void A_peer_that_vanishes_while_it_is_dialled_is_cut_when_it_is_up()
    {
        var bench = new ReconcilerBench(new() { Removal = PeerRemoval.Immediate });
        var dial = bench.Complete(1).Dials()[0].Dial;
        Assert.Empty(bench.Complete(2).OfType<ReconcilerEffect.Cut>());
        Assert.Single(bench.Succeeded(dial).OfType<ReconcilerEffect.Cut>());
    }

    [Fact]
    public void A_node_that_drains_cuts_nobody()
    {
        var bench = new ReconcilerBench(new() { Removal = PeerRemoval.Immediate });
        bench.Complete(1, 2);
        bench.Up(1);
        bench.Do(new ReconcilerEvent.Drain());
        Assert.Empty(bench.Complete(2).OfType<ReconcilerEffect.Cut>());
        bench.Pass(3600);
        Assert.Empty(bench.Tick(1).OfType<ReconcilerEffect.Cut>());
    }

    [Fact]
    public void Cutting_at_once_has_to_be_accepted_by_a_node_that_is_not_hidden()
    {
        var options = new ErlangNodeOptions { Name = "orders@10.0.0.1", Cluster = { Removal = PeerRemoval.Immediate } };
        Assert.StartsWith("Cluster:Removal: Immediate cuts", Assert.Single(options.Validate()), StringComparison.Ordinal);
        options.Hidden = true;
        Assert.Empty(options.Validate());
        options.Hidden = false;
        options.Cluster.AcceptEvictions = true;
        Assert.Empty(options.Validate());
    }
}
