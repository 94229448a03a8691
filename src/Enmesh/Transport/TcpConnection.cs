using System.Net;
using System.Net.Sockets;

namespace Enmesh.Transport;

/// <summary>A connection over TCP: what both ways to wait for a socket have in common.</summary>
internal abstract class TcpConnection : TransportConnection
{
    // Up to this many buffers the runtime keeps its bookkeeping for a gathered send on the stack.
    private const int SegmentsPerSend = 8;

    private int _closed;

    /// <summary>Takes over a connected socket.</summary>
    /// <exception cref="SocketException">The other end has gone already.</exception>
    protected TcpConnection(Socket socket)
    {
        Socket = socket;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Description = $"tcp {EndPointText.Of(socket.RemoteEndPoint)}";
        // A frame goes out when it is written; whoever wants fewer packets writes more at a time.
        socket.NoDelay = true;
        // Ticks find a silent peer sooner; this one is for a connection that nobody reads or writes any more.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
    }

    public sealed override EndPoint? LocalEndPoint { get; }

    public sealed override EndPoint? RemoteEndPoint { get; }

    public sealed override string Description { get; }

    public override int HandshakePrefixBytes => 2;

    public override bool HasUnread
    {
        get
        {
            try
            {
                return Socket.Available > 0;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false; // it has ended, and the reader will say so
            }
        }
    }

    protected Socket Socket { get; }

    /// <summary>What a gathered send takes at a time; filled by <see cref="FillWindow"/>.</summary>
    protected List<ArraySegment<byte>> Window { get; } = new(SegmentsPerSend);

    protected bool IsClosed => Volatile.Read(ref _closed) != 0;

    public override void CompleteWrites()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Send);
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
            Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other end has gone already, and there is nothing left to forget.
        }

        Socket.Dispose();
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            Socket.Dispose();
        return default;
    }

    /// <summary>What a read or write throws after a failure of the socket.</summary>
    internal IOException Broken(Exception cause)
    {
        var why = cause switch
        {
            _ when IsClosed => "the connection was closed on this side",
            SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted } =>
                "the other end reset the connection",
            SocketException { SocketErrorCode: SocketError.Shutdown } => "the connection is closed for writing",
            SocketException { SocketErrorCode: SocketError.TimedOut } =>
                "the other end no longer acknowledges anything",
            _ => cause.Message,
        };
        return new IOException($"{Description}: {why}.", cause);
    }

    /// <summary>
    /// Passes over what is sent, <paramref name="offset"/> bytes counted from segment <paramref name="index"/>, and
    /// puts what follows into the window.
    /// </summary>
    /// <returns>False when all is sent.</returns>
    protected bool FillWindow(IReadOnlyList<ArraySegment<byte>> segments, ref int index, ref int offset)
    {
        while (index < segments.Count && offset >= segments[index].Count)
            offset -= segments[index++].Count;
        Window.Clear();
        for (var i = index; i < segments.Count && Window.Count < SegmentsPerSend; i++)
        {
            var rest = i == index ? segments[i][offset..] : segments[i];
            if (rest.Count > 0)
                Window.Add(rest);
        }

        return Window.Count > 0;
    }

    // A read of nothing would give 0, which means the end.
    protected static void RequireRoom(Memory<byte> buffer)
    {
        if (buffer.IsEmpty)
            throw new ArgumentException("A read needs room for at least one byte.", nameof(buffer));
    }
}
