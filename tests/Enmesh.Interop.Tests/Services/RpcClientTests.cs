using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Services;

/// <summary>We call functions of real nodes.</summary>
[Trait("Ring", "interop")]
public sealed class RpcClientTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Values_throws_exits_and_errors_come_back_as_what_they_are(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var beam = pair.BeamName;
        Assert.Equal(3, (await pair.Node.RpcAsync(beam, "erlang", "length", [Term.List(1, 2, 3)])).Int32);
        var thrown = await Assert.ThrowsAsync<RpcException>(
            () => pair.Node.RpcAsync(beam, "erlang", "throw", [new Atom("ball")]));
        Assert.Equal((ErlangExceptionClass.Throw, "ball"), (thrown.Class, thrown.Reason.AtomText));
        var exit = await Assert.ThrowsAsync<RpcException>(
            () => pair.Node.RpcAsync(beam, "erlang", "exit", [new Atom("out")]));
        Assert.Equal((ErlangExceptionClass.Exit, "out", false), (exit.Class, exit.Reason.AtomText, exit.IsSignal));
        var error = await Assert.ThrowsAsync<RpcException>(() => pair.Node.RpcAsync(beam, "erlang", "length", [1]));
        Assert.Equal((ErlangExceptionClass.Error, "badarg"), (error.Class, error.Reason.AtomText));
        Assert.StartsWith("[{erlang,length,[1],", error.Stack.ToString(), StringComparison.Ordinal);
        var undefined = await Assert.ThrowsAsync<RpcException>(() => pair.Node.RpcAsync(beam, "nomod", "nofun", []));
        Assert.Equal("[{nomod,nofun,[],[]}]", undefined.Stack.ToString());
        Assert.Equal($"nomod:nofun/0 on {beam} failed: error undef", undefined.Message);
        var suicide = await TermOfAsync(
            pair.Beam, "{ok, T, _} = erl_scan:string(\"exit(self(), kill).\"), {ok, E} = erl_parse:parse_exprs(T), E");
        var killed = await Assert.ThrowsAsync<RpcException>(
            () => pair.Node.RpcAsync(beam, "erl_eval", "expr_list", [suicide, Term.Nil]));
        Assert.Equal(
            (ErlangExceptionClass.Exit, "killed", true), (killed.Class, killed.Reason.AtomText, killed.IsSignal));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_older_ways_work_too(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var (node, beam) = (pair.Node, pair.BeamName);
        Assert.Equal(beam.Atom, (await node.Rpc.BlockCallAsync(beam, "erlang", "node", [])).Atom);
        var error = await Assert.ThrowsAsync<RpcException>(
            () => node.Rpc.BlockCallAsync(beam, "erlang", "length", [1]));
        Assert.Equal((ErlangExceptionClass.Error, "badarg"), (error.Class, error.Reason.AtomText));
        var exit = await Assert.ThrowsAsync<RpcException>(
            () => node.Rpc.BlockCallAsync(beam, "erlang", "exit", [new Atom("out")]));
        Assert.Equal((ErlangExceptionClass.Exit, "out"), (exit.Class, exit.Reason.AtomText));
        await pair.Beam.EvalAsync(
            "register(sink, spawn(fun F() -> receive {take, P} -> P ! taken after 60000 -> ok end end)), ok");
        Assert.Equal(
            [beam],
            await node.Rpc.SbcastAsync([beam, NodeName.Parse("nobody@127.0.0.9")], "sink", new Atom("ignored")));
        Assert.Equal([], await node.Rpc.SbcastAsync([beam], "nobody_here", 1));
        await pair.Beam.EvalAsync(
            "register(server, spawn(fun F() -> receive {P, M} -> P ! {wrapper, node(), {got, M}}, F() end end)), ok");
        Assert.Equal("{got,7}", (await node.Rpc.ServerCallAsync(beam, "server", new Atom("wrapper"), 7)).ToString());
        var missing = await Assert.ThrowsAsync<CallExitException>(
            () => node.Rpc.ServerCallAsync(beam, "nobody_here", new Atom("wrapper"), 7));
        Assert.Equal("noproc", missing.Reason.AtomText);
        await node.Rpc.CastAsync(beam, "persistent_term", "put", [new Atom("was_cast"), 1]);
        await pair.Beam.WaitForAsync("persistent_term:get(was_cast, 0)", "1");
        await pair.Beam.EvalAsync("register(hears, spawn(fun() -> receive M -> persistent_term:put(heard, M), receive never -> ok end end end)), ok");
        await node.Rpc.AbcastAsync([beam], "hears", 2);
        await pair.Beam.WaitForAsync("persistent_term:get(heard, 0)", "2");
        await node.Rpc.EvalEverywhereAsync("persistent_term", "put", [new Atom("everywhere"), 1], [beam, node.Name]);
        await pair.Beam.WaitForAsync("persistent_term:get(everywhere, 0)", "1");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nobody_hangs_when_a_node_is_gone_or_slow(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var nobody = NodeName.Parse("nobody@127.0.0.9");
        var error = await Assert.ThrowsAsync<CallExitException>(() => pair.Node.RpcAsync(nobody, "erlang", "node", []));
        Assert.Equal("noconnection", error.Reason.AtomText);
        await pair.Node.Rpc.CastAsync(nobody, "erlang", "node", []);
        await Assert.ThrowsAsync<TimeoutException>(
            () => pair.Node.RpcAsync(pair.BeamName, "timer", "sleep", [60_000], TimeSpan.FromMilliseconds(50)));
        using var cancelled = new CancellationTokenSource();
        var call = pair.Node.RpcAsync(
            pair.BeamName, "timer", "sleep", [60_000], Timeout.InfiniteTimeSpan, cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        call = pair.Node.RpcAsync(pair.BeamName, "timer", "sleep", [60_000], Timeout.InfiniteTimeSpan);
        await pair.Node.PingAsync(pair.BeamName);
        await pair.Beam.KillAsync();
        Assert.Equal("noconnection", (await Assert.ThrowsAsync<CallExitException>(() => call)).Reason.AtomText);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Several_nodes_answer_at_once_ours_among_them(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Functions.Export("maths", "double", 1, static (_, arguments) => new(arguments[0].Int64!.Value * 2));
        var nobody = NodeName.Parse("nobody@127.0.0.9");
        var results = await pair.Node.Rpc.MulticallAsync(
            [pair.Node.Name, pair.BeamName, nobody], "maths", "double", [21]);
        Assert.Equal(42, results[0].GetValue().Int32);
        Assert.Equal("undef", Assert.IsType<RpcException>(results[1].Error).Reason.AtomText);
        Assert.Equal(
            (nobody, "noconnection"),
            (results[2].Node, Assert.IsType<CallExitException>(results[2].Error).Reason.AtomText));
        var own = await Assert.ThrowsAsync<RpcException>(
            () => pair.Node.RpcAsync(pair.Node.Name, "erlang", "throw", [1]));
        Assert.Equal(ErlangExceptionClass.Throw, own.Class);
    }

    private static async Task<Term> TermOfAsync(BeamNode beam, string expressions) =>
        ExternalTermFormat.Decode((await beam.EvalBytesAsync($"term_to_binary(begin {expressions} end)")).Span);
}
