namespace Enmesh.Kubernetes.Models;

/// <summary>
/// What every object of the API has. The models name what this library needs; the rest of an object is not read, and
/// not changed, since objects are changed by patches alone.
/// </summary>
public abstract record KubernetesObject
{
    /// <summary>Group and version, as in <c>coordination.k8s.io/v1</c>; not in the items of a list.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>The kind, as in <c>Lease</c>; not in the items of a list.</summary>
    public string? Kind { get; init; }

    /// <summary>Name, namespace, labels, versions.</summary>
    public ObjectMeta Metadata { get; init; } = new();
}

/// <summary>The metadata of an object.</summary>
public sealed record ObjectMeta
{
    /// <summary>The name, unique for its kind in its namespace.</summary>
    public string? Name { get; init; }

    /// <summary>The beginning of a name that the server completes; only for creation.</summary>
    public string? GenerateName { get; init; }

    /// <summary>The namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Unique for ever, unlike the name.</summary>
    public string? Uid { get; init; }

    /// <summary>Changes with the object. Not to be interpreted, only compared and given back.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>From when on it is being deleted; null while it is not.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The objects that own this one, and take it along when they are deleted.</summary>
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }
}

/// <summary>An object that owns another one.</summary>
public sealed record OwnerReference
{
    /// <summary>Group and version of the owner.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Kind of the owner.</summary>
    public string? Kind { get; init; }

    /// <summary>Name of the owner.</summary>
    public string? Name { get; init; }

    /// <summary>Unique id of the owner.</summary>
    public string? Uid { get; init; }
}

/// <summary>An object that another one speaks of.</summary>
public sealed record ObjectReference
{
    /// <summary>The kind, as in <c>Pod</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>The namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>The name.</summary>
    public string? Name { get; init; }

    /// <summary>The unique id.</summary>
    public string? Uid { get; init; }
}

/// <summary>Objects of one kind at one moment.</summary>
/// <typeparam name="T">Their model.</typeparam>
public sealed record KubernetesList<T>
    where T : KubernetesObject
{
    /// <summary>The moment, and where the list goes on.</summary>
    public ListMeta Metadata { get; init; } = new();

    /// <summary>The objects; null stands for none.</summary>
    public IReadOnlyList<T>? Items { get; init; }
}

/// <summary>The metadata of a list.</summary>
public sealed record ListMeta
{
    /// <summary>The version of the whole list, from which a watch goes on.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Where the next page begins; null or empty on the last one.</summary>
    public string? Continue { get; init; }
}
