using System.Collections.Concurrent;
using System.Security.Cryptography;
using Enmesh.Handshake;
using Enmesh.Terms;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Peers;

/// <summary>The peers of a node: at most one link to each, whoever dials, however often.</summary>
internal sealed partial class PeerTable : IPeers, IAsyncDisposable
{
    private readonly ConcurrentDictionary<Atom, PeerLink> _links = new();
    private readonly Dictionary<Atom, PeerLink> _ending = []; // under _gate
    private readonly Dictionary<NodeName, Attempt> _attempts = []; // under _gate, as is every change of _links
    private readonly Lock _gate = new();
    private readonly PeerSettings _settings;
    private readonly IPeerHandler _handler;
    private readonly TurnThread _thread;
    private readonly TimeProvider _timeProvider;
    private readonly AtomTable _atoms;
    private readonly ILogger _logger;
    private readonly PoolWatch _pool;
    private readonly Pulse _pulse;
    private readonly CallerPenalties _penalties;
    private readonly HandshakeJournal _journal;
    private PeerListener? _listener;
    private Action<PeerLink>[] _observers = [];
    private long _lastSession;
    private bool _disposed;
    private volatile bool _draining;

    internal PeerTable(
        PeerSettings settings, IPeerHandler handler, AtomTable atoms, TimeProvider timeProvider, TurnThread thread, ILogger logger)
    {
        _thread = thread;
        _settings = settings;
        _handler = handler;
        _atoms = atoms;
        _timeProvider = thread.Clock ?? timeProvider;
        _logger = logger;
        _penalties = new CallerPenalties(_timeProvider);
        _journal = new HandshakeJournal(_timeProvider, logger);
        _pool = new PoolWatch(timeProvider, logger);
        _pulse = new Pulse(
            timeProvider, () => (IReadOnlyCollection<PeerLink>)_links.Values, settings.Link.NetTickTime, settings.Link.NetTickIntensity, _pool);
    }

    /// <summary>The links that are up.</summary>
    public IReadOnlyCollection<PeerLink> Links => [.. _links.Values];

    /// <summary>How long work waits for a thread of the pool.</summary>
    internal TimeSpan PoolDelay => _pool.Delay;

    internal TimeSpan TickDelay => _pulse.TickDelay;

    /// <summary>Handshakes of callers that have not yet proved anything.</summary>
    internal int HandshakesUnderWay => _listener?.HandshakesUnderWay ?? 0;

    public Pulse Pulse => _pulse;

    /// <summary>What becomes of calls, both ways.</summary>
    internal HandshakeJournal Journal => _journal;

    public PeerLink? Find(Atom node) => _links.GetValueOrDefault(node);

    public async ValueTask<PeerLink?> ConnectAsync(Atom node, CancellationToken cancellationToken)
    {
        if (Find(node) is { } link)
            return link;
        if (!NodeName.TryParse(node.Text, out var name))
            return null;
        try
        {
            return await DialAsync(name, null, cancellationToken).ConfigureAwait(false);
        }
        catch (EnmeshException)
        {
            return null; // logged where it failed
        }
    }

    /// <summary>Ticks and counts silence at this pace from now on.</summary>
    internal void ChangePace(TickPace pace) => _pulse.ChangePace(pace);

    /// <summary>
    /// Where discovery has found a peer, for whoever dials it without knowing: an attempt is everybody's who wants the
    /// same peer meanwhile.
    /// </summary>
    internal Func<NodeName, PeerHint?>? Discovered { get; set; }

    /// <summary>Dials nobody from now on; calls are still taken.</summary>
    internal void Drain() => _draining = true;

    /// <summary>Takes calls on this listener from now on.</summary>
    internal void Listen(ITransportListener listener) => _listener = new PeerListener(listener, ServeAsync);

    /// <summary>Makes a link of a connection whose handshake was done elsewhere.</summary>
    internal Task AdoptAsync(HandshakeResult result, TransportConnection connection) => EstablishAsync(result, connection);

    /// <summary>Calls the observer with every link that comes up or has gone down (see <see cref="PeerLink.IsUp"/>).</summary>
    internal IDisposable Observe(Action<PeerLink> observer)
    {
        lock (_gate)
            _observers = [.. _observers, observer];
        return new Observation(this, observer);
    }

