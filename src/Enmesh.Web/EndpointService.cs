using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Enmesh.Hosting;
using Enmesh.Web.Metrics;
using Enmesh.Web.Status;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Web;

/// <summary>
/// Answers operators. It starts before the nodes, which may take long to join, and ends after them: a probe is answered at any time.
/// </summary>
internal sealed class EndpointService(
    IOptions<ErlangEndpointOptions> options, Readiness readiness, HostedNodes nodes, ILoggerFactory logs, IMeterFactory? meters, TimeProvider time)
    : IHostedLifecycleService, IAsyncDisposable
{
    private readonly Meter _meter = meters?.Create("Enmesh.Web") ?? new Meter("Enmesh.Web");
    private MetricsReader? _metrics; // only where somebody may read it
    private SmallServer? _server;
    private SmallServer? _pageServer;
    private StatusSite? _site;

    /// <summary>Where metrics are served, once it has started.</summary>
    internal IPEndPoint? Metrics { get; private set; }

    /// <summary>Where probes are served, once it has started.</summary>
    internal IPEndPoint? Probes { get; private set; }

    /// <summary>Where the page is served, once it has started.</summary>
    internal IPEndPoint? Page { get; private set; }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        (Metrics, Probes, Page) = (options.Value.Metrics, options.Value.Probes, options.Value.Page);
        IPEndPoint[] wanted = [.. new[] { Metrics, Probes }.OfType<IPEndPoint>().Distinct()];
        if (wanted.Length > 0)
        {
            ShowCount();
            if (Metrics is not null)
                _metrics = new(meters);
            _server = new("Metrics or probes", wanted, logs, AnswerAsync);
            await _server.StartAsync(cancellationToken).ConfigureAwait(false);
            (Metrics, Probes) = (_server.Bound(Metrics), _server.Bound(Probes));
        }
        if (Page is not null)
        {
            // Apart from the others: whoever holds all of the page's connections does not keep the kubelet from its answer.
            _site = new(new HostedStatuses(nodes, time), new HostNames([.. options.Value.PageHosts], () => nodes.Started.Select(node => node.Name.Host)), time);
            _pageServer = new("The page", [Page], logs, _site.AnswerAsync);
            await _pageServer.StartAsync(cancellationToken).ConfigureAwait(false);
            Page = _pageServer.Bound(Page);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // Those who look on would otherwise be waited for.
        if (_site is not null)
            await _site.DisposeAsync().ConfigureAwait(false);
        foreach (var server in new[] { _pageServer, _server })
        {
            if (server is not null)
                await server.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_site is not null)
            await _site.DisposeAsync().ConfigureAwait(false);
        foreach (var server in new[] { _pageServer, _server })
        {
            if (server is not null)
                await server.DisposeAsync().ConfigureAwait(false);
        }
        _metrics?.Dispose();
        _meter.Dispose();
    }

    // The figure that erlclu had, for the dashboards that know it.
    private void ShowCount() => _meter.CreateObservableGauge(
        "connected_node_count",
        () => nodes.Started.Select(node => new Measurement<int>(node.Nodes().Count, new KeyValuePair<string, object?>("node", node.Name.Text))),
        description: "Visible nodes that this one is connected to.");

    private async Task AnswerAsync(HttpContext context)
    {
        var (status, type, body) = AnswerTo(context);
        var response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, body.Length);
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = "GET, HEAD";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private (int Status, string Type, byte[] Body) AnswerTo(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return Text(StatusCodes.Status405MethodNotAllowed, "This only answers GET and HEAD.");
        var (isMetrics, isProbes) = (IsAt(Metrics, context.Connection), IsAt(Probes, context.Connection));
        var path = context.Request.Path.Value;
        if (isMetrics && path == "/metrics" && _metrics is not null)
        {
            return PrometheusText.Write(_metrics) is { } text
                ? (StatusCodes.Status200OK, PrometheusText.ContentType, text)
                : Text(StatusCodes.Status503ServiceUnavailable, "An instrument of this program does not answer.");
        }
        if (isProbes && path == "/livez")
            return Text(StatusCodes.Status200OK, "live");
        if (isProbes && path == "/readyz")
        {
            return readiness.Problem is { } problem
                ? Text(StatusCodes.Status503ServiceUnavailable, problem)
                : Text(StatusCodes.Status200OK, "ready");
        }
        var there = (isMetrics ? "/metrics" : "") + (isProbes ? " /livez /readyz" : "");
        return Text(StatusCodes.Status404NotFound, $"There is nothing here. This port has {there.Trim()}");
    }

    // The same port at two addresses is two places.
    private static bool IsAt(IPEndPoint? place, ConnectionInfo connection) =>
        place is not null && connection.LocalPort == place.Port && connection.LocalIpAddress is { } local
            && (place.Address.Equals(IPAddress.Any) || place.Address.Equals(IPAddress.IPv6Any) || Plain(place.Address).Equals(Plain(local)));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static (int Status, string Type, byte[] Body) Text(int status, string text) =>
        (status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text + "\n"));
}
