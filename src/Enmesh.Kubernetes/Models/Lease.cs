using System.Text.Json.Serialization;

namespace Enmesh.Kubernetes.Models;

/// <summary>A lease (<c>coordination.k8s.io/v1</c>): who leads, by agreement of all who ask.</summary>
public sealed record Lease : KubernetesObject
{
    /// <summary>Who holds it, and how.</summary>
    public LeaseSpec? Spec { get; init; }
}

/// <summary>Who holds a lease, and how.</summary>
public sealed record LeaseSpec
{
    /// <summary>The holder; null or empty when nobody holds it.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>For how long others leave it alone after they have seen it renewed.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When the holder got it, by the holder's clock.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When the holder renewed it last, by the holder's clock. Nobody else may reckon with it.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often it went from one holder to another.</summary>
    public int? LeaseTransitions { get; init; }
}
