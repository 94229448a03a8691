using System.Security.Authentication;
using Enmesh.Certificates;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>Certificates that are wrong in each way, our own and the peer's, get a diagnosis of their own.</summary>
[Trait("Ring", "loopback")]
public sealed class TlsTests : DoctorFixture
{
    private const string Here = "127.0.0.2";
    private const string There = "127.0.0.1";

    private readonly TestPki _pki = new();
    private readonly TestPki _foreign = new(name: "Another authority");
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private readonly string _name = $"{NewAlive()}@{There}";

    /// <summary>What is wrong with the peer's certificate, and what the doctor calls that.</summary>
    public static TheoryData<string, string> OfPeers => new()
    {
        { "expired", "tls.expired" },
        { "not yet valid", "tls.not-yet-valid" },
        { "self-signed", "tls.self-signed" },
        { "foreign", "tls.unknown-authority" },
        { "same name, other key", "tls.unknown-authority" },
        { "without what is between", "tls.unknown-authority" },
        { "usage", "tls.wrong-usage" },
        { "revoked", "tls.revoked" },
        { "another's", "tls.wrong-name" },
    };

    /// <summary>What is wrong with our own certificate.</summary>
    public static TheoryData<string, string> OfOurs => new()
    {
        { "expired", "certificate.expired" },
        { "not yet valid", "certificate.not-yet-valid" },
        { "ends soon", "certificate.expiring" },
        { "self-signed", "certificate.untrusted" },
        { "foreign", "certificate.untrusted" },
        { "without what is between", "certificate.untrusted" },
        { "usage", "certificate.usage" },
        { "another's", "certificate.names" },
        { "address alone", "certificate.names-for-some" },
        { "name alone", "certificate.names-for-some" },
        { "of three", "certificate.layout" },
    };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _pki.Dispose();
        _foreign.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, "TLS 1.2")]
    [InlineData(SslProtocols.Tls13, "TLS 1.3")]
    public async Task Two_good_certificates_are_healthy(SslProtocols version, string shown)
    {
        var examination = await ExamineAsync(_name, await StartAsync(_pki.Setup(There, versions: version)), settings: Ours());
        AssertHealthy(examination);
        Assert.Contains(examination.Findings, finding => finding.Step == "tls" && finding.Text.StartsWith(shown, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(OfPeers))]
    public async Task Of_the_peers_certificate(string kind, string id)
    {
        var port = await StartAsync(_pki.Setup(There, Make(kind, There), uncheckedPair: true));
        var settings = Ours();
        if (kind == "revoked")
            settings = [.. settings, ("Tls:CrlFiles:0", Path.Combine(Path.GetDirectoryName(_pki.CaFile)!, "revoked.pem"))];
        var examination = await ExamineAsync(_name, port, settings: settings);
        var wrong = Only(examination);
        Assert.Equal(("tls", id, 13), (wrong.Step, wrong.Diagnosis!.Id, examination.ExitStatus));
    }

    [Theory]
    [MemberData(nameof(OfOurs))]
    public async Task Of_our_own_certificate(string kind, string id)
    {
        var files = _pki.Files(Here, Make(kind, Here));
        var examination = await ExamineAsync(maxPeers: 0, settings:
        [
            ("Name", $"orders@{Here}"), ("ListenAddresses", Here), ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", _name),
            .. Settings(files.CertificateFile, files.KeyFile, files.CaFile),
        ]);
        var wrong = Only(examination);
        Assert.Equal(("certificate", id), (wrong.Step, wrong.Diagnosis!.Id));
        Assert.Equal(wrong.Severity == Cli.Doctor.Severity.Warning ? 3 : 13, examination.ExitStatus);
    }

    [Theory]
    [InlineData("no certificate", "There is no file ")]
    [InlineData("another's key", "does not belong to the certificate")]
    [InlineData("half a file", "")]
    public async Task Files_that_cannot_be_used(string kind, string words)
    {
        var files = _pki.Files(Here);
        var (certificate, key) = (files.CertificateFile, files.KeyFile);
        if (kind == "no certificate")
            certificate = PathTo("missing.pem");
        else if (kind == "another's key")
            key = _pki.Files(Here).KeyFile;
        else
            certificate = Write("half.pem", (await File.ReadAllTextAsync(certificate))[..200]);
        var examination = await ExamineAsync(_name, 1, settings: Settings(certificate, key, files.CaFile));
        var wrong = Only(examination);
        Assert.Equal(("certificate.unusable", 13), (wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.Contains(words, wrong.Text, StringComparison.Ordinal);
        Assert.Contains(examination.Findings, finding => finding.Text.StartsWith("nobody is dialled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_that_is_not_this_nodes_is_refused_by_the_peer_as_it_would_be_of_the_node()
    {
        var files = _pki.Files(Here, _pki.Issue("127.0.0.3"));
        var examination = await ExamineAsync(_name, await StartAsync(_pki.Setup(There)), settings:
            [("Name", $"orders@{Here}"), ("ListenAddresses", Here), .. Settings(files.CertificateFile, files.KeyFile, files.CaFile)]);
        AssertIds(examination, "certificate.names", "handshake.not-allowed");
        Assert.Equal(13, examination.ExitStatus);
    }

    [Fact]
    public async Task The_peers_certificate_ends_soon()
    {
        var port = await StartAsync(_pki.Setup(There, _pki.Authority.Issue(new() { Hosts = [There], NotAfter = _now.AddHours(20) })));
        AssertIds(await ExamineAsync(_name, port, settings: Ours()), "tls.peer-expiring");
    }

    [Fact]
    public async Task The_peer_demands_TLS_and_we_have_none()
    {
        var wrong = Only(await ExamineAsync(_name, await StartAsync(_pki.Setup(There))));
        Assert.Equal("tls.demanded-by-peer", wrong.Diagnosis!.Id);
        Assert.Contains("it shows a certificate for DNS:127.0.0.1, IP:127.0.0.1", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_peer_answers_in_plain()
    {
        await using var port = ScriptedPort.Saying("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        AssertIds(await ExamineAsync(_name, port.Port, settings: Ours()), "tls.not-spoken");
    }

    [Fact]
    public async Task A_node_of_ours_without_TLS_ends_the_connection()
    {
        AssertIds(await ExamineAsync(_name, await StartAsync(null), settings: Ours()), "tls.closed");
    }

    [Fact]
    public async Task Nobody_answers_our_first_message()
    {
        await using var port = ScriptedPort.Silent();
        AssertIds(await ExamineAsync(_name, port.Port, TimeSpan.FromSeconds(1.5), settings: Ours()), "tls.silent");
    }

    [Fact]
    public async Task The_peer_has_another_version()
    {
        // An alert of TLS: fatal, protocol_version.
        await using var port = ScriptedPort.Saying([0x15, 3, 3, 0, 2, 2, 70]);
        AssertIds(await ExamineAsync(_name, port.Port, settings: Ours()), "tls.nothing-in-common");
    }

    [Fact]
    public async Task The_peer_does_not_know_our_authority()
    {
        // An alert of TLS: fatal, unknown_ca.
        await using var port = ScriptedPort.Saying([0x15, 3, 3, 0, 2, 2, 48]);
        AssertIds(await ExamineAsync(_name, port.Port, settings: Ours()), "tls.refused-by-peer");
    }

    private async Task<int> StartAsync(TlsSetup? setup) =>
        Cluster.PortOf(await Cluster.StartAsync(_name, cookie: Cookie, with: plan => plan with { Tls = setup }));

    private (string, string?)[] Ours()
    {
        var files = _pki.Files(Here);
        return Settings(files.CertificateFile, files.KeyFile, files.CaFile);
    }

    private static (string, string?)[] Settings(string certificate, string key, string ca) =>
        [("Tls:CertificateFile", certificate), ("Tls:KeyFile", key), ("Tls:CaFile", ca)];

    private CertificatePair Make(string kind, string host)
    {
        var names = new IssueOptions { Hosts = [host] };
        using var between = _pki.Authority.CreateIntermediate("Between");
        using var namesake = CertificateAuthority.Create("Test authority");
        var pair = kind switch
        {
            "expired" => _pki.Authority.Issue(names with { NotBefore = _now.AddDays(-2), NotAfter = _now.AddDays(-1) }),
            "not yet valid" => _pki.Authority.Issue(names with { NotBefore = _now.AddDays(1), NotAfter = _now.AddDays(2) }),
            "ends soon" => _pki.Authority.Issue(names with { NotBefore = _now.AddDays(-60), NotAfter = _now.AddDays(3) }),
            "self-signed" => TestPki.SelfSigned(host),
            "foreign" => _foreign.Authority.Issue(names),
            "same name, other key" => namesake.Issue(names),
            "usage" => _pki.Authority.Issue(names with { ForServer = false }),
            "without what is between" => Cut(between.Issue(names)),
            "another's" => _pki.Issue("10.9.8.7"),
            "address alone" => _pki.Authority.Issue(new() { Addresses = [System.Net.IPAddress.Parse(host)], CommonName = "orders" }),
            "name alone" => _pki.Authority.Issue(new() { DnsNames = [host], CommonName = "orders" }),
            "of three" => _pki.Issue(host, "10.0.0.1", "10.0.0.2"),
            _ => _pki.Authority.Issue(names),
        };
        if (kind == "revoked")
        {
            using var revoked = pair.ReadCertificate();
            _pki.Write("revoked.pem", _pki.Authority.Revoke(1, [revoked]));
        }
        return pair;
    }

    private static CertificatePair Cut(CertificatePair whole) => new(
        PemText.Certificates(whole.ChainPem, "the test")[0].ExportCertificatePem(), whole.KeyPem);
}
