using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Enmesh.Transport;

/// <summary>
/// A connection that reads on a thread of its own, and writes on the writer's: no hop between threads for a message.
/// </summary>
/// <remarks>A second thread exists while a write waits for room in the kernel.</remarks>
internal sealed class DirectTcpConnection : TcpConnection
{
    private readonly SocketWaiter _readable;
    private readonly SocketWaiter _writable;
    private bool _mayHoldMore; // the last read filled its buffer

    /// <inheritdoc/>
    public DirectTcpConnection(Socket socket)
        : base(socket)
    {
        socket.Blocking = false;
        _readable = new SocketWaiter(socket, SelectMode.SelectRead, "enmesh reader");
        _writable = new SocketWaiter(socket, SelectMode.SelectWrite, "enmesh writer");
        // Already while the handshake goes on: it must not wait for a thread of the pool either.
        _readable.ContinueHere(null);
        _writable.ContinueHere(null);
    }

    public override bool IsReadingThread => _readable.IsHere;

    public override void ReadOnOwnThread(Action afterwards) => _readable.ContinueHere(afterwards);

    public override ReadingHop GoOnReading() => new(_readable);

    public override bool HelpReader() => _readable.Help();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        RequireRoom(buffer);
        cancellationToken.ThrowIfCancellationRequested();
        using var registration = AbortWhen(cancellationToken);
        // After a read that left room nothing more is there, most likely: trying would be a system call in vain.
        for (var wait = !_mayHoldMore; ; wait = true)
        {
            if (wait)
                await _readable.WaitAsync().ConfigureAwait(false);
            if (TryReceive(buffer.Span, cancellationToken, out var read))
            {
                _mayHoldMore = read == buffer.Length;
                return read;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var registration = AbortWhen(cancellationToken);
        while (!buffer.IsEmpty)
        {
            var sent = Send(buffer.Span, cancellationToken);
            buffer = buffer[sent..];
            if (sent == 0)
                await _writable.WaitAsync().ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var registration = AbortWhen(cancellationToken);
        var index = 0;
        var offset = 0;
        while (FillWindow(segments, ref index, ref offset))
        {
            var sent = SendWindow(cancellationToken);
            offset += sent;
            if (sent == 0)
                await _writable.WaitAsync().ConfigureAwait(false);
        }
    }

    public override void Abort()
    {
        base.Abort();
        _readable.Close();
        _writable.Close();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        _readable.Close();
        _writable.Close();
    }

    private CancellationTokenRegistration AbortWhen(CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled
        ? cancellationToken.UnsafeRegister(static owner => ((DirectTcpConnection)owner!).Abort(), this)
        : default;

    private bool TryReceive(Span<byte> buffer, CancellationToken cancellationToken, out int read)
    {
        try
        {
            read = Socket.Receive(buffer, SocketFlags.None, out var error);
            return Succeeded(error, cancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            throw Failure(e, cancellationToken);
        }
    }

    private int Send(ReadOnlySpan<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            var sent = Socket.Send(buffer, SocketFlags.None, out var error);
            return Succeeded(error, cancellationToken) ? sent : 0;
        }
        catch (ObjectDisposedException e)
        {
            throw Failure(e, cancellationToken);
        }
    }

    private int SendWindow(CancellationToken cancellationToken)
    {
        try
        {
            var sent = Socket.Send(Window, SocketFlags.None, out var error);
            return Succeeded(error, cancellationToken) ? sent : 0;
        }
        catch (ObjectDisposedException e)
        {
            throw Failure(e, cancellationToken);
        }
    }

    /// <returns>False when the operation has to wait.</returns>
    private bool Succeeded(SocketError error, CancellationToken cancellationToken) => error switch
    {
        SocketError.Success => true,
        SocketError.WouldBlock => false,
        _ => throw Failure(new SocketException((int)error), cancellationToken),
    };

    private Exception Failure(Exception cause, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
        ? new OperationCanceledException(cancellationToken)
        : Broken(cause);
}
