using Enmesh.Handshake;
using Enmesh.Terms;
using Enmesh.Transport;

namespace Enmesh.Peers;

// Calls going out: one attempt for everybody who wants the peer at the same time.
internal sealed partial class PeerTable
{
    /// <summary>The link to a peer, made now when there is none. Everybody who asks at the same time shares the attempt.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="known">Where it listens, as far as that is known; null when it is not.</param>
    /// <param name="cancellationToken">Stops the waiting, not the attempt.</param>
    /// <exception cref="HandshakeException">It was reached, and the handshake came to nothing.</exception>
    /// <exception cref="PeerUnreachableException">It was not reached.</exception>
    internal Task<PeerLink> DialAsync(NodeName peer, PeerHint? known, CancellationToken cancellationToken)
    {
        return TryBegin(peer, known, out var attempt) is { } link ? Task.FromResult(link) : attempt!.Link.Task.WaitAsync(cancellationToken);
    }

    public void Connect(Atom node, Action<PeerLink?> then)
    {
        PeerLink? link = null;
        Attempt? attempt = null;
        try
        {
            if (NodeName.TryParse(node.Text, out var name))
                link = TryBegin(name, null, out attempt);
        }
        catch (Exception e) when (e is EnmeshException or ObjectDisposedException)
        {
            // It may not be dialled, or the node is ending.
        }
        if (attempt is null)
        {
            then(link);
            return;
        }
        _ = attempt.Outcome.Task.ContinueWith(
            static (outcome, then) => ((Action<PeerLink?>)then!)(outcome.Result), then,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <returns>The link; null when there is none yet, but an attempt to make one.</returns>
    private PeerLink? TryBegin(NodeName peer, PeerHint? known, out Attempt? attempt)
    {
        attempt = null;
        if (peer == _settings.Name)
            throw new HandshakeException(HandshakeFailure.OwnName, peer, $"{peer} is this node's own name.");
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_links.TryGetValue(peer.Atom, out var link))
                return link;
            if ((_draining ? "this node is leaving the cluster" : _settings.Refuse(peer)) is { } why)
                throw new HandshakeException(HandshakeFailure.NotAllowed, peer, $"{peer} is not dialled: {why}.");
            if (!_attempts.TryGetValue(peer, out attempt))
            {
                attempt = new Attempt();
                _attempts.Add(peer, attempt);
                attempt.Running = RunAttemptAsync(peer, known ?? Discovered?.Invoke(peer) ?? default, attempt);
            }
        }
        return null;
    }

    private async Task RunAttemptAsync(NodeName peer, PeerHint known, Attempt attempt)
    {
        await _thread.GoOnHere(); // not under the caller's lock
        try
        {
            try
            {
                if (!await IsComingAsync(peer, attempt).Here())
                    attempt.Succeed(await CallAsync(peer, known, attempt).Here());
            }
            catch (Exception e) when (!_disposed && (attempt.IsAbandoned || e is HandshakeException { Failure: HandshakeFailure.AlreadyConnecting }))
            {
                // The peer's own call goes ahead; it completes this attempt when it is up.
                await attempt.Link.Task.WaitAsync(_settings.HandshakeLimits.Step, _timeProvider, attempt.GiveUp.Token).Here();
            }
        }
        catch (TimeoutException)
        {
            Fail(peer, attempt, new HandshakeException(
                HandshakeFailure.AlreadyConnecting, peer, $"{peer} was calling us at the same time, but its call did not come through."));
        }
        catch (OperationCanceledException)
        {
            Fail(peer, attempt, new HandshakeException(
                HandshakeFailure.ClosedHere, peer, $"{peer} was not dialled to the end: this node is shutting down."));
        }
        catch (EnmeshException e)
        {
            _logger.DialFailed(peer, e.Message);
            Fail(peer, attempt, e);
        }
#pragma warning disable CA1031 // A fault of our own must not leave an attempt behind that everybody waits for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.LinkFaulted(peer, e);
            Fail(peer, attempt, new HandshakeException(HandshakeFailure.ClosedHere, peer, $"{peer} was not dialled to the end: a fault in this node: {e.Message}"));
        }
    }

    private void Fail(NodeName peer, Attempt attempt, EnmeshException why)
    {
        lock (_gate)
        {
            if (_attempts.GetValueOrDefault(peer) == attempt)
                _attempts.Remove(peer);
        }
        attempt.Trail?.Failed(why);
        attempt.Fail(why);
    }

    private async Task<PeerLink> CallAsync(NodeName peer, PeerHint known, Attempt attempt)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(attempt.GiveUp.Token, attempt.Dial.Token);
        var giveUp = either.Token;
        var trail = attempt.Trail = _journal.Begin(isIncoming: false, peer.Text);
        var host = known.Host ?? peer.Host;
        var place = known.Port is { } port
            ? new PeerEndPoint(host, port)
            : await _settings.Locate(peer, host, giveUp).Here();
        trail.Located(place);
        HandshakeException? refused = null;
        foreach (var cookies in _settings.Cookies(peer).InTurn())
        {
            try
            {
                return await CallAsync(peer, place, cookies, trail, giveUp).Here();
            }
            catch (HandshakeException e) when (e.Failure is HandshakeFailure.CookieMismatch)
            {
                refused ??= e;
            }
        }
        throw refused!;
    }

    private async Task<PeerLink> CallAsync(
        NodeName peer, PeerEndPoint place, PeerCookies cookies, HandshakeJournal.Trail trail, CancellationToken giveUp)
    {
        var connection = await _settings.Transport.ConnectAsync(place.Host, place.Port, giveUp).Here();
        try
        {
            await connection.GoOnReading();
            trail.Connected(connection.Description);
            await connection.OpenAsync(peer.Host, _settings.HandshakeLimits.Step, giveUp).ConfigureAwait(false);
            trail.Secured(connection.Security);
            var settings = SettingsFor(connection) with { Cookies = _ => cookies };
            var driver = Driver(connection, new InitiatorHandshake(settings, peer));
            var result = await driver.RunAsync(giveUp).ConfigureAwait(false);
            trail.Agreed(result);
            return await EstablishAsync(result, connection).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void Abandon(NodeName peer)
    {
        Attempt? attempt;
        lock (_gate)
        {
            attempt = _attempts.GetValueOrDefault(peer);
            if (attempt is not null)
                attempt.IsAbandoned = true;
        }
        attempt?.Dial.Cancel();
    }

    /// <summary>An attempt to reach a peer, and everybody who waits for it.</summary>
    private sealed class Attempt
    {
        internal TaskCompletionSource<PeerLink> Link { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The same for the node's own services, which go on where it becomes known; null when it came to nothing.</summary>
        internal TaskCompletionSource<PeerLink?> Outcome { get; } = new();

        /// <summary>Stops the attempt altogether.</summary>
        internal CancellationTokenSource GiveUp { get; } = new();

        /// <summary>Stops our own call; the peer's may still complete the attempt.</summary>
        internal CancellationTokenSource Dial { get; } = new();

        internal Task Running { get; set; } = Task.CompletedTask;

        /// <summary>What is told of it; null before it has begun.</summary>
        internal HandshakeJournal.Trail? Trail { get; set; }

        /// <summary>Whether the peer's own call goes ahead of ours.</summary>
        internal bool IsAbandoned { get; set; }

        internal void Succeed(PeerLink link)
        {
            Link.TrySetResult(link);
            Outcome.TrySetResult(link);
        }

        internal void Fail(EnmeshException why)
        {
            Link.TrySetException(why);
            _ = Link.Task.Exception; // nobody may be waiting any more
            Outcome.TrySetResult(null);
        }
    }
}
