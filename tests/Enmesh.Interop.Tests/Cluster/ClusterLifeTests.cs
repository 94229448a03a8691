using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Cluster;

/// <summary>How a node leaves real ones, and what it learns from them about the rest of the cluster.</summary>
[Trait("Ring", "interop")]
public sealed class ClusterLifeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_that_drains_lets_others_in_and_goes_with_one_nodedown(int release)
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(release);
        var name = NodeName.Parse(beam.Name);
        var ours = await mesh.StartOursAsync(plan => plan with { Discovery = [Finds(name)] });
        await ours.Cluster.WaitForAsync(view => view.Connected == 1).WaitAsync(Patience);
        await beam.WaitForAsync("nodes()", $"['{ours.Name}']");

        ours.Drain();
        await ours.Cluster.WaitForAsync(view => view.IsDraining).WaitAsync(Patience);
        await beam.EvalAsync($"erlang:disconnect_node('{ours.Name}')");
        await ours.Cluster.WaitForAsync(view => view.Connected == 0).WaitAsync(Patience);
        var refused = await Assert.ThrowsAsync<HandshakeException>(() => ours.ConnectAsync(name));
        Assert.Equal(
            (HandshakeFailure.NotAllowed, $"{name} is not dialled: this node is leaving the cluster."),
            (refused.Failure, refused.Message));
        Assert.Equal("pong", await beam.EvalAsync($"net_adm:ping('{ours.Name}')"));
        Assert.Equal("ok", await beam.EvalAsync("global:sync()"));

        const string Seen = "begin watch ! {seen, self()}, receive {seen, S} -> S after 10000 -> silence end end";
        await beam.EvalAsync(
            """
            Watch = fun Watch(S) -> receive {seen, P} -> P ! {seen, S}, Watch(S); X -> Watch([X | S]) end end,
            register(watch, spawn(fun() -> net_kernel:monitor_nodes(true), Watch([]) end))
            """);
        Assert.Equal("[]", await beam.EvalAsync(Seen));
        await ours.DisposeAsync();
        await beam.WaitForAsync(Seen, $"[{{nodedown,'{ours.Name}'}}]");
        Assert.Equal("pang", await beam.EvalAsync($"net_adm:ping('{ours.Name}')"));
        Assert.Equal($"[{{nodedown,'{ours.Name}'}}]", await beam.EvalAsync(Seen));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task That_two_real_nodes_have_no_link_is_seen_from_here_until_they_have(int release)
    {
        await using var mesh = new Mesh();
        // Nodes that connect only when told to, or all three would be one mesh at once.
        var one = await mesh.StartBeamAsync(release, "-connect_all", "false");
        var other = await mesh.StartBeamAsync(release, "-connect_all", "false");
        NodeName[] beams = [NodeName.Parse(one.Name), NodeName.Parse(other.Name)];
        var ours = await mesh.StartOursAsync(plan => plan with
        {
            PreventOverlappingPartitions = false,
            Discovery = [Finds(beams)],
            Cluster = new() { CompareViewsEvery = TimeSpan.FromSeconds(1) },
        });
        var events = ours.Cluster.WatchAsync().GetAsyncEnumerator();

        var view = await ours.Cluster.WaitForAsync(view => view.Parted.Count > 0).WaitAsync(Patience);
        Array.Sort(beams);
        Assert.Equal([new PartedPair(beams[0], beams[1])], view.Parted);
        Assert.Equal("true", await one.EvalAsync($"net_kernel:connect_node('{other.Name}')"));
        await ours.Cluster.WaitForAsync(view => view.Parted.IsEmpty).WaitAsync(Patience);

        var told = new List<int>();
        while (told.Count < 2 && await events.MoveNextAsync().AsTask().WaitAsync(Patience))
        {
            if (events.Current is ClusterEvent.PartitionChanged change)
                told.Add(change.Parted.Count);
        }
        Assert.Equal([1, 0], told);
        await events.DisposeAsync();
    }

    private static DiscoverySource Finds(params NodeName[] peers) =>
        new("list", new StaticDiscovery(new() { Peers = [.. peers.Select(peer => peer.Text)] }));
}
