using Enmesh.Cluster;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>What gets a line in the log, and that it is never one for each tick.</summary>
[Trait("Ring", "pure")]
public sealed class ReportTests
{
    private readonly ReconcilerBench _bench = new();

    [Fact]
    public void A_failing_source_is_reported_once_then_rarely_then_when_it_is_well_again()
    {
        _bench.Complete(1);
        _bench.Up(1);
        var note = Assert.IsType<ReconcilerEffect.NoteSourceTrouble>(
            Assert.Single(_bench.Unavailable("10.0.0.10:53 did not answer").Notes()));
        Assert.Equal(("s0", true, "10.0.0.10:53 did not answer"), (note.Source, note.Failing, note.Problem));
        var lines = 0;
        for (var i = 0; i < 720; i++)
        {
            _bench.Pass(5);
            lines += _bench.Unavailable().Notes().Count;
        }
        Assert.Equal(6, lines);
        Assert.Equal([new ReconcilerEffect.NoteSourceRecovered("s0", 1)], _bench.Complete(1).Notes());
        Assert.Empty(_bench.Complete(1).Notes());
    }

    [Fact]
    public void A_source_that_flickers_is_reported_at_most_twice_a_minute()
    {
        _bench.Complete(1);
        _bench.Up(1);
        var lines = 0;
        for (var i = 0; i < 120; i++)
        {
            _bench.Pass(5);
            lines += (i % 2 == 0 ? _bench.Unavailable() : _bench.Complete(1)).Notes().Count;
        }
        Assert.InRange(lines, 10, 20);
    }

    [Fact]
    public void From_partly_to_not_at_all_is_a_change()
    {
        _bench.Incomplete(1);
        _bench.Up(1);
        _bench.Pass(61);
        var note = Assert.IsType<ReconcilerEffect.NoteSourceTrouble>(Assert.Single(_bench.Unavailable().Notes()));
        Assert.True(note.Failing);
    }

    [Fact]
    public void Nobody_discovered_is_reported_after_a_while_and_when_it_is_over()
    {
        _bench.CompleteFrom(0, new Enmesh.Discovery.DiscoveredPeer(Self));
        _bench.Pass(29);
        Assert.Empty(_bench.Tick().Notes());
        _bench.Pass(1);
        Assert.Equal([new ReconcilerEffect.NoteDiscovered(0, "s0")], _bench.Tick().Notes());
        _bench.Pass(1);
        Assert.Empty(_bench.Tick().Notes());
        _bench.Pass(600);
        Assert.Equal([new ReconcilerEffect.NoteDiscovered(0, "s0")], _bench.Tick().Notes());
        Assert.Equal([new ReconcilerEffect.NoteDiscovered(1, "s0")], _bench.Complete(1).Notes());
    }

    [Fact]
    public void Nobody_discovered_is_reported_even_when_the_source_never_answers()
    {
        _bench.Tick();
        _bench.Pass(30);
        Assert.Equal([new ReconcilerEffect.NoteDiscovered(0, "s0")], _bench.Tick().Notes());
    }

    [Fact]
    public void Without_a_source_there_is_nobody_to_miss()
    {
        var bench = new ReconcilerBench(sources: 0);
        bench.Tick();
        bench.Pass(3600);
        Assert.Empty(bench.Tick().Notes());
    }

    [Fact]
    public void Missing_members_are_reported_by_name_and_stage_after_a_while()
    {
        var dials = _bench.Complete(1, 2).Dials();
        _bench.Succeeded(dials[0].Dial);
        _bench.Failed(dials[1].Dial, PeerStage.Tls);
        _bench.Pass(30);
        var note = Assert.Single(_bench.Tick(1).Notes().OfType<ReconcilerEffect.NoteMembers>());
        Assert.Equal((false, 1, 2), (note.Complete, note.Connected, note.Expected));
        Assert.Equal("orders@10.0.1.2 (Tls: refused)", note.Missing);
        _bench.Pass(5);
        Assert.Empty(_bench.Tick(1).Notes());
        Assert.Equal([new ReconcilerEffect.NoteMembers(true, 2, 2, "")], _bench.Tick(1, 2).Notes());
    }

    [Fact]
    public void Of_many_missing_members_a_few_are_named()
    {
        _bench.Complete([.. Enumerable.Range(1, 40)]);
        _bench.Tick();
        _bench.Pass(30);
        var note = Assert.Single(_bench.Tick().Notes().OfType<ReconcilerEffect.NoteMembers>());
        Assert.EndsWith(" and 35 more", note.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public void Fewer_than_expected_is_reported_even_when_everybody_discovered_is_connected()
    {
        var bench = new ReconcilerBench(new ClusterOptions { ExpectedPeers = 3 });
        bench.Succeeded(bench.Complete(1).Dials()[0].Dial);
        bench.Pass(30);
        var note = Assert.Single(bench.Tick(1).Notes().OfType<ReconcilerEffect.NoteMembers>());
        Assert.Equal((false, 1, 3), (note.Complete, note.Connected, note.Expected));
        Assert.Equal(3, bench.View.Expected);
    }

    [Fact]
    public void A_member_that_is_missing_for_a_moment_is_not_reported()
    {
        var bench = new ReconcilerBench();
        bench.Succeeded(bench.Complete(1).Dials()[0].Dial);
        var lines = 0;
        for (var i = 0; i < 50; i++)
        {
            bench.Pass(60);
            lines += bench.Tick().Notes().Count;
            bench.Pass(10);
            lines += bench.Tick(1).Notes().Count;
        }
        Assert.Equal(0, lines);
    }

    [Fact]
    public void A_peer_that_does_not_come_up_is_reported_first_on_a_change_and_then_rarely()
    {
        var dial = _bench.Complete(1).Dials()[0].Dial;
        var lines = new List<PeerStage>();
        for (var i = 0; i < 60; i++)
        {
            var notes = _bench.Failed(dial, i < 30 ? PeerStage.Tcp : PeerStage.Cookie).Notes();
            lines.AddRange(notes.OfType<ReconcilerEffect.NoteDialFailed>().Select(note => note.Failure.Stage));
            _bench.Pass(30);
            dial = _bench.Wake().Dials()[0].Dial;
        }
        // A quarter of an hour of each: at once, and once more after ten minutes.
        Assert.Equal([PeerStage.Tcp, PeerStage.Tcp, PeerStage.Cookie, PeerStage.Cookie], lines);
    }
}
