using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Enmesh.Transport;

/// <summary>A connection that waits without a thread, as the runtime's sockets do, and goes on on the pool.</summary>
/// <remarks>Any number of them may be idle at no cost, but a message takes two hops between threads.</remarks>
internal sealed class PooledTcpConnection : TcpConnection
{
    private readonly SocketOperation _receive;
    private readonly SocketOperation _send;

    /// <inheritdoc/>
    public PooledTcpConnection(Socket socket)
        : base(socket)
    {
        _receive = new SocketOperation(this);
        _send = new SocketOperation(this);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        RequireRoom(buffer);
        return _receive.ReceiveAsync(Socket, buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
            buffer = buffer[await _send.SendAsync(Socket, buffer, cancellationToken).ConfigureAwait(false)..];
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
    {
        var index = 0;
        var offset = 0;
        while (FillWindow(segments, ref index, ref offset))
            offset += await _send.SendAsync(Socket, Window, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        _receive.Dispose();
        _send.Dispose();
    }
}
