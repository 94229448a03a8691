using System.Diagnostics.Metrics;
using Enmesh.Telemetry;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Xunit;

namespace Enmesh.Tests.Tls;

[Trait("Ring", "loopback")]
public sealed class TlsMetricsTests
{
    [Fact]
    public void What_is_left_of_a_nodes_certificates_is_measured_for_both_roles()
    {
        using var pki = new TestPki();
        var (server, client) = (pki.Files("127.0.0.1"), pki.Files("127.0.0.1"));
        using var source = new TlsSource(new(client, server), TimeProvider.System, new LogKeeper());
        var clock = new VirtualTime();
        using var metrics = new NodeMetrics(null, "orders@127.0.0.1");
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == metrics.Meter && instrument.Name == "enmesh.tls.certificate.remaining")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Assert.Equal("s", instrument.Unit);
            Assert.Equal(new("enmesh.node", "orders@127.0.0.1"), tags[0]);
            seen[(string)tags[1].Value!] = value;
        });
        listener.Start();
        TlsMetrics.Observe(metrics, source, clock);
        listener.RecordObservableInstruments();
        Assert.Equal((source.Current.Server.NotAfter - clock.GetUtcNow()).TotalSeconds, seen["server"]);
        Assert.Equal((source.Current.Client.NotAfter - clock.GetUtcNow()).TotalSeconds, seen["client"]);
    }
}
