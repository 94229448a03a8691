using System.Net;
using System.Net.Sockets;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Tls;

/// <summary>Callers that have proved nothing cost little, and keep nobody out.</summary>
[Trait("Ring", "loopback")]
public sealed class HostileCallerTests : IAsyncLifetime
{
    // The first bytes of a ClientHello: a record of the handshake, of which the rest does not come.
    private static readonly byte[] HalfAHello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestPki _pki = new();
    private readonly LoopbackCluster _cluster = new();
    private readonly LogKeeper _logs = new();
    private ErlangNode _node = null!;
    private ErlangNode _bystander = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartAsync("node@127.0.0.1", logs: _logs, with: plan => plan with { Tls = _pki.Setup("127.0.0.1") });
        _bystander = await _cluster.StartAsync("bystander@127.0.0.2", with: plan => plan with { Tls = _pki.Setup("127.0.0.2") });
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _pki.Dispose();
    }

    public static TheoryData<string, byte[]> Garbage => new()
    {
        { "text", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray() },
        { "a handshake without TLS", [0, 24, (byte)'N', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9, .. "a@1.2.3.4"u8] },
        { "a record of nothing", [0x16, 3, 3, 0, 0] },
        { "a record of a length that none has", [0x16, 3, 3, 0xff, 0xff, .. new byte[1000]] },
        { "data before the handshake", [0x17, 3, 3, 0, 32, .. new byte[32]] },
        { "an alert", [0x15, 3, 3, 0, 2, 2, 40] },
        { "a hello of zeros", [0x16, 3, 1, 0, 64, 1, 0, 0, 60, .. new byte[60]] },
        { "SSL 2", [0x80, 46, 1, 0, 2, .. new byte[60]] },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_is_refused_with_a_reason(string what, byte[] bytes)
    {
        Assert.NotEmpty(what);
        using var socket = await CallAsync();
        await socket.SendAsync(bytes);
        socket.Shutdown(SocketShutdown.Send);
        await AwaitCloseAsync(socket);

        await _logs.UntilAsync("was refused: ");
        await _bystander.PingAsync(_node.Name);
    }

    [Fact]
    public async Task Thousands_of_half_handshakes_keep_nobody_out()
    {
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 3000; i++)
            {
                sockets.Add(await CallAsync());
                await sockets[^1].SendAsync(HalfAHello);
            }
            Assert.InRange(_node.HandshakesUnderWay, 0, 128);
            await _bystander.PingAsync(_node.Name);
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_caller_that_stops_halfway_is_dropped_after_the_time_of_a_step()
    {
        var time = new VirtualTime();
        var logs = new LogKeeper();
        // The clock of the test is years ahead.
        var pair = _pki.Authority.Issue(new() { Hosts = ["127.0.0.3"], NotAfter = TimeProvider.System.GetUtcNow().AddYears(9) });
        var node = await _cluster.StartAsync(
            "slow@127.0.0.3", timeProvider: time, logs: logs, with: plan => plan with { Tls = _pki.Setup("127.0.0.3", pair) });
        using var socket = await CallAsync(IPAddress.Parse("127.0.0.3"), node.Port!.Value);
        await socket.SendAsync(HalfAHello);
        await logs.UntilAsync("handshake begins (called");
        time.Advance(TimeSpan.FromSeconds(8));

        await AwaitCloseAsync(socket);
        await logs.UntilAsync("has not finished the TLS handshake within 7 s");
    }

    private Task<Socket> CallAsync() => CallAsync(IPAddress.Loopback, _node.Port!.Value);

    private static async Task<Socket> CallAsync(IPAddress address, int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(address, port));
        return socket;
    }

    private static async Task AwaitCloseAsync(Socket socket)
    {
        try
        {
            var buffer = new byte[1000];
            while (await socket.ReceiveAsync(buffer).WaitAsync(Patience) > 0)
            {
                // An alert, perhaps.
            }
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }
    }
}
