using System.Diagnostics.Metrics;
using Enmesh.Telemetry;

namespace Enmesh.Peers;

/// <summary>The instruments of a node's links. All are read when somebody looks, so a message costs nothing more.</summary>
internal static class LinkMetrics
{
    internal static void Observe(NodeMetrics metrics, PeerTable peers)
    {
        var (meter, node) = (metrics.Meter, metrics.Node);
        meter.CreateObservableCounter(
            "enmesh.link.io", metrics.WhileRunning(() => Both(link => link.BytesRead, link => link.BytesWritten)), "By",
            "Bytes that went over the link to a peer, of frames and ticks; they begin anew with each link.");
        meter.CreateObservableCounter(
            "enmesh.link.messages", metrics.WhileRunning(() => Both(link => link.MessagesRead, link => link.MessagesSent)), "{message}",
            "Messages that went over the link to a peer; they begin anew with each link.");
        meter.CreateObservableUpDownCounter(
            "enmesh.link.pending",
            metrics.WhileRunning(() => peers.Links.Select(link => new Measurement<long>(link.PendingBytes, node, PeerOf(link)))), "By",
            "What waits to be sent to a peer.");
        meter.CreateObservableGauge(
            "enmesh.tick.delay", metrics.WhileRunning(() => peers.TickDelay.TotalSeconds), "s",
            "How late the last tick was: what rises when the process does not get the processor, as under a limit.");

        IEnumerable<Measurement<long>> Both(Func<PeerLink, long> received, Func<PeerLink, long> sent) => peers.Links.SelectMany(
            link => new Measurement<long>[]
            {
                new(received(link), node, PeerOf(link), new("network.io.direction", "receive")),
                new(sent(link), node, PeerOf(link), new("network.io.direction", "transmit")),
            });
    }

    private static KeyValuePair<string, object?> PeerOf(PeerLink link) => new("enmesh.peer", link.Peer.Text);
}
