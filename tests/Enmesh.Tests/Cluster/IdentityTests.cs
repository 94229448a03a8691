using Enmesh.Cluster;
using Enmesh.Discovery;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>Whether everybody is who they are taken for, this node included; and what time it is.</summary>
[Trait("Ring", "pure")]
public sealed class IdentityTests
{
    private readonly ReconcilerBench _bench = new(namesSelf: true);

    [Fact]
    public void An_address_that_was_given_to_somebody_else_is_told_once_and_not_asked_again_and_again()
    {
        var effects = _bench.CompleteFrom(0, Peer(1), new DiscoveredPeer(Self));
        var told = new List<ClusterEvent>();
        var noted = new List<ReconcilerEffect>();
        var dials = 0;
        for (var end = _bench.Elapsed + TimeSpan.FromMinutes(5); _bench.Elapsed < end;)
        {
            foreach (var dial in effects.Dials())
            {
                dials++;
                var failed = _bench.Failed(dial.Dial, PeerStage.Name);
                told.AddRange(failed.Events());
                noted.AddRange(failed.Notes());
            }
            _bench.Pass(1);
            effects = _bench.Wake();
        }
        Assert.Equal(Name(1), Assert.IsType<ClusterEvent.WrongIdentity>(Assert.Single(told)).Peer);
        Assert.Single(noted.OfType<ReconcilerEffect.NoteDialFailed>());
        Assert.InRange(dials, 5, 20);
    }

    [Fact]
    public void It_is_told_again_when_it_was_right_in_between_or_the_peer_has_moved()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        Assert.Single(_bench.Failed(dial, PeerStage.Name).Events().OfType<ClusterEvent.WrongIdentity>());
        _bench.Up(1);
        _bench.Down(1);
        _bench.Pass(60);
        dial = _bench.Wake().Dials()[0].Dial;
        Assert.Single(_bench.Failed(dial, PeerStage.Name).Events().OfType<ClusterEvent.WrongIdentity>());
        _bench.CompleteFrom(0, Peer(1, "10.9.9.9"));
        _bench.Pass(60);
        dial = _bench.Wake().Dials()[0].Dial;
        Assert.Single(_bench.Failed(dial, PeerStage.Name).Events().OfType<ClusterEvent.WrongIdentity>());
    }

    [Fact]
    public void Who_was_connected_and_refuses_now_is_leaving()
    {
        var dials = _bench.Complete(1, 2).Dials();
        var dial = dials[0].Dial;
        _bench.Succeeded(dials[1].Dial);
        Assert.Equal([false], Notes(_bench.Failed(dial, PeerStage.NotAllowed)));
        _bench.Down(2);
        _bench.Pass(60);
        dial = _bench.Wake().Dials().Single(one => one.Peer.Name == Name(2)).Dial;
        Assert.Equal([true], Notes(_bench.Failed(dial, PeerStage.NotAllowed)));

        static IEnumerable<bool> Notes(IReadOnlyList<ReconcilerEffect> effects) =>
            effects.OfType<ReconcilerEffect.NoteDialFailed>().Select(note => note.IsLeaving);
    }

    [Fact]
    public void A_source_that_should_name_this_node_and_does_not_is_told_after_a_while_and_when_it_does()
    {
        Assert.Empty(_bench.Complete(1, 2).OfType<ReconcilerEffect.NoteSelf>());
        _bench.Pass(29);
        Assert.Empty(_bench.Complete(1, 2).OfType<ReconcilerEffect.NoteSelf>());
        _bench.Pass(1);
        Assert.Equal([new ReconcilerEffect.NoteSelf("s0", false, 2)], _bench.Complete(1, 2).OfType<ReconcilerEffect.NoteSelf>());
        Assert.Equal([true], _bench.View.Sources.Select(source => source.LacksSelf));
        Assert.Empty(_bench.Complete(1, 2).OfType<ReconcilerEffect.NoteSelf>());
        Assert.Equal(
            [new ReconcilerEffect.NoteSelf("s0", true, 1)],
            _bench.CompleteFrom(0, Peer(1), new DiscoveredPeer(Self)).OfType<ReconcilerEffect.NoteSelf>());
        Assert.Equal([false], _bench.View.Sources.Select(source => source.LacksSelf));
    }

    [Fact]
    public void A_partial_answer_or_a_source_of_others_alone_says_nothing_about_this_node()
    {
        var others = new ReconcilerBench(namesSelf: false);
        for (var i = 0; i < 20; i++)
        {
            _bench.Pass(5);
            others.Pass(5);
            Assert.Empty(_bench.Incomplete(1, 2).OfType<ReconcilerEffect.NoteSelf>());
            Assert.Empty(others.Complete(1, 2).OfType<ReconcilerEffect.NoteSelf>());
        }
    }

    [Fact]
    public void Short_names_beside_long_ones_are_told_once()
    {
        var shorty = new DiscoveredPeer(NodeName.Parse("orders@alpha"));
        Assert.Equal(
            [new ReconcilerEffect.NoteNameForm("s0", shorty.Name)],
            _bench.CompleteFrom(0, Peer(1), shorty).OfType<ReconcilerEffect.NoteNameForm>());
        Assert.Empty(_bench.CompleteFrom(0, Peer(1), shorty).OfType<ReconcilerEffect.NoteNameForm>());
        Assert.Empty(_bench.Complete(1).OfType<ReconcilerEffect.NoteNameForm>());
    }

    [Fact]
    public void A_clock_that_is_set_is_told_and_changes_nothing_else()
    {
        _bench.Complete(1);
        _bench.Up(1);
        _bench.Tick(1);
        _bench.Pass(5);
        _bench.Wall -= TimeSpan.FromHours(1);
        var effects = _bench.Tick(1);
        Assert.Equal([new ReconcilerEffect.NoteClockJump(TimeSpan.FromHours(-1))], effects.OfType<ReconcilerEffect.NoteClockJump>());
        Assert.Empty(effects.Events());
        _bench.Pass(5);
        Assert.Empty(_bench.Tick(1).OfType<ReconcilerEffect.NoteClockJump>());
        _bench.Wall += TimeSpan.FromSeconds(1);
        Assert.Empty(_bench.Tick(1).OfType<ReconcilerEffect.NoteClockJump>());
    }
}
