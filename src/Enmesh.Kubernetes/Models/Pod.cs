namespace Enmesh.Kubernetes.Models;

/// <summary>A pod (<c>v1</c>).</summary>
public sealed record Pod : KubernetesObject
{
    /// <summary>What it is to be.</summary>
    public PodSpec? Spec { get; init; }

    /// <summary>What it is.</summary>
    public PodStatus? Status { get; init; }
}

/// <summary>What a pod is to be.</summary>
public sealed record PodSpec
{
    /// <summary>Its host name where it is not the pod's own name, as in a StatefulSet.</summary>
    public string? Hostname { get; init; }

    /// <summary>The headless Service below which its host name is in DNS.</summary>
    public string? Subdomain { get; init; }

    /// <summary>Its containers.</summary>
    public IReadOnlyList<Container>? Containers { get; init; }

    /// <summary>Its first containers; those that restart always are sidecars.</summary>
    public IReadOnlyList<Container>? InitContainers { get; init; }
}

/// <summary>A container of a pod.</summary>
public sealed record Container
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>The ports it tells of.</summary>
    public IReadOnlyList<ContainerPort>? Ports { get; init; }
}

/// <summary>A port of a container.</summary>
public sealed record ContainerPort
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Its number in the pod.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("containerPort")]
    public int? Port { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>; null stands for TCP.</summary>
    public string? Protocol { get; init; }
}

/// <summary>What a pod is.</summary>
public sealed record PodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>Its first address; null before it has one.</summary>
    public string? PodIP { get; init; }

    /// <summary>Its addresses, one for each family.</summary>
    public IReadOnlyList<PodIP>? PodIPs { get; init; }
}

/// <summary>An address of a pod.</summary>
public sealed record PodIP
{
    /// <summary>The address.</summary>
    public string? Ip { get; init; }
}
