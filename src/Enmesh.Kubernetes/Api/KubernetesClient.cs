using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Api;

/// <summary>The Kubernetes API over HTTP.</summary>
/// <remarks>
/// HTTP/2 where the server has it, so that any number of watches share one connection, and that connection is known to
/// live by pings. Redirects are not followed, since the credentials would go along.
/// </remarks>
public sealed partial class KubernetesClient : IKubernetesClient, IDisposable
{
    private const int MaxAnswerBytes = 64 << 20;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    private readonly KubernetesAccess _access;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <summary>Makes the client. It connects when it is first used.</summary>
    /// <param name="access">Where the server is, and who asks.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public KubernetesClient(KubernetesAccess access, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(access);
        _access = access;
        _time = time ?? TimeProvider.System;
        _http = new HttpClient(ApiTransport.Make(access))
        {
            BaseAddress = access.Server,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            MaxResponseContentBufferSize = MaxAnswerBytes,
            // The deadlines are ours, by our clock.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <inheritdoc/>
    public string Namespace => _access.Namespace;

    /// <inheritdoc/>
    public Task<T> GetAsync<T>(
        KubernetesResource<T> resource, string @namespace, string name, CancellationToken cancellationToken = default)
        where T : KubernetesObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var request = Request(resource, HttpMethod.Get, "get", @namespace, name);
        return AskAsync(request, null, resource.Json, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<T> CreateAsync<T>(
        KubernetesResource<T> resource, string @namespace, T created, CancellationToken cancellationToken = default)
        where T : KubernetesObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        ArgumentNullException.ThrowIfNull(created);
        var whole = created with { ApiVersion = resource.ApiVersion, Kind = resource.Kind };
        var body = Json(JsonSerializer.Serialize(whole, resource.Json), "application/json");
        var request = Request(resource, HttpMethod.Post, "create", @namespace);
        return AskAsync(request, body, resource.Json, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<T> PatchAsync<T>(
        KubernetesResource<T> resource, string @namespace, string name, KubernetesPatch patch,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(patch);
        var request = Request(resource, HttpMethod.Patch, "patch", @namespace, name, patch.Query);
        return AskAsync(request, Json(patch.Json, patch.MediaType), resource.Json, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync<T>(
        KubernetesResource<T> resource, string @namespace, string name, string? uid = null,
        string? resourceVersion = null,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var body = new DeleteBody();
        if (uid is not null || resourceVersion is not null)
            body = body with { Preconditions = new() { Uid = uid, ResourceVersion = resourceVersion } };
        var request = Request(resource, HttpMethod.Delete, "delete", @namespace, name);
        var json = Json(JsonSerializer.Serialize(body, ApiJson.Default.DeleteBody), "application/json");
        // The answer is the object as it was, or a status; which of the two tells the caller nothing.
        await SendAsync(request, json, static (_, _) => true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();

    private static StringContent Json(string json, string mediaType) =>
        new(json, Encoding.UTF8, new MediaTypeHeaderValue(mediaType));

    private ApiRequest Request<T>(
        KubernetesResource<T> resource, HttpMethod method, string verb, string space, string? name = null,
        string query = "")
        where T : KubernetesObject =>
        new(_access.Server, method, resource.Path(space, name) + query, verb, resource.Group, resource.Plural, space);

    private Task<T> AskAsync<T>(
        ApiRequest request, HttpContent? body, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class =>
        SendAsync(request, body, (asked, bytes) => Read(asked, bytes, json), cancellationToken);

    private static T Read<T>(ApiRequest request, byte[] bytes, JsonTypeInfo<T> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, json)
                ?? throw request.Failed(KubernetesFailure.Malformed, "the answer is null");
        }
        catch (JsonException e)
        {
            throw request.Failed(
                KubernetesFailure.Malformed, $"the answer cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private async Task<T> SendAsync<T>(
        ApiRequest request, HttpContent? body, Func<ApiRequest, byte[], T> read, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var message = await MessageAsync(request, body, either.Token).ConfigureAwait(false);
            using var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseContentRead, either.Token)
                .ConfigureAwait(false);
            var bytes = await answer.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return answer.IsSuccessStatusCode ? read(request, bytes) : throw Refused(request, answer, bytes);
        }
        catch (HttpRequestException e)
        {
            throw request.Failed(e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw request.Failed(
                KubernetesFailure.TimedOut,
                FormattableString.Invariant($"there was no answer within {RequestTimeout.TotalSeconds:0.#} s"), e);
        }
    }

    private async Task<HttpRequestMessage> MessageAsync(
        ApiRequest request, HttpContent? body, CancellationToken cancellationToken)
    {
        // Read for every request: tokens are renewed in their file long before they expire.
        var token = await _access.ReadTokenAsync(cancellationToken).ConfigureAwait(false);
        var message = new HttpRequestMessage(request.Method, _access.At(request.Path))
        {
            Content = body,
            Version = _http.DefaultRequestVersion,
            VersionPolicy = _http.DefaultVersionPolicy,
        };
        // The handler takes the name that the certificate must have from here, and from nowhere else.
        message.Headers.Host = _access.TlsServerName;
        message.Headers.Accept.Add(new("application/json"));
        message.Headers.UserAgent.Add(new("enmesh", typeof(KubernetesClient).Assembly.GetName().Version?.ToString(3)));
        if (token is not null)
            message.Headers.Authorization = new("Bearer", token);
        return message;
    }

    private KubernetesException Refused(ApiRequest request, HttpResponseMessage answer, byte[] bytes)
    {
        ApiStatus? said = null;
        try
        {
            said = JsonSerializer.Deserialize(bytes, ApiJson.Default.ApiStatus);
        }
        catch (JsonException)
        {
            // What stands between us and the server answers in its own way; the status has to do.
        }
        var after = answer.Headers.RetryAfter;
        var wait = after?.Delta ?? (after?.Date is { } date ? date - _time.GetUtcNow() : null);
        return request.Failed(said, answer.StatusCode, wait > TimeSpan.Zero ? wait : null);
    }
}
