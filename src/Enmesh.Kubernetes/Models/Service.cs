namespace Enmesh.Kubernetes.Models;

// What is only looked at when somebody wants to know what is wrong; nothing here is written, or watched.

/// <summary>A Service (<c>v1</c>).</summary>
internal sealed record Service : KubernetesObject
{
    public ServiceSpec? Spec { get; init; }
}

/// <summary>Which pods a Service stands for, and how it is told.</summary>
internal sealed record ServiceSpec
{
    /// <summary><c>None</c> of a headless one.</summary>
    public string? ClusterIP { get; init; }

    /// <summary><c>ClusterIP</c>, <c>ExternalName</c> and so on.</summary>
    public string? Type { get; init; }

    public bool? PublishNotReadyAddresses { get; init; }

    public IReadOnlyDictionary<string, string>? Selector { get; init; }

    public IReadOnlyList<ServicePort>? Ports { get; init; }
}

/// <summary>A port of a Service.</summary>
internal sealed record ServicePort
{
    public string? Name { get; init; }

    public int? Port { get; init; }

    /// <summary>Null stands for TCP.</summary>
    public string? Protocol { get; init; }
}

/// <summary>A ConfigMap (<c>v1</c>).</summary>
internal sealed record ConfigMap : KubernetesObject
{
    public IReadOnlyDictionary<string, string>? Data { get; init; }
}

/// <summary>A Secret (<c>v1</c>) without what is in it: that is never read.</summary>
internal sealed record Secret : KubernetesObject;

/// <summary>A Bundle of trust-manager (<c>trust.cert-manager.io/v1alpha1</c>).</summary>
internal sealed record Bundle : KubernetesObject
{
    public BundleSpec? Spec { get; init; }
}

/// <summary>What a Bundle is made of, and where it is put.</summary>
internal sealed record BundleSpec
{
    public IReadOnlyList<BundleSource>? Sources { get; init; }

    public BundleTarget? Target { get; init; }
}

/// <summary>One source of a Bundle.</summary>
internal sealed record BundleSource
{
    public BundleKey? Secret { get; init; }
}

/// <summary>An object and a key in it.</summary>
internal sealed record BundleKey
{
    public string? Name { get; init; }

    public string? Key { get; init; }
}

/// <summary>Where a Bundle is put: an object of its own name in each namespace.</summary>
internal sealed record BundleTarget
{
    public BundleKey? ConfigMap { get; init; }
}
