using System.Text.Json.Nodes;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.TestSupport;
using Xunit;
using static Enmesh.Kubernetes.Tests.KubeApi.KubeObjects;

namespace Enmesh.Kubernetes.Tests.Discovery;

/// <summary>Real nodes, each at an address of its own as pods are, that know each other by the API alone.</summary>
[Trait("Ring", "system")]
public sealed class NodeTests : DiscoveryFixture
{
    private readonly LoopbackCluster _nodes = new();

    [Fact]
    public async Task Nodes_meet_by_the_api_and_a_pod_that_comes_is_met_long_before_anybody_asks()
    {
        await using var nodes = _nodes;
        var first = await StartAsync("127.0.0.2", "orders-a");
        var second = await StartAsync("127.0.0.3", "orders-b");
        await SeesAsync(first, second);
        // Until the first watches all is found by its first list, which would prove nothing.
        await Eventually.HoldsAsync(() => Server.OpenWatches == 2, "two watches");
        var third = await StartAsync("127.0.0.4", "orders-c");
        await SeesAsync(first, second, third);
        await SeesAsync(second, first, third);
        await SeesAsync(third, first, second);
        // Each has listed once, however often the others came.
        await Eventually.HoldsAsync(() => Server.OpenWatches == 3, "three watches");
        Assert.Equal(3, Server.Count("list"));
        await first.Cluster.WaitForAsync(view => view.Discovered == 2).WaitAsync(Eventually.FarOff);

        PutSlice("orders-c", "IPv4", Endpoint("orders-c", "127.0.0.4", ready: false, terminating: true));
        await first.Cluster.WaitForAsync(view => view.Discovered == 1).WaitAsync(Eventually.FarOff);
        // It is no longer dialled, and left in peace.
        Assert.Equal(2, first.Cluster.View.Connected);
    }

    private static Task<ClusterView> SeesAsync(ErlangNode node, params ErlangNode[] others) =>
        node.Cluster.WaitForAsync(view =>
            view.Members.Where(member => member.State == MemberState.Up).Select(member => member.Name)
                .SequenceEqual(others.Select(other => other.Name).Order())).WaitAsync(Eventually.FarOff);

    // Its pod is in the slices once its port is known, as a container's is beforehand.
    private async Task<ErlangNode> StartAsync(string address, string pod)
    {
        var discovery = Discovery(new() { Service = "orders", PortName = "dist", PodName = pod }, TimeProvider.System);
        var listening = new TaskCompletionSource();
        var source = new DiscoverySource("k8s", new After(listening.Task, discovery), new() { Interval = TimeSpan.FromDays(1) });
        var node = await _nodes.StartAsync($"orders@{address}", published: true, with: plan => plan with { Discovery = [source] });
        var slice = Slice("orders", "IPv4", Endpoint(pod, address, ready: false));
        slice["ports"] = new JsonArray(Port("dist", node.Port!.Value));
        Server.Put(Slices, "orders", pod, slice);
        listening.SetResult();
        return node;
    }

    /// <summary>A strategy that is asked only after something else has happened.</summary>
    private sealed class After(Task first, IWatchedPeerDiscovery discovery) : IWatchedPeerDiscovery
    {
        public bool NamesSelf => discovery.NamesSelf;

        public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
        {
            await first.WaitAsync(cancellationToken);
            return await discovery.DiscoverAsync(self, cancellationToken);
        }

        public Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken) =>
            discovery.WatchAsync(self, changed, cancellationToken);
    }
}
