using System.Text;
using Microsoft.AspNetCore.Http;

namespace Enmesh.Web.Status;

/// <summary>The page, its parts and its JSON over HTTP.</summary>
/// <remarks>
/// It only answers, and changes nothing. What it serves may be read by whoever may ask it, and by no page of somebody else: no CORS, a policy that lets the
/// page load its own style and script only, and names that it answers to (<see cref="HostNames"/>).
/// </remarks>
internal sealed class StatusSite(IStatuses statuses, HostNames hosts, TimeProvider time) : IAsyncDisposable
{
    private const string Policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Dictionary<string, (string Type, byte[] Body)> Assets = new(StringComparer.Ordinal)
    {
        ["/page.css"] = ("text/css; charset=utf-8", Load("page.css")),
        ["/page.js"] = ("text/javascript; charset=utf-8", Load("page.js")),
        ["/icon.svg"] = ("image/svg+xml", Load("icon.svg")),
    };

    // How long somebody waits who asks for all that the peers say, when they have not been asked for a while.
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1);

    private readonly LiveFeed _feed = new(statuses, time);
    private int _disposed;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _feed.DisposeAsync().ConfigureAwait(false);
        await statuses.DisposeAsync().ConfigureAwait(false);
    }

    internal Task AnswerAsync(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = Policy;
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            headers.Allow = "GET, HEAD";
            return TextAsync(context, StatusCodes.Status405MethodNotAllowed, "This only answers GET and HEAD.");
        }
        if (!hosts.Accepts(request.Host.Host))
        {
            return TextAsync(
                context, StatusCodes.Status421MisdirectedRequest,
                $"This page does not answer to that host name, which may be somebody else's. Ask for it by its address or localhost, or name it in Enmesh:Web:PageHosts.");
        }
        if (IsForeign(request))
            return TextAsync(context, StatusCodes.Status403Forbidden, "Pages of other sites may not ask for this.");
        return AnswerAsync(context, request.Path.Value ?? "/");
    }

    private Task AnswerAsync(HttpContext context, string path)
    {
        if (Assets.TryGetValue(path, out var asset))
            return BytesAsync(context, StatusCodes.Status200OK, asset.Type, asset.Body);
        string? node = context.Request.Query["node"];
        return path switch
        {
            "/" => PageAsync(context, node),
            "/live" => HttpMethods.IsHead(context.Request.Method)
                ? TextAsync(context, StatusCodes.Status200OK, "")
                : _feed.ServeAsync(context, node),
            "/sections" => SectionsAsync(context, node),
            "/cert" => statuses.FindCertificates(node) is { } pem ? TextAsync(context, StatusCodes.Status200OK, pem) : NoNodeAsync(context, node),
            "/api" or "/api/" => JsonAsync(context, node, ""),
            _ when path.StartsWith("/api/", StringComparison.Ordinal) => JsonAsync(context, node, path["/api/".Length..]),
            _ => TextAsync(context, StatusCodes.Status404NotFound, "There is nothing here. There are / /cert /api"),
        };
    }

    // What a browser says of whoever asks; others say nothing, and read nothing across sites either. A link from elsewhere to the page is welcome.
    private static bool IsForeign(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"].ToString() != "navigate";

    private Task PageAsync(HttpContext context, string? node)
    {
        // Not awaited: the page is there at once, and what the peers say follows.
        _ = statuses.RefreshAsync(node);
        return statuses.Find(node) is { } status
            ? BytesAsync(context, StatusCodes.Status200OK, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(StatusPage.Whole(status)))
            : NoNodeAsync(context, node);
    }

    private async Task SectionsAsync(HttpContext context, string? node)
    {
        _ = statuses.RefreshAsync(node);
        if (statuses.Find(node) is not { } status)
        {
            await NoNodeAsync(context, node).ConfigureAwait(false);
            return;
        }
        var sections = StatusPage.Sections(status).ToDictionary(section => section.Id, section => section.Html);
        await BytesAsync(context, StatusCodes.Status200OK, "application/json", StatusJson.Write(sections)).ConfigureAwait(false);
    }

    private async Task JsonAsync(HttpContext context, string? node, string part)
    {
        // A program asks once, and wants what there is to know; a peer that hangs does not keep it longer than this.
        await Task.WhenAny(statuses.RefreshAsync(node), Task.Delay(FirstLook, time, context.RequestAborted)).ConfigureAwait(false);
        if (statuses.Find(node) is not { } status)
            await NoNodeAsync(context, node).ConfigureAwait(false);
        else if (StatusJson.Write(status, part) is { } json)
            await BytesAsync(context, StatusCodes.Status200OK, "application/json", [.. json, (byte)'\n']).ConfigureAwait(false);
        else
            await TextAsync(context, StatusCodes.Status404NotFound, "The status has no such part.").ConfigureAwait(false);
    }

    private static Task NoNodeAsync(HttpContext context, string? node) => node is null
        ? TextAsync(context, StatusCodes.Status503ServiceUnavailable, "No node has started yet.")
        : TextAsync(context, StatusCodes.Status404NotFound, "This program has no such node.");

    private static Task TextAsync(HttpContext context, int status, string text) =>
        BytesAsync(context, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : text + "\n"));

    private static async Task BytesAsync(HttpContext context, int status, string type, byte[] body)
    {
        var response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, body.Length);
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] Load(string name)
    {
        using var stream = typeof(StatusSite).Assembly.GetManifestResourceStream($"Enmesh.Web.Status.{name}")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
