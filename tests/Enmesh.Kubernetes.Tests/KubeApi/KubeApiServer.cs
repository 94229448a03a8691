using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>A request, in the words of the authorization rules.</summary>
internal sealed record KubeRequest(
    string Verb, KubeKinds.Kind Kind, string? Namespace, string? Name, IQueryCollection Query, string? Authorization,
    string Protocol);

/// <summary>
/// An HTTP server that behaves as the Kubernetes API documents for the kinds in <see cref="KubeKinds"/>: versions,
/// pages, watches, bookmarks, expiry, patches, preconditions, refusals. A test makes it deny, fail, break and lag.
/// </summary>
internal sealed partial class KubeApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<KubeRequest> _requests = [];
    private readonly Dictionary<(KubeKey Key, string Path), string> _managers = [];
    private int _connections;
    private int _openConnections;

    private KubeApiServer(WebApplication app) => _app = app;

    internal KubeStore Store { get; } = new();

    internal Uri Address { get; private set; } = null!;

    /// <summary>What leads a program to it.</summary>
    internal string KubeConfig => new JsonObject
    {
        ["current-context"] = "test",
        ["contexts"] = new JsonArray(new JsonObject
        {
            ["name"] = "test",
            ["context"] = new JsonObject { ["cluster"] = "test", ["namespace"] = "orders" },
        }),
        ["clusters"] = new JsonArray(new JsonObject { ["name"] = "test", ["cluster"] = new JsonObject { ["server"] = Address.AbsoluteUri } }),
    }.ToJsonString();

    /// <summary>The tokens that are known; null when anybody may ask.</summary>
    internal string[]? Tokens { get; set; }

    /// <summary>What may not be done, as <c>watch endpointslices.discovery.k8s.io</c>.</summary>
    internal string[] Denied { get; set; } = [];

    /// <summary>Goes wrong instead of answering when it gives something.</summary>
    internal Func<KubeRequest, KubeRefusal?>? Fault { get; set; }

    /// <summary>Refuses an object that is to be created, as a webhook does, when it gives something.</summary>
    internal Func<KubeRequest, JsonObject, KubeRefusal?>? Admission { get; set; }

    /// <summary>Keeps an answer back until it completes.</summary>
    internal Func<KubeRequest, Task>? Lag { get; set; }

    internal int Connections => Volatile.Read(ref _connections);

    internal int OpenConnections => Volatile.Read(ref _openConnections);

    internal IReadOnlyList<KubeRequest> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    internal static async Task<KubeApiServer> StartAsync(
        X509Certificate2? certificate = null, X509Certificate2? clients = null, IPEndPoint? at = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        KubeApiServer? server = null;
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(at ?? new(IPAddress.Loopback, 0), listen =>
        {
            listen.Use(next => async connection =>
            {
                Interlocked.Increment(ref server!._connections);
                Interlocked.Increment(ref server._openConnections);
                try
                {
                    await next(connection);
                }
                finally
                {
                    Interlocked.Decrement(ref server._openConnections);
                }
            });
            if (certificate is null)
                return;
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = clients is null
                    ? ClientCertificateMode.NoCertificate
                    : ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (presented, _, _) => presented.Thumbprint == clients?.Thumbprint;
            });
        }));
        server = new KubeApiServer(builder.Build());
        server._app.Run(server.HandleAsync);
        await server._app.StartAsync();
        var addresses = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Address = new Uri(addresses.Addresses.Single());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Signal(WatchSignal.Break);
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    /// <summary>Creates or replaces an object.</summary>
    internal JsonObject Put(string resource, string space, string name, JsonObject wanted) =>
        Store.Change(new(resource, space, name), _ => (JsonObject)wanted.DeepClone())!;

    /// <summary>Removes an object.</summary>
    internal void Remove(string resource, string space, string name) => Store.Change(new(resource, space, name), _ => null);

    /// <summary>How often something was asked.</summary>
    internal int Count(string verb, string? plural = null) =>
        Requests.Count(request => request.Verb == verb && (plural is null || request.Kind.Plural == plural));

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (KubeKinds.Describe(context.Request.Path) is { } description)
            {
                await WriteAsync(context, 200, description);
                return;
            }
            var request = Parse(context);
            lock (_gate)
                _requests.Add(request);
            if (Lag is { } lag)
                await lag(request).WaitAsync(context.RequestAborted);
            Authorize(request);
            if (Fault?.Invoke(request) is { } fault)
                throw fault;
            if (request.Verb == "watch")
                await WatchAsync(context, request);
            else
                await AnswerAsync(context, request);
        }
        catch (KubeRefusal refusal)
        {
            if (refusal.RetryAfter is { } seconds)
                context.Response.Headers.RetryAfter = new(seconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await WriteAsync(context, refusal.Code, refusal.Body);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone, or the connection was broken on purpose.
        }
    }

    private static Task WriteAsync(HttpContext context, int code, JsonObject body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private static KubeRequest Parse(HttpContext context)
    {
        var parts = context.Request.Path.Value!.Trim('/').Split('/');
        var rest = parts is ["api", ..] ? parts.AsSpan(1) : parts.AsSpan(1);
        var group = parts is ["apis", var named, ..] ? named : "";
        if (group.Length > 0)
            rest = rest[1..];
        var version = rest.Length > 0 ? rest[0] : "";
        var (space, plural, name) = rest.Length > 0 ? rest[1..].ToArray() switch
        {
            ["namespaces", var ns, var kinds] => (ns, kinds, (string?)null),
            ["namespaces", var ns, var kinds, var one] => (ns, kinds, one),
            [var kinds] => (null, kinds, null),
            _ => (null, "", null),
        }
        : (null, "", null);
        var kind = Array.Find(KubeKinds.All, kind => (kind.Group, kind.Version, kind.Plural) == (group, version, plural))
            ?? throw new KubeRefusal(404, "NotFound", "the server could not find the requested resource");
        var query = context.Request.Query;
        var verb = context.Request.Method switch
        {
            "GET" when name is not null => "get",
            "GET" => query["watch"].ToString() is "true" or "1" ? "watch" : "list",
            "POST" => "create",
            "PATCH" => "patch",
            "DELETE" => "delete",
            var method => throw new KubeRefusal(405, "MethodNotAllowed", $"{method} is not supported"),
        };
        return new(
            verb, kind, space, name, query, context.Request.Headers.Authorization.ToString() is { Length: > 0 } who ? who : null,
            context.Request.Protocol);
    }

    private void Authorize(KubeRequest request)
    {
        if (Tokens is { } tokens && !tokens.Any(token => request.Authorization == $"Bearer {token}"))
            throw new KubeRefusal(401, "Unauthorized", "Unauthorized");
        if (Denied.Contains($"{request.Verb} {request.Kind.Resource}"))
        {
            throw new KubeRefusal(403, "Forbidden",
                $"{request.Kind.Resource} is forbidden: User \"system:serviceaccount:orders:default\" cannot {request.Verb} " +
                $"resource \"{request.Kind.Plural}\" in API group \"{request.Kind.Group}\" in the namespace \"{request.Namespace}\"");
        }
    }
}
