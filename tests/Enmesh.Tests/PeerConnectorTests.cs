using Enmesh.Discovery;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests;

/// <summary>Where a node dials what discovery has found.</summary>
[Trait("Ring", "pure")]
public sealed class PeerConnectorTests
{
    private const int FoundPort = 777;
    private static readonly NodeName Peer = NodeName.Parse("orders@orders-0.example");

    [Theory]
    [InlineData(null, null, "orders-0.example:777")]
    [InlineData("10.9.8.7", null, "10.9.8.7:777")]
    [InlineData(null, 4370, "orders-0.example:4370")]
    [InlineData("10.9.8.7", 4370, "10.9.8.7:4370")]
    public async Task What_discovery_says_goes_before_the_name_and_the_usual_port(
        string? address, int? port, string dialled)
    {
        var network = new DialledNetwork();
        await using var node = new ErlangNode(new NodePlan
        {
            Name = NodeName.Parse("own@own-0.example"),
            Cookies = _ => new PeerCookies("a-cookie"),
            Transport = (_, _) => network,
            Locate = _ => static (_, host, _) => new(new PeerEndPoint(host, FoundPort)),
            Discovery = [new DiscoverySource("given", new Given(new DiscoveredPeer(Peer, address, port)))],
        });
        await node.StartAsync();
        Assert.Equal(dialled, await network.Dialled.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Whom_a_peer_sees_is_read_as_far_as_it_makes_sense()
    {
        Term[] nodes = [.. Enumerable.Range(0, 10).Select(i => Term.AtomOf($"n{i}@10.0.0.1")), Term.AtomOf("nonsense"), 7];
        var answer = Term.List(nodes);
        var connector = new PeerConnector(null!, Peer, null, [], isPublished: true, (_, _) => Task.FromResult(answer));
        Assert.Equal(10, (await connector.AskVisibleAsync(Peer, 12, CancellationToken.None)).Count);

        await Assert.ThrowsAsync<DistributionProtocolException>(
            () => connector.AskVisibleAsync(Peer, 11, CancellationToken.None));
        answer = Term.AtomOf("none");
        await Assert.ThrowsAsync<DistributionProtocolException>(
            () => connector.AskVisibleAsync(Peer, 12, CancellationToken.None));
    }

    private sealed class DialledNetwork : ITransport
    {
        private readonly TaskCompletionSource<string> _dialled = new(
            TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<string> Dialled => _dialled.Task;

        public ValueTask<TransportConnection> ConnectAsync(
            string host, int port, CancellationToken cancellationToken = default)
        {
            _dialled.TrySetResult($"{host}:{port}");
            throw new PeerUnreachableException(host, port, UnreachableReason.Refused, "Nobody is at home.");
        }

        public ITransportListener Listen(ListenAddress address) => throw new NotSupportedException();
    }

    private sealed class Given(DiscoveredPeer peer) : IPeerDiscovery
    {
        public ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken) =>
            new(new PeerSnapshot.Complete([peer]));
    }
}
