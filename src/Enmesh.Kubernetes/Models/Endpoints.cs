namespace Enmesh.Kubernetes.Models;

/// <summary>Some of the endpoints of a Service (<c>discovery.k8s.io/v1</c>).</summary>
/// <remarks>
/// A Service has as many slices as it needs, at least one for each family of addresses, and one endpoint may be in
/// several.
/// </remarks>
public sealed record EndpointSlice : KubernetesObject
{
    /// <summary><c>IPv4</c>, <c>IPv6</c> or <c>FQDN</c>.</summary>
    public string? AddressType { get; init; }

    /// <summary>The endpoints; null stands for none.</summary>
    public IReadOnlyList<Endpoint>? Endpoints { get; init; }

    /// <summary>The ports that all of them have.</summary>
    public IReadOnlyList<EndpointPort>? Ports { get; init; }
}

/// <summary>An endpoint of a slice.</summary>
public sealed record Endpoint
{
    /// <summary>Its addresses, which are interchangeable; the first is used.</summary>
    public IReadOnlyList<string>? Addresses { get; init; }

    /// <summary>How it fares; null when nothing is said.</summary>
    public EndpointConditions? Conditions { get; init; }

    /// <summary>Its host name below the Service, where it has one.</summary>
    public string? Hostname { get; init; }

    /// <summary>The pod behind it.</summary>
    public ObjectReference? TargetRef { get; init; }
}

/// <summary>The conditions of an endpoint. What is not said counts as ready.</summary>
public sealed record EndpointConditions
{
    /// <summary>Ready to get requests, and not terminating. Null counts as true.</summary>
    public bool? Ready { get; init; }

    /// <summary>Ready to get requests, terminating or not. Null counts as <see cref="Ready"/>.</summary>
    public bool? Serving { get; init; }

    /// <summary>Being deleted. Null counts as false.</summary>
    public bool? Terminating { get; init; }
}

/// <summary>A port of endpoints.</summary>
public sealed record EndpointPort
{
    /// <summary>Its name; empty for the only one.</summary>
    public string? Name { get; init; }

    /// <summary>Its number.</summary>
    public int? Port { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>; null stands for TCP.</summary>
    public string? Protocol { get; init; }
}

/// <summary>All endpoints of a Service in one object (<c>v1</c>), which newer clusters call deprecated.</summary>
public sealed record Endpoints : KubernetesObject
{
    /// <summary>The endpoints, grouped by their ports; null stands for none.</summary>
    public IReadOnlyList<EndpointSubset>? Subsets { get; init; }
}

/// <summary>Endpoints that have the same ports.</summary>
public sealed record EndpointSubset
{
    /// <summary>Those that are ready.</summary>
    public IReadOnlyList<EndpointAddress>? Addresses { get; init; }

    /// <summary>Those that are not ready.</summary>
    public IReadOnlyList<EndpointAddress>? NotReadyAddresses { get; init; }

    /// <summary>Their ports.</summary>
    public IReadOnlyList<EndpointPort>? Ports { get; init; }
}

/// <summary>One endpoint of a Service.</summary>
public sealed record EndpointAddress
{
    /// <summary>Its address.</summary>
    public string? Ip { get; init; }

    /// <summary>Its host name below the Service, where it has one.</summary>
    public string? Hostname { get; init; }

    /// <summary>The pod behind it.</summary>
    public ObjectReference? TargetRef { get; init; }
}
