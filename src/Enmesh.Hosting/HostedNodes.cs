using System.Collections.Concurrent;

namespace Enmesh.Hosting;

/// <summary>
/// The nodes of one host, which come and go together: services wait until all of them have joined, for some may wait
/// for others of this host; and they drain side by side, for as long as the one that needs longest.
/// </summary>
/// <param name="names">The names of all nodes that the host has.</param>
/// <param name="drain">What lies between the signal to stop and the stopping.</param>
/// <param name="time">The host's clock.</param>
internal sealed class HostedNodes(NodeNames names, HostDrain drain, TimeProvider time)
{
    private readonly ConcurrentQueue<(ErlangNode Node, TimeSpan DrainDelay, DateTimeOffset At)> _started = [];
    private readonly Lock _gate = new();
    private Task? _draining;
    private volatile bool _haveJoined;

    /// <summary>How many there are to be.</summary>
    internal int Expected => names.Count;

    /// <summary>Those that have started so far.</summary>
    internal IEnumerable<ErlangNode> Started => _started.Select(one => one.Node);

    /// <summary>The same, with the moments at which they started.</summary>
    internal IEnumerable<(ErlangNode Node, DateTimeOffset At)> StartedAt => _started.Select(one => (one.Node, one.At));

    /// <summary>How far the host is on its way out; null while nobody has told it to stop.</summary>
    internal DrainState? Draining => drain.State;

    /// <summary>Whether all of them have joined their clusters; for good, also when peers are lost later.</summary>
    internal bool HaveJoined => _haveJoined;

    /// <summary>A node has started. The last one waits until all of them have joined.</summary>
    internal async Task HasStartedAsync(ErlangNode node, TimeSpan drainDelay, CancellationToken cancellationToken)
    {
        _started.Enqueue((node, drainDelay, time.GetUtcNow()));
        if (_started.Count < names.Count)
            return;
        try
        {
            // The first that fails ends the wait for the others.
            var joining = _started.Select(one => one.Node.Cluster.JoinAsync(cancellationToken));
            await foreach (var joined in Task.WhenEach(joining).WithCancellation(cancellationToken).ConfigureAwait(false))
                await joined.ConfigureAwait(false);
            _haveJoined = true;
        }
        catch
        {
            // The host does not stop what did not start.
            foreach (var (started, _, _) in _started)
                await started.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Has all of them drain, once, and waits with whoever asks until that is over.</summary>
    internal Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return _draining ??= DrainOnceAsync(cancellationToken);
    }

    private async Task DrainOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var (node, _, _) in _started)
            node.Drain();
        await drain.RunAsync(_started.Select(one => one.DrainDelay).DefaultIfEmpty().Max(), cancellationToken).ConfigureAwait(false);
    }
}
