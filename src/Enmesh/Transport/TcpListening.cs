using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Transport;

/// <summary>Takes the next connection of a listening socket.</summary>
internal delegate ValueTask<Socket> SocketAcceptor(Socket listener, CancellationToken cancellationToken);

/// <summary>Listening sockets, one per address, that share a port and a queue.</summary>
internal sealed class TcpListening : ITransportListener
{
    private const int Backlog = 512;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _accepting;

    // Whoever is not taken yet waits in the kernel, where a bound exists already.
    private readonly Channel<TransportConnection> _accepted;

    private readonly IReadOnlyList<Socket> _sockets;

    private readonly Func<Socket, TcpConnection> _adopt;
    private readonly SocketAcceptor _accept;

    private TcpListening(
        IReadOnlyList<Socket> sockets, TimeProvider time, ILogger logger, Func<Socket, TcpConnection> adopt,
        SocketAcceptor accept, bool goesOnHere)
    {
        _accepted = Channel.CreateBounded<TransportConnection>(
            new BoundedChannelOptions(1) { SingleReader = true, AllowSynchronousContinuations = goesOnHere });
        _adopt = adopt;
        _accept = accept;
        _sockets = sockets;
        _time = time;
        _logger = logger;
        EndPoints = [.. sockets.Select(s => s.LocalEndPoint!)];
        Port = ((IPEndPoint)EndPoints[0]).Port;
        _accepting = Task.WhenAll(sockets.Select(s => AcceptLoopAsync(s, _stopped.Token)));
    }

    public int Port { get; }

    public IReadOnlyList<EndPoint> EndPoints { get; }

    /// <summary>Binds and starts to accept.</summary>
    /// <exception cref="ListenFailedException">An address or the port is not to be had.</exception>
    public static TcpListening Start(
        ListenAddress address, TimeProvider time, ILogger logger, Func<Socket, TcpConnection> adopt, SocketAcceptor? accept =
            null) =>
        new(
            ListenSockets.Open(address, Backlog), time, logger, adopt,
            accept ?? (static (s, token) => s.AcceptAsync(token)), goesOnHere: false);

    /// <summary>
    /// The same on a thread for each address, which goes on with whoever takes the connections: return soon, and don't block.
    /// </summary>
    /// <exception cref="ListenFailedException">An address or the port is not to be had.</exception>
    public static TcpListening StartOnThreads(ListenAddress address, TimeProvider time, ILogger logger, Func<Socket, TcpConnection> adopt)
    {
        var waiters = new ConcurrentDictionary<Socket, SocketWaiter>();
        return new(ListenSockets.Open(address, Backlog), time, logger, adopt, AcceptAsync, goesOnHere: true);

        async ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken)
        {
            var waiter = waiters.GetOrAdd(listener, Waiter);
            while (true)
            {
                await waiter.WaitAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (TryAccept(listener) is { } socket)
                    return socket;
            }
        }

        static Socket? TryAccept(Socket listener)
        {
            try
            {
                return listener.Accept();
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock)
            {
                return null; // whoever called has hung up
            }
        }

        static SocketWaiter Waiter(Socket listener)
        {
            listener.Blocking = false;
            var waiter = new SocketWaiter(listener, SelectMode.SelectRead, "enmesh listener");
            waiter.ContinueHere(null);
            return waiter;
        }
    }

    public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _accepted.Reader.ReadAsync(cancellationToken).Here();
        }
        catch (ChannelClosedException e)
        {
            throw new ObjectDisposedException("The listener has been disposed.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        foreach (var socket in _sockets)
            socket.Dispose();
        await _accepting.ConfigureAwait(false);
        _accepted.Writer.TryComplete();
        while (_accepted.Reader.TryRead(out var left))
            left.Abort();
    }

    private async Task AcceptLoopAsync(Socket listener, CancellationToken cancellationToken)
    {
        var address = EndPointText.Of(listener.LocalEndPoint);
        var delay = FirstDelay;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var socket = await _accept(listener, cancellationToken).Here();
                delay = FirstDelay;
                await HandOverAsync(socket, address, cancellationToken).AsTask().Here();
            }
            catch (Exception e) when (cancellationToken.IsCancellationRequested
                && e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (SocketException e) when (
                e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The caller hung up while it was in the queue, which says nothing about the next one.
                _logger.AcceptedConnectionLost(address, e.Message);
            }
            catch (SocketException e)
            {
                // No file descriptors, no memory, a network that restarts: what passes is waited out.
                _logger.AcceptDelayed(address, e.Message, delay.TotalMilliseconds);
                await DelayAsync(delay, cancellationToken).ConfigureAwait(false);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
    }

    private async ValueTask HandOverAsync(Socket socket, string address, CancellationToken cancellationToken)
    {
        TcpConnection connection;
        try
        {
            connection = _adopt(socket);
        }
        catch (SocketException e)
        {
            // Gone already: some systems refuse to set an option of such a socket.
            socket.Dispose();
            _logger.AcceptedConnectionLost(address, e.Message);
            return;
        }

        try
        {
            await _accepted.Writer.WriteAsync(connection, cancellationToken).AsTask().Here();
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
            throw;
        }
    }

    private async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The listener ends; the loop looks at the token next.
        }
    }
}
