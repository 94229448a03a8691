using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Enmesh.Transport;

/// <summary>Receiving or sending on one connection, awaited over and over without an allocation.</summary>
/// <remarks>At most one is under way. Its failures are <see cref="IOException"/>s already.</remarks>
internal sealed class SocketOperation : SocketAsyncEventArgs, IValueTaskSource<int>
{
    private readonly TcpConnection _owner;
    private ManualResetValueTaskSourceCore<int> _core;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;

    public SocketOperation(TcpConnection owner)
        : base(true) => _owner = owner;

    /// <summary>Receives; what it gives is the number of bytes.</summary>
    public ValueTask<int> ReceiveAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            Prepare(cancellationToken);
            SetBuffer(buffer);
            return Started(socket.ReceiveAsync(this));
        }
        catch (ObjectDisposedException e)
        {
            return ValueTask.FromException<int>(_owner.Broken(e));
        }
    }

    /// <summary>Sends one buffer; what it gives is the number of bytes that went out.</summary>
    public ValueTask<int> SendAsync(Socket socket, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            Prepare(cancellationToken);
            BufferList = null;
            SetBuffer(MemoryMarshal.AsMemory(buffer));
            return Started(socket.SendAsync(this));
        }
        catch (ObjectDisposedException e)
        {
            return ValueTask.FromException<int>(_owner.Broken(e));
        }
    }

    /// <summary>Sends several buffers by one call; what it gives is the number of bytes that went out.</summary>
    public ValueTask<int> SendAsync(
        Socket socket, IList<ArraySegment<byte>> buffers, CancellationToken cancellationToken)
    {
        try
        {
            Prepare(cancellationToken);
            SetBuffer(default);
            BufferList = buffers;
            return Started(socket.SendAsync(this));
        }
        catch (ObjectDisposedException e)
        {
            return ValueTask.FromException<int>(_owner.Broken(e));
        }
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        // Waits for a cancellation that is just under way, so that none of an older operation hits the next one.
        _registration.Dispose();
        _registration = default;
        return _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        if (SocketError == SocketError.Success)
            _core.SetResult(BytesTransferred);
        else
            _core.SetException(Failure());
    }

    private void Prepare(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _token = cancellationToken;
        _core.Reset();
    }

    private ValueTask<int> Started(bool pending)
    {
        if (!pending)
        {
            return SocketError == SocketError.Success
                ? new ValueTask<int>(BytesTransferred)
                : ValueTask.FromException<int>(Failure());
        }

        if (_token.CanBeCanceled)
            _registration = _token.UnsafeRegister(static owner => ((TcpConnection)owner!).Abort(), _owner);
        return new ValueTask<int>(this, _core.Version);
    }

    private Exception Failure() => _token.IsCancellationRequested
        ? new OperationCanceledException(_token)
        : _owner.Broken(new SocketException((int)SocketError));
}
