using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Enmesh.Web.Status;

/// <summary>
/// Keeps open pages up to date: server-sent events, each the sections that have changed. Whoever comes when all places are taken is told so, and asks
/// every few seconds instead.
/// </summary>
/// <remarks>
/// However many look on, a node is looked at once a second. A page that reads slowly misses states in between, and no more waits for it than its own turn.
/// </remarks>
internal sealed class LiveFeed(IStatuses statuses, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Pages that are kept up to date at a time.</summary>
    internal const int Most = 20;

    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (long At, IReadOnlyList<(string Id, string Html)> Sections)> _looks = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private int _open;

    public async ValueTask DisposeAsync() => await _stop.CancelAsync().ConfigureAwait(false);

    internal async Task ServeAsync(HttpContext context, string? node)
    {
        var response = context.Response;
        if (Interlocked.Increment(ref _open) > Most || _stop.IsCancellationRequested)
        {
            Interlocked.Decrement(ref _open);
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = "5";
            return;
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        try
        {
            response.ContentType = "text/event-stream";
            await SendAsync(response, node, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The page was closed, or this program ends.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task SendAsync(HttpResponse response, string? node, CancellationToken cancellationToken)
    {
        var sent = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            // What the peers say comes when it comes: the next look has it.
            _ = statuses.RefreshAsync(node);
            if (Look(node) is not { } sections)
                return;
            var changed = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (id, html) in sections)
            {
                if (!sent.TryGetValue(id, out var before) || before != html)
                    changed[id] = sent[id] = html;
            }
            // Without a change too: so both ends notice when the other is gone.
            byte[] message = [.. "data: "u8, .. StatusJson.Write(changed), .. "\n\n"u8];
            await response.Body.WriteAsync(message, cancellationToken).ConfigureAwait(false);
            await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(Every, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private IReadOnlyList<(string Id, string Html)>? Look(string? node)
    {
        var key = node ?? "";
        // Two that look at the same moment may both do it; that is no harm.
        if (_looks.TryGetValue(key, out var last) && time.GetElapsedTime(last.At) < Every / 2)
            return last.Sections;
        if (statuses.Find(node) is not { } status)
            return null;
        var sections = StatusPage.Sections(status);
        _looks[key] = (time.GetTimestamp(), sections);
        return sections;
    }
}
