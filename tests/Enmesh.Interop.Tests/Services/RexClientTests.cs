using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Interop.Tests.Services;

/// <summary>
/// We call functions of nodes that start no processes for others, as those before OTP 23: by way of their <c>rex</c>.
/// Those that are to be had do start them, so ours says that it does not know how to ask.
/// </summary>
[Trait("Ring", "interop")]
public sealed class RexClientTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Values_exits_and_errors_come_back_as_by_erpc_and_throws_as_values(int release)
    {
        await using var pair = await StartAsync(release);
        var (node, beam) = (pair.Node, pair.BeamName);
        Assert.Equal(3, (await node.RpcAsync(beam, "erlang", "length", [Term.List(1, 2, 3)])).Int32);
        Assert.Equal("ball", (await node.RpcAsync(beam, "erlang", "throw", [new Atom("ball")])).AtomText);
        var exit = await Assert.ThrowsAsync<RpcException>(() => node.RpcAsync(beam, "erlang", "exit", [new Atom("out")]));
        Assert.Equal((ErlangExceptionClass.Exit, "out", false), (exit.Class, exit.Reason.AtomText, exit.IsSignal));
        var error = await Assert.ThrowsAsync<RpcException>(() => node.RpcAsync(beam, "erlang", "length", [1]));
        Assert.Equal((ErlangExceptionClass.Error, "badarg"), (error.Class, error.Reason.AtomText));
        Assert.StartsWith("[{erlang,length,[1],", error.Stack.ToString(), StringComparison.Ordinal);
        var undefined = await Assert.ThrowsAsync<RpcException>(() => node.RpcAsync(beam, "nomod", "nofun", []));
        Assert.Equal((ErlangExceptionClass.Error, "undef"), (undefined.Class, undefined.Reason.AtomText));
        Assert.StartsWith("[{nomod,nofun,[],[]}", undefined.Stack.ToString(), StringComparison.Ordinal);
        var text = await pair.Beam.EvalBytesAsync(
            "{ok, T, _} = erl_scan:string(\"exit(self(), kill).\"), {ok, E} = erl_parse:parse_exprs(T), term_to_binary(E)");
        var suicide = Enmesh.Terms.External.ExternalTermFormat.Decode(text.Span);
        var killed = await Assert.ThrowsAsync<RpcException>(() => node.RpcAsync(beam, "erl_eval", "expr_list", [suicide, Term.Nil]));
        Assert.Equal((ErlangExceptionClass.Exit, "killed", false), (killed.Class, killed.Reason.AtomText, killed.IsSignal));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Several_are_called_at_once_and_casts_arrive_and_output_comes_here(int release)
    {
        await using var pair = await StartAsync(release);
        var (node, beam) = (pair.Node, pair.BeamName);
        var results = await node.Rpc.MulticallAsync([beam, node.Name, beam], "erlang", "node", []);
        Assert.Equal([beam.Atom, node.Name.Atom, beam.Atom], results.Select(result => result.GetValue().Atom));
        await node.Rpc.CastAsync(beam, "persistent_term", "put", [new Atom("was_cast"), 1]);
        await pair.Beam.WaitForAsync("persistent_term:get(was_cast, 0)", "1");
        Assert.Equal(beam.Atom, (await node.Rpc.BlockCallAsync(beam, "erlang", "node", [])).Atom);
        var leader = (await node.RpcAsync(beam, "erlang", "group_leader", [])).Pid!;
        Assert.Equal(node.WhereIs("user"), leader);
        var refused = await Assert.ThrowsAsync<SpawnException>(() => SpawnAsync(pair));
        Assert.Equal("notsup", refused.Reason.AtomText);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nobody_hangs_when_it_is_slow_or_gone(int release)
    {
        await using var pair = await StartAsync(release);
        var (node, beam) = (pair.Node, pair.BeamName);
        await Assert.ThrowsAsync<TimeoutException>(() => node.RpcAsync(beam, "timer", "sleep", [60_000], TimeSpan.FromMilliseconds(50)));
        using var cancelled = new CancellationTokenSource();
        var call = node.RpcAsync(beam, "timer", "sleep", [60_000], Timeout.InfiniteTimeSpan, cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        call = node.RpcAsync(beam, "timer", "sleep", [60_000], Timeout.InfiniteTimeSpan);
        await node.PingAsync(beam);
        await pair.Beam.KillAsync();
        Assert.Equal("noconnection", (await Assert.ThrowsAsync<CallExitException>(() => call)).Reason.AtomText);
    }

    private static Task<Pair> StartAsync(int release) =>
        Pair.StartAsync(release, change: static plan => plan with { Unclaimed = DistributionFlags.Spawn });

    private static Task SpawnAsync(Pair pair)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Node.Spawn(async context =>
        {
            try
            {
                await context.SpawnAsync(pair.BeamName, "erlang", "node", []);
                done.SetResult();
            }
            catch (SpawnException e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }
}
