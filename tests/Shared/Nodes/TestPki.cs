using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Tls;

namespace Enmesh.TestSupport;

/// <summary>An authority of a test's own, and what it has issued, as files in a directory of its own.</summary>
internal sealed class TestPki : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("enmesh-pki-");
    private int _issued;

    internal TestPki(CertificateKeyKind key = CertificateKeyKind.EcP256, string name = "Test authority")
    {
        Key = key;
        Authority = CertificateAuthority.Create(name, key);
        CaFile = Write("ca.pem", Authority.CertificatePem);
    }

    internal CertificateKeyKind Key { get; }

    internal CertificateAuthority Authority { get; }

    internal string CaFile { get; }

    /// <summary>Writes a file, in one step.</summary>
    internal string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
        return path;
    }

    internal CertificatePair Issue(params string[] hosts) => Authority.Issue(new() { Hosts = hosts, Key = Key });

    /// <summary>The files of a node with a certificate for its host, or another one.</summary>
    internal TlsRoleFiles Files(string host, CertificatePair? pair = null, string? caFile = null, IReadOnlyList<string>? crlFiles = null)
    {
        pair ??= Issue(host);
        var number = Interlocked.Increment(ref _issued);
        return new(Write($"{number}.pem", pair.ChainPem), Write($"{number}.key", pair.KeyPem), caFile ?? CaFile, crlFiles ?? []);
    }

    /// <summary>A node's TLS.</summary>
    internal TlsSetup Setup(
        string host, CertificatePair? pair = null, string? caFile = null, SslProtocols? versions = null, IReadOnlyList<string>? crlFiles = null,
        IReadOnlyList<string>? allowedNames = null, bool uncheckedPair = false)
    {
        var files = Files(host, pair, caFile, crlFiles);
        files = files with { Unchecked = uncheckedPair };
        if (versions is { } some)
            files = files with { Versions = some };
        return new(new TlsFiles(files, files), new TlsIdentity(allowedNames ?? [], [TlsOptions.DefaultToolName]));
    }

    internal static CertificatePair SelfSigned(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(System.Net.IPAddress.Parse(host));
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return new(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        Authority.Dispose();
        _directory.Delete(recursive: true);
    }
}
