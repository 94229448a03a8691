namespace Enmesh.Certificates;

/// <summary>A certificate, a key or a signing request that cannot be used; the message says why.</summary>
public sealed class CertificateException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public CertificateException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
