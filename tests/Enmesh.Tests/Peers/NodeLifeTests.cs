using System.Net;
using System.Net.Sockets;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Epmd;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>A start that fails or is given up leaves nothing behind.</summary>
[Trait("Ring", "loopback")]
public sealed class NodeLifeTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LoopbackCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_start_that_fails_late_frees_its_port()
    {
        var first = await _cluster.StartAsync("first@127.0.0.1");
        var port = first.Port!.Value;
        await first.DisposeAsync();

        // A scope under the name of a process that every node has.
        await Assert.ThrowsAnyAsync<InvalidOperationException>(
            () => _cluster.StartAsync("second@127.0.0.1", port: port, published: true, with: plan => plan with { PgScopes = ["net_kernel"] }));

        var third = await _cluster.StartAsync("third@127.0.0.1", port: port);
        Assert.Equal(port, third.Port);
    }

    [Fact]
    public async Task A_node_can_be_ended_while_it_starts()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var settings = new EpmdSettings(((IPEndPoint)silent.LocalEndpoint).Port, []);
        ErlangNode? node = null;
        var starting = _cluster.StartAsync("slow@127.0.0.1", with: plan => plan with { Epmd = EpmdMode.Register, EpmdSettings = settings }, made: made => node = made);
        using var asked = await silent.AcceptSocketAsync().WaitAsync(Patience);

        await node!.DisposeAsync().AsTask().WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Patience));
        await Assert.ThrowsAsync<InvalidOperationException>(() => node.StartAsync());
    }

    [Fact]
    public async Task What_discovery_has_found_serves_whoever_dials()
    {
        await using var elsewhere = new LoopbackCluster(); // whose table nobody else knows
        var b = await elsewhere.StartAsync("b@127.0.0.2");
        var list = new StaticDiscovery(new StaticDiscoveryOptions { Peers = [$"{b.Name}:{b.Port}"] });
        // After a loss the reconciler takes its time.
        var rules = new ClusterOptions { MinBackoff = TimeSpan.FromHours(1), MaxBackoff = TimeSpan.FromHours(2) };
        var a = await _cluster.StartAsync("a@127.0.0.1", with: plan => plan with { Discovery = [new("list", list)], Cluster = rules });
        await a.Cluster.WaitForAsync(static view => view.Connected == 1).WaitAsync(Patience);
        await a.DisconnectAsync(b.Name);

        await a.PingAsync(b.Name);
    }
}
