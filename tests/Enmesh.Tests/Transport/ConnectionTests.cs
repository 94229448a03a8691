using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests.Transport;

[Trait("Ring", "pure")]
public sealed class InMemoryConnectionTests : ConnectionContract
{
    private protected override async Task<(TransportConnection Left, TransportConnection Right)> PairAsync()
    {
        var transport = new InMemoryTransport(bufferBytes: 65_536);
        await using var listener = transport.Listen(ListenAddress.Loopback());
        var left = await transport.ConnectAsync("anything", listener.Port);
        return (left, await listener.AcceptAsync());
    }

    [Fact]
    public async Task Nobody_listens_so_the_dial_is_refused()
    {
        var e = await Assert.ThrowsAsync<PeerUnreachableException>(
            async () => await new InMemoryTransport().ConnectAsync("nowhere", 17));

        Assert.Equal((UnreachableReason.Refused, "nowhere", 17), (e.Reason, e.Host, e.Port));
    }

    [Fact]
    public async Task A_write_waits_while_the_buffer_is_full()
    {
        var (left, right) = InMemoryConnection.CreatePair(bufferBytes: 10);
        var writing = left.WriteAsync(new byte[11]).AsTask();
        Assert.False(writing.IsCompleted);

        Assert.Equal(10, await right.ReadAsync(new byte[100]));
        await writing.WaitAsync(Patience);
        Assert.Equal(1, await right.ReadAsync(new byte[100]));
    }
}

[Trait("Ring", "loopback")]
public sealed class TcpConnectionTests : ConnectionContract
{
    private protected override async Task<(TransportConnection Left, TransportConnection Right)> PairAsync()
    {
        var transport = new TcpTransport();
        await using var listener = transport.Listen(ListenAddress.Loopback());
        var left = await transport.ConnectAsync("127.0.0.1", listener.Port);
        var right = await listener.AcceptAsync();
        await right.OpenAsync(CancellationToken.None);
        return (left, right);
    }

    [Fact]
    public async Task It_is_described_by_the_address_of_the_other_end()
    {
        var transport = new TcpTransport();
        await using var listener = transport.Listen(ListenAddress.Loopback());
        await using var connection = await transport.ConnectAsync("127.0.0.1", listener.Port);

        Assert.Equal($"tcp 127.0.0.1:{listener.Port}", connection.Description);
        Assert.Equal(2, connection.HandshakePrefixBytes);
        Assert.Equal(connection.RemoteEndPoint, listener.EndPoints[0]);
    }
}
