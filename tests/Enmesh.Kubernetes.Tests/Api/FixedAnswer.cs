using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes.Tests.Api;

/// <summary>A server that is no API server: it answers everything alike.</summary>
internal sealed class FixedAnswer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FixedAnswer(WebApplication app) => _app = app;

    internal Uri Address { get; private set; } = null!;

    internal int Requests { get; private set; }

    internal static async Task<FixedAnswer> StartAsync(int status, string body, params (string Name, string Value)[] headers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = new FixedAnswer(builder.Build());
        server._app.Run(context =>
        {
            server.Requests++;
            context.Response.StatusCode = status;
            foreach (var (name, value) in headers)
                context.Response.Headers[name] = value;
            return context.Response.WriteAsync(body);
        });
        await server._app.StartAsync();
        var addresses = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Address = new Uri(addresses.Addresses.Single());
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
