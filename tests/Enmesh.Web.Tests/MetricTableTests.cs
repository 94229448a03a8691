using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Enmesh.Hosting;
using Enmesh.Hosting.Tests;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Enmesh.TestSupport;
using Enmesh.Web.Metrics;
using Xunit;

namespace Enmesh.Web.Tests;

/// <summary>The table of metrics in docs/operations.md: names, kinds, units and labels are those of the instruments.</summary>
[Trait("Ring", "loopback")]
[Collection(nameof(OfTheProcess))]
public sealed class MetricTableTests : IAsyncDisposable
{
    private readonly TestHost _host = new();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string[]> _tags = new(StringComparer.Ordinal);

    public MetricTableTests()
    {
        // Those of other tests as well, which are the same.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is not ("Enmesh" or "Enmesh.Web"))
                return;
            _instruments[instrument.Name] = instrument;
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Keep(instrument, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Keep(instrument, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Keep(instrument, tags));
        _listener.Start();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Names_kinds_units_and_labels_are_those_of_the_instruments()
    {
        using var pki = new TestPki();
        using var renewal = Renewal(pki);
        await StartAsync(pki);
        await using var peer = await PeerAsync(pki);
        await peer.PingAsync(_host.Node.Name);
        await _host.Node.Cluster.WaitForAsync(view => view.Members.Any(member => member.Failures > 0)).WaitAsync(TimeSpan.FromSeconds(60));
        _listener.RecordObservableInstruments();

        Assert.Equal(
            _instruments.Values.Select(Row).Order(StringComparer.Ordinal),
            Table().Select(row => string.Join(" | ", row[..4])).Order(StringComparer.Ordinal));
        foreach (var row in Table().Where(row => _tags.ContainsKey(row[1])))
            Assert.Equal((row[1], string.Join(", ", _tags[row[1]])), (row[1], string.Join(", ", Labels(row[4]))));
        // Nothing has been dropped, and nothing renewed.
        Assert.Empty(_instruments.Keys.Except(_tags.Keys).Except(
            ["enmesh.mailbox.dropped", "enmesh.mailbox.backlogs", "enmesh.certificate.remaining", "enmesh.certificate.renewals", "enmesh.discovery.age"]));
    }

    private static string Row(Instrument instrument) =>
        $"{PrometheusNames.Of(instrument.Name, instrument.Unit, PrometheusNames.KindOf(instrument))} | {instrument.Name} | {Kind(instrument)} | {instrument.Unit}";

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "up-down counter",
        "Histogram" => "histogram",
        _ => "gauge",
    };

    // Metric, instrument, kind, unit, labels, what.
    private static string[][] Table() =>
    [
        .. File.ReadLines(Repository.PathTo("docs/operations.md")).Where(line => line.StartsWith("| `enmesh_", StringComparison.Ordinal) || line.StartsWith("| `connected_", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|').Select((cell, at) => at < 4 ? cell.Trim().Trim('`') : cell.Trim()).ToArray()),
    ];

    // `enmesh_peer`, `network_io_direction` (`receive`, `transmit`): what is in parentheses are values.
    private static IEnumerable<string> Labels(string cell)
    {
        var names = string.Concat(cell.Split('(').Select((part, at) => at == 0 ? part : part[(part.IndexOf(')', StringComparison.Ordinal) + 1)..]));
        return names.Split('`').Where((_, at) => at % 2 == 1).Order(StringComparer.Ordinal);
    }

    // The node's name, which nearly all have, is told above the table.
    private void Keep(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        List<string> names = [];
        foreach (var tag in tags)
            names.Add(PrometheusNames.Label(tag.Key));
        _tags[instrument.Name] = [.. names.Where(name => name != "enmesh_node").Order(StringComparer.Ordinal)];
    }

    private async Task StartAsync(TestPki pki)
    {
        var files = pki.Files("127.0.0.1");
        _host.With("Enmesh", "node").Set(
            ("Enmesh:Epmd", "off"), ("Enmesh:Port", BeamEpmd.FreePort().ToString(CultureInfo.InvariantCulture)),
            ("Enmesh:Tls:CertificateFile", files.CertificateFile), ("Enmesh:Tls:KeyFile", files.KeyFile), ("Enmesh:Tls:CaFile", files.CaFile),
            ("Enmesh:Discovery:main:Strategy", "static"), ("Enmesh:Discovery:main:Peers", "nobody@127.0.0.1:1"),
            ("Enmesh:Web:Metrics", "127.0.0.1:0"), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "off"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangEndpoints();
        await _host.StartAsync();
    }

    private Task<ErlangNode> PeerAsync(TestPki pki)
    {
        var files = pki.Files("127.0.0.1");
        return ErlangNode.StartAsync(new()
        {
            Name = "peer@127.0.0.1",
            CookieFile = _host.CookieFile,
            Listen = false,
            PeerPort = _host.Node.Port,
            Tls = new() { CertificateFile = files.CertificateFile, KeyFile = files.KeyFile, CaFile = files.CaFile },
        });
    }

    // Its instruments are there as soon as it is; it asks nobody here.
    private static NodeCertificateRenewal Renewal(TestPki pki) => new(new NodeCertificateRequester(
        DispatchProxy.Create<IKubernetesClient, Nobody>(),
        new NodeCertificateOptions { Host = "127.0.0.1", Directory = Path.GetDirectoryName(pki.CaFile), Issuer = "nobody" }));

    public class Nobody : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException(targetMethod?.Name);
    }
}

/// <summary>Instruments without a host are the process's, and every other test would see them: alone.</summary>
[CollectionDefinition(nameof(OfTheProcess), DisableParallelization = true)]
public sealed class OfTheProcess;
