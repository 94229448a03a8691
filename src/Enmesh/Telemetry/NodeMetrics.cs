using System.Diagnostics.Metrics;

namespace Enmesh.Telemetry;

/// <summary>The instruments of a node, on the meter <c>Enmesh</c>; each is tagged with the node's name.</summary>
internal sealed class NodeMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly List<Action> _ends = [];
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _backlogs;
    private readonly KeyValuePair<string, object?> _node;

    /// <param name="factory">Makes the meter; one of the node's own when null.</param>
    /// <param name="node">The node's name.</param>
    internal NodeMetrics(IMeterFactory? factory, string node)
    {
        var meter = _meter = factory?.Create("Enmesh") ?? new Meter("Enmesh");
        _node = new("enmesh.node", node);
        _dropped = meter.CreateCounter<long>(
            "enmesh.mailbox.dropped", "{message}", "Messages that a process with a limited mailbox did not get.");
        _backlogs = meter.CreateCounter<long>(
            "enmesh.mailbox.backlogs", "{backlog}",
            "Times that 65,536 messages, or twice as many and so on, waited for one process.");
    }

    /// <summary>The meter, for the instruments of the rooms above.</summary>
    internal Meter Meter => _meter;

    /// <summary>The tag that each of them carries.</summary>
    internal KeyValuePair<string, object?> Node => _node;

    internal void MessageDropped() => _dropped.Add(1, _node);

    /// <summary>Has the figures shown that are read when somebody looks.</summary>
    internal void Observe(Func<int> processes, Func<long> mailboxBytes, Func<TimeSpan> poolDelay)
    {
        _meter.CreateObservableUpDownCounter(
            "enmesh.processes", WhileRunning(processes), "{process}",
            "Processes that are alive.");
        _meter.CreateObservableUpDownCounter(
            "enmesh.mailbox.bytes", WhileRunning(mailboxBytes), "By",
            "What peers have sent and no process has taken yet, roughly.");
        _meter.CreateObservableGauge(
            "enmesh.pool.delay",
            WhileRunning(() => poolDelay().TotalSeconds),
            "s",
            "How long work waits for a thread of the pool, looked at each second: what rises when user code blocks threads.");
    }

    /// <summary>
    /// What an instrument that is read when somebody looks shows while the node runs; then nothing. The meter may be the
    /// host's, who keeps it, and with it all that its instruments hold.
    /// </summary>
    internal Func<IEnumerable<Measurement<T>>> WhileRunning<T>(Func<IEnumerable<Measurement<T>>> read)
        where T : struct
    {
        var reading = new Reading<T>(read);
        lock (_ends)
            _ends.Add(reading.End);
        return reading.Read;
    }

    /// <inheritdoc cref="WhileRunning{T}(Func{IEnumerable{Measurement{T}}})"/>
    internal Func<IEnumerable<Measurement<T>>> WhileRunning<T>(Func<T> read)
        where T : struct => WhileRunning<T>(() => [new(read(), _node)]);

    internal void BacklogSeen() => _backlogs.Add(1, _node);

    public void Dispose()
    {
        lock (_ends)
            _ends.ForEach(static end => end());
        _meter.Dispose();
    }

    private sealed class Reading<T>(Func<IEnumerable<Measurement<T>>> read)
        where T : struct
    {
        private Func<IEnumerable<Measurement<T>>>? _read = read;

        internal IEnumerable<Measurement<T>> Read() => Volatile.Read(ref _read)?.Invoke() ?? [];

        internal void End() => Volatile.Write(ref _read, null);
    }
}
