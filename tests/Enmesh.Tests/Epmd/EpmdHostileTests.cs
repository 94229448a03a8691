using System.Net;
using System.Net.Sockets;
using Enmesh.Epmd;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Epmd;

/// <summary>The embedded server over TCP, and those who mean it no good.</summary>
[Trait("Ring", "loopback")]
public sealed class EpmdHostileTests : IAsyncLifetime
{
    private readonly TcpTransport _tcp = new();
    private EpmdServer _server = null!;
    private EpmdClient _client = null!;
    private TransportConnection _node = null!;

    public async ValueTask InitializeAsync()
    {
        _server = EpmdServer.Start(new EpmdSettings(0, []), _tcp, TimeProvider.System, NullLogger.Instance);
        _client = new EpmdClient(_tcp, TimeProvider.System, _server.Port);
        (_node, _) = await _client.RegisterAsync("127.0.0.1", new EpmdEntry("orders", 4370));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_flood_of_connections_disturbs_nobody()
    {
        var flood = new List<Socket>();
        try
        {
            for (var i = 0; i < 1_000; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                flood.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, _server.Port);
                // Every third is half a request, every third is nonsense.
                if (i % 3 != 0)
                    await socket.SendAsync(i % 3 == 1 ? new byte[] { 0, 30, 120 } : [0, 1, 63]);
            }

            await NobodyElseNoticesAsync();
        }
        finally
        {
            flood.ForEach(s => s.Dispose());
        }
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(60_000)]
    public async Task A_name_of_ten_thousand_bytes_is_closed(int bytes)
    {
        byte[] entry =
        [
            120, 17, 18, 77, 0, 0, 6, 0, 5, (byte)(bytes >> 8), (byte)bytes, .. Enumerable.Repeat((byte)'x', bytes), 0,
            0,
        ];
        await EndsAsync([(byte)(entry.Length >> 8), (byte)entry.Length, .. entry]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0010789c41")]
    public async Task Who_stops_halfway_and_half_closes_is_closed(string hex) =>
        await EndsAsync(Convert.FromHexString(hex));

    [Fact]
    public async Task Noise_costs_only_the_connection_that_makes_it()
    {
        var random = new Random(4369);
        for (var i = 0; i < 200; i++)
        {
            var noise = new byte[random.Next(1, 300)];
            random.NextBytes(noise);
            // Not by chance a registration that would then be one.
            if (noise.Length > 2)
                noise[2] = (byte)random.Next(0, 100);
            await EndsAsync(noise, check: false);
        }

        await NobodyElseNoticesAsync();
    }

    [Fact]
    public async Task A_reset_right_after_the_question_is_nothing_special()
    {
        for (var i = 0; i < 100; i++)
        {
            var connection = await _tcp.ConnectAsync("127.0.0.1", _server.Port);
            await connection.WriteAsync(EpmdMessages.Write(new EpmdRequest.Register(new EpmdEntry($"gone{i}", 1))));
            connection.Abort();
            await connection.DisposeAsync();
        }

        await EpmdServerTests.UntilAsync(() => _server.Entries.Count == 1);
        await NobodyElseNoticesAsync();
    }

    [Fact]
    public async Task It_answers_over_IPv6_as_well()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This host has no IPv6.");
        var (connection, _) = await _client.RegisterAsync("::1", new EpmdEntry("six", 6));
        await using var __ = connection;

        Assert.Equal(6, (await _client.LookUpAsync(NodeName.Parse("six@127.0.0.1"))).Port);
    }

    [Fact]
    public async Task Another_host_may_look_but_not_register()
    {
        var far = new FarTransport(new InMemoryTransport());
        await using var server = EpmdServer.Start(
            new EpmdSettings(4369, []), far, TimeProvider.System, NullLogger.Instance);
        var client = new EpmdClient(far, TimeProvider.System);

        Assert.Empty(await client.NamesAsync("h"));
        var e = await Assert.ThrowsAsync<EpmdException>(() => client.RegisterAsync("h", new EpmdEntry("orders", 1)));
        Assert.Contains("takes registrations from its own host only", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.9.9.9", "127.0.0.1", true)]
    [InlineData("::1", "::1", true)]
    [InlineData("::ffff:127.0.0.1", "::ffff:127.0.0.1", true)]
    [InlineData("10.0.0.7", "10.0.0.7", true)]
    [InlineData("10.0.0.8", "10.0.0.7", false)]
    [InlineData("::ffff:10.0.0.8", "::ffff:10.0.0.7", false)]
    [InlineData("fd00::8", "fd00::7", false)]
    public void Near_is_who_comes_over_loopback_or_from_the_address_it_calls(string remote, string local, bool near) =>
        Assert.Equal(
            near,
            EpmdServer.IsNear(new IPEndPoint(IPAddress.Parse(remote), 1), new IPEndPoint(IPAddress.Parse(local), 2)));

    private async Task NobodyElseNoticesAsync()
    {
        Assert.Equal([new EpmdListing("orders", 4370)], await _client.NamesAsync("127.0.0.1"));
        Assert.Equal(4370, (await _client.LookUpAsync(NodeName.Parse("orders@127.0.0.1"))).Port);
    }

    // Sends, half-closes, and waits for the server to close.
    private async Task EndsAsync(byte[] bytes, bool check = true)
    {
        await using var connection = await _tcp.ConnectAsync("127.0.0.1", _server.Port);
        try
        {
            await connection.WriteAsync(bytes);
            connection.CompleteWrites();
            while (await connection.ReadAsync(new byte[1000]).AsTask().WaitAsync(TimeSpan.FromSeconds(60)) != 0)
            {
            }
        }
        catch (IOException)
        {
            // Closed with our bytes unread is a reset.
        }

        if (check)
            await NobodyElseNoticesAsync();
    }

    /// <summary>A network whose callers all come from another host.</summary>
    private sealed class FarTransport(ITransport inner) : ITransport
    {
        public ValueTask<TransportConnection> ConnectAsync(
            string host, int port, CancellationToken cancellationToken = default) =>
            inner.ConnectAsync(host, port, cancellationToken);

        public ITransportListener Listen(ListenAddress address) => new Listener(inner.Listen(address));

        private sealed class Listener(ITransportListener inner) : ITransportListener
        {
            public int Port => inner.Port;

            public IReadOnlyList<EndPoint> EndPoints => inner.EndPoints;

            public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default) =>
                new Far(await inner.AcceptAsync(cancellationToken));

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }

        private sealed class Far(TransportConnection inner) : TransportConnection
        {
            public override EndPoint? LocalEndPoint => new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4369);

            public override EndPoint? RemoteEndPoint => new IPEndPoint(IPAddress.Parse("192.0.2.2"), 40_000);

            public override string Description => inner.Description;

            public override int HandshakePrefixBytes => inner.HandshakePrefixBytes;

            public override bool HasUnread => inner.HasUnread;

            public override ValueTask<int> ReadAsync(
                Memory<byte> buffer, CancellationToken cancellationToken = default) =>
                inner.ReadAsync(buffer, cancellationToken);

            public override ValueTask WriteAsync(
                ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
                inner.WriteAsync(buffer, cancellationToken);

            public override ValueTask WriteAsync(
                IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default) =>
                inner.WriteAsync(segments, cancellationToken);

            public override void CompleteWrites() => inner.CompleteWrites();

            public override void Abort() => inner.Abort();

            public override ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
