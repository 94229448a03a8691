using Enmesh.Telemetry;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Epmd;

/// <summary>How the node stands with EPMD.</summary>
internal abstract record EpmdState
{
    /// <summary>It is registered.</summary>
    internal sealed record Registered(uint Creation) : EpmdState;

    /// <summary>It is not, and tries again.</summary>
    internal sealed record Unregistered(string Problem, int Failures) : EpmdState;

    /// <summary>It has ended.</summary>
    internal sealed record Ended : EpmdState;
}

/// <summary>
/// Keeps this node registered at the EPMD of its host, through restarts of EPMD. In mode
/// <see cref="EpmdMode.Embedded"/> this process is that EPMD whenever the port is free, and joins another one when not.
/// </summary>
internal sealed class EpmdPresence : IAsyncDisposable
{
    // Every EPMD listens here, and no hosts file is needed to find it.
    private const string OwnHost = "127.0.0.1";

    private readonly EpmdMode _mode;
    private readonly EpmdSettings _settings;
    private readonly EpmdEntry _entry;
    private readonly string _name;
    private readonly string _where;
    private readonly ITransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EpmdClient _client;
    private readonly CancellationTokenSource _stopped = new();
    private EpmdServer? _server;
    private Task _keeping = Task.CompletedTask;
    private volatile EpmdState _state = new EpmdState.Unregistered("not yet tried", 0);

    private EpmdPresence(
        EpmdMode mode, EpmdSettings settings, EpmdEntry entry, ITransport transport, TimeProvider time, ILogger logger)
    {
        _mode = mode;
        _settings = settings;
        _entry = entry;
        _name = EpmdName.Readable(entry.Name);
        _where = EndPointText.HostAndPort(OwnHost, settings.Port);
        _transport = transport;
        _time = time;
        _logger = logger;
        _client = new EpmdClient(transport, time, settings.Port);
    }

    /// <summary>What EPMD said which incarnation of the node this is. It stays, also when EPMD restarts.</summary>
    public uint Creation { get; private set; }

    /// <summary>How it stands now.</summary>
    public EpmdState State => _state;

    /// <summary>Whether this process is the EPMD of its host.</summary>
    public bool IsServer => Volatile.Read(ref _server) is not null;

    /// <summary>Registers, and goes on keeping the registration.</summary>
    /// <exception cref="EpmdException">There is no EPMD, or the name is taken.</exception>
    public static async Task<EpmdPresence> StartAsync(
        EpmdMode mode,
        EpmdSettings settings,
        EpmdEntry entry,
        ITransport transport,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken = default)
    {
        var presence = new EpmdPresence(mode, settings, entry, transport, time, logger);
        try
        {
            var connection = await presence.RegisterAsync(cancellationToken).ConfigureAwait(false);
            presence._keeping = presence.KeepAsync(connection, presence._stopped.Token);
            return presence;
        }
        catch
        {
            // The server may run already, though the node could not register at it.
            await presence.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        if (_server is not null)
            await _server.DisposeAsync().ConfigureAwait(false);
        _state = new EpmdState.Ended();
    }

    private async Task<TransportConnection> RegisterAsync(CancellationToken cancellationToken)
    {
        if (_mode == EpmdMode.Embedded && _server is null)
            TryServe();
        var (connection, creation) = await _client.RegisterAsync(
            OwnHost, _entry, cancellationToken).ConfigureAwait(false);
        // Identifiers that are about already bear the first creation, so a later one has to be ignored.
        if (Creation == 0)
            Creation = creation;
        _state = new EpmdState.Registered(creation);
        _logger.EpmdRegistered(_name, _entry.Port, _where);
        return connection;
    }

    private void TryServe()
    {
        try
        {
            Volatile.Write(ref _server, EpmdServer.Start(_settings, _transport, _time, _logger));
        }
        catch (ListenFailedException e) when (e.InUse)
        {
            _logger.EpmdJoined(_settings.Port);
        }
    }

    private async Task KeepAsync(TransportConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await UntilEndAsync(connection, cancellationToken).ConfigureAwait(false);
                connection = await RegisterAgainAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends, and its registration with it.
        }
    }

    private static async Task UntilEndAsync(TransportConnection connection, CancellationToken cancellationToken)
    {
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                // EPMD never says anything more; it only ends.
                var ignored = new byte[16];
                while (await connection.ReadAsync(ignored, cancellationToken).ConfigureAwait(false) != 0)
                {
                }
            }
            catch (IOException)
            {
                // A reset is an end as well.
            }
        }
    }

    private async Task<TransportConnection> RegisterAgainAsync(CancellationToken cancellationToken)
    {
        _state = new EpmdState.Unregistered($"EPMD on {_where} has gone.", 0);
        var delay = Backoff.Default.After(failures: 0);
        _logger.EpmdRegistrationLost(_name, _where, delay.TotalMilliseconds);
        for (var failures = 1; ; failures++)
        {
            await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
            try
            {
                return await RegisterAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (EnmeshException e)
            {
                // Whatever it is, it may pass: EPMD starts again, or the other owner of the name goes.
                _state = new EpmdState.Unregistered(e.Message, failures);
                delay = Backoff.Default.After(failures);
                _logger.EpmdRegistrationFailed(_name, e.Message, delay.TotalMilliseconds);
            }
        }
    }
}
