using System.Globalization;
using Enmesh.Epmd;
using Enmesh.TestSupport;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>Real nodes at our EPMD, and ours at a real one.</summary>
[Trait("Ring", "interop")]
public sealed class EpmdTests
{
    private static readonly TcpTransport Tcp = new();

    public static TheoryData<int> Releases => Otp.Releases;

    // OTP 23 never does, not even with its own epmd.
    public static TheoryData<int> ReleasesThatRegisterAgain =>
        [.. Otp.Releases.Select(row => row.Data).Where(release => release >= 25)];

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Real_nodes_register_with_the_embedded_one_and_find_each_other(int release)
    {
        await using var server = Serve();
        var cookie = Otp.NewCookie();
        var options = new BeamOptions { EpmdPort = server.Port, Cookie = cookie };
        await using var first = await BeamNode.StartAsync(release, options);
        await using var second = await BeamNode.StartAsync(release, options);

        Assert.Equal("pong", await first.EvalAsync($"net_adm:ping('{second.Name}')"));
        Assert.Equal([Alive(second), Alive(first)], server.Entries.Select(e => e.Name));
        Assert.Equal([second.Port, first.Port], server.Entries.Select(e => e.Port));
        Assert.Equal(
            $"{{ok,[{{\"{Alive(first)}\",{first.Port}}},{{\"{Alive(second)}\",{second.Port}}}]}}",
            await first.EvalAsync("erl_epmd:names({127,0,0,1})"));
        await second.KillAsync();
        await Waiting.UntilAsync(() => server.Entries.Count == 1);
        Assert.Equal("noport", await first.EvalAsync($"erl_epmd:port_please(\"{Alive(second)}\", {{127,0,0,1}})"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_epmd_command_prints_our_names_and_cannot_end_us(int release)
    {
        await using var server = Serve();
        await using var registered = await RegisterAsync(EpmdMode.Register, server.Port, "orders");
        var names = await EpmdAsync(release, server.Port, "-names");
        Assert.Equal(
            Invariant($"epmd: up and running on port {server.Port} with data:\nname orders at port 4370\n"),
            names.Successful);

        var kill = await EpmdAsync(release, server.Port, "-kill");
        Assert.Contains("Killing not allowed", kill.Output + kill.Errors, StringComparison.Ordinal);
        var stop = await EpmdAsync(release, server.Port, "-stop", "orders");
        Assert.NotEqual(0, stop.ExitCode);
        Assert.Single(server.Entries);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ReleasesThatRegisterAgain))]
    public async Task Real_nodes_register_again_after_the_embedded_one_has_restarted(int release)
    {
        var port = BeamEpmd.FreePort();
        var server = Serve(port);
        await using var node = await BeamNode.StartAsync(release, new BeamOptions { EpmdPort = port });
        await server.DisposeAsync();
        await using var again = Serve(port);

        await Waiting.UntilAsync(() => again.Entries.Select(e => e.Name).SequenceEqual([Alive(node)]));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Our_registration_at_a_real_one_survives_its_restart(int release)
    {
        await using var epmd = await BeamEpmd.StartAsync(release);
        await using var ours = await RegisterAsync(EpmdMode.Register, epmd.Port, "orders");
        await using var node = await BeamNode.StartAsync(release, new BeamOptions { Epmd = epmd });
        Assert.True(ours.Creation > 0);
        Assert.Contains("name orders at port 4370\n", await epmd.NamesAsync(), StringComparison.Ordinal);
        Assert.Equal("{port,4370,6}", await node.EvalAsync("erl_epmd:port_please(\"orders\", {127,0,0,1})"));
        await epmd.KillAsync();
        await Waiting.UntilAsync(() => ours.State is EpmdState.Unregistered);
        await epmd.RestartAsync();

        await Waiting.UntilAsync(() => ours.State is EpmdState.Registered);
        Assert.Contains("name orders at port 4370\n", await epmd.NamesAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_is_found_at_a_real_one_and_of_an_unknown_one_we_hear_who_is_there(int release)
    {
        await using var epmd = await BeamEpmd.StartAsync(release);
        await using var node = await BeamNode.StartAsync(release, new BeamOptions { Epmd = epmd });
        var client = new EpmdClient(Tcp, TimeProvider.System, epmd.Port);
        var found = await client.LookUpAsync(NodeName.Parse(node.Name));
        Assert.Equal((node.Port, 6, 5), (found.Port, found.HighestVersion, found.LowestVersion));

        var e = await Assert.ThrowsAsync<EpmdException>(() => client.LookUpAsync(NodeName.Parse("nobody@127.0.0.1")));
        Assert.Equal(
            Invariant($"EPMD on 127.0.0.1:{epmd.Port} knows no node 'nobody'; it knows: {Alive(node)}."), e.Message);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Where_a_real_one_runs_the_embedded_one_joins_it_and_takes_over_when_it_ends(int release)
    {
        await using var epmd = await BeamEpmd.StartAsync(release);
        await using var ours = await RegisterAsync(EpmdMode.Embedded, epmd.Port, "orders");
        Assert.False(ours.IsServer);
        var taken = await Assert.ThrowsAsync<EpmdException>(
            () => RegisterAsync(EpmdMode.Embedded, epmd.Port, "orders"));
        Assert.Equal(EpmdFailure.NameTaken, taken.Failure);
        await epmd.KillAsync();

        await Waiting.UntilAsync(() => ours.IsServer && ours.State is EpmdState.Registered);
        Assert.Contains("name orders at port 4370\n", await epmd.NamesAsync(), StringComparison.Ordinal);
    }

    private static EpmdServer Serve(int port = 0) =>
        EpmdServer.Start(new EpmdSettings(port, []), Tcp, TimeProvider.System, NullLogger.Instance);

    private static Task<EpmdPresence> RegisterAsync(EpmdMode mode, int epmdPort, string name) =>
        EpmdPresence.StartAsync(
        mode, new EpmdSettings(epmdPort, []), new EpmdEntry(name, 4370), Tcp, TimeProvider.System, NullLogger.Instance);

    private static Task<CommandResult> EpmdAsync(int release, int port, params string[] arguments) =>
        Otp.RunAsync(release, ["epmd", .. arguments], epmdPort: port);

    private static string Alive(BeamNode node) => NodeName.Parse(node.Name).Alive;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
