using Enmesh.Certificates;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests.Tls;

/// <summary>Certificates that are not as they should be, between real nodes and ours: both sides say what is wrong.</summary>
[Trait("Ring", "interop")]
public sealed class TlsVerdictTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    public static MatrixTheoryData<int, string> Bad => new(
        Otp.Releases.Select(row => row.Data), ["expired", "foreign", "wrong name", "self-signed"]);

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_real_nodes_bad_certificate_is_refused_in_both_directions(int release, string kind)
    {
        using var pki = new TestPki();
        using var foreign = new TestPki(name: "Another authority");
        var logs = new LogKeeper();
        var both = pki.Authority.CertificatePem + foreign.Authority.CertificatePem;
        await using var pair = await Pair.StartAsync(
            release, true, TlsPair.Options(pki, BadPair(kind, TlsPair.BeamHost, pki, foreign), both),
            plan => plan with { Tls = pki.Setup(TlsPair.OurHost) }, logs);
        pair.Beam.Announce("TLS server", "TLS client", "ssl_dist", "tls_");
        var (failure, verdict) = kind switch
        {
            "expired" => (TlsFailure.Expired, "expired on 20"),
            "foreign" => (TlsFailure.UnknownAuthority, "leads to CN=Another authority, which is none of the authorities in "),
            "self-signed" => (TlsFailure.SelfSigned, "is self-signed"),
            _ => (TlsFailure.WrongName, "it needs IP:127.0.0.1 among its names, and DNS:127.0.0.1 for peers of OTP 25 and older"),
        };

        var dialled = await Assert.ThrowsAsync<TlsException>(() => pair.Node.ConnectAsync(pair.BeamName));
        Assert.Equal(failure, dialled.Failure);
        Assert.Contains(verdict, dialled.Message, StringComparison.Ordinal);
        Assert.Equal("pang", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        await logs.UntilAsync(
            LogLevel.Warning, "was refused: ", kind == "wrong name" ? "its certificate is not that of 127.0.0.1 (DNS:10.9.8.7" : verdict);
        Assert.Empty(pair.Node.ConnectedNodes);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Ours_is_refused_by_a_real_node_and_says_why_and_what_to_do(int release, string kind)
    {
        using var pki = new TestPki();
        using var foreign = new TestPki(name: "Another authority");
        var logs = new LogKeeper();
        await using var pair = await Pair.StartAsync(
            release, true, TlsPair.Options(pki),
            plan => plan with { Tls = pki.Setup(TlsPair.OurHost, BadPair(kind, TlsPair.OurHost, pki, foreign), uncheckedPair: true) }, logs);
        pair.Beam.Announce("TLS server", "TLS client", "ssl_dist", "tls_");

        // Who is called looks at the authority only; who dials at the name as well.
        if (kind != "wrong name")
        {
            var dialled = await Assert.ThrowsAsync<TlsException>(() => pair.Node.ConnectAsync(pair.BeamName));
            Assert.Equal(TlsFailure.RefusedByPeer, dialled.Failure);
            Assert.Contains(
                kind == "expired" ? "(alert certificate_expired). Ours, in " : "refused the TLS handshake: it does not t", dialled.Message,
                StringComparison.Ordinal);
        }
        Assert.Equal("pang", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        await logs.UntilAsync(LogLevel.Warning, "was refused: ", " refused the TLS handshake: ", "Ours, in ");
        Assert.Empty(pair.Node.ConnectedNodes);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task To_trust_an_authority_below_a_root_is_not_enough_for_a_real_node_either(int release)
    {
        using var pki = new TestPki();
        using var between = pki.Authority.CreateIntermediate("Between");
        CertificatePair Issue(string host) => between.Issue(new() { Hosts = [host] });
        await using var pair = await Pair.StartAsync(
            release, true, TlsPair.Options(pki, Issue(TlsPair.BeamHost), between.CertificatePem),
            plan => plan with { Tls = pki.Setup(TlsPair.OurHost, Issue(TlsPair.OurHost)) });
        pair.Beam.Announce("TLS server", "TLS client", "ssl_dist", "tls_");

        var refused = await Assert.ThrowsAsync<TlsException>(() => pair.Node.ConnectAsync(pair.BeamName));
        Assert.Equal(TlsFailure.RefusedByPeer, refused.Failure);
        Assert.Contains("it does not trust the authority of our certificate (alert unknown_ca)", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_real_node_that_dials_without_a_certificate_is_told_what_it_lacks(int release)
    {
        using var pki = new TestPki();
        var logs = new LogKeeper();
        await using var pair = await Pair.StartAsync(
            release, true, TlsPair.Options(pki, clientCertificate: false), plan => plan with { Tls = pki.Setup(TlsPair.OurHost) }, logs);

        Assert.Equal("pang", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        await logs.UntilAsync(LogLevel.Warning, "showed no certificate. Give it one for dialling: certfile and keyfile in the section client");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Plain_real_nodes_and_ours_with_TLS_tell_each_other_apart(int release)
    {
        using var pki = new TestPki();
        var logs = new LogKeeper();
        await using var pair = await Pair.StartAsync(release, true, change: plan => plan with { Tls = pki.Setup(TlsPair.OurHost) }, logs: logs);

        Assert.Equal("pang", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        await logs.UntilAsync(LogLevel.Warning, "speaks the distribution protocol without TLS, and this node demands TLS: start it with -proto_dist inet_tls");
        var dialled = await Assert.ThrowsAsync<TlsException>(() => pair.Node.ConnectAsync(pair.BeamName));
        Assert.Contains("does not use TLS", dialled.Message, StringComparison.Ordinal);
    }

    private static CertificatePair BadPair(string kind, string host, TestPki pki, TestPki foreign)
    {
        var now = TimeProvider.System.GetUtcNow();
        return kind switch
        {
            "expired" => pki.Authority.Issue(new() { Hosts = [host], NotBefore = now.AddDays(-2), NotAfter = now.AddDays(-1) }),
            "foreign" => foreign.Issue(host),
            "self-signed" => TestPki.SelfSigned(host),
            _ => pki.Issue("10.9.8.7"),
        };
    }
}
