using Enmesh.Cluster;
using Enmesh.Discovery;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>When user code may begin.</summary>
[Trait("Ring", "pure")]
public sealed class JoinTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static ReconcilerBench Bench(int minMembers, FirstNodeRule first = FirstNodeRule.Proceed) =>
        new(new() { Join = { MinMembers = minMembers, FirstNode = first } });

    [Fact]
    public void Without_a_minimum_the_gate_is_open_from_the_first_step_and_nothing_is_said()
    {
        var bench = new ReconcilerBench();
        Assert.Empty(bench.Tick());
        Assert.Equal(JoinState.Joined, bench.View.Join);
    }

    [Fact]
    public void The_gate_opens_when_enough_members_are_connected_this_node_included()
    {
        var bench = Bench(3);
        bench.Complete(1, 2, 3);
        bench.Up(1);
        Assert.Equal(JoinState.Waiting, bench.View.Join);
        var effects = bench.Up(2);
        Assert.Equal(JoinState.Joined, bench.View.Join);
        Assert.Contains(new ClusterEvent.Joined(JoinState.Joined), effects.Events());
        Assert.Contains(new ReconcilerEffect.NoteJoin(JoinState.Joined, 3, 3), effects);
    }

    [Fact]
    public void What_is_reached_stays_and_is_told_once()
    {
        var bench = Bench(2);
        bench.Complete(1);
        bench.Up(1);
        bench.Down(1);
        bench.Pass(3600);
        Assert.DoesNotContain(bench.Tick().Events(), happened => happened is ClusterEvent.Joined);
        Assert.Equal(JoinState.Joined, bench.View.Join);
    }

    [Fact]
    public void A_hidden_tool_that_looks_in_is_no_member_and_a_hidden_node_in_a_list_is_one()
    {
        var bench = Bench(2);
        bench.Complete(1);
        Link(bench, 9);
        Assert.Equal((JoinState.Waiting, 0), (bench.View.Join, bench.View.Connected));
        Link(bench, 1);
        Assert.Equal((JoinState.Joined, 1), (bench.View.Join, bench.View.Connected));

        static void Link(ReconcilerBench bench, int peer) =>
            bench.Do(new ReconcilerEvent.Link(new PeerLinkNotice.Up(Name(peer), peer, IsHidden: true)));
    }

    [Fact]
    public void The_first_node_goes_ahead_when_whole_answers_have_named_nobody_else_for_long_enough()
    {
        var bench = Bench(3);
        bench.CompleteFrom(0, new DiscoveredPeer(Self));
        Assert.Equal(bench.Elapsed + TimeSpan.FromSeconds(10), bench.NextWake);
        bench.Pass(9.9);
        bench.Wake();
        Assert.Equal(JoinState.Waiting, bench.View.Join);
        bench.Pass(0.1);
        Assert.Contains(new ClusterEvent.Joined(JoinState.First), bench.Wake().Events());
    }

    [Fact]
    public void Who_names_somebody_or_does_not_know_makes_nobody_the_first()
    {
        var bench = Bench(3);
        bench.CompleteFrom(0, new DiscoveredPeer(Self));
        bench.Pass(9);
        bench.Complete(1);
        bench.Pass(9);
        bench.Unavailable();
        bench.Pass(30);
        bench.Wake();
        Assert.Equal(JoinState.Waiting, bench.View.Join);

        // The one who was there vanishes, and ten seconds of that count, not those of before.
        bench.CompleteFrom(0, new DiscoveredPeer(Self));
        bench.Pass(9);
        bench.CompleteFrom(0, new DiscoveredPeer(Self));
        Assert.Equal(JoinState.Waiting, bench.View.Join);
        bench.Pass(1);
        bench.Wake();
        Assert.Equal(JoinState.First, bench.View.Join);
    }

    [Fact]
    public void By_the_other_rule_the_first_waits_like_everybody()
    {
        var bench = Bench(3, FirstNodeRule.Wait);
        bench.CompleteFrom(0, new DiscoveredPeer(Self));
        Assert.Equal(bench.Elapsed + Minute, bench.NextWake);
        bench.Pass(59);
        bench.Wake();
        Assert.Equal(JoinState.Waiting, bench.View.Join);
        bench.Pass(1);
        Assert.Contains(new ClusterEvent.Joined(JoinState.TimedOut), bench.Wake().Events());
    }

    [Fact]
    public void The_first_by_name_is_the_same_for_all_who_see_the_same()
    {
        var bench = new ReconcilerBench();
        bench.Complete(1, 2);
        Assert.Equal(Self, bench.View.First);
        bench.Up(1);
        bench.Up(2);
        Assert.Equal(Self, bench.View.First);
        var other = NodeName.Parse("a@10.0.0.0");
        bench.Do(new ReconcilerEvent.Link(new PeerLinkNotice.Up(other, 9, IsHidden: true)));
        Assert.Equal(Self, bench.View.First);
        bench.Do(new ReconcilerEvent.Link(new PeerLinkNotice.Up(other, 9)));
        Assert.Equal(other, bench.View.First);
    }

    [Fact]
    public void A_node_that_leaves_dials_nobody_and_misses_nobody()
    {
        var bench = new ReconcilerBench();
        bench.Complete(1, 2);
        bench.Up(1);
        bench.Do(new ReconcilerEvent.Drain());
        Assert.True(bench.View.IsDraining);
        bench.Down(1);
        for (var i = 0; i < 60; i++)
        {
            bench.Pass(10);
            var effects = bench.Complete(1, 2, 3);
            Assert.Empty(effects.Dialled());
            Assert.DoesNotContain(effects, effect => effect is ReconcilerEffect.NoteMembers { Complete: false });
        }
    }
}
