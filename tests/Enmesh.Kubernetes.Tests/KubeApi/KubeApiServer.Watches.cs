using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>What a test has all open watches do.</summary>
internal enum WatchSignal
{
    /// <summary>Say up to where nothing has happened.</summary>
    Bookmark,

    /// <summary>End in order, as after their time.</summary>
    End,

    /// <summary>Say that the version has expired, and end.</summary>
    Expire,

    /// <summary>Send half an event, and break.</summary>
    Cut,

    /// <summary>Break.</summary>
    Break,
}

/// <summary>Watches: a line of JSON for each event, for as long as the connection lasts.</summary>
internal sealed partial class KubeApiServer
{
    private readonly List<Channel<WatchSignal>> _watches = [];

    /// <summary>How many watches are open.</summary>
    internal int OpenWatches
    {
        get
        {
            lock (_gate)
                return _watches.Count;
        }
    }

    /// <summary>Ends every watch at once after it has begun, in order.</summary>
    internal bool EndsWatchesAtOnce { get; set; }

    internal void Signal(WatchSignal signal)
    {
        lock (_gate)
        {
            foreach (var watch in _watches)
                watch.Writer.TryWrite(signal);
        }
    }

    private async Task WatchAsync(HttpContext context, KubeRequest request)
    {
        var selector = Selector(request);
        var from = request.Query["resourceVersion"].ToString();
        var at = from is "" or "0" ? Store.Revision : long.Parse(from, CultureInfo.InvariantCulture);
        if (at > Store.Revision)
            throw new KubeRefusal(504, "Timeout", $"Too large resource version: {at}, current: {Store.Revision}") { RetryAfter = 1 };
        if (Store.IsCompacted(at))
            throw KubeRefusal.Expired($"too old resource version: {at}");
        var seconds = int.TryParse(request.Query["timeoutSeconds"], CultureInfo.InvariantCulture, out var given) ? given : 1800;
        var signals = Channel.CreateUnbounded<WatchSignal>();
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        if (from is "" or "0")
            await PresentAsync(context, request, selector);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (EndsWatchesAtOnce)
            return;
        lock (_gate)
            _watches.Add(signals);
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            end.CancelAfter(TimeSpan.FromSeconds(seconds));
            await StreamAsync(context, request, selector, at, signals.Reader, end.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Its time is over: the stream ends in order.
        }
        finally
        {
            lock (_gate)
                _watches.Remove(signals);
        }
    }

    private async Task PresentAsync(HttpContext context, KubeRequest request, KubeSelector selector)
    {
        foreach (var (key, there) in Store.Snapshot().Objects)
        {
            if (key.Resource == request.Kind.Resource && (request.Namespace ?? key.Namespace) == key.Namespace && selector.Matches(there))
                await LineAsync(context, "ADDED", Shown(request, there));
        }
    }

    private async Task StreamAsync(
        HttpContext context, KubeRequest request, KubeSelector selector, long at, ChannelReader<WatchSignal> signals,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal before the look, so that nothing falls between the two.
            var changed = Store.Changed;
            foreach (var change in Store.After(at))
            {
                at = change.Revision;
                if (change.Key.Resource == request.Kind.Resource && (request.Namespace ?? change.Key.Namespace) == change.Key.Namespace)
                    await TellAsync(context, request, selector, change);
            }
            if (signals.TryRead(out var signal))
            {
                if (!await ObeyAsync(context, request, signal, at))
                    return;
                continue;
            }
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var told = signals.WaitToReadAsync(either.Token).AsTask();
            await Task.WhenAny(changed, told, Task.Delay(Timeout.Infinite, either.Token));
            await either.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static Task TellAsync(HttpContext context, KubeRequest request, KubeSelector selector, KubeChange change)
    {
        var (before, after) = (selector.Matches(change.Before), selector.Matches(change.After));
        return (before, after) switch
        {
            (false, true) => LineAsync(context, "ADDED", Shown(request, change.After!)),
            (true, true) => LineAsync(context, "MODIFIED", Shown(request, change.After!)),
            (true, false) => LineAsync(context, "DELETED", Shown(request, change.After ?? change.Before!)),
            _ => Task.CompletedTask,
        };
    }

    /// <returns>Whether the watch goes on.</returns>
    private static async Task<bool> ObeyAsync(HttpContext context, KubeRequest request, WatchSignal signal, long at)
    {
        switch (signal)
        {
            case WatchSignal.Bookmark:
                if (request.Query["allowWatchBookmarks"] == "true")
                {
                    await LineAsync(context, "BOOKMARK", new()
                    {
                        ["kind"] = request.Kind.Name,
                        ["apiVersion"] = request.Kind.ApiVersion,
                        ["metadata"] = new JsonObject
                        {
                            ["resourceVersion"] = at.ToString(CultureInfo.InvariantCulture),
                            ["creationTimestamp"] = null,
                        },
                    });
                }
                return true;
            case WatchSignal.Expire:
                await LineAsync(context, "ERROR", KubeRefusal.Expired($"too old resource version: {at}").Body);
                return false;
            case WatchSignal.Cut:
                await context.Response.Body.WriteAsync("{\"type\":\"ADDED\",\"object\":{\"meta"u8.ToArray());
                await context.Response.Body.FlushAsync();
                context.Abort();
                return false;
            case WatchSignal.Break:
                context.Abort();
                return false;
            default:
                return false;
        }
    }

    private static async Task LineAsync(HttpContext context, string type, JsonObject said)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = said }.ToJsonString() + "\n";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
