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

    /// <summary>All events from the moment of the call on, until the cluster ends.</summary>
    internal IAsyncEnumerable<ClusterEvent> WatchAsync(CancellationToken cancellationToken)
    {
        var watcher = new Watcher();
        lock (_gate)
        {
            if (_ended)
                watcher.End();
            else
                _watchers.Add(watcher);
        }
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

    private async IAsyncEnumerable<ClusterEvent> ReadAsync(
        Watcher watcher, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
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
            lock (_gate)
                _watchers.Remove(watcher);
        }
    }

    private sealed class Watcher
    {
        private readonly Channel<ClusterEvent> _channel;
        private long _missed;

        internal Watcher()
        {
            var options = new BoundedChannelOptions(Capacity)
            {
                FullMode = BoundedChannelFullMode.DropOldest,
                SingleReader = true,
            };
            _channel = Channel.CreateBounded<ClusterEvent>(options, _ => Interlocked.Increment(ref _missed));
        }

        internal ChannelReader<ClusterEvent> Events => _channel.Reader;

        internal void Add(ClusterEvent what) => _channel.Writer.TryWrite(what);

        internal void End() => _channel.Writer.TryComplete();

        internal long TakeMissed() => Interlocked.Exchange(ref _missed, 0);
    }
}