    public async ValueTask DisposeAsync()
    {
        Attempt[] attempts;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            attempts = [.. _attempts.Values];
        }
        // Links first, and all at once: one visible link cut before the others makes the peers evict each other.
        var end = new LinkEnd(LinkEndCause.ClosedHere, "this node is shutting down");
        await Task.WhenAll(_links.Values.Select(link => link.CloseAndWaitAsync(end))).ConfigureAwait(false);
        foreach (var attempt in attempts)
            await attempt.GiveUp.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(attempts.Select(attempt => attempt.Running)).ConfigureAwait(false);
        if (_listener is not null)
            await _listener.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_links.Values.Select(link => link.CloseAndWaitAsync(end))).ConfigureAwait(false);
        await _pulse.DisposeAsync().ConfigureAwait(false);
    }

    private HandshakeSettings SettingsFor(TransportConnection connection) => new()
    {
        Name = _settings.Name,
        Creation = _settings.Creation,
        Flags = _settings.Flags,
        PrefixBytes = connection.HandshakePrefixBytes,
        OwnCertificate = connection.Security?.Own,
        Cookies = _settings.Cookies,
    };

    private HandshakeDriver Driver(TransportConnection connection, HandshakeMachine machine) =>
        new(connection, machine, Answer, Abandon, _settings.HandshakeLimits, _timeProvider);

    private async Task ServeAsync(TransportConnection connection, CancellationToken cancellationToken)
    {
        var caller = connection.RemoteEndPoint;
        var trail = _journal.Begin(isIncoming: true, connection.Description);
        NodeName? coming = null;
        try
        {
            await _penalties.WaitAsync(caller, cancellationToken).Here();
            await connection.GoOnReading();
            trail.Connected(connection.Description);
            await connection.OpenAsync(null, _settings.HandshakeLimits.Step, cancellationToken).ConfigureAwait(false);
            trail.Secured(connection.Security);
            var driver = new HandshakeDriver(
                connection, new AcceptorHandshake(SettingsFor(connection)), AnswerAndNote, Abandon, _settings.HandshakeLimits, _timeProvider);
            var result = await driver.RunAsync(cancellationToken).ConfigureAwait(false);
            _penalties.Forgive(caller);
            trail.Agreed(result);
            await EstablishAsync(result, connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EnmeshException or OperationCanceledException or IOException)
        {
            trail.Failed(e);
            if (e is TlsException tls)
            {
                // What it costs to look at certificates is paid by the address that shows wrong ones again and again; who
                // does not take ours has done nothing wrong.
                if (tls.Failure is not (TlsFailure.ClosedByPeer or TlsFailure.RefusedByPeer))
                    _penalties.Add(caller);
                var isQuiet = tls.Failure is TlsFailure.ClosedByPeer || (tls.Failure is TlsFailure.RefusedByPeer && !_penalties.IsNews(caller));
                _logger.CallerRefused(isQuiet ? LogLevel.Debug : LogLevel.Warning, connection.Description, tls.Message);
            }
            else if (e is HandshakeException failed)
            {
                if (failed.Failure is HandshakeFailure.CookieMismatch)
                    _penalties.Add(caller);
                // Two that dial each other at the same time are nothing to worry about: one of the calls goes ahead.
                var level = failed.Failure is HandshakeFailure.AlreadyConnecting ? LogLevel.Debug : LogLevel.Warning;
                _logger.CallerRefused(level, connection.Description, failed.Message);
            }
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (coming is not null)
                HasCome(coming);
        }

        NodeAnswer AnswerAndNote(NodeQuestion question)
        {
            var answer = WhyNot(connection, question) is { } why ? new NodeAnswer.Refused(why) : Answer(question);
            if (question is NodeQuestion.Admit admit && answer is NodeAnswer.Admission { Standing: not PeerStanding.Dialling })
                coming = admit.Peer;
            return answer;
        }
    }

    private async Task<PeerLink> EstablishAsync(HandshakeResult result, TransportConnection connection)
    {
        var link = new PeerLink(
            Interlocked.Increment(ref _lastSession), result, connection, _handler, _settings.Link, _pulse, _settings.Name.Atom, _atoms, _logger);
        Attempt? attempt;
        while (true)
        {
            PeerLink? older;
            lock (_gate)
            {
                if (_disposed)
                    throw new OperationCanceledException("The node is shutting down.");
                older = _links.GetValueOrDefault(result.Peer.Atom) ?? _ending.GetValueOrDefault(result.Peer.Atom);
                if (older is null)
                {
                    _links[result.Peer.Atom] = link;
                    // Gone with this link, however short it lives: whoever dials after its end begins another one.
                    _attempts.Remove(result.Peer, out attempt);
                    break;
                }
            }
            // Who may come only under a name that is free has been outrun by its owner.
            if (connection.WhyNot(result.Peer.Host, isHidden: false) is { } why)
                throw new HandshakeException(HandshakeFailure.NotAllowed, result.Peer, $"{result.Peer} has connected meanwhile: {why}");
            // The old link's end is told before the new one's beginning.
            older.Close(new LinkEnd(LinkEndCause.Replaced, "a newer connection took its place"));
            await older.EndTold.Here();
        }
        _logger.PeerUp(link.Peer, link.PeerIsPublished ? "published" : "hidden", link.Transport);
        _handler.OnUp(link);
        Notify(link);
        // Who dials is told last: by then everybody else knows.
        attempt?.Succeed(link);
        _ = RunLinkAsync(link);
        return link;
    }

    private async Task RunLinkAsync(PeerLink link)
    {
        await link.RunAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _links.TryRemove(new(link.Peer.Atom, link));
            _ending[link.Peer.Atom] = link; // a newer one waits until this one's end is told
        }
        _handler.OnDown(link);
        if (link.End!.Cause is LinkEndCause.ClosedHere or LinkEndCause.Replaced)
            _logger.PeerClosed(link.Peer, link.End.Reason);
        else
            _logger.PeerDown(link.End.LogLevel, link.Peer, link.End.Reason);
        Notify(link);
        lock (_gate)
            _ending.Remove(link.Peer.Atom);
        link.Ended();
    }

    private void Notify(PeerLink link)
    {
        foreach (var observer in Volatile.Read(ref _observers))
            observer(link);
    }

    private string? WhyNot(TransportConnection connection, NodeQuestion question) => question switch
    {
        NodeQuestion.Admit admit => connection.WhyNot(admit.Peer.Host, !admit.IsPublished && Find(admit.Peer.Atom) is null),
        NodeQuestion.GrantName grant => connection.WhyNot(grant.Host, isHidden: true),
        _ => throw new ArgumentOutOfRangeException(nameof(question)),
    };

    private NodeAnswer Answer(NodeQuestion question) => question switch
    {
        NodeQuestion.Admit admit => Admit(admit.Peer),
        NodeQuestion.GrantName grant => GrantName(grant.Host),
        _ => throw new ArgumentOutOfRangeException(nameof(question)),
    };

    private NodeAnswer Admit(NodeName peer)
    {
        if (_settings.Refuse(peer) is { } why)
            return new NodeAnswer.Refused(why);
        lock (_gate)
        {
            if (_disposed)
                return new NodeAnswer.Refused("this node is shutting down");
            var isLinked = _links.ContainsKey(peer.Atom);
            if (!isLinked && _attempts.TryGetValue(peer, out var attempt) && !attempt.IsAbandoned)
                return new NodeAnswer.Admission(PeerStanding.Dialling);
            IsComing(peer);
            return new NodeAnswer.Admission(isLinked ? PeerStanding.Linked : PeerStanding.Unconnected);
        }
    }

    private NodeAnswer GrantName(string host)
    {
        var name = NodeName.Parse($"{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}@{host}");
        return _settings.Refuse(name) is { } why
            ? new NodeAnswer.Refused(why)
            : new NodeAnswer.Granted(name, (uint)RandomNumberGenerator.GetInt32(4, int.MaxValue));
    }

    private sealed class Observation(PeerTable table, Action<PeerLink> observer) : IDisposable
    {
        public void Dispose()
        {
            lock (table._gate)
                table._observers = [.. table._observers.Where(other => other != observer)];
        }
    }
}
