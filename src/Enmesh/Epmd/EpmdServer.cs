using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Enmesh.Telemetry;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Epmd;

/// <summary>
/// An EPMD inside the process, for hosts that have no Erlang: <c>erl</c> registers at it and <c>epmd -names</c> asks
/// it.
/// </summary>
/// <remarks>It listens on loopback, and on more addresses only when told to. Registrations are taken from the own host
/// alone. Whoever asks nothing, asks slowly or asks nonsense loses the connection, and nobody else notices.</remarks>
internal sealed class EpmdServer : IAsyncDisposable
{
    internal const int MaxNames = 1000;

    /// <summary>How many connections may wait with their question, for each of near and far.</summary>
    internal const int MaxPending = 128;

    /// <summary>How long a question and its answer may take.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ITransportListener _listener;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopped = new();
    private readonly OwnedTasks _serving = new();
    private readonly PendingConnections _near = new(MaxPending);
    private readonly PendingConnections _far = new(MaxPending);
    private readonly Lock _registryLock = new();
    private readonly EpmdRegistry _registry =
        new((uint)RandomNumberGenerator.GetInt32(int.MaxValue), MaxNames);

    private readonly Task _accepting;
    private long _lastConnection;

    private EpmdServer(ITransportListener listener, TimeProvider time, ILogger logger)
    {
        _listener = listener;
        _time = time;
        _logger = logger;
        _accepting = AcceptLoopAsync(_stopped.Token);
    }

    /// <summary>The port it listens on.</summary>
    public int Port => _listener.Port;

    /// <summary>Who is registered, the newest first.</summary>
    public IReadOnlyList<EpmdEntry> Entries
    {
        get
        {
            lock (_registryLock)
                return [.. _registry.All.Select(r => r.Entry)];
        }
    }

    /// <summary>Binds and begins to serve.</summary>
    /// <exception cref="ListenFailedException">The port is in use, or an address is not to be had.</exception>
    public static EpmdServer Start(EpmdSettings settings, ITransport transport, TimeProvider time, ILogger logger)
    {
        // Loopback always belongs to it, unless an address that stands for all has it within.
        var wildcard = settings.Addresses.FirstOrDefault(a => a.Equals(IPAddress.IPv6Any))
            ?? settings.Addresses.FirstOrDefault(a => a.Equals(IPAddress.Any));
        IPAddress[] addresses = wildcard is not null
            ? [wildcard]
            : [.. new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }.Concat(settings.Addresses).Distinct()];
        var listener = transport.Listen(new ListenAddress(addresses, settings.Port, settings.Port));
        var bound = string.Join(", ", listener.EndPoints.Select(EndPointText.Of));
        logger.EpmdListening(bound);
        return new EpmdServer(listener, time, logger);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await _serving.WhenAllAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Whether a caller is on this host: over loopback, or from one of its own addresses to the same one.
    /// </summary>
    internal static bool IsNear(EndPoint? remote, EndPoint? local) =>
        remote is not IPEndPoint { Address: var address }
        || IPAddress.IsLoopback(Plain(address))
        || address.Equals((local as IPEndPoint)?.Address);

    private async Task AcceptLoopAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
                _serving.Add(ServeAsync(connection, ++_lastConnection, cancellationToken));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server ends.
        }
    }

    private async Task ServeAsync(TransportConnection connection, long number, CancellationToken cancellationToken)
    {
        var near = IsNear(connection.RemoteEndPoint, connection.LocalEndPoint);
        var pending = near ? _near : _far;
        if (pending.Add(connection) is { } evicted)
            _logger.EpmdConnectionEvicted(evicted.Description);
        try
        {
            string? registered;
            using (var deadline = new CancellationTokenSource(Patience, _time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken))
            {
                await connection.OpenAsync(null, Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(false);
                registered = await AnswerAsync(connection, near, number, either.Token).ConfigureAwait(false);
            }

            if (registered is not null)
            {
                pending.Remove(connection);
                await HoldAsync(connection, registered, number, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It hung up, took too long or made room for others, or the server ends: nobody else is concerned.
            _logger.EpmdBadRequest(connection.Description, e.Message);
        }
        finally
        {
            pending.Remove(connection);
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    // Reads one request and answers it. A name says that it was a registration, which lasts as long as the connection.
    private async Task<string?> AnswerAsync(
        TransportConnection connection, bool near, long number, CancellationToken cancellationToken)
    {
        var body = await ReadRequestAsync(connection, cancellationToken).ConfigureAwait(false);
        if (body is null || EpmdMessages.ReadRequest(body) is not { } request)
        {
            _logger.EpmdBadRequest(connection.Description, "its request is none of EPMD");
            return null;
        }

        if (request is EpmdRequest.Register && !near)
        {
            _logger.EpmdForeignRegistration(connection.Description);
            return null;
        }

        var (answer, registered) = Answer(request, number);
        try
        {
            await connection.WriteAsync(answer, cancellationToken).ConfigureAwait(false);
            return registered;
        }
        catch (Exception) when (registered is not null)
        {
            // The node went before it had its answer, so there is nobody to hold the name for.
            Unregister(registered, number);
            throw;
        }
    }

    private (byte[] Answer, string? Registered) Answer(EpmdRequest request, long number)
    {
        lock (_registryLock)
        {
            switch (request)
            {
                case EpmdRequest.Register(var entry):
                    var creation = _registry.TryRegister(entry, number);
                    var name = EpmdName.Readable(entry.Name);
                    if (creation is null)
                        _logger.EpmdNodeRefused(name, MaxNames);
                    else
                        _logger.EpmdNodeRegistered(name, entry.Port);
                    return (EpmdMessages.WriteRegistered(entry, creation), creation is null ? null : entry.Name);
                case EpmdRequest.LookUp(var wanted):
                    return (EpmdMessages.WriteFound(_registry.Find(wanted)), null);
                case EpmdRequest.Names:
                    return (EpmdMessages.WriteNames(Port, _registry.All.Select(r => r.Entry)), null);
                case EpmdRequest.Dump:
                    return (EpmdMessages.WriteDump(Port, _registry.All), null);
                default:
                    // The nodes of this host live on it; only the process that it is part of may end it.
                    return (EpmdMessages.WriteKillRefused(), null);
            }
        }
    }

    private async Task HoldAsync(
        TransportConnection connection, string registered, long number, CancellationToken cancellationToken)
    {
        try
        {
            // A registered node has nothing more to say: a byte ends the registration just like the end itself.
            await connection.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Unregister(registered, number);
        }
    }

    private void Unregister(string registered, long number)
    {
        lock (_registryLock)
            _registry.Unregister(registered, number);
        var name = EpmdName.Readable(registered);
        _logger.EpmdNodeUnregistered(name);
    }

    private static async Task<byte[]?> ReadRequestAsync(
        TransportConnection connection, CancellationToken cancellationToken)
    {
        var length = new byte[2];
        if (!await ReadExactlyAsync(connection, length, cancellationToken).ConfigureAwait(false))
            return null;
        var bytes = BinaryPrimitives.ReadUInt16BigEndian(length);
        if (bytes is 0 or > EpmdMessages.MaxRequestBytes)
            return null;
        var body = new byte[bytes];
        return await ReadExactlyAsync(connection, body, cancellationToken).ConfigureAwait(false) ? body : null;
    }

    private static async Task<bool> ReadExactlyAsync(
        TransportConnection connection, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var read = await connection.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return false;
            buffer = buffer[read..];
        }

        return true;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
