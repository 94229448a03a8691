using System.Net;
using Enmesh.Certificates;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Tls;

/// <summary>
/// Option files that we write, in the hands of stock nodes: two of a release meet, verify each other, and refuse what
/// the files say is to be refused.
/// </summary>
[Trait("Ring", "interop")]
public sealed class OptionFileTests : IDisposable
{
    private const string First = "127.0.0.1";
    private const string Second = "127.0.0.2";
    private readonly CertificateAuthority _root = CertificateAuthority.Create("root");
    private readonly CertificateAuthority _between;
    private readonly CertificateAuthority _below;

    public OptionFileTests()
    {
        _between = _root.CreateIntermediate("between");
        _below = _between.CreateIntermediate("below");
    }

    public static TheoryData<int> Releases => Otp.Releases;

    public static MatrixTheoryData<int, CertificateKeyKind, bool> Combinations => new(
        Otp.Releases.Select(row => row.Data), [CertificateKeyKind.EcP256, CertificateKeyKind.Rsa2048], [true, false]);

    public void Dispose()
    {
        _below.Dispose();
        _between.Dispose();
        _root.Dispose();
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task Two_nodes_meet_with_a_chain_of_three(int release, CertificateKeyKind key, bool tls12)
    {
        await using var first = await StartAsync(release, Issue(First, key), tls12: tls12);
        await using var second = await StartAsync(release, Issue(Second, key), first, tls12: tls12);
        await MeetAsync(first, second);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Without_a_fun_they_meet_when_both_kinds_of_names_are_there(int release)
    {
        await using var first = await StartAsync(release, Issue(First), literal: true);
        await using var second = await StartAsync(release, Issue(Second), first, literal: true);
        await MeetAsync(first, second);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_address_is_found_among_either_kind_of_names(int release)
    {
        await using var first = await StartAsync(release, WithIpName(First));
        await using var second = await StartAsync(release, WithDnsName(Second), first);
        await MeetAsync(first, second);
        Assert.Equal("true", await first.EvalAsync($"net_kernel:disconnect('{second.Name}')"));
        await second.WaitForAsync("nodes()", "[]");
        await MeetAsync(second, first);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Without_the_fun_it_is_found_only_where_the_release_looks(int release)
    {
        await using var first = await StartAsync(release, WithIpName(First), literal: true);
        await using var second = await StartAsync(release, WithDnsName(Second), first, literal: true);
        var (caller, called) = release < 26 ? (second, first) : (first, second);
        Assert.Equal("pang", await caller.EvalAsync($"net_adm:ping('{called.Name}')"));
        Assert.Equal("pong", await called.EvalAsync($"net_adm:ping('{caller.Name}')"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Another_host_another_authority_and_no_certificate_are_refused(int release)
    {
        using var foreign = CertificateAuthority.Create("foreign");
        await using var good = await StartAsync(release, Issue(First));
        await using (var stranger = await StartAsync(release, foreign.Issue(new() { Hosts = [Second] }), good))
        {
            Assert.Equal("pang", await stranger.EvalAsync($"net_adm:ping('{good.Name}')"));
            Assert.Equal("pang", await good.EvalAsync($"net_adm:ping('{stranger.Name}')"));
        }
        await using (var other = await StartAsync(release, Issue("127.0.0.3"), good))
            Assert.Equal("pang", await good.EvalAsync($"net_adm:ping('{other.Name}')"));
        await using (var bare = await StartAsync(release, Issue(Second), good, file: "[{server, []}, {client, [{verify, verify_none}]}]."))
            Assert.Equal("pang", await bare.EvalAsync($"net_adm:ping('{good.Name}')"));
        await using var right = await StartAsync(release, Issue(Second), good);
        await MeetAsync(good, right);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_address_alone_is_refused_by_every_release_when_there_is_no_subject(int release)
    {
        var alone = _below.Issue(new() { Addresses = [IPAddress.Parse(First)] });
        using (var certificate = alone.ReadCertificate())
            Assert.False(CertificateNames.Of(certificate).Covers(First, release < 26 ? HostRule.Otp25 : HostRule.Otp27));
        await using var first = await StartAsync(release, alone);
        await using var second = await StartAsync(release, Issue(Second), first);
        Assert.Equal("pang", await second.EvalAsync($"net_adm:ping('{first.Name}')"));
        Assert.Equal("pang", await first.EvalAsync($"net_adm:ping('{second.Name}')"));
    }

    private static async Task MeetAsync(BeamNode first, BeamNode second)
    {
        Assert.Equal("pong", await second.EvalAsync($"net_adm:ping('{first.Name}')"));
        await first.WaitForAsync("nodes()", $"['{second.Name}']");
        Assert.Equal("7", await second.EvalAsync($"rpc:call('{first.Name}', erlang, '+', [3, 4])"));
    }

    private CertificatePair Issue(string host, CertificateKeyKind key = CertificateKeyKind.EcP256) => _below.Issue(new() { Hosts = [host], Key = key });

    private CertificatePair WithIpName(string host) => _below.Issue(new() { Addresses = [IPAddress.Parse(host)], CommonName = "node" });

    private CertificatePair WithDnsName(string host) => _below.Issue(new() { DnsNames = [host] });

    // Without EPMD a node dials others at its own port: the second has the same one at another address.
    private async Task<BeamNode> StartAsync(
        int release, CertificatePair pair, BeamNode? peer = null, bool literal = false, bool tls12 = true, string? file = null)
    {
        var host = peer is null ? First : Second;
        var node = await BeamNode.StartAsync(release, new()
        {
            Name = $"{Otp.NewName().Split('@')[0]}@{host}",
            Address = host,
            Cookie = peer?.Cookie,
            Port = peer?.Port,
            Arguments = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", "{home}/inet_tls.conf"],
            Files = new Dictionary<string, string>
            {
                ["tls.crt"] = pair.ChainPem,
                ["tls.key"] = pair.KeyPem,
                ["ca.crt"] = _root.CertificatePem,
                ["inet_tls.conf"] = file ?? OptionFile.Write(new(release, "{home}/tls.crt", "{home}/tls.key", "{home}/ca.crt") { Literal = literal, Tls12 = tls12 }),
            },
        });
        // What is refused is reported at both ends, in the words of the release.
        node.Announce("TLS ", "inet_tls", "ssl_connection", "tls_dist");
        return node;
    }
}
