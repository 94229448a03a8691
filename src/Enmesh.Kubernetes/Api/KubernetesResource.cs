using System.Text.Json.Serialization.Metadata;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Api;

/// <summary>A kind of objects: where they are in the API, and how they are read.</summary>
/// <typeparam name="T">Their model.</typeparam>
public sealed class KubernetesResource<T>
    where T : KubernetesObject
{
    internal KubernetesResource(
        string group, string version, string plural, JsonTypeInfo<T> json, JsonTypeInfo<KubernetesList<T>> listJson)
    {
        Group = group;
        Version = version;
        Plural = plural;
        Json = json;
        ListJson = listJson;
    }

    /// <summary>The group; empty for the core group.</summary>
    public string Group { get; }

    /// <summary>The version.</summary>
    public string Version { get; }

    /// <summary>The plural, as in paths and in the rules of a Role.</summary>
    public string Plural { get; }

    /// <summary>Group and version as objects have them, as in <c>coordination.k8s.io/v1</c> or <c>v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The kind, as in <c>Lease</c>.</summary>
    public string Kind => typeof(T).Name;

    /// <summary>Whether each namespace has objects of its own; else those of the whole cluster are meant, whatever namespace is given.</summary>
    internal bool IsNamespaced { get; init; } = true;

    internal JsonTypeInfo<T> Json { get; }

    internal JsonTypeInfo<KubernetesList<T>> ListJson { get; }

    /// <summary>The plural with its group, as <c>kubectl</c> takes it.</summary>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    internal string Path(string space, string? name = null)
    {
        var root = Group.Length == 0 ? "api" : "apis";
        var path = IsNamespaced ? $"/{root}/{ApiVersion}/namespaces/{Uri.EscapeDataString(space)}/{Plural}" : $"/{root}/{ApiVersion}/{Plural}";
        return name is null ? path : $"{path}/{Uri.EscapeDataString(name)}";
    }
}

/// <summary>The kinds of objects that the client knows.</summary>
public static class KubernetesResources
{
    /// <summary>EndpointSlices.</summary>
    public static KubernetesResource<EndpointSlice> EndpointSlices { get; } = new(
        "discovery.k8s.io", "v1", "endpointslices", ApiJson.Default.EndpointSlice,
        ApiJson.Default.KubernetesListEndpointSlice);

    /// <summary>Endpoints.</summary>
    public static KubernetesResource<Endpoints> Endpoints { get; } = new(
        "", "v1", "endpoints", ApiJson.Default.Endpoints, ApiJson.Default.KubernetesListEndpoints);

    /// <summary>Pods.</summary>
    public static KubernetesResource<Pod> Pods { get; } = new(
        "", "v1", "pods", ApiJson.Default.Pod, ApiJson.Default.KubernetesListPod);

    /// <summary>Leases.</summary>
    public static KubernetesResource<Lease> Leases { get; } = new(
        "coordination.k8s.io", "v1", "leases", ApiJson.Default.Lease, ApiJson.Default.KubernetesListLease);

    /// <summary>CertificateRequests of cert-manager.</summary>
    public static KubernetesResource<CertificateRequest> CertificateRequests { get; } = new(
        "cert-manager.io", "v1", "certificaterequests", ApiJson.Default.CertificateRequest,
        ApiJson.Default.KubernetesListCertificateRequest);

    internal static KubernetesResource<Service> Services { get; } = new(
        "", "v1", "services", ApiJson.Default.Service, ApiJson.Default.KubernetesListService);

    internal static KubernetesResource<ConfigMap> ConfigMaps { get; } = new(
        "", "v1", "configmaps", ApiJson.Default.ConfigMap, ApiJson.Default.KubernetesListConfigMap);

    internal static KubernetesResource<Secret> Secrets { get; } = new(
        "", "v1", "secrets", ApiJson.Default.Secret, ApiJson.Default.KubernetesListSecret);

    internal static KubernetesResource<Bundle> Bundles { get; } = new(
        "trust.cert-manager.io", "v1alpha1", "bundles", ApiJson.Default.Bundle, ApiJson.Default.KubernetesListBundle)
    { IsNamespaced = false };
}
