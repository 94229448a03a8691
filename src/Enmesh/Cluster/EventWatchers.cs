using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Enmesh.Cluster;

/// <summary>Hands events to everybody who reads them, and never waits for any of them.</summary>
internal sealed class EventWatchers
{
    private const int Capacity = 1024;
    private readonly Lock _gate = new();
    private readonly List<Watcher> _watchers = [];
    private bool _ended;

    /// <summary>For how many events are kept.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _watchers.Count;
        }
    }

    /// <summary>All events from the moment of the call on, until the cluster ends.</summary>
    internal IAsyncEnumerable<ClusterEvent> WatchAsync(CancellationToken cancellationToken)
    {
        var watcher = new Watcher(this);
        lock (_gate)
        {
            if (_ended)
                watcher.End();
            else
                _watchers.Add(watcher);
        }
        // Whoever never reads, or reads no further, is not written for when his token has ended.
        watcher.Registration = cancellationToken.UnsafeRegister(static watcher => ((Watcher)watcher!).Leave(), watcher);
        return ReadAsync(watcher, cancellationToken);
    }

    internal void Publish(ClusterEvent what)
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers)
                watcher.Add(what);
        }
    }

    internal void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var watcher in _watchers)
                watcher.End();
            _watchers.Clear();
        }
    }

    private static async IAsyncEnumerable<ClusterEvent> ReadAsync(
        Watcher watcher, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        watcher.Begin();
        try
        {
            await foreach (var what in watcher.Events.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                // The lost ones were older than this one.
                if (watcher.TakeMissed() is > 0 and var missed)
                    yield return new ClusterEvent.Missed(missed);
                yield return what;
            }
        }
        finally
        {
            watcher.Leave();
            await watcher.Registration.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class Watcher
    {
        private readonly Channel<ClusterEvent> _channel;
        private readonly EventWatchers _owner;
        private long _missed;
        private int _begun;

        internal Watcher(EventWatchers owner)
        {
            _owner = owner;
            var options = new BoundedChannelOptions(Capacity)
            {
                FullMode = BoundedChannelFullMode.DropOldest,
                SingleReader = true,
            };
            _channel = Channel.CreateBounded<ClusterEvent>(options, _ => Interlocked.Increment(ref _missed));
        }

        internal ChannelReader<ClusterEvent> Events => _channel.Reader;

        internal CancellationTokenRegistration Registration { get; set; }

        /// <summary>Somebody begins to read; the events are there once.</summary>
        internal void Begin()
        {
            if (Interlocked.Exchange(ref _begun, 1) != 0)
                throw new InvalidOperationException("These events have been read already; call WatchAsync again for those from now on.");
        }

        internal void Leave()
        {
            lock (_owner._gate)
                _owner._watchers.Remove(this);
        }

        internal void Add(ClusterEvent what) => _channel.Writer.TryWrite(what);

        internal void End() => _channel.Writer.TryComplete();

        internal long TakeMissed() => Interlocked.Exchange(ref _missed, 0);
    }
}
