namespace Enmesh;

/// <summary>Why two ends did not agree on TLS.</summary>
public enum TlsFailure
{
    /// <summary>The other end showed no certificate.</summary>
    NoCertificate,

    /// <summary>The other end's certificate, or one that has signed it, has expired.</summary>
    Expired,

    /// <summary>The other end's certificate, or one that has signed it, is not valid yet.</summary>
    NotYetValid,

    /// <summary>The other end's certificate is signed by itself, and is not one of those that are trusted.</summary>
    SelfSigned,

    /// <summary>The other end's certificate leads to no authority that is trusted here.</summary>
    UnknownAuthority,

    /// <summary>The other end's certificate, or one that has signed it, has been revoked.</summary>
    Revoked,

    /// <summary>The other end's certificate is somebody else's.</summary>
    WrongName,

    /// <summary>The other end's certificate is not meant for this: a client's at a server, or the other way round.</summary>
    WrongUsage,

    /// <summary>Something else is wrong with the other end's certificate; the message says what.</summary>
    BadCertificate,

    /// <summary>The other end refuses: our certificate, most likely. The message says what it said.</summary>
    RefusedByPeer,

    /// <summary>The other end does not speak TLS.</summary>
    NotTls,

    /// <summary>The two have no version of TLS, no cipher suite or no kind of signature in common.</summary>
    NothingInCommon,

    /// <summary>The other end closed the connection without a word.</summary>
    ClosedByPeer,

    /// <summary>The other end was silent for too long.</summary>
    Timeout,

    /// <summary>Something else; the message and the inner exception say what.</summary>
    Other,
}

/// <summary>Two ends did not agree on TLS; the message says who objects to what, and what to do.</summary>
public sealed class TlsException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public TlsException(TlsFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>Why.</summary>
    public TlsFailure Failure { get; }
}

/// <summary>Certificates, keys or settings for TLS that cannot be used; the message says which file and what to do.</summary>
public sealed class TlsSettingsException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public TlsSettingsException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
