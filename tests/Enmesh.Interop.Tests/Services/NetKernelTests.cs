using Enmesh.Services;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Services;

/// <summary>
/// Lists of nodes, nodes that come and go, allow lists and the answers of <c>net_kernel</c>, ours and theirs.
/// </summary>
[Trait("Ring", "interop")]
public sealed class NetKernelTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_published_node_of_ours_is_one_of_their_visible_nodes_and_they_are_ours(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true);
        await using var hidden = await BeamNode.StartAsync(
            release, new() { Cookie = pair.Beam.Cookie, Port = pair.Beam.Port, Name = Otp.NewName().Replace("127.0.0.1", "127.0.0.3", StringComparison.Ordinal), Address = "127.0.0.3", Hidden = true });
        Assert.Equal("pong", await hidden.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));

        Assert.Equal($"['{pair.Node.Name}']", await pair.Beam.EvalAsync("nodes()"));
        Assert.Equal($"['{pair.Node.Name}']", await hidden.EvalAsync("nodes(hidden)"));
        Assert.Equal([pair.BeamName], pair.Node.Nodes());
        Assert.Equal([NodeName.Parse(hidden.Name)], pair.Node.Nodes(NodeKinds.Hidden));
        Assert.Equal(2, pair.Node.Nodes(NodeKinds.Connected).Count);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_that_come_and_go_are_told_once_with_the_reason_on_both_sides(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true);
        await pair.Beam.EvalAsync(
            """
            persistent_term:put(told, []),
            register(watcher, spawn(fun() ->
              net_kernel:monitor_nodes(true, [{node_type, all}, nodedown_reason]),
              persistent_term:put(watching, true),
              (fun L(A) -> receive
                 {nodeup, _, _} -> B = [up | A], persistent_term:put(told, B), L(B);
                 {nodedown, _, I} -> B = [proplists:get_value(nodedown_reason, I) | A], persistent_term:put(told, B), L(B)
               end end)([])
            end))
            """);
        await pair.Beam.WaitForAsync("persistent_term:get(watching, false)");
        await using var changes = pair.Node.WatchNodesAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = changes.MoveNextAsync();

        await pair.Node.ConnectAsync(pair.BeamName);
        Assert.True(await next);
        Assert.Equal(new NodeChange(pair.BeamName, true, null), changes.Current);
        await pair.Beam.WaitForAsync("persistent_term:get(told)", "[up]");
        await SettleAsync();
        Assert.Equal("true", await pair.Beam.EvalAsync($"erlang:disconnect_node('{pair.Node.Name}')"));
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(pair.BeamName, false, "connection_closed"), changes.Current);

        await pair.Beam.EvalAsync($"true = net_kernel:connect_node('{pair.Node.Name}')");
        Assert.True(await changes.MoveNextAsync());
        await SettleAsync();
        Assert.True(await pair.Node.DisconnectAsync(pair.BeamName));
        Assert.False(await pair.Node.DisconnectAsync(pair.BeamName));
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(pair.BeamName, false, "disconnect"), changes.Current);
        await pair.Beam.WaitForAsync("persistent_term:get(told)", "[connection_closed, up, disconnect, up]");

        await pair.Node.ConnectAsync(pair.BeamName);
        Assert.True(await changes.MoveNextAsync());
        await SettleAsync();
        await pair.Beam.KillAsync();
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(pair.BeamName, false, "connection_closed"), changes.Current);

        // What its global has begun to ask of us would connect the two again.
        async Task SettleAsync() => Assert.Equal("ok", await pair.Beam.EvalAsync("global:sync()"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Our_net_kernel_answers_what_theirs_answers(int release)
    {
        await using var mesh = new Mesh();
        var asking = await mesh.StartBeamAsync(release);
        var theirs = await mesh.StartBeamAsync(release);
        var ours = await mesh.StartOursAsync();
        var questions = new List<string> { "{is_auth, node()}", "longnames", "allowed", "{verbose, 0}", "{disconnect, 'nobody@127.0.0.1'}", "{connect, normal, node()}", "{getopts, 'a@b', [nodelay]}", "{setopts, 'a@b', []}", "{allow, [\"a\"]}" };
        if (release >= 27)
            questions.Add("ticktime");
        if (release >= 25)
            questions.Add("get_state");
        foreach (var question in questions)
        {
            var answers = new List<string>();
            foreach (var asked in new[] { theirs.Name, ours.Name.Text })
                answers.Add((await asking.EvalAsync($"gen_server:call({{net_kernel, '{asked}'}}, {question})")).Replace(
                    asked, "ASKED", StringComparison.Ordinal));
            Assert.Equal(answers[0], answers[1]);
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task What_has_nothing_to_say_to_net_kernel_does_not_disturb_it(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true);
        Assert.Equal(
            "{error,badarg}",
            await pair.Beam.EvalAsync($"gen_server:call({{net_kernel, '{pair.Node.Name}'}}, {{nonsense, 1}})"));
        Assert.Equal(
            "{'EXIT',{notsup,[]}}",
            await pair.Beam.EvalAsync(
                $"gen_server:call({{net_kernel, '{pair.Node.Name}'}}, {{spawn, nomod, nofun, [], group_leader()}})"));
        await pair.Beam.EvalAsync(
            $"[{{net_kernel, '{pair.Node.Name}'}} ! M || M <- [hello, {{self(), get_status}}, {{'EXIT', self(), kill}}, {{nodeup, a}}, {{'$gen_call', x, y}}]], gen_server:cast({{net_kernel, '{pair.Node.Name}'}}, x)");
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Allow_lists_hold_in_both_directions_on_both_sides(int release)
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(release);
        var beamName = NodeName.Parse(beam.Name);
        var ours = await mesh.StartOursAsync(plan => plan with { AllowedNodes = ["somebody@else"] });
        Assert.Equal("pang", await beam.EvalAsync($"net_adm:ping('{ours.Name}')"));
        var refused = await Assert.ThrowsAsync<HandshakeException>(() => ours.ConnectAsync(beamName));
        Assert.Equal(HandshakeFailure.NotAllowed, refused.Failure);

        ours.Allow(beam.Name);
        Assert.Equal("pong", await beam.EvalAsync($"net_adm:ping('{ours.Name}')"));

        // Theirs, and the same of us.
        beam.Announce("disallowed node");
        await beam.EvalAsync("ok = net_kernel:allow(['somebody@else'])");
        await ours.PingAsync(beamName);
        await ours.DisconnectAsync(beamName);
        refused = await Assert.ThrowsAsync<HandshakeException>(() => ours.ConnectAsync(beamName));
        Assert.Equal(HandshakeFailure.NotAllowed, refused.Failure);
        Assert.Equal("pang", await beam.EvalAsync($"net_adm:ping('{ours.Name}')"));
        await beam.EvalAsync($"ok = net_kernel:allow(['{ours.Name}'])");
        await ours.PingAsync(beamName);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_that_is_managed_by_peers_is_managed_by_rpc(int release)
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(release);
        var other = await mesh.StartBeamAsync(release, "-connect_all", "false");
        var ours = await mesh.StartOursAsync(plan => plan with { ManagedByPeers = true });
        Task<string> CallAsync(string module, string function, string arguments) => beam.EvalAsync(
            $"gen_server:call({{rex, '{ours.Name}'}}, {{call, {module}, {function}, {arguments}, group_leader()}})");

        Assert.Equal("true", await CallAsync("net_kernel", "connect_node", $"['{other.Name}']"));
        await other.WaitForAsync($"lists:member('{ours.Name}', nodes())");
        Assert.Equal("true", await CallAsync("erlang", "disconnect_node", $"['{other.Name}']"));
        await other.WaitForAsync($"lists:member('{ours.Name}', nodes())", "false");
        Assert.Equal("false", await CallAsync("erlang", "disconnect_node", "[nobody@nowhere]"));
        Assert.Equal("change_initiated", await CallAsync("net_kernel", "set_net_ticktime", "[30]"));
        Assert.Equal("{ongoing_change_to,30}", await CallAsync("net_kernel", "set_net_ticktime", "[40, 1]"));
        Assert.StartsWith("{badrpc,", await CallAsync("net_kernel", "set_net_ticktime", "[0]"));
        Assert.Equal(TimeSpan.FromSeconds(30), ours.NetTickTime);
        Assert.Equal("ok", await CallAsync("net_kernel", "allow", $"[['{beam.Name}']]"));
        Assert.Equal("false", await CallAsync("net_kernel", "connect_node", $"['{other.Name}']"));
    }

    [Fact]
    public async Task A_node_that_ticks_too_slowly_for_a_real_one_is_kept_once_it_is_told_to_tick_faster()
    {
        // Theirs gives up after 10 s; ours would tick every 15 s.
        await using var pair = await Pair.StartAsync(
            Otp.Newest, published: true, new BeamOptions { Arguments = ["-kernel", "net_ticktime", "8"] });
        await pair.Node.ConnectAsync(pair.BeamName);
        Assert.Equal(NetTickTimeChange.Initiated, pair.Node.SetNetTickTime(TimeSpan.FromSeconds(8)));
        var lost = await pair.Beam.EvalAsync(
            $"monitor_node('{pair.Node.Name}', true), receive {{nodedown, N}} -> N after 13000 -> kept end");
        Assert.Equal("kept", lost);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_published_node_gives_names_to_nodes_without_one(int release)
    {
        await using var pair = await Pair.StartAsync(release, published: true);
        await using var nameless = await BeamNode.StartAsync(
            release, new() { Distributed = false, Cookie = pair.Beam.Cookie, Arguments = ["-name", "undefined@127.0.0.1", "-start_epmd", "false", "-erl_epmd_port", $"{pair.Beam.Port}"] });
        Assert.Equal("true", await nameless.EvalAsync($"net_kernel:connect_node('{pair.Node.Name}')"));
        var name = NodeName.Parse((await nameless.EvalAsync("node()")).Trim('\''));
        // It is connected for itself a moment before it is for us.
        Assert.Equal("pong", await nameless.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Equal([name], pair.Node.Nodes(NodeKinds.Hidden));
        Assert.Empty(pair.Node.Nodes());
    }
}
