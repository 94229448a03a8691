using System.Diagnostics.Metrics;

namespace Enmesh.Telemetry;

/// <summary>The instruments of a node, on the meter <c>Enmesh</c>; each is tagged with the node's name.</summary>
internal sealed class NodeMetrics : IDisposable
{
    private readonly Meter _meter;
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
            "enmesh.processes", () => new Measurement<int>(processes(), _node), "{process}",
            "Processes that are alive.");
        _meter.CreateObservableUpDownCounter(
            "enmesh.mailbox.bytes", () => new Measurement<long>(mailboxBytes(), _node), "By",
            "What peers have sent and no process has taken yet, roughly.");
        _meter.CreateObservableGauge(
            "enmesh.pool.delay",
            () => new Measurement<double>(poolDelay().TotalSeconds, _node),
            "s",
            "How long work waits for a thread of the pool, looked at each second: what rises when user code blocks threads.");
    }

    internal void BacklogSeen() => _backlogs.Add(1, _node);

    public void Dispose() => _meter.Dispose();
}
