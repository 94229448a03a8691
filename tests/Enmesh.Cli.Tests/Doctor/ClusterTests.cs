using Enmesh.Cli.Doctor;
using Enmesh.Terms;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>What is wrong with nodes that can all be reached: whom they see, what time it is there, whether they get to run.</summary>
[Trait("Ring", "loopback")]
public sealed class ClusterTests : DoctorFixture
{
    [Fact]
    public async Task Three_that_see_each_other_are_healthy()
    {
        var nodes = await StartAsync(3);
        await nodes[0].PingAsync(nodes[1].Name);
        await nodes[0].PingAsync(nodes[2].Name);
        await UntilAllSeeAsync(nodes);
        var examination = await ExamineAsync(nodes);
        AssertHealthy(examination);
        Assert.Contains(examination.Findings, finding => finding is { Step: "views", Text: "3 nodes have told whom they see, and they agree." });
    }

    [Fact]
    public async Task Two_of_three_have_no_link()
    {
        var nodes = await StartAsync(3, (one, other) => (one.Alive[0], other.Alive[0]) is ('b', 'c') or ('c', 'b'));
        await nodes[0].PingAsync(nodes[1].Name);
        await nodes[0].PingAsync(nodes[2].Name);
        var examination = await ExamineAsync(nodes);
        var wrong = Only(examination);
        Assert.Equal(("cluster.parted", 15), (wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.StartsWith($"{nodes[1].Name} and {nodes[2].Name} do not see each other", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_says_no_time_ends_nothing()
    {
        var name = $"{NewAlive()}@127.0.0.1";
        var node = await Cluster.StartAsync(name, cookie: Cookie);
        node.Functions.Export("erlang", "system_time", 1, static (_, _) => ValueTask.FromResult<Term>(long.MaxValue));

        var examination = await ExamineAsync(name, Cluster.PortOf(node));

        Assert.Contains(examination.Findings, finding => finding is { Step: "clock", Severity: Severity.Skipped, Text: "it says no time." });
    }

    [Theory]
    [InlineData(-90, "behind the one here")]
    [InlineData(3600, "ahead of the one here")]
    public async Task A_clock_is_wrong(int seconds, string words)
    {
        var name = $"{NewAlive()}@127.0.0.1";
        var node = await Cluster.StartAsync(name, cookie: Cookie, timeProvider: new ShiftedTime(TimeSpan.FromSeconds(seconds)));
        var examination = await ExamineAsync(name, Cluster.PortOf(node));
        var wrong = Only(examination);
        Assert.Equal(("clock.skew", 3), (wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.Contains(words, wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_answers_pings_and_nothing_else()
    {
        var name = $"{NewAlive()}@127.0.0.1";
        var node = await Cluster.StartAsync(name, cookie: Cookie, with: plan => plan with { Unclaimed = DistributionFlags.Spawn });
        // What runs functions there has no turn, as when every thread of the pool is blocked.
        Assert.True(node.Unregister("rex"));
        node.Spawn(static context => Task.Delay(Timeout.Infinite, context.Exiting), "rex");
        var examination = await ExamineAsync(name, Cluster.PortOf(node), TimeSpan.FromSeconds(5));
        Assert.Equal(("host.starved", 16), (Only(examination).Diagnosis!.Id, examination.ExitStatus));
    }

    [Theory]
    [InlineData("usage_usec 9000000\nnr_periods 1000\nnr_throttled 400\nthrottled_usec 61200000\n", "400 of 1000 periods throttled (40.0%), 61.2 s in all.")]
    [InlineData("nr_periods 1000\nnr_throttled 400\nthrottled_time 61200000000\n", "400 of 1000 periods throttled (40.0%), 61.2 s in all.")]
    [InlineData("usage_usec 9000000\nnr_periods 1000\nnr_throttled 3\nthrottled_usec 1000\n", null)]
    [InlineData("usage_usec 9000000\nuser_usec 1\nsystem_usec 1\n", null)]
    public async Task A_container_that_is_throttled(string stat, string? text)
    {
        Write("sys/fs/cgroup/cpu.stat", stat);
        var examination = await ExamineAsync("peer@127.0.0.1", maxPeers: 0);
        if (text is null)
            AssertHealthy(examination);
        else
            Assert.Equal(("cpu.throttled", text), (Only(examination).Diagnosis!.Id, Only(examination).Text));
    }

    private Task<Examination> ExamineAsync(ErlangNode[] nodes) => ExamineAsync(settings:
    [
        ("Discovery:static:Strategy", "static"), .. nodes.Select((node, i) => ($"Discovery:static:Peers:{i}", (string?)$"{node.Name}:{Cluster.PortOf(node)}")),
    ]);

    /// <summary>Visible nodes a, b, c and so on, of which some may be kept from each other.</summary>
    private async Task<ErlangNode[]> StartAsync(int count, Func<NodeName, NodeName, bool>? parted = null)
    {
        NodeName[] names = [.. Enumerable.Range(0, count).Select(i => NodeName.Parse($"{(char)('a' + i)}-{NewAlive()}@127.0.0.{i + 2}"))];
        var nodes = new List<ErlangNode>();
        foreach (var name in names)
        {
            string[] allowed = [.. names.Where(other => other != name && parted?.Invoke(name, other) != true).Select(other => other.Text), DoctorsHost];
            nodes.Add(await Cluster.StartAsync(
                name.Text, cookie: Cookie, published: true,
                with: plan => plan with { PreventOverlappingPartitions = false, AllowedNodes = parted is null ? [] : allowed }));
        }
        return [.. nodes];
    }

    // The doctor's own node is let in by everybody.
    private const string DoctorsHost = "127.0.0.1";

    private static async Task UntilAllSeeAsync(ErlangNode[] nodes)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!nodes.All(node => node.Nodes().Count == nodes.Length - 1))
            await Task.Delay(20, deadline.Token);
    }

    private sealed class ShiftedTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
