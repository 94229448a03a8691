using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>A key that was just made, and a request to sign a certificate for it.</summary>
/// <remarks>The key is nowhere but in this object until somebody writes it.</remarks>
internal sealed class SigningRequest : IDisposable
{
    private readonly CertificateKey _key;

    private SigningRequest(CertificateKey key, string pem)
    {
        _key = key;
        Pem = pem;
    }

    /// <summary>The request as a PEM text (PKCS#10).</summary>
    public string Pem { get; }

    /// <summary>The beginning of the hash of the public key, in hexadecimal: the same for the same key.</summary>
    public string KeyId =>
        Convert.ToHexStringLower(SHA256.HashData(_key.Signer.PublicKey.ExportSubjectPublicKeyInfo()))[..12];

    /// <summary>Makes the key and the request.</summary>
    /// <exception cref="CertificateException">A name cannot be in a certificate.</exception>
    public static SigningRequest Create(IssueOptions options)
    {
        var key = CertificateKey.Create(options.Key);
        try
        {
            return new(key, For(key, options));
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Takes up a key that was made before, with a request of its own for the same names.</summary>
    public static SigningRequest With(string keyPem, IssueOptions options, string place)
    {
        var key = CertificateKey.FromPem(keyPem, place);
        return new(key, For(key, options));
    }

    /// <summary>The private key as a PEM text.</summary>
    public string ExportKeyPem() => _key.ExportPem();

    /// <summary>Whether a request as a PEM text is for this key.</summary>
    public bool IsOf(string requestPem)
    {
        try
        {
            return Read(requestPem).PublicKey.ExportSubjectPublicKeyInfo()
                .AsSpan().SequenceEqual(_key.Signer.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (CertificateException)
        {
            // What is no request is nobody's.
            return false;
        }
    }

    /// <summary>Whether a request as a PEM text is for this key, and asks for the same names.</summary>
    public bool AsksTheSame(string requestPem)
    {
        if (!IsOf(requestPem))
            return false;
        var (ours, theirs) = (Names(Pem), Names(requestPem));
        return ours.AsSpan().SequenceEqual(theirs);

        static byte[] Names(string pem) =>
            Read(pem).CertificateExtensions.FirstOrDefault(extension => extension.Oid?.Value == "2.5.29.17")?.RawData ?? [];
    }

    /// <summary>The pair of the key and a chain for it.</summary>
    /// <exception cref="CertificateException">The certificate is of another key, or cannot be read.</exception>
    public CertificatePair With(string chainPem) => new CertificatePair(chainPem, ExportKeyPem()).Verified();

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>What a certificate for a node says, and a request for one asks.</summary>
    internal static IEnumerable<X509Extension> Extensions(IssueOptions options)
    {
        yield return new X509BasicConstraintsExtension(false, false, 0, true);
        yield return new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true);
        var usages = new OidCollection();
        if (options.ForServer)
            usages.Add(new Oid(KeyUsages.ServerAuth));
        if (options.ForClient)
            usages.Add(new Oid(KeyUsages.ClientAuth));
        if (usages.Count > 0)
            yield return new X509EnhancedKeyUsageExtension(usages, false);
        if (options.AlternativeNames() is { } names)
            yield return names;
    }

    /// <summary>Reads a request, and checks that it is signed by its own key.</summary>
    internal static CertificateRequest Read(string pem)
    {
        try
        {
            return CertificateRequest.LoadSigningRequestPem(
                pem, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateException("The signing request cannot be read, or is not signed by its key.", e);
        }
    }

    private static string For(CertificateKey key, IssueOptions options)
    {
        var request = key.For(options.Subject());
        foreach (var extension in Extensions(options))
            request.CertificateExtensions.Add(extension);
        return request.CreateSigningRequestPem() + "\n";
    }
}
