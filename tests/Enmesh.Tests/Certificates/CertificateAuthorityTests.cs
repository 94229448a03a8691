using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

[Trait("Ring", "pure")]
public sealed class CertificateAuthorityTests
{
    private static readonly IssueOptions ForPod = new() { Hosts = ["10.0.0.7"] };

    public static TheoryData<CertificateKeyKind> Kinds { get; } =
        new(CertificateKeyKind.EcP256, CertificateKeyKind.EcP384, CertificateKeyKind.Rsa2048);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_it_issues_is_trusted_through_it_and_belongs_to_its_key(CertificateKeyKind kind)
    {
        using var authority = CertificateAuthority.Create("test", kind);
        var pair = authority.Issue(ForPod with { Key = kind });
        using var certificate = pair.Verified().ReadCertificate();
        Assert.Equal(X509ChainStatusFlags.NoError, Judge(certificate, authority, []));
        using var loaded = X509Certificate2.CreateFromPem(pair.ChainPem, pair.KeyPem);
        Assert.True(loaded.HasPrivateKey);
    }

    [Fact]
    public void Other_authorities_do_not_vouch_for_it()
    {
        using var authority = CertificateAuthority.Create("test");
        using var other = CertificateAuthority.Create("test");
        using var certificate = authority.Issue(ForPod).ReadCertificate();
        Assert.NotEqual(X509ChainStatusFlags.NoError, Judge(certificate, other, []));
    }

    [Fact]
    public void An_address_is_named_both_ways_and_usages_are_for_both_roles()
    {
        using var authority = CertificateAuthority.Create("test");
        using var certificate = authority.Issue(ForPod).ReadCertificate();
        var names = CertificateNames.Of(certificate);
        Assert.Equal(["10.0.0.7"], names.Dns);
        Assert.Equal([IPAddress.Parse("10.0.0.7")], names.Addresses);
        Assert.Equal("DNS:10.0.0.7, IP:10.0.0.7", names.Text);
        Assert.Equal(
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment,
            certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(usage => usage.Value!));
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
    }

