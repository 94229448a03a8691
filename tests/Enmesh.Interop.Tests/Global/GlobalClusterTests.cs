using Enmesh.Terms.Order;
using Enmesh.TestSupport;
using Xunit;
using static Enmesh.Interop.Tests.Global.GlobalBench;

namespace Enmesh.Interop.Tests.Global;

/// <summary>Clusters of real nodes and ours: joining, leaving, losing links, several releases.</summary>
[Trait("Ring", "interop")]
public sealed class GlobalClusterTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    /// <summary>
    /// Releases that can be one cluster: OTP 23 and those from 26 on refuse each other's connections, and without EPMD OTP 23 begins as only
    /// its like and we understand.
    /// </summary>
    public static TheoryData<int[]> Mixtures
    {
        get
        {
            int[] all = [.. Otp.Releases.Select(row => row.Data)];
            int[][] mixtures = [[.. all.Where(release => release < 25)], [.. all.Where(release => release >= 25)]];
            return new(mixtures.Where(mixture => mixture.Length > 0).Select(mixture => mixture.Length < 3 ? [.. mixture, mixture[0]] : mixture));
        }
    }

    /// <summary>Those that keep partitions from overlapping.</summary>
    public static TheoryData<int> Careful => new(Otp.Releases.Select(row => row.Data).Where(release => release >= 25));

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Whoever_meets_one_of_us_meets_all(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release);
        var (mesh, (first, node)) = (cluster.Mesh, cluster);
        Assert.True(await node.Global.RegisterAsync("before", Idle(node)).WaitAsync(Patience));

        // A real one comes by way of the real one, another by way of ours, and another of ours by way of the last.
        var second = await mesh.StartBeamAsync(release);
        Assert.Equal("true", await second.EvalAsync($"net_kernel:connect_node('{first.Name}')"));
        await InSyncAsync([first, second], node);
        var third = await mesh.StartBeamAsync(release);
        await node.ConnectAsync(NameOf(third));
        await InSyncAsync([first, second, third], node);
        var other = await mesh.StartOursAsync();
        await other.ConnectAsync(NameOf(third));
        await InSyncAsync([first, second, third], node, other);

        Assert.Equal("yes", await second.EvalAsync("global:register_name(after_all, spawn(fun() -> receive stop -> ok end end))", timeout: Patience));
        Assert.Equal(node.Global.WhereIs("after_all"), other.Global.WhereIs("after_all"));
        Assert.NotNull(other.Global.WhereIs("after_all"));
        Assert.Equal(node.Global.WhereIs("before"), (await ValueAsync(third, "global:whereis_name(before)")).Pid);
        await node.DisposeAsync();
        await InSyncAsync([first, second, third], other);
        await third.WaitForAsync("global:whereis_name(before)", "undefined");
    }

    [Theory]
    [MemberData(nameof(Careful))]
    public async Task A_link_that_two_real_nodes_lose_parts_us_from_them_and_they_can_come_back(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release, beams: 2);
        var (first, second, node) = cluster;

        await first.EvalAsync($"erlang:disconnect_node('{second.Name}')");

        await Waiting.UntilAsync(() => node.ConnectedNodes.Count < 2);
        await first.WaitForAsync($"lists:member('{second.Name}', nodes())", "false");
        await ComeBackAsync(first, second, node);
    }

    [Theory]
    [MemberData(nameof(Careful))]
    public async Task A_link_that_we_lose_parts_the_others_from_one_of_the_ends(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release, beams: 2);
        var (first, second, node) = cluster;

        await node.DisconnectAsync(NameOf(first));

        // Now second is with one of us at most.
        await second.WaitForAsync("length(nodes()) < 2", timeout: Patience);
        await ComeBackAsync(first, second, node);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Leaving_by_disconnect_leaves_real_nodes_together(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release, beams: 2);
        var (first, second, node) = cluster;

        Assert.Equal(2, (await node.Global.DisconnectAsync()).Count);

        await first.WaitForAsync("nodes()", $"['{second.Name}']", Patience);
        Assert.Equal("yes", await second.EvalAsync("global:register_name(x, spawn(fun() -> receive stop -> ok end end))", timeout: Patience));
        await InSyncAsync([first, second]);
        if (release >= 25)
        {
            await node.ConnectAsync(NameOf(first));
            await InSyncAsync([first, second], node);
            await first.EvalAsync("global:disconnect()");
            await second.WaitForAsync("nodes()", $"['{node.Name}']", Patience);
            await InSyncAsync([second], node);
            Assert.NotNull(node.Global.WhereIs("x"));
        }
    }

    [Theory]
    [MemberData(nameof(Mixtures))]
    public async Task Several_releases_and_two_of_ours_are_one_cluster_under_joins_leaves_and_kills(int[] releases)
    {
        await using var mesh = new Mesh();
        var beams = new List<BeamNode>();
        foreach (var release in releases)
            beams.Add(await mesh.StartBeamAsync(release));
        var (one, two) = (await mesh.StartOursAsync(), await mesh.StartOursAsync());
        // All by way of one of ours.
        foreach (var beam in beams)
            await one.ConnectAsync(NameOf(beam));
        await one.ConnectAsync(two.Name);
        await InSyncAsync(beams, one, two);

        for (var round = 0; round < 5; round++)
        {
            var name = $"name{round}";
            var beam = beams[round % beams.Count];
            Assert.Equal("yes", await beam.EvalAsync($"P = spawn(fun() -> receive stop -> ok end end), global:register_name({name}, P)", timeout: Patience));
            Assert.False(await two.Global.RegisterAsync(name, Idle(two)).WaitAsync(Patience));
            var ours = Idle(one);
            Assert.True(await one.Global.RegisterAsync($"ours{round}", ours).WaitAsync(Patience));
            foreach (var other in beams)
            {
                Assert.Equal(ours, (await ValueAsync(other, $"global:whereis_name(ours{round})")).Pid);
                Assert.Equal(one.Global.WhereIs(name), (await ValueAsync(other, $"global:whereis_name({name})")).Pid);
            }
            await beam.EvalAsync("exit(binary_to_term(In), kill)", Bytes(ours));
            await Waiting.UntilAsync(() => two.Global.WhereIs($"ours{round}") is null);
        }

        await two.DisposeAsync();
        await beams[^1].KillAsync();
        beams.RemoveAt(beams.Count - 1);
        await InSyncAsync(beams, one);
        var three = await mesh.StartOursAsync();
        await three.ConnectAsync(NameOf(beams[0]));
        await InSyncAsync(beams, one, three);
        await Waiting.UntilAsync(() => one.Global.Names.Order(TermOrder.Comparer).SequenceEqual(three.Global.Names.Order(TermOrder.Comparer)));
    }

    private static async Task ComeBackAsync(BeamNode first, BeamNode second, ErlangNode node)
    {
        // A connection that is about to end may still be there, or refuse us: what counts is that in the end all are one.
        const string Synced = "length(gen_server:call(global_name_server, get_synced))";
        using var deadline = new CancellationTokenSource(2 * Patience);
        do
        {
            Assert.False(deadline.IsCancellationRequested, "They do not come back to each other.");
            await first.EvalAsync($"net_kernel:connect_node('{second.Name}')");
            foreach (var beam in new[] { first, second })
                await TryConnectAsync(node, beam);
            await Task.Delay(50, CancellationToken.None);
        }
        while (node.ConnectedNodes.Count < 2 || await first.EvalAsync(Synced) != "2" || await second.EvalAsync(Synced) != "2");
        await InSyncAsync([first, second], node);
        Assert.True(await node.Global.RegisterAsync("again", Idle(node)).WaitAsync(Patience));
        Assert.Equal(node.Global.WhereIs("again"), (await ValueAsync(second, "global:whereis_name(again)")).Pid);
    }

    private static async Task TryConnectAsync(ErlangNode node, BeamNode beam)
    {
        try
        {
            await node.ConnectAsync(NameOf(beam));
        }
        catch (EnmeshException)
        {
            // Next time, then.
        }
    }
}
