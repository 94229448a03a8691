using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Enmesh.Discovery;
using Enmesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace Enmesh.Cluster;

/// <summary>Who belongs to the cluster of a node: the present view, and what changes.</summary>
/// <remarks>
/// Behind it runs the reconciler, which keeps the node connected to every peer that discovery names. A peer that
/// discovery no longer names is not dialled any more; its link is left alone, unless
/// <see cref="ClusterOptions.Removal"/> says otherwise.
/// </remarks>
public sealed class ClusterMembership : IAsyncDisposable
{
    private const int EventCapacity = 4096;
    private const int MaxBatch = 256;
    private static readonly TimeSpan OneMoment = TimeSpan.FromMilliseconds(100);

    private readonly IPeerConnector _connector;
    private readonly ImmutableArray<DiscoverySource> _sources;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ClusterMetrics? _metrics;
    private readonly IDisposable _notices;
    private readonly Reconciler _reconciler;
    private readonly Channel<ReconcilerEvent> _events =
        Channel.CreateBounded<ReconcilerEvent>(new BoundedChannelOptions(EventCapacity) { SingleReader = true });
    private readonly EventWatchers _watchers = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopAsking = new(); // when draining begins, or at the end
    private readonly Dictionary<long, Task> _dials = [];
    private readonly long _start;
    private ReconcilerState _state;
    private volatile ClusterView _view;
    private TaskCompletionSource _viewChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _noticeLost;
    private volatile bool _draining;
    private Task _running = Task.CompletedTask;

