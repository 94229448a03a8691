namespace Enmesh.Kubernetes.Certificates;

/// <summary>How a request for a certificate failed.</summary>
public enum CertificateRequestFailure
{
    /// <summary>An approver has denied it; the same request will be denied again.</summary>
    Denied,

    /// <summary>The issuer says that the request is not valid.</summary>
    Invalid,

    /// <summary>The issuer has failed to sign it, for good.</summary>
    Failed,

    /// <summary>There was no certificate in time: nobody has approved or signed it.</summary>
    TimedOut,

    /// <summary>Somebody has deleted the request while it was waited for.</summary>
    Deleted,

    /// <summary>What the issuer has signed is not what was asked for, or cannot be used.</summary>
    Unusable,

    /// <summary>It is not known which pod the request would belong to.</summary>
    NoPod,
}

/// <summary>There is no certificate; the message says whose decision that was, and what was said.</summary>
public sealed class CertificateRequestException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public CertificateRequestException(CertificateRequestFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>How it failed.</summary>
    public CertificateRequestFailure Failure { get; }

    /// <summary>Whether waiting may help; else somebody has to change something.</summary>
    public bool IsTransient => Failure is CertificateRequestFailure.TimedOut or CertificateRequestFailure.Deleted or CertificateRequestFailure.Failed;
}
