using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Enmesh.Transport;

/// <summary>A connection over TCP.</summary>
internal sealed class TcpConnection : TransportConnection
{
    // Up to this many buffers the runtime keeps its bookkeeping for a gathered send on the stack.
    private const int SegmentsPerSend = 8;

    private readonly Socket _socket;
    private readonly SocketOperation _receive;
    private readonly SocketOperation _send;
    private readonly List<ArraySegment<byte>> _window = new(SegmentsPerSend);
    private int _closed;

    /// <summary>Takes over a connected socket.</summary>
    /// <exception cref="SocketException">The other end has gone already.</exception>
    public TcpConnection(Socket socket)
    {
        _socket = socket;
        _receive = new SocketOperation(this);
        _send = new SocketOperation(this);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Description = $"tcp {EndPointText.Of(RemoteEndPoint)}";
        // A frame goes out when it is written; whoever wants fewer packets writes more at a time.
        socket.NoDelay = true;
        // Ticks find a silent peer sooner; this one is for a connection that nobody reads or writes any more.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
    }

    public override EndPoint? LocalEndPoint { get; }

    public override EndPoint? RemoteEndPoint { get; }

    public override string Description { get; }

    public override int HandshakePrefixBytes => 2;

    public override bool HasUnread
    {
        get
        {
            try
            {
                return _socket.Available > 0;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The connection has ended.
                return false;
            }
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // A read of nothing would give 0, which means the end.
        if (buffer.IsEmpty)
            throw new ArgumentException("A read needs room for at least one byte.", nameof(buffer));
        return _receive.ReceiveAsync(_socket, buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
            buffer = buffer[await _send.SendAsync(_socket, buffer, cancellationToken).ConfigureAwait(false)..];
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
    {
        var index = 0;
        var offset = 0;
        while (FillWindow(segments, ref index, ref offset))
            offset += await _send.SendAsync(_socket, _window, cancellationToken).ConfigureAwait(false);
    }

    public override void CompleteWrites()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has ended already, which says the same and more.
        }
    }

    public override void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        try
        {
            // A reset instead of a farewell: the kernel forgets what it has not sent yet.
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other end has gone already, and there is nothing left to forget.
        }

        _socket.Dispose();
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            _socket.Dispose();
        _receive.Dispose();
        _send.Dispose();
        return default;
    }

    /// <summary>What a read or write throws after a failure of the socket.</summary>
    internal IOException Broken(Exception cause)
    {
        var why = cause switch
        {
            _ when Volatile.Read(ref _closed) != 0 => "the connection was closed on this side",
            SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted } =>
                "the other end reset the connection",
            SocketException { SocketErrorCode: SocketError.Shutdown } => "the connection is closed for writing",
            SocketException { SocketErrorCode: SocketError.TimedOut } => "the other end no longer acknowledges anything",
            _ => cause.Message,
        };
        return new IOException($"{Description}: {why}.", cause);
    }

    // Passes over what is sent, `offset` bytes counted from segment `index`, and puts what follows into the window.
    private bool FillWindow(IReadOnlyList<ArraySegment<byte>> segments, ref int index, ref int offset)
    {
        while (index < segments.Count && offset >= segments[index].Count)
            offset -= segments[index++].Count;
        _window.Clear();
        for (var i = index; i < segments.Count && _window.Count < SegmentsPerSend; i++)
        {
            var rest = i == index ? segments[i][offset..] : segments[i];
            if (rest.Count > 0)
                _window.Add(rest);
        }

        return _window.Count > 0;
    }
}
