using System.Text.Json.Nodes;

namespace Enmesh.Kubernetes.Api;

/// <summary>Which objects a list has.</summary>
public record ListOptions
{
    /// <summary>A label selector, as in <c>app=orders,tier in (web, api)</c>; null for all.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector, as in <c>metadata.name=orders</c>; null for all.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>
    /// Null for the present state; <c>0</c> for any the server has at hand, which is cheaper and may be old.
    /// </summary>
    public string? ResourceVersion { get; init; }

    /// <summary>How many objects a page has at most. Default 500; at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int PageSize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 500;
}

/// <summary>What a watch sees.</summary>
public sealed record WatchOptions
{
    /// <summary>The version to go on from: that of a list, an object or a bookmark.</summary>
    public required string ResourceVersion { get; init; }

    /// <summary>A label selector; null for all.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector; null for all.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>
    /// How long the server keeps the stream. Default 5 min; whole seconds, 1 s to 1 h. A stream that lasts 30 s longer
    /// is given up as dead.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan Lifetime
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1));
            field = value;
        }
    } = TimeSpan.FromMinutes(5);
}

/// <summary>A change of a part of an object.</summary>
public sealed class KubernetesPatch
{
    private KubernetesPatch(string mediaType, string json, string query)
    {
        MediaType = mediaType;
        Json = json;
        Query = query;
    }

    internal string MediaType { get; }

    internal string Json { get; }

    internal string Query { get; }

    /// <summary>
    /// A JSON merge patch (RFC 7396): members replace those of the object, null removes one. With
    /// <c>metadata.resourceVersion</c> in it, it fails with <see cref="KubernetesFailure.Conflict"/> when somebody else
    /// has changed the object since.
    /// </summary>
    public static KubernetesPatch Merge(JsonObject patch)
    {
        ArgumentNullException.ThrowIfNull(patch);
        return new("application/merge-patch+json", patch.ToJsonString(), "");
    }

    /// <summary>
    /// A server-side apply: the object as this manager wants it, created if it is not there. It fails with
    /// <see cref="KubernetesFailure.Conflict"/> when another manager owns a field of it, unless forced.
    /// </summary>
    /// <param name="wanted">The fields, with <c>apiVersion</c>, <c>kind</c> and <c>metadata.name</c>.</param>
    /// <param name="fieldManager">Who applies, as in <c>enmesh</c>.</param>
    /// <param name="force">Takes over fields of others.</param>
    public static KubernetesPatch Apply(JsonObject wanted, string fieldManager, bool force = false)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentException.ThrowIfNullOrWhiteSpace(fieldManager);
        // JSON is YAML; the media type has no other name.
        return new(
            "application/apply-patch+yaml", wanted.ToJsonString(),
            $"?fieldManager={Uri.EscapeDataString(fieldManager)}&force={(force ? "true" : "false")}");
    }
}
