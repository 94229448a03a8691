using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Api;

/// <summary>What happened to an object.</summary>
public enum KubernetesEventType
{
    /// <summary>It came, or begins to match the selector.</summary>
    Added,

    /// <summary>It changed.</summary>
    Modified,

    /// <summary>It went, or no longer matches the selector; the object is as it was last.</summary>
    Deleted,

    /// <summary>Nothing happened up to the version in the object's metadata, the only thing it has.</summary>
    Bookmark,
}

/// <summary>An event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object.</param>
/// <typeparam name="T">Its model.</typeparam>
public sealed record KubernetesEvent<T>(KubernetesEventType Type, T Object)
    where T : KubernetesObject;

/// <summary>An open watch: a stream of events, read once, by one reader.</summary>
/// <remarks>
/// The stream ends when the server ends it, which it does after <see cref="WatchOptions.Lifetime"/>; a new watch from
/// the version seen last goes on where this one was. Dispose of it in any case: the connection is held until then.
/// </remarks>
/// <typeparam name="T">The objects' model.</typeparam>
public sealed class KubernetesWatch<T> : IAsyncDisposable
    where T : KubernetesObject
{
    // etcd takes objects of 1.5 MiB; an event is one object and a few words.
    private const int MaxLineBytes = 8 << 20;

    private readonly KubernetesResource<T> _resource;
    private readonly ApiRequest _request;
    private readonly HttpResponseMessage _response;
    private readonly PipeReader _reader;
    private readonly CancellationTokenSource _deadline;
    private int _read;

    internal KubernetesWatch(
        KubernetesResource<T> resource, ApiRequest request, HttpResponseMessage response, Stream stream,
        CancellationTokenSource deadline)
    {
        _resource = resource;
        _request = request;
        _response = response;
        _reader = PipeReader.Create(stream);
        _deadline = deadline;
    }

    /// <summary>The events, from the first one on.</summary>
    /// <exception cref="InvalidOperationException">Somebody has begun to read before.</exception>
    public async IAsyncEnumerable<KubernetesEvent<T>> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _read, 1) != 0)
            throw new InvalidOperationException("A watch is read once.");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, cancellationToken);
        while (await LineAsync(either.Token, cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length > 0)
                yield return Event(line);
        }
    }

    /// <summary>Ends the watch.</summary>
    public async ValueTask DisposeAsync()
    {
        // The connection first: a reader that is still waiting ends by that.
        _response.Dispose();
        await _reader.CompleteAsync().ConfigureAwait(false);
        _deadline.Dispose();
    }

    /// <returns>Null at the end of the stream.</returns>
    private async Task<byte[]?> LineAsync(CancellationToken either, CancellationToken caller)
    {
        try
        {
            return await ReadLineAsync(either).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (caller.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw _request.Failed(
                KubernetesFailure.TimedOut, "the server did not end the watch in time, so it is taken for dead", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw _request.Failed(KubernetesFailure.Unreachable, $"the watch broke: {e.Message}", e);
        }
    }

    private async Task<byte[]?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end).ToArray();
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }
            if (buffer.Length > MaxLineBytes)
                throw _request.Failed(KubernetesFailure.Malformed, $"an event is longer than {MaxLineBytes} bytes");
            if (read.IsCompleted)
            {
                var rest = buffer.Length;
                _reader.AdvanceTo(buffer.End);
                // The server ends every event with a line's end; what has none was cut off.
                return rest == 0
                    ? null
                    : throw _request.Failed(KubernetesFailure.Unreachable, "the watch broke in the middle of an event");
            }
            _reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private KubernetesEvent<T> Event(byte[] line)
    {
        try
        {
            var read = JsonSerializer.Deserialize(line, ApiJson.Default.WatchLine);
            var type = read?.Type switch
            {
                "ADDED" => KubernetesEventType.Added,
                "MODIFIED" => KubernetesEventType.Modified,
                "DELETED" => KubernetesEventType.Deleted,
                "BOOKMARK" => KubernetesEventType.Bookmark,
                "ERROR" => throw _request.Failed(read.Object.Deserialize(ApiJson.Default.ApiStatus), null, null),
                var other => throw _request.Failed(
                    KubernetesFailure.Malformed, $"there is no event of the type '{other}'"),
            };
            var seen = read.Object.Deserialize(_resource.Json);
            if (seen?.Metadata?.ResourceVersion is not { Length: > 0 })
                throw _request.Failed(
                    KubernetesFailure.Malformed, $"an event of the type {read.Type} has no resourceVersion");
            return new KubernetesEvent<T>(type, seen);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JsonElement says InvalidOperationException when there is no object at all.
            throw _request.Failed(KubernetesFailure.Malformed, $"an event cannot be read: {e.Message}", e);
        }
    }
}
