using Enmesh.Discovery;
using Enmesh.Epmd;
using Enmesh.Tests.Resolver;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>The strategies as a user makes them, against servers on loopback.</summary>
[Trait("Ring", "loopback")]
public sealed class LoopbackDiscoveryTests
{
    private static readonly NodeName Self = NodeName.Parse("orders@127.0.0.1");
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Epmd_tells_who_is_registered_and_its_end_is_a_failure_and_no_empty_answer()
    {
        var transport = new TcpTransport();
        var server = EpmdServer.Start(new EpmdSettings(0, []), transport, TimeProvider.System, NullLogger.Instance);
        var client = new EpmdClient(transport, TimeProvider.System, server.Port);
        var strategy = new EpmdDiscovery(new EpmdDiscoveryOptions { Hosts = ["127.0.0.1"], Port = server.Port });
        Assert.Empty(Assert.IsType<PeerSnapshot.Complete>(await AskAsync(strategy)).Peers);

        var (registration, _) = await client.RegisterAsync("127.0.0.1", new EpmdEntry("billing", 4371));
        await using (registration)
        {
            var found = Assert.IsType<PeerSnapshot.Complete>(await AskAsync(strategy));
            Assert.Equal(
                new DiscoveredPeer(NodeName.Parse("billing@127.0.0.1"), null, 4371), Assert.Single(found.Peers));
            await server.DisposeAsync();
            Assert.Contains(
                "No EPMD answers", Assert.IsType<PeerSnapshot.Unavailable>(await AskAsync(strategy)).Cause.Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Dns_tells_addresses_and_its_end_is_a_failure_and_no_empty_answer()
    {
        var server = new ScriptedDnsServer(request => [request.Question.Type == Enmesh.Resolver.DnsType.A
            ? request.Addresses("10.0.0.1", "10.0.0.2")
            : request.Respond(0)]);
        var strategy = new DnsDiscovery(
            new DnsDiscoveryOptions { Domains = ["orders.mesh.test."], Servers = [server.EndPoint.ToString()] });
        var found = Assert.IsType<PeerSnapshot.Complete>(await AskAsync(strategy));
        Assert.Equal(["orders@10.0.0.1", "orders@10.0.0.2"], found.Peers.Select(peer => peer.Name.Text).Order());
        await server.DisposeAsync();
        var cause = Assert.IsType<PeerSnapshot.Unavailable>(await AskAsync(strategy)).Cause;
        Assert.Equal(
            $"the look-up of orders.mesh.test. (A, AAAA) failed: {server.EndPoint} is not there: nothing listens on the port (2 attempts)", cause.Message);
    }

    private static Task<PeerSnapshot> AskAsync(IPeerDiscovery strategy) =>
        strategy.DiscoverAsync(Self, CancellationToken.None).AsTask().WaitAsync(FarOff);
}
