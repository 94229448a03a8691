using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>The pod this process runs in, which owns the requests it makes: they are deleted with it.</summary>
internal sealed record OwningPod(string Name, string Uid)
{
    /// <summary>An owner that takes its requests along, and does not wait for them: no right to its finalizers is
    /// needed.</summary>
    internal OwnerReference Reference => new() { ApiVersion = "v1", Kind = "Pod", Name = Name, Uid = Uid };

    /// <summary>Finds out which pod it is. The API is asked only when nobody says its unique id.</summary>
    /// <exception cref="CertificateRequestException">It is not known, and has to be.</exception>
    internal static async Task<OwningPod?> FindAsync(
        IKubernetesClient client, NodeCertificateOptions options, string space, Func<string, string?> environment,
        CancellationToken cancellationToken)
    {
        if (options.WithoutPod)
            return null;
        if (space != client.Namespace)
        {
            throw NoPod(
                $"A pod of the namespace '{client.Namespace}' cannot own a request in '{space}'. Request in the pod's own namespace, or without a pod.");
        }
        var name = First(options.PodName, environment("POD_NAME"), environment("KUBERNETES_SERVICE_HOST") is null ? null : environment("HOSTNAME"));
        if (name is null)
            throw NoPod("It is not known which pod the request belongs to. Set POD_NAME and POD_UID by the downward API, or request without a pod.");
        if (First(options.PodUid, environment("POD_UID")) is { } given)
            return new(name, given);
        try
        {
            var pod = await client.GetAsync(KubernetesResources.Pods, space, name, cancellationToken).ConfigureAwait(false);
            return new(name, pod.Metadata.Uid ?? throw NoPod($"The pod '{name}' has no unique id."));
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.Forbidden or KubernetesFailure.NotFound)
        {
            throw NoPod(
                $"The unique id of the pod '{name}' is not known. Set POD_UID by the downward API (fieldPath: metadata.uid), which needs no right. {e.Message}");
        }
    }

    private static string? First(params ReadOnlySpan<string?> given)
    {
        foreach (var one in given)
        {
            if (!string.IsNullOrWhiteSpace(one))
                return one.Trim();
        }
        return null;
    }

    private static CertificateRequestException NoPod(string why) => new(CertificateRequestFailure.NoPod, why);
}
