using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Enmesh.Hosting;
using Enmesh.Web.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Web;

/// <summary>
/// Answers operators. It starts before the nodes, which may take long to join, and ends after them: a probe is answered at any time.
/// </summary>
internal sealed class EndpointService(
    IOptions<ErlangEndpointOptions> options, Readiness readiness, HostedNodes nodes, ILoggerFactory logs, IMeterFactory? meters)
    : IHostedLifecycleService, IAsyncDisposable
{
    private const int MostConnections = 100;
    private readonly Meter _meter = meters?.Create("Enmesh.Web") ?? new Meter("Enmesh.Web");
    private MetricsReader? _metrics; // only where somebody may read it
    private WebApplication? _server;

    /// <summary>Where metrics are served, once it has started.</summary>
    internal IPEndPoint? Metrics { get; private set; }

    /// <summary>Where probes are served, once it has started.</summary>
    internal IPEndPoint? Probes { get; private set; }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        (Metrics, Probes) = (options.Value.Metrics, options.Value.Probes);
        IPEndPoint[] wanted = [.. new[] { Metrics, Probes }.OfType<IPEndPoint>().Distinct()];
        if (wanted.Length == 0)
            return;
        // The figure that erlclu had, for the dashboards that know it.
        _meter.CreateObservableGauge(
            "connected_node_count",
            () => nodes.Started.Select(node => new Measurement<int>(node.Nodes().Count, new KeyValuePair<string, object?>("node", node.Name.Text))),
            description: "Visible nodes that this one is connected to.");
        if (Metrics is not null)
            _metrics = new(meters);
        var server = _server = Build(wanted);
        try
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException) // taken; not this host's, or not allowed
        {
            throw new ListenFailedException(
                string.Join(", ", wanted.Select(endPoint => endPoint.Address)), wanted[0].Port, e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException,
                $"Metrics or probes cannot be served: {e.Message.TrimEnd('.')}. Choose another address or port in {EndpointExtensions.Section}, or 'off'.", e);
        }
        Note(server);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
            await _server.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync().ConfigureAwait(false);
        _metrics?.Dispose();
        _meter.Dispose();
    }

    private WebApplication Build(IPEndPoint[] endPoints)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2); // a scrape a minute keeps its connection
            foreach (var endPoint in endPoints)
                Listen(kestrel, endPoint);
        });
        var server = builder.Build();
        server.Run(AnswerAsync);
        return server;
    }

    private static void Listen(KestrelServerOptions kestrel, IPEndPoint endPoint)
    {
        static void Http1(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
        // All addresses are those of IPv4 alone where the host has no IPv6.
        if (endPoint.Address.Equals(IPAddress.IPv6Any))
            kestrel.ListenAnyIP(endPoint.Port, Http1);
        else
            kestrel.Listen(endPoint, Http1);
    }

    // Port 0 is one of the system's choice, in tests above all.
    private void Note(WebApplication server)
    {
        var bound = server.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => IPEndPoint.Parse(new Uri(address).Authority)).ToList();
        IPEndPoint? Of(IPEndPoint? wanted) => wanted is null ? null
            : wanted.Port != 0 ? wanted
            : bound.First(endPoint => endPoint.Address.Equals(wanted.Address));
        (Metrics, Probes) = (Of(Metrics), Of(Probes));
    }

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
        var port = context.Connection.LocalPort;
        var path = context.Request.Path.Value;
        if (port == Metrics?.Port && path == "/metrics" && _metrics is not null)
            return (StatusCodes.Status200OK, PrometheusText.ContentType, PrometheusText.Write(_metrics));
        if (port == Probes?.Port && path == "/livez")
            return Text(StatusCodes.Status200OK, "live");
        if (port == Probes?.Port && path == "/readyz")
        {
            return readiness.Problem is { } problem
                ? Text(StatusCodes.Status503ServiceUnavailable, problem)
                : Text(StatusCodes.Status200OK, "ready");
        }
        var there = (port == Metrics?.Port ? "/metrics" : "") + (port == Probes?.Port ? " /livez /readyz" : "");
        return Text(StatusCodes.Status404NotFound, $"There is nothing here. This port has {there.Trim()}");
    }

    private static (int Status, string Type, byte[] Body) Text(int status, string text) =>
        (status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text + "\n"));
}
