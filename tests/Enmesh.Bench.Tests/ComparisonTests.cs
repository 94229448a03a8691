using Xunit;

namespace Enmesh.Bench.Tests;

[Trait("Ring", "pure")]
public sealed class ComparisonTests
{
    [Fact]
    public void The_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_the_medians()
    {
        // What was measured in one round was measured side by side: 0.5, 3 and 2.
        var one = Assert.Single(new ResultLines()
            .Round(1, "flood.1", 100, 200).Round(2, "flood.1", 300, 100).Round(3, "flood.1", 2000, 1000).Compare());
        Assert.Equal((300, 200, 2), (one.Enmesh, one.Peer, one.Ratio));
        Assert.Equal((3, 3, false), (one.Rounds, one.Used, one.Disturbed));
    }

    [Fact]
    public void An_even_number_of_rounds_has_its_median_in_the_middle() => Assert.Equal(
        3, Assert.Single(new ResultLines().Round(1, "flood.1", 2, 1).Round(2, "flood.1", 4, 1).Compare()).Ratio);

    [Fact]
    public void Rounds_in_which_others_kept_the_machine_busy_are_left_out_while_there_are_better_ones()
    {
        var one = Assert.Single(new ResultLines()
            .Round(1, "flood.1", 900, 100, others: 0.26).Round(2, "flood.1", 200, 100, others: 0.25).Compare());
        Assert.Equal((2, 1, 2, false), (one.Rounds, one.Used, one.Ratio, one.Disturbed));
    }

    [Fact]
    public void A_round_is_disturbed_also_when_only_one_side_was() => Assert.Equal(
        2,
        Assert.Single(new ResultLines()
            .Add("flood.1", 900, 1, receiver: "enmesh").Add("flood.1", 100, 1, "beam", "beam", others: 1)
            .Round(2, "flood.1", 200, 100).Compare()).Ratio);

    [Fact]
    public void Where_every_round_was_disturbed_all_count_and_it_is_said()
    {
        var one = Assert.Single(new ResultLines()
            .Round(1, "flood.1", 900, 100, others: 1).Round(2, "flood.1", 700, 100, others: 2).Compare());
        Assert.Equal((2, 2, 8, true), (one.Rounds, one.Used, one.Ratio, one.Disturbed));
    }

    [Fact]
    public void A_round_that_only_one_side_finished_counts_for_nothing()
    {
        var lines = new ResultLines()
            .Add("flood.1", 900, 1, receiver: "enmesh")
            .Add("flood.1", null, 1, "beam", "beam", unit: "failed", reason: "it took too long");
        Assert.Empty(lines.Compare());
        Assert.Equal(2, Assert.Single(lines.Round(2, "flood.1", 200, 100).Compare()).Ratio);
    }

    [Fact]
    public void Mixed_pairs_stand_beside_two_beams_and_have_no_bar()
    {
        var all = new ResultLines()
            .Round(1, "flood.1", 400, 100)
            .Add("flood.1", 200, 1, "enmesh", "beam").Add("flood.1", 50, 1, "beam", "enmesh").Compare();
        Assert.Equal(
            [("enmesh", "enmesh", 4.0, true), ("enmesh", "beam", 2.0, false), ("beam", "enmesh", 0.5, false)],
            all.Select(one => (one.Setting.Sender, one.Setting.Receiver, one.Ratio, one.Bar.Limit is not null)));
    }

    [Fact]
    public void A_start_is_measured_towards_a_beam_and_has_a_bar_all_the_same()
    {
        var boot = Assert.Single(new ResultLines()
            .Add("boot.connected", 150, 1, "enmesh", "beam", "ms").Add("boot.connected", 100, 1, "beam", "beam", "ms").Compare());
        Assert.Equal((1.5, true), (boot.Ratio, boot.Bar.IsMet(boot.Ratio)));
    }

    [Fact]
    public void Processors_kept_awake_are_another_setting() => Assert.Equal(
        [(false, 2.0), (true, 0.5)],
        new ResultLines()
            .Round(1, "rtt.p50", 20, 10, "us")
            .Add("rtt.p50", 10, 1, receiver: "enmesh", unit: "us", awake: 1).Add(
                "rtt.p50", 20, 1, "beam", "beam", "us", awake: 1)
            .Compare().Select(one => (one.Setting.Awake, one.Ratio)));

    [Fact]
    public void The_mean_over_the_corpus_is_the_geometric_one_each_way()
    {
        var all = new ResultLines()
            .Add("terms.a.encode", 400, 1, unit: "MB/s").Add("terms.a.encode", 100, 1, "beam", unit: "MB/s")
            .Add("terms.b.encode", 25, 1, unit: "MB/s").Add("terms.b.encode", 100, 1, "beam", unit: "MB/s")
            .Add("terms.b.encode.rate", 1, 1, unit: "terms/s").Add(
                "terms.b.encode.rate", 100, 1, "beam", unit: "terms/s")
            .Add("terms.b.decode", 70, 1, unit: "MB/s").Add("terms.b.decode", 100, 1, "beam", unit: "MB/s")
            .Compare().ToDictionary(one => one.Setting.Name);
        Assert.Equal(1, all["terms.encode"].Ratio, 9); // 4 and 1/4
        Assert.Equal((100, 100), (Math.Round(all["terms.encode"].Enmesh, 6), Math.Round(all["terms.encode"].Peer, 6)));
        Assert.Equal(0.7, all["terms.decode"].Ratio, 9);
        Assert.DoesNotContain("terms.b.encode.rate", all.Keys);
        Assert.Equal((1, 0.6), (all["terms.encode"].Bar.Limit, all["terms.b.encode"].Bar.Limit));
    }

    [Fact]
    public void A_peer_of_native_code_is_one_of_ours_and_judged_by_the_same_bars()
    {
        var one = Assert.Single(new ResultLines()
            .Add("mesh.40.connect", 60, 1, "native", unit: "ms").Add("mesh.40.connect", 100, 1, "beam", unit: "ms").Compare());
        Assert.Equal(("native", 0.6), (one.Setting.Sender, one.Ratio));
        Assert.True(one.Bar.IsMet(one.Ratio));
    }
}
