using System.Diagnostics.Metrics;

namespace Enmesh.Telemetry;

/// <summary>The instruments of a node, on the meter <c>Enmesh</c>; each is tagged with the node's name.</summary>
internal sealed class NodeMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _backlogs;
    private readonly Counter<long> _helped;
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
            "enmesh.mailbox.backlogs", "{backlog}", "Times that 65,536 messages, or twice as many and so on, waited for one process.");
        _helped = meter.CreateCounter<long>(
            "enmesh.turns.helped", "{turn}", "Turns that held a thread so long that the node's own thread went on in their place: user code blocks.");
    }

    internal void MessageDropped() => _dropped.Add(1, _node);

    internal void BacklogSeen() => _backlogs.Add(1, _node);

    internal void TurnHelped() => _helped.Add(1, _node);

    public void Dispose() => _meter.Dispose();
}
