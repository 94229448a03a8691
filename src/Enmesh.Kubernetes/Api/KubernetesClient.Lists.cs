using System.Globalization;
using System.Net.Http.Headers;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Api;

/// <summary>Lists and watches.</summary>
public sealed partial class KubernetesClient
{
    // A page leads to the next one; a server that leads in circles must not lead us for ever.
    private const int MaxPages = 10_000;
    private static readonly TimeSpan WatchGrace = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public async Task<KubernetesList<T>> ListAsync<T>(
        KubernetesResource<T> resource, string @namespace, ListOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        options ??= new ListOptions();
        var items = new List<T>();
        string? next = null;
        for (var page = 0; page < MaxPages; page++)
        {
            KubernetesList<T> list;
            try
            {
                list = await PageAsync(resource, @namespace, options, options.PageSize, next, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.Gone && next is not null)
            {
                // The list grew too old under our hands. What is read in one go cannot.
                return Whole(await PageAsync(resource, @namespace, options, null, null, cancellationToken)
                    .ConfigureAwait(false));
            }
            items.AddRange(list.Items ?? []);
            next = list.Metadata?.Continue;
            if (string.IsNullOrEmpty(next))
                return Whole(list with { Items = items });
        }
        throw Request(resource, HttpMethod.Get, "list", @namespace)
            .Failed(KubernetesFailure.Malformed, $"the list does not end after {MaxPages} pages");
    }

    /// <inheritdoc/>
    public async Task<KubernetesWatch<T>> WatchAsync<T>(
        KubernetesResource<T> resource, string @namespace, WatchOptions options,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        ArgumentNullException.ThrowIfNull(options);
        var seconds = (int)options.Lifetime.TotalSeconds;
        var query = Query(
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", options.ResourceVersion),
            ("timeoutSeconds", seconds.ToString(CultureInfo.InvariantCulture)), ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector));
        var request = Request(resource, HttpMethod.Get, "watch", @namespace, null, query);
        var deadline = new CancellationTokenSource(RequestTimeout, _time);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
            var (answer, events) = await OpenAsync(request, either.Token).ConfigureAwait(false);
            deadline.CancelAfter(options.Lifetime + WatchGrace);
            var watch = new KubernetesWatch<T>(resource, request, answer, events, deadline);
            deadline = null;
            return watch;
        }
        catch (HttpRequestException e)
        {
            throw request.Failed(e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw request.Failed(KubernetesFailure.TimedOut, "the watch did not begin in time", e);
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    private async Task<(HttpResponseMessage Answer, Stream Events)> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var message = await MessageAsync(request, null, cancellationToken).ConfigureAwait(false);
        // An event must not wait in a compressor for the next one.
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!answer.IsSuccessStatusCode)
                throw Refused(request, answer, await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            return (answer, await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            // Whatever it was, nobody else has the connection.
            answer.Dispose();
            throw;
        }
    }

    private static KubernetesList<T> Whole<T>(KubernetesList<T> list)
        where T : KubernetesObject =>
        list with { Items = list.Items ?? [], Metadata = new() { ResourceVersion = list.Metadata?.ResourceVersion } };

    private static string Query(params ReadOnlySpan<(string Key, string? Value)> pairs)
    {
        var query = "";
        foreach (var (key, value) in pairs)
        {
            if (!string.IsNullOrEmpty(value))
                query += $"{(query.Length == 0 ? '?' : '&')}{key}={Uri.EscapeDataString(value)}";
        }
        return query;
    }

    private async Task<KubernetesList<T>> PageAsync<T>(
        KubernetesResource<T> resource, string space, ListOptions options, int? size, string? next,
        CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        // The server refuses a version beside the place where the list goes on: that has one.
        var version = next is null ? options.ResourceVersion : null;
        var query = Query(
            ("limit", size?.ToString(CultureInfo.InvariantCulture)), ("continue", next), ("resourceVersion", version),
            ("labelSelector", options.LabelSelector), ("fieldSelector", options.FieldSelector));
        var request = Request(resource, HttpMethod.Get, "list", space, null, query);
        var page = await AskAsync(request, null, resource.ListJson, cancellationToken).ConfigureAwait(false);
        // Any JSON object reads as a list of nothing; who answers 200 without a version is no API server.
        return page.Metadata?.ResourceVersion is { Length: > 0 }
            ? page
            : throw request.Failed(KubernetesFailure.Malformed, "the answer is no list: it has no resourceVersion");
    }
}
