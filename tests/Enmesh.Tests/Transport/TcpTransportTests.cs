using System.Net;
using System.Net.Sockets;
using Enmesh.Testing;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Transport;

[Trait("Ring", "loopback")]
public sealed class TcpTransportTests
{
    private static readonly IPAddress Four = IPAddress.Loopback;
    private static readonly IPAddress Six = IPAddress.IPv6Loopback;
    private static readonly IPAddress Elsewhere = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Silent = IPAddress.Parse("192.0.2.2");

    [Fact]
    public async Task A_port_where_nobody_listens_is_refused_by_name()
    {
        var port = await FreePortAsync();
        var e = await Assert.ThrowsAsync<PeerUnreachableException>(
            async () => await new TcpTransport().ConnectAsync("127.0.0.1", port));

        Assert.Equal(UnreachableReason.Refused, e.Reason);
        Assert.Equal($"127.0.0.1:{port} refused the connection: nothing listens there.", e.Message);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_says_so()
    {
        var transport = new TcpTransport(resolve: (_, _) => throw new SocketException((int)SocketError.HostNotFound));
        var e = await Assert.ThrowsAsync<PeerUnreachableException>(async () => await transport.ConnectAsync("no.such.host", 4369));

        Assert.Equal(UnreachableReason.NameNotFound, e.Reason);
        Assert.StartsWith("The host name 'no.such.host' does not resolve: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public async Task A_text_that_can_be_no_host_name_does_not_resolve(int length)
    {
        var e = await Assert.ThrowsAsync<PeerUnreachableException>(
            async () => await new TcpTransport().ConnectAsync(new string('x', length), 4369));

        Assert.Equal(UnreachableReason.NameNotFound, e.Reason);
    }

    [Fact]
    public async Task The_next_address_is_tried_at_once_when_one_fails()
    {
        var transport = new TcpTransport(new VirtualTime(), resolve: To(Elsewhere, Four)) { Connect = OnlyLoopbackAnswers };
        await using var listener = transport.Listen(ListenAddress.On(Four, 0));
        // The clock stands still, so the attempt at 127.0.0.1 can't come from the stagger.
        await using var connection = await transport.ConnectAsync("two", listener.Port);

        Assert.Equal(new IPEndPoint(Four, listener.Port), connection.RemoteEndPoint);
    }

    [Fact]
    public async Task The_next_address_is_tried_after_a_quarter_of_a_second_when_one_is_silent()
    {
        var time = new VirtualTime();
        var transport = new TcpTransport(time, resolve: To(Silent, Four)) { Connect = OnlyLoopbackAnswers };
        await using var listener = transport.Listen(ListenAddress.On(Four, 0));
        var connecting = transport.ConnectAsync("two", listener.Port).AsTask();
        await time.TimerDueInAsync(ConnectRace.Stagger);
        time.Advance(ConnectRace.Stagger - TimeSpan.FromMilliseconds(1));
        Assert.False(connecting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));

        await using var connection = await connecting.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(new IPEndPoint(Four, listener.Port), connection.RemoteEndPoint);
    }

    [Fact]
    public async Task A_silent_host_is_given_up_after_the_time_limit()
    {
        var time = new VirtualTime();
        var transport = new TcpTransport(time, connectTimeout: TimeSpan.FromSeconds(3)) { Connect = OnlyLoopbackAnswers };
        var connecting = transport.ConnectAsync(Silent.ToString(), 4370).AsTask();
        Assert.False(connecting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3));

        var e = await Assert.ThrowsAsync<PeerUnreachableException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(UnreachableReason.TimedOut, e.Reason);
        Assert.StartsWith($"{Silent}:4370 did not answer within 3 s: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_a_dial_throws_the_callers_token()
    {
        using var cancel = new CancellationTokenSource();
        var transport = new TcpTransport { Connect = OnlyLoopbackAnswers };
        var connecting = transport.ConnectAsync(Silent.ToString(), 4370, cancel.Token).AsTask();
        await cancel.CancelAsync();

        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(cancel.Token, e.CancellationToken);
    }

    [Fact]
    public async Task All_addresses_in_vain_are_all_named()
    {
        var port = await FreePortAsync();
        var transport = new TcpTransport(resolve: To(Elsewhere, Four)) { Connect = OnlyLoopbackAnswers };
        var e = await Assert.ThrowsAsync<PeerUnreachableException>(async () => await transport.ConnectAsync("two", port));

        Assert.Equal(UnreachableReason.Refused, e.Reason);
        Assert.Equal(
            $"two:{port} cannot be reached at any of its addresses: 192.0.2.1 cannot be reached: " +
            "there is no route to it; 127.0.0.1 refused the connection: nothing listens there.",
            e.Message);
    }

    [Fact]
    public void Families_take_turns_beginning_with_the_first_address()
    {
        IPAddress[] given = [Six, IPAddress.Parse("::2"), IPAddress.Parse("::3"), Four, IPAddress.Parse("127.0.0.2"), Six];

        Assert.Equal(
            ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"],
            ConnectRace.Interleave(given).Select(a => a.ToString()));
    }

    [Fact]
    public async Task The_loopback_listener_answers_on_both_families()
    {
        var transport = new TcpTransport();
        await using var listener = transport.Listen(ListenAddress.Loopback());
        foreach (var endPoint in listener.EndPoints.Cast<IPEndPoint>())
        {
            Assert.True(IPAddress.IsLoopback(endPoint.Address));
            await using var connection = await transport.ConnectAsync(endPoint.Address.ToString(), listener.Port);
            await using var accepted = await listener.AcceptAsync();
            Assert.Equal(connection.LocalEndPoint, accepted.RemoteEndPoint);
        }

        Assert.Equal(Socket.OSSupportsIPv6 ? 2 : 1, listener.EndPoints.Count);
    }

    [Fact]
    public async Task The_listener_on_every_address_takes_IPv4_and_names_it_plainly()
    {
        var transport = new TcpTransport();
        await using var listener = transport.Listen(ListenAddress.Any(0, 0));
        await using var connection = await transport.ConnectAsync("127.0.0.1", listener.Port);
        await using var accepted = await listener.AcceptAsync();

        Assert.Equal($"tcp {connection.LocalEndPoint}", accepted.Description);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        var transport = new TcpTransport();
        await using var first = transport.Listen(ListenAddress.On(Four, 0));
        var e = Assert.Throws<ListenFailedException>(() => transport.Listen(ListenAddress.On(Four, first.Port)));

        Assert.Equal((true, first.Port), (e.InUse, e.Port));
        Assert.StartsWith($"Port {first.Port} is in use on 127.0.0.1. Stop the process", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_range_the_first_free_port_is_taken()
    {
        var transport = new TcpTransport();
        await using var first = transport.Listen(ListenAddress.On(Four, 0));
        var range = new ListenAddress([Four], first.Port, Math.Min(first.Port + 50, ushort.MaxValue));
        await using var second = transport.Listen(range);
        Assert.InRange(second.Port, first.Port + 1, range.LastPort);

        var e = Assert.Throws<ListenFailedException>(() => transport.Listen(range with { LastPort = first.Port }));
        Assert.True(e.InUse);
    }

    [Fact]
    public void A_foreign_address_cannot_be_listened_on()
    {
        var e = Assert.Throws<ListenFailedException>(
            () => new TcpTransport().Listen(ListenAddress.On(IPAddress.Parse("192.0.2.1"), 0)));

        Assert.False(e.InUse);
        Assert.Contains("This host has none of the addresses to listen on (192.0.2.1)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_the_listener_ends_a_pending_accept_and_frees_the_port()
    {
        var transport = new TcpTransport();
        var listener = transport.Listen(ListenAddress.On(Four, 0));
        var accepting = listener.AcceptAsync().AsTask();
        await using var waiting = await transport.ConnectAsync("127.0.0.1", listener.Port);
        await using var taken = await accepting;
        accepting = listener.AcceptAsync().AsTask();
        await listener.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => accepting.WaitAsync(TimeSpan.FromSeconds(60)));
        await using var again = transport.Listen(ListenAddress.On(Four, listener.Port));
    }

    [Fact]
    public async Task A_failing_accept_is_waited_out_with_growing_pauses()
    {
        var time = new VirtualTime();
        var calls = 0;
        // What a process without file descriptors sees, eight times over.
        await using var listener = TcpListening.Start(
            ListenAddress.On(Four, 0),
            time,
            NullLogger.Instance,
            static socket => new PooledTcpConnection(socket),
            (socket, token) => calls++ < 8
                ? ValueTask.FromException<Socket>(new SocketException((int)SocketError.TooManyOpenSockets))
                : socket.AcceptAsync(token));
        await using var connection = await new TcpTransport().ConnectAsync("127.0.0.1", listener.Port);
        var accepting = listener.AcceptAsync().AsTask();
        for (var pause = TimeSpan.FromMilliseconds(5); pause < TimeSpan.FromMilliseconds(700); pause *= 2)
        {
            await time.TimerDueInAsync(pause);
            Assert.False(accepting.IsCompleted);
            time.Advance(pause);
        }

        await using var accepted = await accepting.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static async Task<int> FreePortAsync()
    {
        await using var listener = new TcpTransport().Listen(ListenAddress.On(Four, 0));
        return listener.Port;
    }

    private static HostResolver To(params IPAddress[] addresses) => (_, _) => Task.FromResult(addresses);

    // A network in which 192.0.2.1 has no route, 192.0.2.2 drops every packet, and the rest is as it is.
    private static async ValueTask OnlyLoopbackAnswers(Socket socket, IPEndPoint target, CancellationToken cancellationToken)
    {
        if (target.Address.Equals(Elsewhere))
            throw new SocketException((int)SocketError.NetworkUnreachable);
        if (target.Address.Equals(Silent))
            await Task.Delay(Timeout.Infinite, cancellationToken);
        await socket.ConnectAsync(target, cancellationToken);
    }
}
