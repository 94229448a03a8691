using Enmesh.Global;
using Enmesh.TestSupport;
using Xunit;
using static Enmesh.Interop.Tests.Global.GlobalBench;

namespace Enmesh.Interop.Tests.Global;

/// <summary>
/// A node leaves its partition while that meets another one, after all names were told: a conflict that takes its time
/// holds the meeting up. Between real nodes alone the other partition has the leaver's names afterwards, and its new
/// half has not.
/// </summary>
[Trait("Ring", "interop")]
public sealed class GlobalMeetingTests
{
    /// <summary>
    /// A release that has <c>global:disconnect/0</c>; whether the one that knows the leaver is ours, or the one it
    /// meets; and whether it decides, which the one with the smaller name does.
    /// </summary>
    public static TheoryData<int, bool, bool> Meetings
    {
        get
        {
            var meetings = new TheoryData<int, bool, bool>();
            foreach (var release in Otp.Releases.Select(row => row.Data).Where(release => release >= 25))
            {
                foreach (var (knowerIsOurs, knowerDecides) in ((bool, bool)[])[(true, true), (true, false), (false, true), (false, false)])
                    meetings.Add(release, knowerIsOurs, knowerDecides);
            }
            return meetings;
        }
    }

    [Theory]
    [MemberData(nameof(Meetings))]
    public async Task A_node_that_leaves_during_a_meeting_leaves_no_name_on_one_side(int release, bool knowerIsOurs, bool knowerDecides)
    {
        await using var mesh = new Mesh();
        // Otherwise a real one that knew the leaver connects to it again, to give its lock back, and may happen to mend
        // what is wrong.
        var beam = await mesh.StartBeamAsync(release, knowerIsOurs ? [] : ["-kernel", "dist_auto_connect", "once"]);
        var leaver = await mesh.StartBeamAsync(release);
        var oursDecides = knowerIsOurs == knowerDecides;
        var node = await mesh.StartOursAsync(plan => plan with { Name = NodeName.Parse($"{(oursDecides ? "a" : "z")}@{plan.Name.Host}") });
        var decided = new TaskCompletionSource();
        var asked = await HaveConflictAsync(beam, node, decided.Task);
        if (knowerIsOurs)
            await leaver.EvalAsync($"net_kernel:connect_node('{node.Name}')");
        else
            await leaver.EvalAsync($"net_kernel:connect_node('{beam.Name}')");
        Assert.Equal("yes", await leaver.EvalAsync("global:sync(), global:register_name(lost, spawn(fun() -> receive stop -> ok end end))", timeout: Patience));

        await node.ConnectAsync(NameOf(beam));
        await (oursDecides ? asked : beam.WaitForAsync("whereis(held_up) =/= undefined", timeout: Patience));
        await leaver.EvalAsync("global:disconnect()");
        await (knowerIsOurs ? Waiting.UntilAsync(() => node.Global.Names.Count == 1) : beam.WaitForAsync("global:registered_names()", "[slow]"));
        decided.SetResult();
        if (!oursDecides)
            await beam.EvalAsync("held_up ! go_on");
        await node.Global.SyncAsync([NameOf(beam)]).WaitAsync(Patience);
        if (knowerIsOurs)
        {
            // A real one may have connected to the process of a name that it was to insert and delete: they meet anew
            // then.
            await MeetAnewAsync(beam, leaver, node);
        }
        else
        {
            await InSyncAsync([beam], node);
        }

        Assert.Equal(knowerIsOurs ? "[lost,slow]" : "[slow]", await beam.EvalAsync("lists:sort(global:registered_names())"));
        Assert.Equal(
            await beam.EvalAsync("lists:sort([{Name, global:whereis_name(Name)} || Name <- global:registered_names()])"),
            await beam.EvalAsync(
                $"N = '{node.Name}', lists:sort([{{Name, rpc:call(N, global, whereis_name, [Name])}} || Name <- rpc:call(N, global, registered_names, [])])"));
    }

    private static async Task MeetAnewAsync(BeamNode beam, BeamNode leaver, ErlangNode node)
    {
        try
        {
            await node.ConnectAsync(NameOf(leaver));
            await InSyncAsync([beam, leaver], node);
        }
        catch (TimeoutException e) when (e.Message.Contains($"{{removing,'{leaver.Name}'}}", StringComparison.Ordinal))
        {
            // The real one heard of the loss while it was connecting, and net_kernel parts from nobody to whom it is only
            // just connecting: its global waits for ever for the end of what stands. All part, and meet once more.
            foreach (var one in (BeamNode[])[beam, leaver])
                await one.EvalAsync("[erlang:disconnect_node(N) || N <- nodes()]");
            await Waiting.UntilAsync(() => node.ConnectedNodes.Count == 0);
            await node.ConnectAsync(NameOf(beam));
            await InSyncAsync([beam], node);
            await node.ConnectAsync(NameOf(leaver));
            await InSyncAsync([beam, leaver], node);
        }
    }

    /// <summary>
    /// Both have a name <c>slow</c>, about which nobody decides before the task is done, or <c>held_up</c> is told to.
    /// </summary>
    /// <returns>Done when ours is asked.</returns>
    private static async Task<Task> HaveConflictAsync(BeamNode beam, ErlangNode node, Task decided)
    {
        await beam.LoadModuleAsync(
            "slow",
            """
            -module(slow).
            -export([decide/3]).
            decide(_, A, _) -> register(held_up, self()), receive go_on -> A end.
            """);
        Assert.Equal("yes", await beam.EvalAsync("global:register_name(slow, spawn(fun() -> receive stop -> ok end end), fun slow:decide/3)"));
        var asked = new TaskCompletionSource();
        Assert.True(await node.Global.RegisterAsync("slow", Idle(node), ConflictMethod.From(async conflict =>
        {
            asked.TrySetResult();
            await decided;
            return conflict.Ours;
        })));
        return asked.Task;
    }
}
