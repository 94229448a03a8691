using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Transport;

/// <summary>Looks up the addresses of a host name; an address stands for itself.</summary>
internal delegate Task<IPAddress[]> HostResolver(string host, CancellationToken cancellationToken);

/// <summary>Connects a socket.</summary>
internal delegate ValueTask SocketConnector(Socket socket, IPEndPoint target, CancellationToken cancellationToken);

/// <summary>TCP, with all addresses of a name tried in the way of RFC 8305.</summary>
internal sealed class TcpTransport : ITransport
{
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HostResolver? _resolve;
    private readonly TimeSpan _connectTimeout;

    /// <summary>Makes the transport.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where a listener reports what it waited out.</param>
    /// <param name="connectTimeout">How long dialling may take in all, the look-up of the name included; 7 s by
    /// default.</param>
    /// <param name="resolve">The look-up of names; the host's own resolver by default.</param>
    public TcpTransport(
        TimeProvider? time = null,
        ILogger? logger = null,
        TimeSpan? connectTimeout = null,
        HostResolver? resolve = null)
    {
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _connectTimeout = connectTimeout ?? TimeSpan.FromSeconds(7);
        _resolve = resolve;
    }

    public async ValueTask<TransportConnection> ConnectAsync(
        string host, int port, CancellationToken cancellationToken = default)
    {
        using var deadline = new CancellationTokenSource(_connectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var addresses = await ResolveAsync(host, port, either.Token).Here();
            var race = new ConnectRace(
                host, port, _time, Connect ?? (OwnThreads ? ConnectOnThreadAsync : ConnectAsync));
            return Adopt(await race.RunAsync(addresses, either.Token).Here());
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreachable.TimedOut(host, port, _connectTimeout, e);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (SocketException e)
        {
            throw Unreachable.From(host, port, e);
        }
    }

    public ITransportListener Listen(ListenAddress address) => OwnThreads
        ? TcpListening.StartOnThreads(address, _time, _logger, Adopt)
        : TcpListening.Start(address, _time, _logger, Adopt);

    /// <summary>How a socket is connected; a test puts a network of its own here.</summary>
    internal SocketConnector? Connect { get; init; }

    /// <summary>
    /// Whether each connection waits on threads of its own: for the links of a node, which are few and busy. Else they
    /// wait without any, and a message takes longer.
    /// </summary>
    internal bool OwnThreads { get; init; }

    private static ValueTask ConnectAsync(Socket socket, IPEndPoint target, CancellationToken cancellationToken) =>
        socket.ConnectAsync(target, cancellationToken);

    // The socket must not see one asynchronous operation, see SocketWaiter.
    private static async ValueTask ConnectOnThreadAsync(
        Socket socket, IPEndPoint target, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static dialled => ((Socket)dialled!).Dispose(), socket);
        try
        {
            await Task.Factory.StartNew(
                () => socket.Connect(target), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).Here();
        }
        catch (Exception e) when (
            e is SocketException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }

    private static Task<IPAddress[]> ResolveOnThreadAsync(string host, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => Dns.GetHostAddresses(host), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(cancellationToken);

    private TcpConnection Adopt(Socket socket) =>
        OwnThreads ? new DirectTcpConnection(socket) : new PooledTcpConnection(socket);

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(
        string host, int port, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        // The resolver takes no name at all for this host.
        if (host.Length == 0)
            throw Unreachable.NameNotFound(host, port, null);
        try
        {
            var resolve = _resolve ?? (OwnThreads ? ResolveOnThreadAsync : Dns.GetHostAddressesAsync);
            var addresses = await resolve(host, cancellationToken).Here();
            return addresses.Length > 0
                ? ConnectRace.Interleave(addresses)
                : throw Unreachable.NameNotFound(host, port, null);
        }
        catch (SocketException e)
        {
            throw Unreachable.NameNotFound(host, port, e);
        }
        catch (ArgumentException e)
        {
            // The resolver of the host refuses what can't be a name, such as one of 300 characters.
            throw Unreachable.NameNotFound(host, port, e);
        }
    }
}
