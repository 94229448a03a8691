using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;
using static Enmesh.Interop.Tests.Global.GlobalBench;

namespace Enmesh.Interop.Tests.Global;

/// <summary>What is rarer: names of processes whose nodes take no part, our server killed, questions and garbage from real nodes.</summary>
[Trait("Ring", "interop")]
public sealed class GlobalCornerTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Processes_of_hidden_nodes_are_registered_by_those_who_speak_for_them(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release);
        var (beam, node) = cluster;
        var hidden = await cluster.Mesh.StartBeamAsync(release, "-hidden");
        await node.ConnectAsync(NameOf(hidden));
        async Task<Pid> NewAsync(string name) => (await ValueAsync(hidden, $"P = spawn(fun() -> receive stop -> ok end end), register({name}, P), P")).Pid!;
        var (one, two) = (await NewAsync("one"), await NewAsync("two"));

        Assert.True(await node.Global.RegisterExternalAsync("one", one).WaitAsync(Patience));
        Assert.Equal("yes", await beam.EvalAsync("global:register_name_external(two, binary_to_term(In))", Bytes(two), Patience));

        Assert.Equal(one, (await ValueAsync(beam, "global:whereis_name(one)")).Pid);
        Assert.Equal(two, node.Global.WhereIs("two"));
        var spokenFor = Term.List(Term.Tuple(new Atom("one"), one, node.Name.Atom), Term.Tuple(new Atom("two"), two, NameOf(beam).Atom));
        Assert.Equal(spokenFor, await ValueAsync(beam, "lists:sort(gen_server:call(global_name_server, get_names_ext))"));
        Assert.Equal(spokenFor, await ValueAsync(beam, $"lists:sort(gen_server:call({{global_name_server, '{node.Name}'}}, get_names_ext))"));
        var late = await cluster.Mesh.StartOursAsync();
        await late.ConnectAsync(node.Name);
        await InSyncAsync([beam], node, late);
        Assert.Equal(spokenFor, await ValueAsync(beam, $"lists:sort(gen_server:call({{global_name_server, '{late.Name}'}}, get_names_ext))"));

        await hidden.EvalAsync("one ! stop, two ! stop");
        await beam.WaitForAsync("global:registered_names()", "[]");
        await Waiting.UntilAsync(() => node.Global.Names.Count == 0 && late.Global.Names.Count == 0);
        Assert.Equal("[]", await beam.EvalAsync($"gen_server:call({{global_name_server, '{late.Name}'}}, get_names_ext)"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_killed_server_begins_anew_and_names_are_whole_again(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release);
        var (beam, node) = cluster;
        Assert.True(await node.Global.RegisterAsync("ours", Idle(node)).WaitAsync(Patience));
        Assert.Equal("yes", await beam.EvalAsync("global:register_name(theirs, spawn(fun() -> receive stop -> ok end end))", timeout: Patience));
        var before = node.WhereIs("global_name_server");

        await beam.EvalAsync("exit(binary_to_term(In), kill)", Bytes(before!));
        await Waiting.UntilAsync(() => node.WhereIs("global_name_server") is { } now && now != before && node.ConnectedNodes.Count == 0);
        await node.ConnectAsync(NameOf(beam));
        await InSyncAsync([beam], node);

        Assert.NotNull(node.Global.WhereIs("theirs"));
        Assert.True(await node.Global.RegisterAsync("new", Idle(node)).WaitAsync(Patience));
        Assert.Equal("[new,theirs]", await beam.EvalAsync("lists:sort(global:registered_names())"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Questions_are_answered_and_garbage_is_passed_over(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release);
        var (beam, node) = cluster;
        Assert.True(await node.Global.RegisterAsync("counter", Idle(node)).WaitAsync(Patience));
        var server = $"{{global_name_server, '{node.Name}'}}";

        Assert.Equal(
            $"{{8,['{beam.Name}'],['{beam.Name}'],[],ok}}",
            await beam.EvalAsync($"S = {server}, list_to_tuple([gen_server:call(S, Q) || Q <- [get_protocol_version, get_known, get_synced, get_names_ext, {{sync, [node()]}}]])"));
        Assert.Equal(
            "[found,undefined,[counter]]",
            await beam.EvalAsync(
                $"N = '{node.Name}', [case rpc:call(N, global, whereis_name, [counter]) of P when is_pid(P) -> found end, rpc:call(N, global, whereis_name, [x]), rpc:call(N, global, registered_names, [])]"));
        await beam.EvalAsync(
            $"S = {server}," +
            """
            [S ! G || G <- [foo, {}, {a, b, c}, {lost_connection, a, b, c, d}, {remove_connection, a}, {init_connect_ack, a, b, c}, {cancel_connect, node(), x}, {nodeup, x}, {nodedown, x}]],
            [gen_server:cast(S, G) || G <- [foo, {}, {new_nodes, node(), [x], [y], [z], [w]}, {resolved, node(), [], [], [], [], 0}, {exchange, node(), [a|b], [], 0},
              {init_connect, {8, 1}, x, {locker, a, b, self()}}, {init_connect, 7, node(), x}, {lock_set, self(), true, [], 17}, {lock_set, self(), false, []}]],
            catch gen_server:call(S, {set_lock, x}, 100), catch gen_server:call(S, {register, a, b, c}, 100), catch gen_server:call(S, stop, 100)
            """);

        Assert.Equal("yes", await beam.EvalAsync("global:register_name(after_all, self())", timeout: Patience));
        Assert.True(await node.Global.RegisterAsync("alive", Idle(node)).WaitAsync(Patience));
        Assert.Equal("ok", await beam.EvalAsync("global:sync()", timeout: Patience));
    }

    [Fact]
    public async Task Without_keeping_partitions_from_overlapping_a_lost_link_parts_nobody_else()
    {
        await using var cluster = await GlobalCluster.StartAsync(
            Otp.Newest, beams: 2, plan => plan with { PreventOverlappingPartitions = false }, "-kernel", "prevent_overlapping_partitions", "false");
        var (first, second, node) = cluster;

        await first.EvalAsync($"erlang:disconnect_node('{second.Name}')");
        await second.WaitForAsync("nodes()", $"['{node.Name}']", Patience);
        await node.DisconnectAsync(NameOf(second));
        await second.WaitForAsync("nodes()", "[]", Patience);

        Assert.True(await node.Global.RegisterAsync("still", Idle(node)).WaitAsync(Patience));
        Assert.Equal([NameOf(first)], node.ConnectedNodes);
        Assert.Equal($"['{node.Name}']", await first.EvalAsync("nodes()"));
    }
}
