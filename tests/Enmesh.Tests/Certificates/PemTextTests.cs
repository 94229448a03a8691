using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

[Trait("Ring", "pure")]
public sealed class PemTextTests : IDisposable
{
    private const string Place = "tls.pem";
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("test");

    private string Certificate => _authority.CertificatePem;

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Certificates_are_found_between_anything_else()
    {
        var text = $"# CA of 2029\r\nsubject=/CN=test\n{Certificate}\0\0 noise -----\n{_authority.ExportKeyPem()}-----BEGIN\n{Certificate.Replace("\n", "\r\n", StringComparison.Ordinal)}end";
        Assert.Equal(["CN=test", "CN=test"], PemText.Certificates(text, Place).Select(found => found.Subject));
    }

    [Fact]
    public void Half_a_block_does_not_hide_the_next_one() =>
        Assert.Single(PemText.Certificates(Certificate[..200] + "\n" + Certificate, Place));

    [Fact]
    public void Every_cut_is_read_or_refused_with_its_place()
    {
        for (var cut = 0; cut < Certificate.Length; cut++)
        {
            try
            {
                Assert.Single(PemText.Certificates(Certificate[..cut], Place));
                // What is missing is the line's end.
                Assert.True(cut >= Certificate.TrimEnd().Length);
            }
            catch (CertificateException e)
            {
                Assert.Contains(Place, e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(" \n", "is empty")]
    [InlineData("hello", "has no PEM block CERTIFICATE")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB", "cut off")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "Certificate 1 in tls.pem cannot be read")]
    [InlineData("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----", "Certificate 1 in tls.pem cannot be read")]
    [InlineData("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "Certificate 1 in tls.pem cannot be read")]
    [InlineData("-----BEGIN CERTIFICATE----------END CERTIFICATE-----", "Certificate 1 in tls.pem cannot be read")]
    [InlineData("-----BEGIN TRUSTED CERTIFICATE-----\nMIIB\n-----END TRUSTED CERTIFICATE-----", "TRUSTED CERTIFICATE")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "only a key")]
    public void What_has_no_certificate_says_what_it_is_instead(string text, string message)
    {
        var e = Assert.Throws<CertificateException>(() => PemText.Certificates(text, Place));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "There is no private key in tls.pem")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----", "is encrypted")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----", "is encrypted")]
    [InlineData("-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----", "is a DSA PRIVATE KEY")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "damaged, or neither RSA nor ECDSA")]
    // Ed25519, which .NET does not know
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----", "damaged, or neither RSA nor ECDSA")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----", "cannot be read")]
    public void A_key_that_cannot_be_used_says_why_and_is_not_shown(string text, string message)
    {
        var e = Assert.Throws<CertificateException>(() => CertificateKey.FromPem(text, Place));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(Place, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MIIB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_keys_are_one_too_many()
    {
        var key = _authority.ExportKeyPem();
        Assert.Contains("more than one", Assert.Throws<CertificateException>(() => CertificateKey.FromPem(key + key, Place)).Message, StringComparison.Ordinal);
        using var found = CertificateKey.FromPem($"{Certificate}-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}", Place);
        Assert.True(found.IsOf(_authority.Certificate));
    }
}
