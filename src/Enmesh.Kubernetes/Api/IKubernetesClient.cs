using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Api;

/// <summary>The Kubernetes API, as far as Erlang nodes need it.</summary>
/// <remarks>
/// Safe for any thread. Nothing is repeated by itself: who asks decides whether and when. Every method throws
/// <see cref="KubernetesException"/> when the request fails, and <see cref="OperationCanceledException"/> when the
/// caller gives up.
/// </remarks>
public interface IKubernetesClient
{
    /// <summary>The namespace this process belongs to: that of the pod, or that of the context.</summary>
    string Namespace { get; }

    /// <summary>All objects of a kind in a namespace, page by page where there are many.</summary>
    /// <returns>A list without <see cref="ListMeta.Continue"/>, and the version of which it is.</returns>
    Task<KubernetesList<T>> ListAsync<T>(
        KubernetesResource<T> resource, string @namespace, ListOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject;

    /// <summary>What changes from a version on. Completes when the server has accepted the watch.</summary>
    /// <exception cref="KubernetesException">
    /// With <see cref="KubernetesFailure.Gone"/>: the version is too old; list anew. The stream says so as well.
    /// </exception>
    Task<KubernetesWatch<T>> WatchAsync<T>(
        KubernetesResource<T> resource, string @namespace, WatchOptions options,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject;

    /// <summary>One object.</summary>
    Task<T> GetAsync<T>(
        KubernetesResource<T> resource, string @namespace, string name, CancellationToken cancellationToken = default)
        where T : KubernetesObject;

    /// <summary>Creates an object.</summary>
    /// <returns>The object as the server has it.</returns>
    Task<T> CreateAsync<T>(
        KubernetesResource<T> resource, string @namespace, T created, CancellationToken cancellationToken = default)
        where T : KubernetesObject;

    /// <summary>Changes a part of an object, and leaves the rest alone.</summary>
    /// <returns>The object as the server has it then.</returns>
    Task<T> PatchAsync<T>(
        KubernetesResource<T> resource, string @namespace, string name, KubernetesPatch patch,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject;

    /// <summary>Deletes an object.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="uid">Only if it is this very one; null for whichever has the name.</param>
    /// <param name="resourceVersion">Only if it is unchanged since; null for any state.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    Task DeleteAsync<T>(
        KubernetesResource<T> resource, string @namespace, string name, string? uid = null,
        string? resourceVersion = null,
        CancellationToken cancellationToken = default)
        where T : KubernetesObject;
}
