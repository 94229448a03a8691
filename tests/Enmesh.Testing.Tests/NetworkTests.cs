using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.TestingTests;

/// <summary>Nodes that are lost, parted and found again.</summary>
[Trait("Ring", "pure")]
public sealed class NetworkTests : IAsyncDisposable
{
    private readonly TestCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Nodes_that_are_started_know_each_other()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b", "c");
        foreach (var node in nodes)
            Assert.Equal(nodes.Where(other => other != node).Select(other => other.Name).Order(), node.Node.ConnectedNodes.Order());
        Assert.Equal("a@test", nodes[0].Name.Text);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _cluster.StartNodeAsync("a"));
    }

    [Fact]
    public async Task A_name_is_known_on_all_nodes_and_a_group_has_its_members()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b");
        var server = nodes[0].CreateProbe();
        Assert.True(await nodes[0].Node.Global.RegisterAsync("prices", server.Self));
        await _cluster.SettleAsync();
        Assert.Equal(server.Self, nodes[1].Node.Global.WhereIs("prices"));
        var answer = nodes[1].CreateProbe().CallAsync(ProcessAddress.Global("prices"), 1);
        await (await server.ExpectCallAsync()).ReplyAsync(2);
        Assert.Equal(2, (await answer).Int32);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_a_node_is_noconnection_to_those_linked_and_to_monitors(bool crash)
    {
        var nodes = await _cluster.StartNodesAsync("a", "b");
        var (near, far) = (nodes[0].CreateProbe(), nodes[1].CreateProbe("far"));
        await near.LinkAsync(far.Self);
        var monitor = await near.MonitorAsync(("far", nodes[1].Name));
        if (crash)
            await nodes[1].CrashAsync();
        else
            await nodes[1].StopAsync();
        await near.ExpectExitAsync(far.Self, ExitReason.NoConnection);
        await near.ExpectDownAsync(monitor, ExitReason.NoConnection);
        Assert.Equal([nodes[0]], _cluster.Nodes);
        var lost = await Assert.ThrowsAsync<CallExitException>(() => near.CallAsync(far.Self, 1));
        Assert.Equal(ExitReason.NoConnection, lost.Reason);

        // One of the same name is another one: the old pids mean nobody there.
        var again = await _cluster.StartNodeAsync("b");
        Assert.NotEqual(nodes[1].Node.Creation, again.Node.Creation);
        var gone = await Assert.ThrowsAsync<CallExitException>(() => near.CallAsync(("far", again.Name), 1));
        Assert.Equal(ExitReason.NoProc, gone.Reason);
        var found = again.CreateProbe("far");
        await near.SendAsync(("far", again.Name), 7);
        await found.ExpectAsync(7);
    }

    [Fact]
    public async Task A_broken_connection_is_made_again_by_the_next_message()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b");
        var (near, far) = (nodes[0].CreateProbe(), nodes[1].CreateProbe());
        await near.MonitorAsync(far.Self);
        await _cluster.DisconnectAsync(nodes[0], nodes[1]);
        await near.ExpectDownAsync(far.Self, ExitReason.NoConnection);
        await near.SendAsync(far.Self, 1);
        await far.ExpectAsync(1);
        Assert.True(nodes[1].Node.IsAlive(far.Self));
    }

    [Fact]
    public async Task Parted_nodes_do_not_meet_until_the_network_heals()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b", "c", "d");
        var probes = nodes.Select(node => node.CreateProbe()).ToArray();
        await probes[0].MonitorAsync(probes[2].Self);
        await _cluster.PartitionAsync([nodes[0], nodes[1]], [nodes[2], nodes[3]]);
        await probes[0].ExpectDownAsync(probes[2].Self, ExitReason.NoConnection);
        await probes[0].SendAsync(probes[2].Self, 1);
        await probes[2].ExpectNoMessageAsync(TimeSpan.FromMinutes(2));
        Assert.Equal([nodes[1].Name], nodes[0].Node.ConnectedNodes);

        await _cluster.HealAsync();
        await probes[0].SendAsync(probes[2].Self, 2);
        await probes[2].ExpectAsync(2);
    }

    [Fact]
    public async Task A_silent_peer_is_given_up_when_the_net_ticktime_is_over()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b");
        var (near, far) = (nodes[0].CreateProbe(), nodes[1].CreateProbe());
        await near.MonitorAsync(far.Self);
        await _cluster.SilenceAsync(nodes[0], nodes[1]);
        await near.SendAsync(far.Self, 1);
        await near.ExpectNoMessageAsync(TimeSpan.FromSeconds(59));
        await near.ExpectDownAsync(far.Self, ExitReason.NoConnection, within: TimeSpan.FromSeconds(31));
        Assert.Empty(far.Messages);
    }

    [Fact]
    public async Task What_silence_held_back_comes_through_when_it_ends_in_time()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b");
        var (near, far) = (nodes[0].CreateProbe(), nodes[1].CreateProbe());
        await _cluster.SilenceAsync(nodes[0], nodes[1]);
        await near.SendAsync(far.Self, 1);
        await near.SendAsync(far.Self, Term.Binary(new byte[1_000_000]));
        await far.ExpectNoMessageAsync(TimeSpan.FromSeconds(20));
        await _cluster.HealAsync();
        Assert.Equal(2, far.Messages.Count);
        await far.ExpectAsync(1);
    }

    [Fact]
    public async Task An_hour_without_anything_to_do_leaves_the_nodes_connected()
    {
        var nodes = await _cluster.StartNodesAsync("a", "b", "c");
        await _cluster.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.All(nodes, node => Assert.Equal(2, node.Node.ConnectedNodes.Count));
    }
}
