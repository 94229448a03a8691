using Enmesh.Tests.Modules;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Modules;

/// <summary>Real nodes call a C# class as a module.</summary>
[Trait("Ring", "interop")]
public sealed class ModuleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Every_way_to_call_reaches_a_method(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Export(new SampleModule());
        pair.Beam.Announce("{sample,add,", "function_clause"); // what it spawns and fails here is reported there
        var us = $"'{pair.Node.Name}'";
        Assert.Equal("3", await pair.Beam.EvalAsync($"rpc:call({us}, sample, add, [1, 2])"));
        Assert.Equal("6", await pair.Beam.EvalAsync($"erpc:call({us}, sample, add, [1, 2, 3])"));
        Assert.Equal("3", await pair.Beam.EvalAsync($"rpc:block_call({us}, sample, add, [1, 2])"));
        Assert.Equal("{[3],[]}", await pair.Beam.EvalAsync($"rpc:multicall([{us}], sample, add, [1, 2])"));
        Assert.Equal("[{ok,3}]", await pair.Beam.EvalAsync($"erpc:multicall([{us}], sample, add, [1, 2])"));
        Assert.Equal("<<\"ANN\">>", await pair.Beam.EvalAsync($"rpc:yield(rpc:async_call({us}, sample, find, [\"ann\"]))"));
        Assert.Equal("{error,by_zero}", await pair.Beam.EvalAsync($"erpc:call({us}, sample, divide, [1, 0])"));
        Assert.Equal("true", await pair.Beam.EvalAsync($"node(erpc:call({us}, sample, who, [])) =:= {us}"));
        Assert.Equal(
            "{normal,true}",
            await pair.Beam.EvalAsync(
                $"{{P, R}} = spawn_monitor({us}, sample, speak, [self(), hello]), receive {{P, hello}} -> P ! on end, receive {{'DOWN', R, process, P, Why}} -> {{Why, node(P) =:= {us}}} end"));
        Assert.Equal(
            "{'EXIT',killed}",
            await pair.Beam.EvalAsync(
                $"process_flag(trap_exit, true), P = spawn_link({us}, sample, wait, []), exit(P, kill), receive {{'EXIT', P, Why}} -> {{'EXIT', Why}} end"));
        Assert.Equal(
            "true",
            await pair.Beam.EvalAsync(
                $"process_flag(trap_exit, true), P = spawn_link({us}, sample, add, [a, 1]), receive {{'EXIT', P, {{function_clause, [{{sample, add, [a, 1], [{{error_info, #{{cause := #{{1 := <<\"A: expected\", _/binary>>}}}}}}]}}]}}}} -> true after 20000 -> false end"));
        await pair.Beam.EvalAsync($"rpc:cast({us}, sample, speak, [self(), cast]), receive {{Q, cast}} -> Q ! on end");
        await pair.Beam.EvalAsync($"erpc:cast({us}, sample, speak, [self(), cast]), receive {{Q, cast}} -> Q ! on end");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_caller_that_gives_up_or_ends_cancels_the_call(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var us = $"'{pair.Node.Name}'";
        var (timedOut, killed) = (new SampleModule(), new SampleModule());
        pair.Node.Export(timedOut);
        // A BEAM that gives a call up before it knows the process leaves its monitor where it is: nobody could tell then.
        static string Knows(string caller) => $"element(2, erlang:process_info(whereis({caller}), monitors)) =/= []";

        await pair.Beam.EvalAsync(
            $"register(impatient, spawn(fun() -> Req = erpc:send_request({us}, sample, wait, []), "
                + "receive give_up -> catch erpc:receive_response(Req, 0) end, receive never -> ok end end))");
        await timedOut.Begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await pair.Beam.WaitForAsync(Knows("impatient"));
        await pair.Beam.EvalAsync("impatient ! give_up");
        await timedOut.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        await pair.RestartNodeAsync();
        pair.Node.Export(killed);
        await pair.Beam.EvalAsync($"register(caller, spawn(fun() -> rpc:call({us}, sample, wait, []) end))");
        await killed.Begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await pair.Beam.WaitForAsync(Knows("caller"));
        await pair.Beam.EvalAsync("exit(whereis(caller), kill)");
        await killed.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Progress_is_messages_that_come_before_the_result(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Export(new SampleModule());
        var us = $"'{pair.Node.Name}'";
        Assert.Equal(
            "{3,[{progress,job,1},{progress,job,2},{progress,job,3}]}",
            await pair.Beam.EvalAsync($"R = erpc:call({us}, sample, work, [3, {{self(), job}}]), {{R, [receive M -> M after 0 -> none end || _ <- [1, 2, 3]]}}"));
        Assert.Equal(
            "[1,2]",
            await pair.Beam.EvalAsync(
                $"{{P, M}} = spawn_monitor({us}, sample, work, [2, self()]), receive {{'DOWN', M, process, P, normal}} -> ok end, [receive {{progress, P, N}} -> N after 0 -> none end || _ <- [1, 2]]"));
        if (release >= 25)
        {
            Assert.Equal(
                "{[1,2],none}",
                await pair.Beam.EvalAsync(
                    $"A = alias(), erpc:call({us}, sample, work, [2, A]), unalias(A), L = [receive {{progress, A, N}} -> N after 0 -> none end || _ <- [1, 2]], "
                        + $"erpc:call({us}, sample, work, [2, A]), {{L, receive X -> X after 0 -> none end}}"));
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_shell_prints_the_documentation(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Export(new SampleModule());
        var us = $"'{pair.Node.Name}'";
        Assert.Equal(
            "[{add,2},{add,3}]", await pair.Beam.EvalAsync($"lists:sublist(rpc:call({us}, sample, module_info, [exports]), 2)"));
        Assert.Equal("sample", await pair.Beam.EvalAsync($"proplists:get_value(module, rpc:call({us}, sample, module_info, []))"));
        if (release < 25)
            return;
        var text = await pair.Beam.EvalAsync(
            $"{{ok, D}} = rpc:call({us}, code, get_doc, [sample]), unicode:characters_to_binary([shell_docs:render(sample, D, #{{ansi => false}}), shell_docs:render(sample, add, 2, D, #{{ansi => false}})])");
        Assert.Contains("What can be called, of every kind there is.", text, StringComparison.Ordinal);
        Assert.Contains("add(A :: integer(), B :: integer()) -> integer()", text, StringComparison.Ordinal);
        Assert.Contains("Adds two numbers.", text, StringComparison.Ordinal);
    }
}
