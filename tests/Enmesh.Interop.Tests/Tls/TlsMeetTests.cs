using Enmesh.Certificates;
using Enmesh.Processes;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests.Tls;

/// <summary>Stock nodes with <c>-proto_dist inet_tls</c> and ours are one cluster, whoever dials.</summary>
[Trait("Ring", "interop")]
public sealed class TlsMeetTests
{
    private const string Tls12 = "'tlsv1.2'";
    private const string Tls13 = "'tlsv1.3'";

    public static MatrixTheoryData<int, string, CertificateKeyKind> Combinations => new(
        Otp.Releases.Select(row => row.Data), [Tls12, Tls13], [CertificateKeyKind.EcP256, CertificateKeyKind.Rsa2048]);

    public static TheoryData<int> Releases => Otp.Releases;

    /// <summary>TLS 1.2 is negotiated anew after so many records, TLS 1.3 has new keys after so many bytes.</summary>
    public static MatrixTheoryData<int, string, bool> Rekeyed => new(
        Otp.Releases.Select(row => row.Data), [", {renegotiate_at, 50}", ", {key_update_at, 50000}"], [true, false]);

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task Published_nodes_meet_and_talk_in_both_directions(int release, string version, CertificateKeyKind key)
    {
        using var pki = new TestPki(key);
        await using var pair = await TlsPair.StartAsync(release, pki, version);
        var expected = version == Tls12 ? "TLS 1.2" : "TLS 1.3";
        pair.Node.Spawn(Echo, "echo");

        await pair.Node.PingAsync(pair.BeamName);
        Assert.Equal(expected, Assert.Single(pair.Node.State.Links).Security!.Version);
        await pair.Beam.WaitForAsync("nodes()", $"['{pair.Node.Name}']");
        Assert.Equal("true", await pair.Beam.EvalAsync(
            $"B = crypto:strong_rand_bytes(3000000), B =:= gen_server:call({{echo, '{pair.Node.Name}'}}, B, 60000)"));

        await pair.Node.DisconnectAsync(pair.BeamName);
        await pair.Beam.WaitForAsync("nodes()", "[]");
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Equal(expected, Assert.Single(pair.Node.State.Links).Security!.Version);
        Assert.Equal(7, (await pair.Node.RpcAsync(pair.BeamName, "erlang", "+", [3, 4])).Int32);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task With_the_versions_of_the_release_itself_they_meet_as_well(int release)
    {
        using var pki = new TestPki();
        await using var pair = await TlsPair.StartAsync(release, pki);
        await pair.Node.PingAsync(pair.BeamName);
        Assert.Equal(release == 29 ? "TLS 1.3" : "TLS 1.2", Assert.Single(pair.Node.State.Links).Security!.Version);
    }

    [Theory]
    [MemberData(nameof(Rekeyed))]
    public async Task A_link_whose_keys_a_real_node_changes_goes_on(int release, string more, bool weDial)
    {
        using var pki = new TestPki();
        await using var pair = await Pair.StartAsync(
            release, true, TlsPair.Options(pki, versions: more.Contains("key", StringComparison.Ordinal) ? Tls13 : Tls12, more: more), plan => plan with { Tls = pki.Setup(TlsPair.OurHost) });
        pair.Beam.Announce("TLS sender recived unexpected event"); // OTP 23 of its own change of keys, which takes place
        pair.Node.Spawn(Echo, "echo");
        if (weDial)
            await pair.Node.ConnectAsync(pair.BeamName);
        else
            Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        var link = Assert.Single(pair.Node.State.Links).Session;

        Assert.Equal("true", await pair.Beam.EvalAsync(
            $"lists:all(fun(I) -> B = <<I:8000>>, B =:= gen_server:call({{echo, '{pair.Node.Name}'}}, B, 60000) end, lists:seq(1, 500))"));
        Assert.Equal(link, Assert.Single(pair.Node.State.Links).Session);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task One_that_stops_is_an_ordinary_end_although_it_says_no_farewell(int release)
    {
        using var pki = new TestPki();
        var logs = new LogKeeper();
        await using var pair = await Pair.StartAsync(
            release, true, TlsPair.Options(pki), plan => plan with { Tls = pki.Setup(TlsPair.OurHost) }, logs);
        await pair.Node.PingAsync(pair.BeamName);
        await pair.Beam.StopAsync();
        await logs.UntilAsync(LogLevel.Information, $"Peer {pair.BeamName} is down", "it closed the connection");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_without_a_name_gets_one_from_the_other(int release)
    {
        using var pki = new TestPki();
        await using var pair = await TlsPair.StartAsync(release, pki);
        var cookie = pki.Write("cookie", pair.Beam.Cookie);
        File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        var files = pki.Files("127.0.0.3");
        await using var ours = await ErlangNode.StartAsync(new ErlangNodeOptions
        {
            Name = "@127.0.0.3",
            NameFrom = pair.Beam.Name,
            PeerPort = pair.Beam.Port,
            CookieFile = cookie,
            Tls = { CertificateFile = files.CertificateFile, KeyFile = files.KeyFile, CaFile = files.CaFile },
        });
        await pair.Beam.WaitForAsync("nodes(hidden)", $"['{ours.Name}']");
        Assert.Equal(7, (await ours.RpcAsync(pair.BeamName, "erlang", "+", [3, 4])).Int32);

        var options = TlsPair.Options(pki, pki.Issue("127.0.0.4"));
        await using var nameless = await BeamNode.StartAsync(release, options with
        {
            Distributed = false,
            Cookie = pair.Beam.Cookie,
            Arguments = [.. options.Arguments, "-name", "undefined@127.0.0.4", "-start_epmd", "false", "-erl_epmd_port", $"{pair.Node.Port}"],
        });
        Assert.Equal("true", await nameless.EvalAsync($"net_kernel:connect_node('{pair.Node.Name}')"));
        var name = (await nameless.EvalAsync("node()")).Trim('\'');
        Assert.EndsWith("@127.0.0.4", name, StringComparison.Ordinal);
        Assert.Equal("pong", await nameless.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Contains(NodeName.Parse(name), pair.Node.ConnectedNodes);
    }

    private static async Task Echo(ProcessContext context)
    {
        while (true)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, call.Request);
        }
    }
}
