using Xunit;

namespace Enmesh.Bench.Tests;

[Trait("Ring", "pure")]
public sealed class ReportTests
{
    [Fact]
    public void A_met_and_a_missed_bar_are_told_and_are_no_failure()
    {
        var (status, table, ratios) = new ResultLines()
            .Round(1, "flood.1", 1_500_000, 500_000).Round(1, "rtt.p50", 30.5, 25, "us").Report();

        Assert.Equal(0, status);
        Assert.Contains("flood.1 enmesh -> enmesh 1500000 500000 msgs/s 3.00 higher >= 2.0 ok 1/1", Cells(table));
        Assert.Contains("rtt.p50 enmesh -> enmesh 30.50 25.00 us 1.22 lower <= 0.9 MISSED 1/1", Cells(table));
        var flood = ratios[0];
        Assert.Equal("flood.1", flood.GetProperty("name").GetString());
        Assert.Equal(
            (1_500_000, 500_000, 3),
            (flood.GetProperty("enmesh").GetDouble(), flood.GetProperty("peer").GetDouble(), flood.GetProperty("ratio").GetDouble()));
        Assert.Equal("msgs/s", flood.GetProperty("unit").GetString());
        var parameters = flood.GetProperty("params");
        Assert.Equal(
            ("enmesh", "enmesh"),
            (parameters.GetProperty("sender").GetString(), parameters.GetProperty("receiver").GetString()));
        Assert.Equal(
            ("higher", 2), (parameters.GetProperty("better").GetString(), parameters.GetProperty("bar").GetDouble()));
        Assert.False(parameters.GetProperty("disturbed").GetBoolean());
    }

    [Fact]
    public void Figures_that_nothing_good_is_known_of_are_marked()
    {
        var (status, table, ratios) = new ResultLines().Round(1, "bulk.1MiB", 700, 1000, "MB/s", others: 1.5).Report();

        Assert.Equal(0, status);
        Assert.EndsWith("  1/1!", Lines(table)[2], StringComparison.Ordinal);
        Assert.Equal("! other programs kept the machine busy in every round.", Lines(table)[3]);
        Assert.True(ratios[0].GetProperty("params").GetProperty("disturbed").GetBoolean());
    }

    [Fact]
    public void What_failed_is_named_and_makes_the_status_1()
    {
        var (status, table, _) = new ResultLines().Round(1, "flood.1", 2, 1)
            .Add("bulk", null, 1, "enmesh", "beam", "failed", reason: "the sink does not answer")
            .Add("call.erpc", null, 1, "enmesh", "beam", "skipped", reason: "not there yet")
            .Add("call.erpc", null, 2, "enmesh", "beam", "skipped", reason: "not there yet").Report();

        Assert.Equal(1, status);
        Assert.Contains("FAILED: bulk enmesh -> beam: the sink does not answer", Lines(table));
        Assert.Single(Lines(table), line => line == "not measured: call.erpc enmesh -> beam: not there yet");
    }

    [Fact]
    public void Nothing_measured_is_a_failure()
    {
        var (status, _, ratios) = new ResultLines().Report();
        Assert.Equal((1, 0), (status, ratios.GetArrayLength()));
    }

    private static IEnumerable<string> Cells(string table) =>
        Lines(table).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    private static string[] Lines(string table) => table.TrimEnd().Split(Environment.NewLine);
}
