using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

[Trait("Ring", "pure")]
public sealed class CertificateReportTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("test", notBefore: Now.AddYears(-1), notAfter: Now.AddYears(1));
    private readonly IssueOptions _good = new() { Hosts = ["10.0.0.7"], NotBefore = Now.AddDays(-1), NotAfter = Now.AddDays(1) };

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void A_good_one_has_nothing_to_complain_of()
    {
        var pair = _authority.Issue(_good);
        var report = Make(pair, "10.0.0.7");
        Assert.Empty(report.Problems);
        Assert.Empty(report.Warnings);
        Assert.True(report.KeyMatches);
        Assert.All(report.Hosts.Single().Verdicts, verdict => Assert.True(verdict.Accepted));
        var leaf = report.Chain.Single();
        Assert.Equal(("", "CN=test", "DNS:10.0.0.7, IP:10.0.0.7", "EC 256", false), (leaf.Subject, leaf.Issuer, leaf.Names, leaf.Key, leaf.IsAuthority));
        Assert.Equal(["serverAuth", "clientAuth"], leaf.Usages);
        Assert.Equal(["keyEncipherment", "digitalSignature"], leaf.KeyUsages);
    }

    [Fact]
    public void Dates_usages_keys_and_names_are_complained_of_one_by_one()
    {
        Assert.Equal(["It has expired: it was valid until 2030-05-31 23:59:59 UTC."], Make(_authority.Issue(_good with { NotAfter = Now.AddSeconds(-1) })).Problems);
        Assert.Equal(["It is not valid yet: it will be from 2030-06-01 00:00:01 UTC on. Do the clocks agree?"], Make(_authority.Issue(_good with { NotBefore = Now.AddSeconds(1) })).Problems);
        Assert.Contains("clientAuth is missing", Assert.Single(Make(_authority.Issue(_good with { ForClient = false })).Problems), StringComparison.Ordinal);
        Assert.Contains("serverAuth is missing", Assert.Single(Make(_authority.Issue(_good with { ForServer = false })).Problems), StringComparison.Ordinal);
        // Nothing said is everything allowed.
        Assert.Empty(Make(_authority.Issue(_good with { ForClient = false, ForServer = false })).Problems);
        var one = _authority.Issue(_good);
        var other = _authority.Issue(_good);
        Assert.Contains("do not belong together", Assert.Single(Make(new(one.ChainPem, other.KeyPem)).Problems), StringComparison.Ordinal);
        Assert.Contains("not for '10.0.0.8'", Assert.Single(Make(one, "10.0.0.8").Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_that_has_ended_in_between_is_named()
    {
        using var between = _authority.CreateIntermediate("between", notBefore: Now.AddDays(-9), notAfter: Now.AddDays(-8));
        Assert.Equal(
            ["Peers would not trust it: 'CN=between', which signs for it, is valid from 2030-05-23 00:00:00 UTC to 2030-05-24 00:00:00 UTC only."],
            Make(between.Issue(_good)).Problems);
    }

    [Fact]
    public void A_chain_that_carries_its_root_is_noted()
    {
        var pair = _authority.Issue(_good);
        Assert.Contains("carries its authority along", Assert.Single(Make(new(pair.ChainPem + _authority.CertificatePem, pair.KeyPem)).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_cannot_be_read_are_a_problem_and_no_crash()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var bytes in new byte[][] { [], [0x30], [0x30, 0x03, 0x87, 0x01, 0x07], [0x30, 0x82, 0xff, 0xff], [0x05, 0x00] })
        {
            var request = new CertificateRequest("CN=x\ny", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", bytes, false));
            using var odd = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
            Assert.Throws<CertificateException>(() => CertificateNames.Of(odd));
            var report = CertificateReport.Make([odd], ["x"], null, Now);
            Assert.Contains("The certificate's subjectAltName is malformed.", report.Problems);
            Assert.DoesNotContain('\n', report.Chain.Single().Subject);
        }
    }

    [Fact]
    public void Kinds_of_names_that_nobody_looks_at_are_passed_over()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress("a@b.example");
        names.AddUserPrincipalName("a@b");
        names.AddDnsName("web1.example");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        Assert.Equal("DNS:web1.example", CertificateNames.Of(certificate).Text);
    }

    private CertificateReport Make(CertificatePair pair, params string[] hosts)
    {
        using var stored = StoredPair.Parse(pair.ChainPem, "tls.crt");
        return CertificateReport.Make(stored.Chain, hosts, [_authority.Certificate], Now, "tls.crt", (pair.KeyPem, "tls.key"));
    }
}
