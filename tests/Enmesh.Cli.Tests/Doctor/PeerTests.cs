using Enmesh.Epmd;
using Enmesh.Transport;
using Enmesh.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>The way to a peer without TLS: each thing that can be wrong has a diagnosis of its own.</summary>
[Trait("Ring", "loopback")]
public sealed class PeerTests : DoctorFixture
{
    // For those who never say a word.
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(1.5);

    private readonly string _name = $"{NewAlive()}@127.0.0.1";

    [Fact]
    public async Task A_node_that_is_there_and_knows_the_cookie_is_healthy()
    {
        var examination = await ExamineAsync(_name, await StartAsync());
        AssertHealthy(examination);
        Assert.Equal(
            ["port", "tcp", "handshake", "cookie", "ping"],
            examination.Findings.Where(finding => finding.Node == _name).Take(5).Select(finding => finding.Step));
        Assert.Contains(examination.Findings, finding => finding.Step == "handshake" && finding.Text.Contains("it has all that we have", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_listens()
    {
        var examination = await ExamineAsync(_name, ScriptedPort.Nobody());
        var wrong = Only(examination);
        Assert.Equal(("tcp.refused", 12), (wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.Contains("refused the connection: nothing listens there", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_in_between_breaks_the_connection_off()
    {
        await using var port = ScriptedPort.Resetting();
        AssertIds(await ExamineAsync(_name, port.Port), "tcp.reset");
    }

    [Fact]
    public async Task Somebody_accepts_and_is_silent()
    {
        await using var port = ScriptedPort.Silent();
        var examination = await ExamineAsync(_name, port.Port, Brief);
        Assert.Equal(("handshake.silent", 14), (Only(examination).Diagnosis!.Id, examination.ExitStatus));
    }

    [Fact]
    public async Task Somebody_ends_the_connection_at_our_name()
    {
        await using var port = ScriptedPort.Closing();
        AssertIds(await ExamineAsync(_name, port.Port), "handshake.closed");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n")]
    [InlineData("\u0000\u0003sxy")]
    public async Task Something_else_than_a_node_answers(string text)
    {
        await using var port = ScriptedPort.Saying(text);
        AssertIds(await ExamineAsync(_name, port.Port), "handshake.not-erlang");
    }

    [Fact]
    public async Task A_release_from_before_the_flood_answers()
    {
        // Status ok, then a challenge of the old kind: 'n' Version:16 Flags:32 Challenge:32 Name.
        byte[] challenge = [(byte)'n', 0, 5, 0, 0x7f, 0xff, 0xff, 1, 2, 3, 4, .. "peer@127.0.0.1"u8];
        await using var port = ScriptedPort.Saying([0, 3, (byte)'s', (byte)'o', (byte)'k', 0, (byte)challenge.Length, .. challenge]);
        AssertIds(await ExamineAsync(_name, port.Port), "handshake.old");
    }

    [Fact]
    public async Task Another_node_has_that_address()
    {
        var port = await StartAsync("another@127.0.0.1");
        var wrong = Only(await ExamineAsync(_name, port));
        Assert.Equal("handshake.name-differs", wrong.Diagnosis!.Id);
        Assert.Contains("calls itself 'another@127.0.0.1'", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_lets_only_some_in()
    {
        var port = await StartAsync(with: plan => plan with { AllowedNodes = ["friend@127.0.0.1"] });
        AssertIds(await ExamineAsync(_name, port), "handshake.not-allowed");
    }

    [Fact]
    public async Task It_lacks_a_capability()
    {
        var port = await StartAsync(with: plan => plan with { Unclaimed = DistributionFlags.MapTag | DistributionFlags.Mandatory25Digest });
        var wrong = Only(await ExamineAsync(_name, port));
        Assert.Equal("handshake.flags", wrong.Diagnosis!.Id);
        Assert.Contains("MAP_TAG", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cookies_differ()
    {
        var port = await StartAsync(cookie: "quite-another-cookie-of-theirs");
        var examination = await ExamineAsync(_name, port);
        var wrong = Only(examination);
        Assert.Equal(("cookie", "cookie.differs", 14), (wrong.Step, wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.DoesNotContain("quite-another", string.Join('\n', examination.Findings.Select(finding => finding.Text)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_connected_and_says_nothing()
    {
        await using var peer = HandshakingPeer.Start(_name, Cookie);
        AssertIds(await ExamineAsync(_name, peer.Port, TimeSpan.FromSeconds(5)), "ping.silent");
    }

    [Fact]
    public async Task It_ends_the_link_as_soon_as_that_is_up()
    {
        await using var peer = HandshakingPeer.Start(_name, Cookie, endAtOnce: true);
        AssertIds(await ExamineAsync(_name, peer.Port), "ping.failed");
    }

    [Fact]
    public async Task Its_host_name_does_not_resolve()
    {
        AssertIds(await ExamineAsync($"peer@{new string('x', 100)}.test", 4370), "dns.unknown-host");
    }

    [Fact]
    public async Task EPMD_that_was_asked_for_is_not_there()
    {
        AssertIds(await ExamineAsync(_name, settings: [("EpmdPort", $"{ScriptedPort.Nobody()}")]), "epmd.unreachable");
    }

    [Fact]
    public async Task EPMD_does_not_know_the_node()
    {
        await using var epmd = EpmdServer.Start(new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);
        var wrong = Only(await ExamineAsync(_name, settings: [("EpmdPort", $"{epmd.Port}")]));
        Assert.Equal("epmd.unknown-node", wrong.Diagnosis!.Id);
        Assert.Contains("it knows none at all", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_else_has_the_port_of_EPMD()
    {
        await using var port = ScriptedPort.Closing();
        var wrong = Only(await ExamineAsync(_name, settings: [("EpmdPort", $"{port.Port}")]));
        Assert.Equal("epmd.protocol", wrong.Diagnosis!.Id);
    }

    [Fact]
    public async Task EPMD_tells_the_port()
    {
        await using var epmd = EpmdServer.Start(new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);
        await StartAsync(with: plan => plan with { Epmd = EpmdMode.Register, EpmdSettings = new(epmd.Port, []) });
        var examination = await ExamineAsync(_name, settings: [("EpmdPort", $"{epmd.Port}")]);
        AssertHealthy(examination);
        Assert.Contains(examination.Findings, finding => finding.Step == "port" && finding.Text.Contains("as EPMD on 127.0.0.1 says", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_peer_says_of_itself_cannot_write_lines_of_its_own()
    {
        var name = "x\u001b[2J\ny@127.0.0.1";
        byte[] challenge = [(byte)'N', 0, 0, 0, 0xd, 0x07, 0xdf, 0x7f, 0xbd, 1, 2, 3, 4, 0, 0, 0, 9, 0, (byte)name.Length, .. System.Text.Encoding.Latin1.GetBytes(name)];
        await using var port = ScriptedPort.Saying([0, 3, (byte)'s', (byte)'o', (byte)'k', 0, (byte)challenge.Length, .. challenge]);
        var wrong = Only(await ExamineAsync(_name, port.Port));
        Assert.Equal("handshake.name-differs", wrong.Diagnosis!.Id);
        Assert.DoesNotContain(wrong.Text, char.IsControl);
    }

    private async Task<int> StartAsync(string? name = null, string cookie = Cookie, Func<NodePlan, NodePlan>? with = null) =>
        Cluster.PortOf(await Cluster.StartAsync(name ?? _name, cookie: cookie, with: with));
}
