using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes;

/// <summary>A pod that belongs to the cluster, however it was found.</summary>
internal sealed record Member(string Id, string Namespace)
{
    internal string? Pod { get; init; }

    internal string? Hostname { get; init; }

    internal string? Service { get; init; }

    internal ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>The port of the name that was asked for.</summary>
    internal int? Port { get; init; }

    /// <summary>Whether it is on its way out.</summary>
    internal bool IsLeaving { get; init; }

    /// <summary>What the peers are made of; when it stays the same, nothing has changed for them.</summary>
    internal string Fingerprint => string.Create(
        CultureInfo.InvariantCulture,
        $"{Id} {Namespace} {Pod} {Hostname} {Service} {string.Join(',', Addresses)} {Port} {IsLeaving}");

    /// <summary>One pod of several sightings: its slice of IPv4, its slice of IPv6, and an older copy of one of
    /// them.</summary>
    internal Member With(Member other) => this with
    {
        Pod = Pod ?? other.Pod,
        Hostname = Hostname ?? other.Hostname,
        Service = Service ?? other.Service,
        Addresses = [.. Addresses.Union(other.Addresses)],
        Port = Port ?? other.Port,
        // Who is leaving never comes back; a sighting that says otherwise is the older one.
        IsLeaving = IsLeaving || other.IsLeaving,
    };

    /// <summary>The address of a family; null when there is none.</summary>
    internal string? Address(KubernetesFamily family, AddressFamily? own)
    {
        var wanted = family switch
        {
            KubernetesFamily.IPv4 => AddressFamily.InterNetwork,
            KubernetesFamily.IPv6 => AddressFamily.InterNetworkV6,
            _ => own,
        };
        var found = wanted is null
            ? null
            : Addresses.FirstOrDefault(address => IPAddress.TryParse(address, out var ip) && ip.AddressFamily == wanted);
        return found ?? (family == KubernetesFamily.Own ? Addresses.FirstOrDefault() : null);
    }
}

/// <summary>Reads members out of objects.</summary>
internal static class Members
{
    private const string ServiceName = "kubernetes.io/service-name";

    internal static IEnumerable<Member> Of(EndpointSlice slice, string space, string? portName)
    {
        var service = slice.Metadata?.Labels?.GetValueOrDefault(ServiceName);
        var port = Port(slice.Ports, portName);
        foreach (var endpoint in slice.Endpoints ?? [])
        {
            // All addresses of an endpoint are one and the same; the API says to use the first.
            if (endpoint.Addresses is not [{ Length: > 0 } address, ..])
                continue;
            yield return new Member(Id(endpoint.TargetRef, space, address), endpoint.TargetRef?.Namespace ?? space)
            {
                Pod = PodOf(endpoint.TargetRef),
                Hostname = endpoint.Hostname,
                Service = service,
                Addresses = [Canonical(address)],
                Port = port,
                IsLeaving = endpoint.Conditions?.Terminating == true,
            };
        }
    }

    internal static IEnumerable<Member> Of(Endpoints endpoints, string space, string? portName)
    {
        foreach (var subset in endpoints.Subsets ?? [])
        {
            var port = Port(subset.Ports, portName);
            foreach (var address in (subset.Addresses ?? []).Concat(subset.NotReadyAddresses ?? []))
            {
                if (address.Ip is not { Length: > 0 } ip)
                    continue;
                yield return new Member(Id(address.TargetRef, space, ip), address.TargetRef?.Namespace ?? space)
                {
                    Pod = PodOf(address.TargetRef),
                    Hostname = address.Hostname,
                    Service = endpoints.Metadata?.Name,
                    Addresses = [Canonical(ip)],
                    Port = port,
                };
            }
        }
    }

    internal static IEnumerable<Member> Of(Pod pod, string space, string? portName)
    {
        var addresses = (pod.Status?.PodIPs ?? []).Select(address => address.Ip).Prepend(pod.Status?.PodIP)
            .Where(address => !string.IsNullOrEmpty(address)).Select(address => Canonical(address!)).Distinct().ToImmutableArray();
        // A pod that has no address yet is nobody's peer; it is told of again when it has one.
        if (addresses.IsEmpty || pod.Metadata?.Name is not { } name)
            yield break;
        var containers = (pod.Spec?.Containers ?? []).Concat(pod.Spec?.InitContainers ?? []);
        yield return new Member(pod.Metadata.Uid ?? $"{space}/{name}", pod.Metadata.Namespace ?? space)
        {
            Pod = name,
            Hostname = pod.Spec?.Hostname,
            Service = pod.Spec?.Subdomain,
            Addresses = addresses,
            Port = portName is null
                ? null
                : containers.SelectMany(container => container.Ports ?? [])
                    .FirstOrDefault(port => port.Name == portName && port.Protocol is null or "TCP")?.Port,
            IsLeaving = pod.Metadata.DeletionTimestamp is not null || pod.Status?.Phase is "Succeeded" or "Failed",
        };
    }

    /// <summary>Each pod once, in the order they were seen first.</summary>
    internal static IReadOnlyList<Member> Merge(IEnumerable<Member> sightings)
    {
        var merged = new Dictionary<string, Member>(StringComparer.Ordinal);
        foreach (var sighting in sightings)
            merged[sighting.Id] = merged.TryGetValue(sighting.Id, out var known) ? known.With(sighting) : sighting;
        return [.. merged.Values];
    }

    private static string Id(ObjectReference? target, string space, string address) =>
        target switch
        {
            { Uid: { Length: > 0 } uid } => uid,
            { Name: { Length: > 0 } name } => $"{target.Namespace ?? space}/{name}",
            _ => $"{space}/{address}",
        };

    private static string? PodOf(ObjectReference? target) => target?.Kind is null or "Pod" ? target?.Name : null;

    private static int? Port(IReadOnlyList<EndpointPort>? ports, string? name) => name is null
        ? null
        : ports?.FirstOrDefault(port => port.Name == name && port.Protocol is null or "TCP")?.Port;

    // One text for one address, as node names have it.
    private static string Canonical(string address) =>
        IPAddress.TryParse(address, out var ip) ? ip.ToString() : address;
}
