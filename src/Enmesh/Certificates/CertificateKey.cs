using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>The kind of a key that is made.</summary>
public enum CertificateKeyKind
{
    /// <summary>ECDSA over P-256: small, fast, known to every peer.</summary>
    EcP256,

    /// <summary>ECDSA over P-384.</summary>
    EcP384,

    /// <summary>RSA with 2048 bits.</summary>
    Rsa2048,

    /// <summary>RSA with 4096 bits.</summary>
    Rsa4096,
}

/// <summary>A private key, ECDSA or RSA, that signs certificates and requests.</summary>
/// <remarks>Its text is never a part of a message: neither <see cref="ToString"/> nor an exception shows it.</remarks>
internal sealed class CertificateKey : IDisposable
{
    private static readonly HashAlgorithmName Hash = HashAlgorithmName.SHA256;
    private readonly AsymmetricAlgorithm _key;

    private CertificateKey(AsymmetricAlgorithm key)
    {
        _key = key;
        Signer = key is ECDsa ec
            ? X509SignatureGenerator.CreateForECDsa(ec)
            : X509SignatureGenerator.CreateForRSA((RSA)key, RSASignaturePadding.Pkcs1);
    }

    /// <summary>Signs with the key.</summary>
    public X509SignatureGenerator Signer { get; }

    /// <summary>Makes a key.</summary>
    public static CertificateKey Create(CertificateKeyKind kind) => new(kind switch
    {
        CertificateKeyKind.EcP256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        CertificateKeyKind.EcP384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        CertificateKeyKind.Rsa2048 => RSA.Create(2048),
        CertificateKeyKind.Rsa4096 => RSA.Create(4096),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    });

    /// <summary>Reads the key of a PEM text: PKCS#8, PKCS#1 or SEC 1, whatever else the text has.</summary>
    /// <exception cref="CertificateException">There is no key that can be used.</exception>
    public static CertificateKey FromPem(string pem, string place)
    {
        ArgumentNullException.ThrowIfNull(pem);
        var found = PemText.KeyBlock(pem, place);
        AsymmetricAlgorithm? key = null;
        try
        {
            key = PemText.IsRsa(found) ? RSA.Create() : ECDsa.Create();
            key.ImportFromPem(found);
            var made = new CertificateKey(key);
            key = null;
            return made;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // The reason of the library, never the text.
            throw new CertificateException($"The private key in {place} cannot be read: it is damaged, or of a kind that is not known (RSA and ECDSA are).", e);
        }
        finally
        {
            key?.Dispose();
        }
    }

    /// <summary>A request or certificate to be, for this key.</summary>
    public CertificateRequest For(X500DistinguishedName subject) => _key is ECDsa ec
        ? new(subject, ec, Hash)
        : new(subject, (RSA)_key, Hash, RSASignaturePadding.Pkcs1);

    /// <summary>Whether a certificate is of this key.</summary>
    public bool IsOf(X509Certificate2 certificate) =>
        Signer.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>The key as a PEM text (PKCS#8, not encrypted).</summary>
    public string ExportPem() => _key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>The kind, never the key.</summary>
    public override string ToString() => $"{_key.SignatureAlgorithm} key of {_key.KeySize} bits";

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
