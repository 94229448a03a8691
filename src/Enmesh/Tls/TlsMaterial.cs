using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Enmesh.Certificates;

namespace Enmesh.Tls;

/// <summary>
/// What one role shows and trusts, as its files said at one moment. Handshakes that have begun keep it, whatever the
/// files say later.
/// </summary>
internal sealed class TlsMaterial
{
    private const int MaxFileBytes = 4 << 20;

    private TlsMaterial(TlsRoleFiles files, X509Certificate2 certificate, SslStreamCertificateContext chain, X509Certificate2Collection authorities, RevocationLists revoked)
    {
        Files = files;
        Certificate = certificate;
        Chain = chain;
        Authorities = authorities;
        Revoked = revoked;
        Names = CertificateNames.Of(certificate);
    }

    internal TlsRoleFiles Files { get; }

    /// <summary>The certificate with its key.</summary>
    internal X509Certificate2 Certificate { get; }

    /// <summary>The certificate with those that lead to its authority.</summary>
    internal SslStreamCertificateContext Chain { get; }

    internal X509Certificate2Collection Authorities { get; }

    internal RevocationLists Revoked { get; }

    internal CertificateNames Names { get; }

    /// <summary>Until when the certificate is valid, and those that lead to its authority.</summary>
    internal DateTimeOffset NotAfter => Chain.IntermediateCertificates.Append(Certificate).Min(one => Instant(one.NotAfter));

    /// <summary>Reads the files, and makes sure that a peer with the same authorities would take the certificate.</summary>
    /// <param name="files">The files.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="TlsSettingsException">One is missing or broken, or they do not belong together.</exception>
    internal static TlsMaterial Load(TlsRoleFiles files, DateTimeOffset now)
    {
        var material = Load(files);
        if (!files.Unchecked && OwnChainProblem(material, now) is { } problem)
            throw new TlsSettingsException(problem);
        return material;
    }

    /// <summary>The same without a look at whether the certificate is any good.</summary>
    /// <exception cref="TlsSettingsException">A file is missing or broken, or the key is another's.</exception>
    internal static TlsMaterial Load(TlsRoleFiles files)
    {
        try
        {
            var certificates = PemText.Certificates(Read(files.CertificateFile), files.CertificateFile);
            var certificate = WithKey(certificates[0], files);
            var authorities = new X509Certificate2Collection(PemText.Certificates(Read(files.CaFile), files.CaFile).ToArray());
            // What leads to the authority, without the authority itself: the other end has that, or does not trust it.
            var between = new X509Certificate2Collection(certificates.Skip(1).Where(one => !TrustCheck.SignsItself(one)).ToArray());
            // Without a look at the network, for which a handshake must not wait.
            var chain = SslStreamCertificateContext.Create(certificate, between, offline: true);
            return new(files, certificate, chain, authorities, RevocationLists.Read(files.CrlFiles, ReadBytes));
        }
        catch (CertificateException e)
        {
            throw new TlsSettingsException(e.Message, e);
        }
        catch (CryptographicException e)
        {
            throw new TlsSettingsException($"The certificates in {files.CertificateFile} cannot be used: {e.Message}", e);
        }
    }

    internal static DateTimeOffset Instant(DateTime local) => new(local.ToUniversalTime());

    private static string? OwnChainProblem(TlsMaterial material, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = ChainVerdict.Policy(material, now, usage: null) };
        chain.ChainPolicy.ExtraStore.AddRange(material.Chain.IntermediateCertificates.ToArray());
        chain.Build(material.Certificate);
        return ChainVerdict.OfOurs(material, chain, now);
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, TlsRoleFiles files)
    {
        var pem = Read(files.KeyFile);
        if (files.Password is { } password)
        {
            try
            {
                return X509Certificate2.CreateFromEncryptedPem(certificate.ExportCertificatePem(), pem, password);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                throw new TlsSettingsException($"The private key in {files.KeyFile} cannot be decrypted, or is another certificate's: {e.Message}", e);
            }
        }
        using (var key = CertificateKey.FromPem(pem, files.KeyFile))
        {
            if (!key.IsOf(certificate))
            {
                throw new TlsSettingsException(
                    $"The private key in {files.KeyFile} does not belong to the certificate in {files.CertificateFile} "
                    + $"({CertificateNames.Of(certificate).Text}): put the key there with which that certificate was requested.");
            }
        }
        return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), PemText.KeyBlock(pem, files.KeyFile));
    }

    private static string Read(string path) => Encoding.UTF8.GetString(ReadBytes(path));

    private static byte[] ReadBytes(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > MaxFileBytes)
                throw new TlsSettingsException($"{path} has more than {MaxFileBytes} bytes; that is no file of certificates.");
            var bytes = new byte[file.Length];
            return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TlsSettingsException($"There is no file {path}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TlsSettingsException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
