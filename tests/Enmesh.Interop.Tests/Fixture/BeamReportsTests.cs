using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Fixture;

/// <summary>The check that ends every test with a real node: nothing that such a one reports passes unnoticed.</summary>
[Trait("Ring", "interop")]
public sealed class BeamReportsTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task What_a_node_reports_is_found_unless_it_is_announced(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        await node.LoadModuleAsync(
            "careless",
            """
            -module(careless).
            -behaviour(gen_server).
            -export([init/1, handle_call/3, handle_cast/2]).
            init(S) -> {ok, S}.
            handle_call(_, _, S) -> {reply, ok, S}.
            handle_cast(What, _) -> exit(What).
            """);
        await node.EvalAsync("spawn(fun() -> error(by_a_process) end)");
        await node.EvalAsync("{ok, P} = gen_server:start(careless, x, []), gen_server:cast(P, by_a_server)");
        await node.EvalAsync("proc_lib:spawn(fun() -> exit(by_proc_lib) end)");
        await node.EvalAsync("logger:warning(\"by ~p\", [hand]), logger:notice(\"no matter\")");
        string[] expected = ["by_a_process", "by_a_server", "by_proc_lib", "by hand"];

        await Waiting.UntilAsync(() => Array.TrueForAll(expected, part => node.Output.Contains(part, StringComparison.Ordinal)));

        foreach (var part in expected)
        {
            Assert.Contains(BeamReports.Unannounced(node), report => report.Contains(part, StringComparison.Ordinal));
            node.Announce(part);
        }
        Assert.Empty(BeamReports.Unannounced(node));
    }

    [Fact]
    public void Reports_are_told_apart_from_other_output()
    {
        const string Output = """
            hello
            =ERROR REPORT==== 1-Jan-2026::12:00:00.000001 ===
            one
            =CRASH REPORT==== 1-Jan-2026::12:00:00.000002 ===
              two

            =NOTICE REPORT==== 1-Jan-2026::12:00:00.000003 ===
            nothing
            =SUPERVISOR REPORT==== 1-Jan-2026::12:00:00.000004 ===
            three
            """;

        Assert.Equal(
            [
                "=ERROR REPORT==== 1-Jan-2026::12:00:00.000001 ===\none", "=CRASH REPORT==== 1-Jan-2026::12:00:00.000002 ===\n  two",
                "=SUPERVISOR REPORT==== 1-Jan-2026::12:00:00.000004 ===\nthree",
            ],
            BeamReports.In(Output));
    }
}
