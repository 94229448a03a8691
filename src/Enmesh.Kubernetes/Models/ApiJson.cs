using System.Text.Json;
using System.Text.Json.Serialization;

namespace Enmesh.Kubernetes.Models;

/// <summary>How the API says that something went wrong (<c>v1.Status</c>).</summary>
internal sealed record ApiStatus
{
    public string? Status { get; init; }

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int? Code { get; init; }

    public ApiStatusDetails? Details { get; init; }
}

/// <summary>What a status says in detail.</summary>
internal sealed record ApiStatusDetails
{
    public int? RetryAfterSeconds { get; init; }

    public IReadOnlyList<ApiStatusCause>? Causes { get; init; }
}

/// <summary>One of several causes, as of an object that is not valid.</summary>
internal sealed record ApiStatusCause
{
    public string? Field { get; init; }

    public string? Message { get; init; }
}

/// <summary>One line of a watch; what the object is depends on the type.</summary>
internal sealed record WatchLine
{
    public string? Type { get; init; }

    public JsonElement Object { get; init; }
}

/// <summary>What a deletion may be made to depend on.</summary>
internal sealed record DeleteBody
{
    public string Kind { get; init; } = "DeleteOptions";

    public string ApiVersion { get; init; } = "v1";

    public DeletePreconditions? Preconditions { get; init; }
}

/// <summary>The object must be this one, and in this state.</summary>
internal sealed record DeletePreconditions
{
    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }
}

/// <summary>The shapes of the API's JSON, known at compile time: no reflection, so trimming and AOT change
/// nothing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KubernetesList<EndpointSlice>))]
[JsonSerializable(typeof(KubernetesList<Endpoints>))]
[JsonSerializable(typeof(KubernetesList<Pod>))]
[JsonSerializable(typeof(KubernetesList<Lease>))]
[JsonSerializable(typeof(KubernetesList<CertificateRequest>))]
[JsonSerializable(typeof(KubernetesList<Service>))]
[JsonSerializable(typeof(KubernetesList<ConfigMap>))]
[JsonSerializable(typeof(KubernetesList<Secret>))]
[JsonSerializable(typeof(KubernetesList<Bundle>))]
[JsonSerializable(typeof(ApiStatus))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(DeleteBody))]
internal sealed partial class ApiJson : JsonSerializerContext;