    internal ClusterMembership(
        IPeerConnector connector, IEnumerable<DiscoverySource> sources, ClusterOptions options, TimeProvider time,
        ILogger logger, NodeMetrics? metrics = null)
    {
        _connector = connector;
        _sources = [.. sources];
        _options = options.Copy();
        if (_options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        if (_sources.Select(source => source.Name).Distinct(StringComparer.Ordinal).Count() < _sources.Length)
            throw new ArgumentException("Two discovery sources have the same name.", nameof(sources));
        _time = time;
        _logger = logger;
        _start = time.GetTimestamp();
        _reconciler = new Reconciler(_options, connector.Self, new SelfCheck(connector, time).IsSelf, Chance);
        _state = ReconcilerState.Start(_sources.Select(source => (source.Name, source.Discovery.NamesSelf && connector.Port is not null)));
        _view = ClusterViews.Of(_state, connector.Self, _options.ExpectedPeers, Now());
        _metrics = metrics is null ? null : new ClusterMetrics(metrics, () => View, time);
        // Before anything can be dialled: a link's notice says what no later look at who is connected does.
        _notices = connector.Subscribe(Noticed);
    }

    /// <summary>The view of this moment.</summary>
    public ClusterView View => _view;

    /// <summary>Everything that changes from the call on, in order, until the node stops.</summary>
    /// <remarks>
    /// A reader who is more than 1,024 events behind loses the oldest ones and gets <see cref="ClusterEvent.Missed"/>
    /// in their place; <see cref="View"/> tells the state then.
    /// </remarks>
    public IAsyncEnumerable<ClusterEvent> WatchAsync(CancellationToken cancellationToken = default) =>
        _watchers.WatchAsync(cancellationToken);

    /// <summary>Waits for a view that meets a condition; the present one may.</summary>
    /// <param name="condition">
    /// The condition, asked on any thread. A view that is followed by the next at once may be passed over; what must
    /// not be missed is among the events of <see cref="WatchAsync"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The view that met it.</returns>
    /// <exception cref="ObjectDisposedException">The node stopped before.</exception>
    public async Task<ClusterView> WaitForAsync(
        Func<ClusterView, bool> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (true)
        {
            // The signal before the view: a view that comes between the two sets off this signal.
            var changed = Volatile.Read(ref _viewChanged).Task;
            var view = _view;
            if (condition(view))
                return view;
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits until the node has joined its cluster, as <see cref="JoinOptions"/> define it: that enough members are
    /// connected, that it is the first, or that it has waited long enough.
    /// </summary>
    /// <returns>Which of the three.</returns>
    /// <exception cref="JoinTimeoutException">It has waited long enough, and that is a failure by
    /// <see cref="JoinOptions.TimeoutFails"/>. The message says who is missing and why.</exception>
    /// <exception cref="ObjectDisposedException">The node stopped before.</exception>
    public async Task<JoinState> JoinAsync(CancellationToken cancellationToken = default)
    {
        var view = await WaitForAsync(
            static view => view.Join != JoinState.Waiting, cancellationToken).ConfigureAwait(false);
        return view.Join == JoinState.TimedOut && _options.Join.TimeoutFails
            ? throw new JoinTimeoutException(ClusterViews.WhyNotJoined(view, _options.Join))
            : view.Join;
    }

    /// <summary>Stops dialling and asking. Links stay as they are.</summary>
    public async ValueTask DisposeAsync()
    {
        Cancel(_stop);
        Cancel(_stopAsking);
        try
        {
            await _running.ConfigureAwait(false);
        }
        finally
        {
            _notices.Dispose();
            _watchers.End();
            Volatile.Read(ref _viewChanged).TrySetResult();
        }
    }

    /// <summary>Where discovery has found a peer; null when it names none such.</summary>
    internal DiscoveredPeer? WhereIs(NodeName peer) => Volatile.Read(ref _state).Wanted(peer);

    /// <summary>Dials nobody from now on, and asks for nobody: sources that announce this node cease to.</summary>
    internal void Drain()
    {
        if (_draining)
            return;
        _draining = true;
        _logger.Draining(_connector.Connected.Count);
        Cancel(_stopAsking);
        if (!_events.Writer.TryWrite(new ReconcilerEvent.Drain()))
            _noticeLost = true;
    }

    /// <summary>Begins, once.</summary>
    internal void Start() => _running = Task.Run(RunAsync);

    // Whoever has a callback on the token, a strategy, may throw; the end must go on.
    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException)
        {
            // It is cancelled all the same.
        }
    }

    private static double Chance() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;

    private async Task RunAsync()
    {
        var wake = _time.CreateTimer(
            _ => _events.Writer.TryWrite(new ReconcilerEvent.Wake()), null, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        await using (wake.ConfigureAwait(false))
        {
            var pollers = _sources.Select((source, index) =>
                new SourcePoller(
                    index, source, _connector.Self, _events.Writer, _options.RemindEvery, _time, _logger)
                .RunAsync(_stopAsking.Token)).ToArray();
            var comparing = new ViewComparison(
                _connector, _options.CompareViewsEvery, _events.Writer, _time).RunAsync(_stop.Token);
            try
            {
                await LoopAsync(wake).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // We are told to stop. Everything that was begun is waited for.
            }
            await Task.WhenAll(pollers).ConfigureAwait(false);
            await comparing.ConfigureAwait(false);
            await Task.WhenAll(_dials.Values).ConfigureAwait(false);
        }
    }

    private async Task LoopAsync(ITimer wake)
    {
        var batch = new List<ReconcilerEvent>();
        var nextTick = Now().Elapsed;
        while (true)
        {
            batch.Clear();
            while (batch.Count < MaxBatch && _events.Reader.TryRead(out var happened))
                batch.Add(happened);
            var now = Now();
            if (now.Elapsed >= nextTick || _noticeLost)
            {
                _noticeLost = false;
                nextTick = now.Elapsed + _options.TickInterval;
                batch.Add(new ReconcilerEvent.Tick(_connector.Connected, _dials.Keys.ToHashSet()));
                if (_draining)
                    batch.Insert(0, new ReconcilerEvent.Drain());
            }
            try
            {
                Take(batch, now);
            }
            catch (Exception e)
            {
                // A defect, or a logger that throws, must not end the reconnecting: the next tick looks at everything
                // anew.
                Tell(e);
            }
            var due = _reconciler.NextWake(_state, now.Elapsed) is { } next && next < nextTick ? next : nextTick;
            // Up to the next whole millisecond: the timer rounds down, and would wake us before the time.
            wake.Change(
                TimeSpan.FromMilliseconds(Math.Ceiling((due - now.Elapsed).TotalMilliseconds)),
                Timeout.InfiniteTimeSpan);
            await _events.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private void Tell(Exception e)
    {
        try
        {
            _logger.ClusterLoopFailed(e);
        }
        catch (Exception)
        {
            // It was the logger.
        }
    }

    private void Take(List<ReconcilerEvent> batch, Instant now)
    {
        foreach (var happened in batch)
        {
            if (happened is ReconcilerEvent.DialDone done)
                _dials.Remove(done.Dial);
        }
        var version = _state.Version;
        (_state, var effects) = _reconciler.Step(_state, CollectionsMarshal.AsSpan(batch), now);
        if (_state.Version != version)
            Show(ClusterViews.Of(_state, _connector.Self, _options.ExpectedPeers, now));
        foreach (var effect in effects)
            Perform(effect);
        // Last, since a logger may be anybody's code, too.
        foreach (var effect in effects)
            _logger.Write(effect, _connector.Self, _options.Removal);
    }

    private void Show(ClusterView view)
    {
        _view = view;
        var changed = Interlocked.Exchange(
            ref _viewChanged, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.TrySetResult();
    }

    private void Perform(ReconcilerEffect effect)
    {
        if (effect is ReconcilerEffect.Publish publish)
            _watchers.Publish(publish.Event);
        else if (effect is ReconcilerEffect.Connect connect)
            _dials.Add(connect.Dial, DialAsync(connect));
        else if (effect is ReconcilerEffect.Cut cut)
            _connector.Disconnect(cut.Peer, "discovery no longer names it");
    }

    private async Task DialAsync(ReconcilerEffect.Connect connect)
    {
        // Off the loop before anything else, whatever the connector does on our thread.
        await Task.Yield();
        var begun = _time.GetTimestamp();
        var (failure, yielded) = await OutcomeAsync(connect.Peer).ConfigureAwait(false);
        if (_stop.IsCancellationRequested)
            return;
        var done = new ReconcilerEvent.DialDone(
            connect.Dial, failure, _connector.Connected.Contains(connect.Peer.Name), yielded);
        try
        {
            _metrics?.Dialled(yielded ? "yielded" : failure is null ? "ok" : "failed", failure?.Stage, _time.GetElapsedTime(begun));
        }
        finally
        {
            // Whatever those who listen to the meter do.
            await TellAsync(done).ConfigureAwait(false);
        }
    }

    private async Task<(PeerFailure? Failure, bool Yielded)> OutcomeAsync(DiscoveredPeer peer)
    {
        using var deadline = new CancellationTokenSource(_options.DialTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stop.Token);
        try
        {
            await _connector.ConnectAsync(peer, either.Token).ConfigureAwait(false);
            return default;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            var failure = new PeerFailure(
                PeerStage.Handshake,
                FormattableString.Invariant(
                    $"The attempt was given up after {_options.DialTimeout.TotalSeconds:0.###} s."),
                _time.GetUtcNow());
            return (failure, false);
        }
        catch (Exception e)
        {
            // Whatever it is, it is this peer's failure, shown in the view and tried again.
            return (PeerFailure.From(e, _time.GetUtcNow()), e is HandshakeException { Failure: HandshakeFailure.AlreadyConnecting });
        }
    }

    private async Task TellAsync(ReconcilerEvent.DialDone done)
    {
        try
        {
            await _events.Writer.WriteAsync(done, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more.
        }
    }

    // Called by links, which must not wait: when there is no room, the next look at who is connected finds out.
    private void Noticed(PeerLinkNotice notice)
    {
        if (!_events.Writer.TryWrite(new ReconcilerEvent.Link(notice)))
            _noticeLost = true;
    }

    // Both clocks at one moment: a thread that is held up between the two would take that for a clock that was set.
    private Instant Now()
    {
        while (true)
        {
            var elapsed = _time.GetElapsedTime(_start);
            var wall = _time.GetUtcNow();
            if (_time.GetElapsedTime(_start) - elapsed < OneMoment)
                return new(elapsed, wall);
        }
    }
}
