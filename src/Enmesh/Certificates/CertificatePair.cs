using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>A certificate with what leads from it to its authority, and its private key, as PEM texts.</summary>
public sealed class CertificatePair
{
    /// <summary>Makes the pair. Nothing is looked at; <see cref="Verified"/> does.</summary>
    /// <param name="chainPem">The certificate, then what has signed it, without the authority itself.</param>
    /// <param name="keyPem">The private key, not encrypted.</param>
    public CertificatePair(string chainPem, string keyPem)
    {
        ArgumentException.ThrowIfNullOrEmpty(chainPem);
        ArgumentException.ThrowIfNullOrEmpty(keyPem);
        ChainPem = chainPem;
        KeyPem = keyPem;
    }

    /// <summary>The certificate, then what has signed it, without the authority itself.</summary>
    public string ChainPem { get; }

    /// <summary>The private key, not encrypted.</summary>
    public string KeyPem { get; }

    /// <summary>The certificate without its key.</summary>
    /// <exception cref="CertificateException">There is none.</exception>
    public X509Certificate2 ReadCertificate()
    {
        var all = PemText.Certificates(ChainPem, "the chain");
        foreach (var other in all.Skip(1))
            other.Dispose();
        return all[0];
    }

    /// <summary>The pair itself, when it is one.</summary>
    /// <exception cref="CertificateException">One of the two cannot be read, or the key is another's.</exception>
    public CertificatePair Verified()
    {
        using var certificate = ReadCertificate();
        using var key = CertificateKey.FromPem(KeyPem, "the pair");
        return key.IsOf(certificate)
            ? this
            : throw new CertificateException("The private key is not the certificate's: the two do not belong together.");
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => "a certificate and its private key";
}
