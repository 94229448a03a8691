using System.Net;
using System.Net.Sockets;
using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>Gossip over real sockets: a group and a broadcast address of loopback.</summary>
[Trait("Ring", "loopback")]
public sealed class LoopbackGossipTests
{
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("233.252.1.32", GossipProtocol.Libcluster)]
    [InlineData("233.252.1.32", GossipProtocol.Sealed)]
    [InlineData("127.255.255.255", GossipProtocol.Libcluster)]
    public async Task Nodes_of_one_host_hear_each_other_at_one_port(string group, GossipProtocol protocol)
    {
        var secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, "a secret of these two nodes alone");
        try
        {
            var options = new GossipDiscoveryOptions
            {
                Groups = [group],
                Interface = "127.0.0.1",
                Port = FreePort(),
                Interval = TimeSpan.FromSeconds(0.5),
                Protocol = protocol,
                SecretFile = secret,
            };
            await using var one = new Listener(options, "one@127.0.0.1");
            await using var two = new Listener(options, "two@127.0.0.1");
            await one.HearsAsync("one@127.0.0.1", "two@127.0.0.1");
            await two.HearsAsync("one@127.0.0.1", "two@127.0.0.1");
        }
        finally
        {
            File.Delete(secret);
        }
    }

    [Fact]
    public async Task A_port_that_another_program_has_for_itself_is_told()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        var discovery = new GossipDiscovery(new GossipDiscoveryOptions { Port = port, Interface = "127.0.0.1" });
        var self = NodeName.Parse("one@127.0.0.1");
        var failure = await Assert.ThrowsAsync<DiscoveryException>(
            () => discovery.WatchAsync(self, () => { }, CancellationToken.None).WaitAsync(FarOff));
        Assert.StartsWith($"Gossip cannot take port {port}: ", failure.Message, StringComparison.Ordinal);
        Assert.Same(
            failure,
            Assert.IsType<PeerSnapshot.Unavailable>(await discovery.DiscoverAsync(self, CancellationToken.None)).Cause);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class Listener : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly SemaphoreSlim _changed = new(0);
        private readonly GossipDiscovery _discovery;
        private readonly NodeName _self;
        private readonly Task _watching;

        internal Listener(GossipDiscoveryOptions options, string self)
        {
            _discovery = new GossipDiscovery(options);
            _self = NodeName.Parse(self);
            _watching = _discovery.WatchAsync(_self, () => _changed.Release(), _stop.Token);
        }

        internal async Task HearsAsync(params string[] names)
        {
            using var deadline = new CancellationTokenSource(FarOff);
            while (true)
            {
                if (await _discovery.DiscoverAsync(_self, deadline.Token) is PeerSnapshot.Complete found && found.Peers.Select(peer => peer.Name.Text).Order().SequenceEqual(names))
                    return;
                // Its own name is no change, so it is looked again after a while, too.
                await _changed.WaitAsync(TimeSpan.FromMilliseconds(100), deadline.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _watching.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(FarOff);
            _stop.Dispose();
            _changed.Dispose();
        }
    }
}
