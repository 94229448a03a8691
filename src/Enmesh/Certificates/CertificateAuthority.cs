using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Enmesh.Certificates;

/// <summary>
/// An authority for development and tests: makes certificates that nodes of Erlang and Enmesh accept from each other.
/// </summary>
/// <remarks>
/// Its key lies in memory and, if it is written, in a file. That is fine for one machine and for tests; a cluster's
/// authority belongs into cert-manager, a vault or a safe.
/// </remarks>
public sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UsualAuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan UsualLife = TimeSpan.FromDays(90);

    private readonly CertificateKey _key;
    private readonly TimeProvider _time;
    private readonly CertificateAuthority? _above;

    private CertificateAuthority(X509Certificate2 certificate, CertificateKey key, CertificateAuthority? above, TimeProvider time)
    {
        Certificate = certificate;
        _key = key;
        _above = above;
        _time = time;
    }

    /// <summary>Its certificate, without the key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Its certificate as a PEM text: what its peers trust.</summary>
    public string CertificatePem => Pem(Certificate);

    /// <summary>Makes an authority that signs itself.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="key">The kind of its key.</param>
    /// <param name="notBefore">From when on it is valid; null for five minutes ago.</param>
    /// <param name="notAfter">Until when; null for ten years from now.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public static CertificateAuthority Create(
        string name, CertificateKeyKind key = CertificateKeyKind.EcP256, DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null, TimeProvider? time = null) => Make(name, key, notBefore, notAfter, null, time ?? TimeProvider.System);

    /// <summary>Takes up an authority that was written before.</summary>
    /// <param name="certificatePem">Its certificate.</param>
    /// <param name="keyPem">Its key.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="CertificateException">The two cannot be read, or do not belong together.</exception>
    public static CertificateAuthority FromPem(string certificatePem, string keyPem, TimeProvider? time = null)
    {
        using var all = new Disposables(PemText.Certificates(certificatePem, "the authority"));
        var certificate = X509CertificateLoader.LoadCertificate(all.First.RawDataMemory.Span);
        var key = CertificateKey.FromPem(keyPem, "the authority");
        if (key.IsOf(certificate))
            return new CertificateAuthority(certificate, key, null, time ?? TimeProvider.System);
        certificate.Dispose();
        key.Dispose();
        throw new CertificateException("The private key is not the authority's.");
    }

    /// <summary>Its private key as a PEM text.</summary>
    public string ExportKeyPem() => _key.ExportPem();

    /// <summary>Makes an authority between this one and the certificates; what it issues has it in the chain.</summary>
    /// <remarks>It is to be disposed of before this one.</remarks>
    public CertificateAuthority CreateIntermediate(
        string name, CertificateKeyKind key = CertificateKeyKind.EcP256, DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null) => Make(name, key, notBefore, notAfter, this, _time);

    /// <summary>Makes a key and a certificate for it: digital signature, key encipherment, server and client.</summary>
    /// <exception cref="CertificateException">A name cannot be in a certificate.</exception>
    public CertificatePair Issue(IssueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var key = CertificateKey.Create(options.Key);
        var request = key.For(options.Subject());
        foreach (var extension in SigningRequest.Extensions(options))
            request.CertificateExtensions.Add(extension);
        return new(Sign(request, options.NotBefore, options.NotAfter), key.ExportPem());
    }

    /// <summary>Signs a request with the names and usages it asks for, whatever they are.</summary>
    /// <param name="requestPem">The request.</param>
    /// <param name="notBefore">From when on it is valid; null for five minutes ago.</param>
    /// <param name="notAfter">Until when; null for 90 days from now, or the end of this authority.</param>
    /// <returns>The certificate, and what has signed it without the authority at the end, as a PEM text.</returns>
    /// <exception cref="CertificateException">The request cannot be read, or is not signed by its key.</exception>
    public string Sign(string requestPem, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null) =>
        Sign(SigningRequest.Read(requestPem), notBefore, notAfter);

    /// <summary>Revokes certificates: a list as a PEM text (<c>X509 CRL</c>).</summary>
    /// <param name="number">The number of the list; a later one has a higher.</param>
    /// <param name="revoked">What is no longer to be accepted.</param>
    /// <param name="nextUpdate">Until when the list counts; null for 30 days from now.</param>
    public string Revoke(long number, IEnumerable<X509Certificate2> revoked, DateTimeOffset? nextUpdate = null)
    {
        ArgumentNullException.ThrowIfNull(revoked);
        var now = _time.GetUtcNow();
        var list = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
            list.AddEntry(certificate.SerialNumberBytes.Span, now);
        var encoded = list.Build(
            Certificate.SubjectName, _key.Signer, number, nextUpdate ?? now + TimeSpan.FromDays(30), HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false), now - ClockDifference);
        return PemEncoding.WriteString("X509 CRL", encoded) + "\n";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    /// <summary>Signs what a request has become, and gives the chain.</summary>
    internal string Sign(
        CertificateRequest request, DateTimeOffset? notBefore, DateTimeOffset? notAfter)
    {
        var now = _time.GetUtcNow();
        var end = new DateTimeOffset(Certificate.NotAfter.ToUniversalTime());
        var usual = now + UsualLife;
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        using var signed = request.Create(
            Certificate.SubjectName, _key.Signer, notBefore ?? now - ClockDifference, notAfter ?? (usual < end ? usual : end), Serial());
        var chain = new StringBuilder(Pem(signed));
        for (var signer = this; signer._above is not null; signer = signer._above)
            chain.Append(signer.CertificatePem);
        return chain.ToString();
    }

    internal static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    private static CertificateAuthority Make(
        string name, CertificateKeyKind kind, DateTimeOffset? notBefore, DateTimeOffset? notAfter, CertificateAuthority? above,
        TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var key = CertificateKey.Create(kind);
        var request = key.For(IssueOptions.Named(name));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        var (from, to) = (notBefore ?? now - ClockDifference, notAfter ?? now + UsualAuthorityLife);
        if (above is not null)
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(above.Certificate, true, false));
        using var signed = request.Create(
            above?.Certificate.SubjectName ?? request.SubjectName, above?._key.Signer ?? key.Signer, from, to, Serial());
        return new(X509CertificateLoader.LoadCertificate(signed.RawDataMemory.Span), key, above, time);
    }

    // Sixteen random bytes, positive and not zero (RFC 5280, 4.1.2.2).
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private sealed class Disposables(IReadOnlyList<X509Certificate2> all) : IDisposable
    {
        internal X509Certificate2 First => all[0];

        public void Dispose()
        {
            foreach (var one in all)
                one.Dispose();
        }
    }
}
