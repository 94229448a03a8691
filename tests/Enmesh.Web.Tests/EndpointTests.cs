using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Enmesh.Discovery;
using Enmesh.Hosting;
using Enmesh.Hosting.Tests;
using Enmesh.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Enmesh.Web.Tests;

[Trait("Ring", "loopback")]
public sealed class EndpointTests : IAsyncDisposable
{
    private readonly TestHost _host = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    private EndpointService Endpoints => _host.Services.GetRequiredService<EndpointService>();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_and_probes_are_served_where_they_are_wanted_and_nowhere_else()
    {
        Prepare();
        await _host.StartAsync();
        var (metrics, probes) = (Endpoints.Metrics!, Endpoints.Probes!);
        var text = await TextAsync(metrics, "/metrics");
        Assert.Contains($"enmesh_processes{{enmesh_node=\"{_host.Node.Name}\"}} ", text, StringComparison.Ordinal);
        Assert.Contains($"connected_node_count{{node=\"{_host.Node.Name}\"}} 0", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE dotnet_gc_pause_time_seconds_total counter", text, StringComparison.Ordinal);
        Assert.Equal("live\n", await TextAsync(probes, "/livez"));
        Assert.Equal("ready\n", await TextAsync(probes, "/readyz"));

        Assert.Equal((HttpStatusCode.NotFound, "There is nothing here. This port has /metrics\n"), await AskAsync(HttpMethod.Get, metrics, "/readyz"));
        Assert.Equal((HttpStatusCode.NotFound, "There is nothing here. This port has /livez /readyz\n"), await AskAsync(HttpMethod.Get, probes, "/metrics"));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "This only answers GET and HEAD.\n"), await AskAsync(HttpMethod.Post, probes, "/livez"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(HttpMethod.Head, probes, "/livez"));
    }

