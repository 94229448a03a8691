using System.Diagnostics.Metrics;
using Enmesh.Telemetry;

namespace Enmesh.Tls;

/// <summary>The instruments of a node's certificates.</summary>
internal static class TlsMetrics
{
    internal static void Observe(NodeMetrics metrics, TlsSource source, TimeProvider time)
    {
        metrics.Meter.CreateObservableGauge(
            "enmesh.tls.certificate.remaining",
            metrics.WhileRunning<double>(() => [Remaining("server", source.Current.Server), Remaining("client", source.Current.Client)]), "s",
            "How long the certificate that this node shows, and what leads to its authority, is still valid; negative when it has expired.");

        Measurement<double> Remaining(string role, TlsMaterial material) => new(
            (material.NotAfter - time.GetUtcNow()).TotalSeconds, metrics.Node, new("enmesh.tls.role", role));
    }
}
