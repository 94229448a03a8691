using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Enmesh.Hosting;
using Enmesh.Hosting.Tests;
using Enmesh.Web.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Enmesh.Web.Tests;

/// <summary>What a collector gets; it takes OTLP over HTTP.</summary>
[Trait("Ring", "loopback")]
public sealed class OtlpTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Path, string Key, string Body)> _got = new();
    private readonly TestHost _host = new();
    private WebApplication _collector = null!;
    private string _address = "";

    private OtlpService Otlp => _host.Services.GetRequiredService<OtlpService>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _collector = builder.Build();
        _collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            // Names are in protobuf as they are.
            _got.Enqueue((context.Request.Path, context.Request.Headers["api-key"].ToString(), Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
        });
        await _collector.StartAsync();
        _address = _collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task A_collector_gets_the_figures_of_nodes_and_of_the_hosts_own_meters_and_the_spans_of_calls()
    {
        await StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", _address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of-the-test"));
        Assert.Equal((true, true), Otlp.Sends);
        using var meter = new Meter("shop.of-the-test");
        meter.CreateCounter<long>("shop.orders").Add(7);
        using var source = new ActivitySource("shop.of-the-test");
        source.StartActivity("sell")!.Dispose();
        await _host.Node.RpcAsync(_host.Node.Name, "erlang", "node", []);
        await _host.StopAsync(); // which sends what has gathered

        var metrics = string.Concat(_got.Where(got => got.Path == "/v1/metrics").Select(got => got.Body));
        Assert.Contains("enmesh.processes", metrics, StringComparison.Ordinal);
        Assert.Contains("shop.orders", metrics, StringComparison.Ordinal);
        Assert.Contains("dotnet.gc.collections", metrics, StringComparison.Ordinal);
        var traces = string.Concat(_got.Where(got => got.Path == "/v1/traces").Select(got => got.Body));
        Assert.Contains("sell", traces, StringComparison.Ordinal);
        Assert.Contains("erlang:node/0", traces, StringComparison.Ordinal);
        Assert.All(_got, got => Assert.Equal("of-the-test", got.Key));
    }

    [Theory]
    [InlineData("OTEL_METRICS_EXPORTER", "none", false, true)]
    [InlineData("OTEL_TRACES_EXPORTER", "none", true, false)]
    [InlineData("OTEL_SDK_DISABLED", "true", false, false)]
    public async Task Each_can_be_left_out(string variable, string value, bool metrics, bool traces)
    {
        await StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", _address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), (variable, value));
        Assert.Equal((metrics, traces), Otlp.Sends);
    }

    [Fact]
    public async Task Without_a_collector_nothing_is_done()
    {
        await StartAsync();
        Assert.Equal((false, false), Otlp.Sends);
    }

    private async Task StartAsync(params (string, string?)[] settings)
    {
        _host.With("Enmesh", "node").Set(("Enmesh:Epmd", "off"), ("Enmesh:Listen", "false"));
        _host.Set(settings);
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangOtlp();
        await _host.StartAsync();
    }
}
