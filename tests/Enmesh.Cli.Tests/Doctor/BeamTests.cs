using Enmesh.Interop.Tests.Tls;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>Real nodes of each release: healthy ones, and what the doctor says of those that are not.</summary>
[Trait("Ring", "interop")]
public sealed class BeamTests : DoctorFixture
{
    private readonly TestPki _pki = new();

    public static TheoryData<int> Releases => Otp.Releases;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _pki.Dispose();
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_real_node_is_healthy(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, new() { Cookie = Cookie });
        var examination = await ExamineAsync(beam.Name, beam.Port);
        AssertHealthy(examination);
        Assert.Contains(examination.Findings, finding => finding.Step == "node" && finding.Text == $"Erlang/OTP {release}, sees nobody.");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_real_node_over_TLS_is_healthy(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, TlsPair.Options(_pki) with { Cookie = Cookie });
        AssertHealthy(await ExamineAsync(beam.Name, beam.Port, settings: Ours()));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Another_cookie(int release)
    {
        await using var beam = await BeamNode.StartAsync(release);
        beam.Announce("Connection attempt from");
        AssertIds(await ExamineAsync(beam.Name, beam.Port), "cookie.differs");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Another_name_and_a_node_that_lets_only_friends_in(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, new() { Cookie = Cookie });
        AssertIds(await ExamineAsync("somebody@127.0.0.1", beam.Port), "handshake.name-differs");
        Assert.Equal("ok", await beam.EvalAsync("net_kernel:allow(['friend@127.0.0.1'])"));
        beam.Announce("Connection attempt from");
        AssertIds(await ExamineAsync(beam.Name, beam.Port), "handshake.not-allowed");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_that_demands_TLS_is_dialled_without(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, TlsPair.Options(_pki) with { Cookie = Cookie });
        beam.Announce("TLS", "ssl", "tls"); // it says what it thinks of us
        AssertIds(await ExamineAsync(beam.Name, beam.Port), "tls.demanded-by-peer");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_does_not_trust_our_authority(int release)
    {
        using var other = new TestPki(name: "Theirs alone");
        await using var beam = await BeamNode.StartAsync(release, TlsPair.Options(_pki, caPem: other.Authority.CertificatePem) with { Cookie = Cookie });
        beam.Announce("TLS", "ssl", "tls");
        AssertIds(await ExamineAsync(beam.Name, beam.Port, settings: Ours()), "tls.refused-by-peer");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_has_another_nodes_certificate(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, TlsPair.Options(_pki, _pki.Issue("10.9.8.7")) with { Cookie = Cookie });
        beam.Announce("TLS", "ssl", "tls");
        AssertIds(await ExamineAsync(beam.Name, beam.Port, settings: Ours()), "tls.wrong-name");
    }

    [Fact]
    public async Task A_node_that_is_stopped_says_nothing()
    {
        await using var beam = await BeamNode.StartAsync(Otp.Newest, new() { Cookie = Cookie });
        await beam.SuspendAsync();
        try
        {
            AssertIds(await ExamineAsync(beam.Name, beam.Port, TimeSpan.FromSeconds(1.5)), "handshake.silent");
        }
        finally
        {
            await beam.ResumeAsync();
        }
    }

    [Fact]
    public async Task Two_releases_that_break_each_other_in_pg()
    {
        await using var old = await BeamNode.StartAsync(25, new() { Cookie = Cookie });
        await using var fresh = await BeamNode.StartAsync(29, new() { Cookie = Cookie, Name = Otp.NewName("fresh") });
        foreach (var beam in new[] { old, fresh })
            Assert.StartsWith("{ok,", await beam.EvalAsync("pg:start(pg)"), StringComparison.Ordinal);
        var examination = await ExamineAsync(settings:
        [
            ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", $"{old.Name}:{old.Port}"), ("Discovery:static:Peers:1", $"{fresh.Name}:{fresh.Port}"),
        ]);
        // The two have not met yet, which they would survive for seconds only.
        Assert.Contains(Wrong(examination), finding => finding.Diagnosis!.Id == "pg.releases" && finding.Text == $"{old.Name} is of OTP 25 and {fresh.Name} of OTP 29, and both have the scope pg.");
        Assert.Equal(15, examination.ExitStatus);
    }

    private (string, string?)[] Ours()
    {
        var files = _pki.Files(TlsPair.OurHost);
        return [("Tls:CertificateFile", files.CertificateFile), ("Tls:KeyFile", files.KeyFile), ("Tls:CaFile", files.CaFile)];
    }
}
