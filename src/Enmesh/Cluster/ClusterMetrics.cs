using System.Diagnostics.Metrics;
using Enmesh.Telemetry;

namespace Enmesh.Cluster;

/// <summary>The instruments of a node's cluster, on the node's meter.</summary>
internal sealed class ClusterMetrics
{
    private readonly KeyValuePair<string, object?> _node;
    private readonly Histogram<double> _dials;

    internal ClusterMetrics(NodeMetrics metrics, Func<ClusterView> view, TimeProvider time)
    {
        var meter = metrics.Meter;
        _node = metrics.Node;
        _dials = meter.CreateHistogram<double>(
            "enmesh.cluster.dial.duration", "s",
            "Attempts to connect a discovered peer: how long they took, with their result and the stage that failed.");
        meter.CreateObservableUpDownCounter(
            "enmesh.cluster.peers", metrics.WhileRunning(() => Peers(view())), "{peer}",
            "Peers of this node: how many there should be, how many discovery names, how many are connected.");
        meter.CreateObservableUpDownCounter(
            "enmesh.cluster.parted", metrics.WhileRunning(() => view().Parted.Count), "{pair}",
            "Pairs of nodes without a link to each other, as the members tell: the cluster is parted.");
        meter.CreateObservableGauge(
            "enmesh.discovery.peers", metrics.WhileRunning(() => OfSources(view(), source => source.Peers)), "{peer}",
            "Peers that a source of discovery names.");
        meter.CreateObservableGauge(
            "enmesh.discovery.failures", metrics.WhileRunning(() => OfSources(view(), source => source.Failures)), "{failure}",
            "Questions in a row to which a source of discovery gave no whole answer.");
        meter.CreateObservableGauge(
            "enmesh.discovery.duration", metrics.WhileRunning(() => OfSources(view(), source => source.LastDuration.TotalSeconds)), "s",
            "How long a source of discovery took to answer the last time.");
        meter.CreateObservableGauge(
            "enmesh.discovery.age",
            metrics.WhileRunning(() => OfSources(view(), source => (time.GetUtcNow() - source.LastComplete)?.TotalSeconds)), "s",
            "How long ago a source of discovery gave its last whole answer.");
    }

    /// <summary>An attempt is over.</summary>
    /// <param name="result"><c>ok</c>, <c>failed</c>, or <c>yielded</c> to the peer's own attempt.</param>
    /// <param name="failed">The stage that failed.</param>
    /// <param name="duration">How long it took.</param>
    internal void Dialled(string result, PeerStage? failed, TimeSpan duration) => _dials.Record(
        duration.TotalSeconds, _node, new("enmesh.dial.result", result), new("enmesh.dial.stage", failed?.ToString()));

    private IEnumerable<Measurement<int>> Peers(ClusterView view)
    {
        yield return Of("expected", view.Expected);
        yield return Of("discovered", view.Discovered);
        yield return Of("connected", view.Connected);

        Measurement<int> Of(string state, int count) => new(count, _node, new("enmesh.peer.state", state));
    }

    private IEnumerable<Measurement<double>> OfSources(ClusterView view, Func<SourceHealth, double?> value)
    {
        foreach (var source in view.Sources)
        {
            if (value(source) is { } known)
                yield return new Measurement<double>(known, _node, new("enmesh.discovery.source", source.Name));
        }
    }
}
