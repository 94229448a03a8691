using System.Net;

namespace Enmesh.Transport;

/// <summary>A stream of bytes to somebody, and all that a link knows of it: TCP, TLS or memory.</summary>
/// <remarks>
/// One read and one write may be under way at a time, beside each other. A failure of the connection is an
/// <see cref="IOException"/>, whatever lies below, also after <see cref="Abort"/>. Cancelling a read or a write
/// aborts the connection, since a part of it may already have happened.
/// </remarks>
internal abstract class TransportConnection : IAsyncDisposable
{
    /// <summary>Our end; null where there is no such thing as an address.</summary>
    public abstract EndPoint? LocalEndPoint { get; }

    /// <summary>The other end; null where there is no such thing as an address.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>What people read in a log: the kind and the other end, <c>tcp 127.0.0.1:4370</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Length of the prefix of a handshake message: 2 bytes on TCP, 4 on TLS.</summary>
    public abstract int HandshakePrefixBytes { get; }

    /// <summary>
    /// Whether bytes have come that nobody has read yet. From any thread; false once the connection has ended.
    /// </summary>
    public abstract bool HasUnread { get; }

    /// <summary>
    /// Settles what the transport itself owes before the first byte: nothing on TCP, the handshake on TLS.
    /// </summary>
    /// <remarks>By whoever dialled or accepted, on the connection's own thread, and not by the transport or its
    /// listener: a peer may take its time for that.</remarks>
    /// <param name="name">Whom we have dialled: the host that the other end must be, whatever address was dialled;
    /// null for a connection that was accepted.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellationToken">Gives it up, and aborts the connection.</param>
    /// <exception cref="TlsException">The two have not come together; the message says who objects to what.</exception>
    public virtual ValueTask OpenAsync(string? name, TimeSpan limit, CancellationToken cancellationToken) => default;

    /// <summary>What the two ends have agreed on; null where nothing is encrypted, and before it is open.</summary>
    public virtual TlsLink? Security => null;

    /// <summary>Why the other end of an accepted connection may not be a node of that host; null when it may.</summary>
    /// <param name="host">The host part of the name that it claims.</param>
    /// <param name="isHidden">Whether it comes as a hidden node that is not connected yet.</param>
    public virtual string? WhyNot(string host, bool isHidden) => null;

    /// <summary>
    /// Reads what is there, at least one byte; 0 is the end, always, and never comes from an empty buffer.
    /// </summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>
    /// From here on a read that has to wait goes on on the connection's own thread, if it has one, which calls
    /// <paramref name="afterwards"/> whenever the reader waits again.
    /// </summary>
    public virtual void ReadOnOwnThread(Action afterwards)
    {
        // Most have none, and go on on the pool.
    }

    /// <summary>
    /// Awaited, lets what follows, and all that it reads, go on on the connection's own thread, if it has one. What completes on
    /// that very thread needs none of the pool, however early it completes.
    /// </summary>
    public virtual ReadingHop GoOnReading() => default;

    /// <summary>Whether this is that thread.</summary>
    public virtual bool IsReadingThread => false;

    /// <summary>
    /// Called every few milliseconds: at the second call that finds the reading thread in the same <c>afterwards</c>,
    /// another one takes over the reading.
    /// </summary>
    /// <returns>Whether the thread is in there.</returns>
    public virtual bool HelpReader() => false;

    /// <summary>Writes all of it.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Writes all segments in order, in as few system calls as the transport allows.</summary>
    /// <remarks>The list and what it refers to belong to the connection until the task has ended.</remarks>
    public abstract ValueTask WriteAsync(
        IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default);

    /// <summary>Tells the other end that nothing more comes from here; reading goes on. Never throws.</summary>
    public abstract void CompleteWrites();

    /// <summary>Ends the connection at once, from any thread: what is pending fails, unsent bytes are lost.</summary>
    public abstract void Abort();

    /// <summary>Closes the connection; bytes that were written still reach the other end.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>The way onto the thread that reads a connection; none, where there is no such thread.</summary>
internal readonly struct ReadingHop(SocketWaiter? waiter) : System.Runtime.CompilerServices.ICriticalNotifyCompletion
{
    public bool IsCompleted => waiter is null;

    public ReadingHop GetAwaiter() => this;

    public void GetResult()
    {
        // There is nothing to tell.
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => waiter!.Post(continuation);
}

/// <summary>Makes connections and listeners of one kind.</summary>
internal interface ITransport
{
    /// <summary>Dials a host name or address. The connection is still to be opened, as one that was accepted.</summary>
    /// <exception cref="PeerUnreachableException">Nobody answers there; the message says why.</exception>
    ValueTask<TransportConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default);

    /// <summary>Listens on the addresses, on the first free port of the range.</summary>
    /// <exception cref="ListenFailedException">That address or port is not to be had.</exception>
    ITransportListener Listen(ListenAddress address);
}

/// <summary>Takes connections. Whoever owns it accepts in a loop, with one accept at a time.</summary>
internal interface ITransportListener : IAsyncDisposable
{
    /// <summary>The port, also when a free one was asked for.</summary>
    int Port { get; }

    /// <summary>The addresses that are really bound.</summary>
    IReadOnlyList<EndPoint> EndPoints { get; }

    /// <summary>
    /// Waits for the next connection. It is not opened yet, see <see cref="TransportConnection.OpenAsync"/>.
    /// </summary>
    /// <remarks>Transient failures, such as a lack of file descriptors, are logged and waited out; it ends only
    /// with the listener or the token.</remarks>
    /// <exception cref="ObjectDisposedException">The listener has been disposed.</exception>
    ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default);
}
