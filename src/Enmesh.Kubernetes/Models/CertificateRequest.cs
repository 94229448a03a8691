namespace Enmesh.Kubernetes.Models;

/// <summary>A request to cert-manager to sign a certificate (<c>cert-manager.io/v1</c>).</summary>
public sealed record CertificateRequest : KubernetesObject
{
    /// <summary>What is asked for.</summary>
    public CertificateRequestSpec? Spec { get; init; }

    /// <summary>What has come of it; null before anything has.</summary>
    public CertificateRequestStatus? Status { get; init; }
}

/// <summary>What is asked of cert-manager.</summary>
public sealed record CertificateRequestSpec
{
    /// <summary>The PEM of the signing request, in base64.</summary>
    public string? Request { get; init; }

    /// <summary>Who is to sign.</summary>
    public IssuerReference? IssuerRef { get; init; }

    /// <summary>How long the certificate is to be valid, as in <c>24h</c>.</summary>
    public string? Duration { get; init; }

    /// <summary>What it is for, as in <c>server auth</c>.</summary>
    public IReadOnlyList<string>? Usages { get; init; }

    /// <summary>Whether it is to be an authority.</summary>
    public bool? IsCA { get; init; }
}

/// <summary>An issuer of certificates.</summary>
public sealed record IssuerReference
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary><c>Issuer</c> or <c>ClusterIssuer</c>; null stands for Issuer.</summary>
    public string? Kind { get; init; }

    /// <summary>Its group; null stands for <c>cert-manager.io</c>.</summary>
    public string? Group { get; init; }
}

/// <summary>What has come of a request.</summary>
public sealed record CertificateRequestStatus
{
    /// <summary>The PEM of the certificate and what is between it and the authority, in base64.</summary>
    public string? Certificate { get; init; }

    /// <summary>The PEM of the authority, in base64, where the issuer tells it.</summary>
    public string? Ca { get; init; }

    /// <summary>When it failed for good.</summary>
    public DateTimeOffset? FailureTime { get; init; }

    /// <summary>Approved, Denied, Ready, InvalidRequest.</summary>
    public IReadOnlyList<ObjectCondition>? Conditions { get; init; }
}

/// <summary>Something that is so, is not so, or is not known.</summary>
public sealed record ObjectCondition
{
    /// <summary>What, as in <c>Ready</c>.</summary>
    public string? Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Why, in one word.</summary>
    public string? Reason { get; init; }

    /// <summary>Why, as a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? LastTransitionTime { get; init; }
}