    [Fact]
    public async Task The_documentation_has_every_metric_of_the_node_and_no_other()
    {
        Prepare();
        _host.Set(("Enmesh:Discovery:main:Strategy", "static"), ("Enmesh:Discovery:main:Peers", "nobody@127.0.0.1:1"));
        await _host.StartAsync();
        await using var peer = await ErlangNode.StartAsync(new()
        {
            Name = "peer@127.0.0.1",
            CookieFile = _host.CookieFile,
            Listen = false,
            PeerPort = _host.Node.Port,
        });
        await peer.PingAsync(_host.Node.Name);
        await _host.Node.Cluster.WaitForAsync(view => view.Members.Any(member => member.Failures > 0)).WaitAsync(TimeSpan.FromSeconds(60));
        // Counters of what has not happened, which are not there yet.
        string[] rare =
        [
            "enmesh_mailbox_dropped_total", "enmesh_mailbox_backlogs_total",
            // With TLS, and with renewal.
            "enmesh_tls_certificate_remaining_seconds", "enmesh_certificate_remaining_seconds", "enmesh_certificate_renewals_total",
        ];
        var documented = Regex.Matches(await File.ReadAllTextAsync(Repository.PathTo("docs/operations.md")), @"^\| `([a-z]\w*)` \|", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value);
        var served = Regex.Matches(await TextAsync(Endpoints.Metrics!, "/metrics"), @"^# TYPE ((?:enmesh|connected)_\w+)", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value).Where(name => name != "enmesh_metrics_refused_total");
        Assert.Equal([.. served.Concat(rare).Order(StringComparer.Ordinal)], documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Links_are_measured_by_peer()
    {
        Prepare();
        await _host.StartAsync();
        await using var peer = await ErlangNode.StartAsync(new()
        {
            Name = "peer@127.0.0.1",
            CookieFile = _host.CookieFile,
            Listen = false,
            PeerPort = _host.Node.Port,
        });
        await peer.PingAsync(_host.Node.Name);
        var text = await TextAsync(Endpoints.Metrics!, "/metrics");
        foreach (var direction in new[] { "receive", "transmit" })
        {
            Assert.True(Value(text, $"enmesh_link_io_bytes_total{{enmesh_node=\"{_host.Node.Name}\",enmesh_peer=\"peer@127.0.0.1\",network_io_direction=\"{direction}\"}} ") > 20);
            Assert.True(Value(text, $"enmesh_link_messages_total{{enmesh_node=\"{_host.Node.Name}\",enmesh_peer=\"peer@127.0.0.1\",network_io_direction=\"{direction}\"}} ") >= 1);
        }
        Assert.Contains($"connected_node_count{{node=\"{_host.Node.Name}\"}} 1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_waits_for_its_cluster_is_live_and_not_ready()
    {
        Prepare();
        _host.Set(("Enmesh:Cluster:Join:MinMembers", "2"), ("Enmesh:Cluster:Join:FirstNode", "Wait"));
        var source = new SettableDiscovery();
        _host.Builder.Services.Configure<ErlangNodeOptions>(options => options.Discovery.Add(new("test", source)));
        var starting = _host.StartAsync();
        await source.Asked.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("live\n", await TextAsync(Endpoints.Probes!, "/livez"));
        var (status, body) = await AskAsync(HttpMethod.Get, Endpoints.Probes!, "/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.StartsWith("joining: node@127.0.0.1 is connected to 0 of ", body, StringComparison.Ordinal);
        Assert.False(starting.IsCompleted);
        await _host.Services.GetRequiredService<ErlangNode>().DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
    }

    [Fact]
    public async Task A_host_that_stops_is_not_ready_from_the_first_moment_and_answers_to_the_last()
    {
        Prepare();
        _host.Set(("Enmesh:DrainDelay", "3600"));
        _host.Builder.Services.AddHealthChecks().AddErlangNodes();
        await _host.StartAsync();
        var checks = _host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await checks.CheckHealthAsync()).Status);
        using var cut = new CancellationTokenSource();
        var stopping = _host.Services.GetRequiredService<IHost>().StopAsync(cut.Token);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "draining: this program is about to stop\n"), await AskAsync(HttpMethod.Get, Endpoints.Probes!, "/readyz"));
        Assert.Equal("live\n", await TextAsync(Endpoints.Probes!, "/livez"));
        var report = await checks.CheckHealthAsync();
        Assert.Equal("draining: this program is about to stop", report.Entries["erlang"].Description);
        await cut.CancelAsync();
        await stopping;
    }

    [Fact]
    public async Task An_address_of_another_host_is_named_with_what_to_do()
    {
        _host.With("Enmesh", "node").Set(("Enmesh:Web:Metrics", "192.0.2.1:9153"), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "off"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangEndpoints();
        var error = await Assert.ThrowsAsync<ListenFailedException>(_host.StartAsync);
        Assert.False(error.InUse);
        Assert.EndsWith("Choose another address or port in Enmesh:Web, or 'off'.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_addresses_are_refused_by_their_keys()
    {
        _host.With("Enmesh", "node").Set(("Enmesh:Web:Metrics", "127.0.0.1"), ("Enmesh:Web:Probes", "eighty"), ("Enmesh:Web:Page", "127.0.0.1"), ("Enmesh:Web:Probe", "1"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangEndpoints();
        Assert.Equal(
            [
                "Enmesh:Web:Metrics: '127.0.0.1' is not an address with a port (0.0.0.0:9153, [::]:9153), a port alone, or 'off'.",
                "Enmesh:Web:Probes: 'eighty' is not an address with a port (0.0.0.0:9153, [::]:9153), a port alone, or 'off'.",
                "Enmesh:Web:Page: '127.0.0.1' is not an address with a port (0.0.0.0:9153, [::]:9153), a port alone, or 'off'.",
                "Enmesh:Web:Probe: there is no such setting. There are Metrics, Page, PageHosts, Probes.",
            ],
            await _host.RefusedAsync());
    }

    [Fact]
    public async Task The_page_has_an_address_of_its_own()
    {
        _host.With("Enmesh", "node").Set(("Enmesh:Web:Metrics", "127.0.0.1:7"), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "127.0.0.1:7"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangEndpoints();
        Assert.Equal(["Enmesh:Web:Page: 127.0.0.1:7 serves metrics or probes already; choose another port."], await _host.RefusedAsync());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_what_to_do()
    {
        Prepare();
        await _host.StartAsync();
        await using var second = new TestHost();
        second.With("Enmesh", "second").Set(("Enmesh:Web:Metrics", Endpoints.Metrics!.ToString()), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "off"));
        second.Builder.AddErlangNode();
        second.Builder.AddErlangEndpoints();
        var error = await Assert.ThrowsAsync<ListenFailedException>(second.StartAsync);
        Assert.True(error.InUse);
        Assert.Contains($"{Endpoints.Metrics}", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Choose another address or port in Enmesh:Web, or 'off'.", error.Message, StringComparison.Ordinal);
    }

    private void Prepare()
    {
        _host.With("Enmesh", "node").Set(("Enmesh:Epmd", "off"), ("Enmesh:Port", FreePort()), ("Enmesh:Web:Metrics", "127.0.0.1:0"), ("Enmesh:Web:Probes", "[::1]:0"), ("Enmesh:Web:Page", "off"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangEndpoints();
    }

    private static string FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    private Task<string> TextAsync(IPEndPoint at, string path) => _http.GetStringAsync(new Uri($"http://{at}{path}"));

    private async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpMethod method, IPEndPoint at, string path)
    {
        using var request = new HttpRequestMessage(method, $"http://{at}{path}");
        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static double Value(string text, string line)
    {
        var found = Assert.Single(text.Split('\n'), one => one.StartsWith(line, StringComparison.Ordinal));
        return double.Parse(found[line.Length..], CultureInfo.InvariantCulture);
    }

    private sealed class SettableDiscovery : IPeerDiscovery
    {
        internal TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            return new(new PeerSnapshot.Complete([new DiscoveredPeer(NodeName.Parse("nobody@127.0.0.1"), null, 1)]));
        }
    }
}
