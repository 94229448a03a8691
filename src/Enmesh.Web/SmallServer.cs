using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Enmesh.Web;

/// <summary>A Kestrel of our own, beside whatever the program serves: HTTP/1.1, no bodies, few connections.</summary>
internal sealed class SmallServer : IAsyncDisposable
{
    private const int MostConnections = 100;

    private readonly WebApplication _server;
    private readonly IPEndPoint[] _wanted;
    private readonly string _what;

    /// <param name="what">What it serves, for the message when it cannot.</param>
    /// <param name="wanted">Where.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="answer">What it answers.</param>
    internal SmallServer(string what, IPEndPoint[] wanted, ILoggerFactory logs, RequestDelegate answer)
    {
        (_what, _wanted) = (what, wanted);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2); // a scrape a minute keeps its connection
            foreach (var endPoint in wanted)
                Listen(kestrel, endPoint);
        });
        _server = builder.Build();
        _server.Run(answer);
    }

    /// <summary>Takes its ports.</summary>
    /// <exception cref="ListenFailedException">One cannot be had.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _server.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException) // taken; not this host's, or not allowed
        {
            throw new ListenFailedException(
                string.Join(", ", _wanted.Select(endPoint => endPoint.Address)), _wanted[0].Port, e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException,
                $"{_what} cannot be served: {e.Message.TrimEnd('.')}. Choose another address or port in {EndpointExtensions.Section}, or 'off'.", e);
        }
    }

    internal Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Where it listens for whom wanted to be served there: port 0 is one of the system's choice, in tests above all.</summary>
    internal IPEndPoint? Bound(IPEndPoint? wanted) => wanted is null ? null
        : wanted.Port != 0 ? wanted
        : _server.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => IPEndPoint.Parse(new Uri(address).Authority)).First(endPoint => endPoint.Address.Equals(wanted.Address));

    /// <summary>Signals and the words on starting are the program's own host's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
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
}