    [Fact]
    public void Any_number_of_hosts_of_any_kind_is_named()
    {
        using var authority = CertificateAuthority.Create("test");
        using var certificate = authority.Issue(new()
        {
            Hosts = ["orders-0.orders.shop.svc.cluster.local", "fd00::7", "web1"],
            Addresses = [IPAddress.Loopback],
            Uris = ["spiffe://shop/orders"],
            CommonName = "orders",
        }).ReadCertificate();
        Assert.Equal(
            "DNS:orders-0.orders.shop.svc.cluster.local, DNS:fd00::7, DNS:web1, IP:fd00::7, IP:127.0.0.1, URI:spiffe://shop/orders",
            CertificateNames.Of(certificate).Text);
        Assert.Equal("CN=orders", certificate.Subject);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("b\u00fccher.example")]
    public void What_no_certificate_can_name_is_refused(string host)
    {
        using var authority = CertificateAuthority.Create("test");
        var e = Assert.Throws<CertificateException>(() => authority.Issue(new() { Hosts = [host] }));
        Assert.Contains($"'{host}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_intermediate_authority_is_in_the_chain_and_the_root_is_not()
    {
        using var root = CertificateAuthority.Create("root", CertificateKeyKind.Rsa2048);
        using var middle = root.CreateIntermediate("middle");
        using var low = middle.CreateIntermediate("low");
        var chain = PemText.Certificates(low.Issue(ForPod).ChainPem, "the chain");
        Assert.Equal(["", "CN=low", "CN=middle"], chain.Select(certificate => certificate.Subject));
        Assert.Equal(X509ChainStatusFlags.NoError, Judge(chain[0], root, chain.Skip(1)));
        Assert.NotEqual(X509ChainStatusFlags.NoError, Judge(chain[0], root, []));
    }

    [Fact]
    public void Validity_is_five_minutes_ago_to_ninety_days_ahead_and_ends_with_the_authority()
    {
        var time = new FixedTime(new DateTimeOffset(2030, 5, 6, 7, 8, 9, TimeSpan.Zero));
        using var authority = CertificateAuthority.Create("test", time: time);
        using var usual = authority.Issue(ForPod).ReadCertificate();
        Assert.Equal(new DateTime(2030, 5, 6, 7, 3, 9, DateTimeKind.Utc), usual.NotBefore.ToUniversalTime());
        Assert.Equal(new DateTime(2030, 8, 4, 7, 8, 9, DateTimeKind.Utc), usual.NotAfter.ToUniversalTime());
        using var brief = CertificateAuthority.Create("test", notAfter: time.GetUtcNow().AddDays(1), time: time);
        using var ends = brief.Issue(ForPod).ReadCertificate();
        Assert.Equal(brief.Certificate.NotAfter, ends.NotAfter);
        using var past = brief.Issue(ForPod with { NotBefore = time.GetUtcNow().AddDays(-9), NotAfter = time.GetUtcNow().AddDays(-8) }).ReadCertificate();
        Assert.Equal(new DateTime(2030, 4, 28, 7, 8, 9, DateTimeKind.Utc), past.NotAfter.ToUniversalTime());
    }

    [Fact]
    public void It_is_taken_up_from_what_was_written_and_goes_on_signing()
    {
        using var before = CertificateAuthority.Create("test");
        using var after = CertificateAuthority.FromPem(before.CertificatePem, before.ExportKeyPem());
        using var certificate = after.Issue(ForPod).ReadCertificate();
        Assert.Equal(X509ChainStatusFlags.NoError, Judge(certificate, before, []));
        using var other = CertificateAuthority.Create("test");
        Assert.Throws<CertificateException>(() => CertificateAuthority.FromPem(before.CertificatePem, other.ExportKeyPem()));
    }

    [Fact]
    public void A_request_is_signed_with_what_it_asks_for()
    {
        using var authority = CertificateAuthority.Create("test");
        using var request = SigningRequest.Create(ForPod);
        var pair = request.With(authority.Sign(request.Pem));
        using var certificate = pair.ReadCertificate();
        Assert.Equal("DNS:10.0.0.7, IP:10.0.0.7", CertificateNames.Of(certificate).Text);
        Assert.Equal(X509ChainStatusFlags.NoError, Judge(certificate, authority, []));
        using var other = SigningRequest.Create(ForPod);
        Assert.True(request.IsOf(request.Pem));
        Assert.False(other.IsOf(request.Pem));
        Assert.False(other.IsOf("nothing"));
        Assert.Throws<CertificateException>(() => other.With(pair.ChainPem));
        Assert.Throws<CertificateException>(() => authority.Sign("nothing"));
    }

    [Fact]
    public void A_key_is_in_no_text_but_its_own()
    {
        using var authority = CertificateAuthority.Create("test");
        var pair = authority.Issue(ForPod);
        using var key = CertificateKey.FromPem(pair.KeyPem, "the pair");
        Assert.Equal("a certificate and its private key", pair.ToString());
        Assert.Equal("ECDsa key of 256 bits", key.ToString());
        Assert.DoesNotContain("PRIVATE", pair.ChainPem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_revokes_is_on_a_list_that_the_authority_has_signed()
    {
        using var authority = CertificateAuthority.Create("test");
        using var gone = authority.Issue(ForPod).ReadCertificate();
        var list = CertificateRevocationListBuilder.LoadPem(authority.Revoke(7, [gone]), out var number);
        Assert.Equal(7, number);
        Assert.True(list.RemoveEntry(gone.SerialNumberBytes.Span));
    }

    private static X509ChainStatusFlags Judge(X509Certificate2 certificate, CertificateAuthority authority, IEnumerable<X509Certificate2> between)
    {
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
        };
        chain.ChainPolicy.CustomTrustStore.Add(authority.Certificate);
        chain.ChainPolicy.ExtraStore.AddRange(between.ToArray());
        return chain.Build(certificate)
            ? X509ChainStatusFlags.NoError
            : chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
