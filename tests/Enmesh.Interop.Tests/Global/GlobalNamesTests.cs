using Enmesh.Global;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;
using static Enmesh.Interop.Tests.Global.GlobalBench;

namespace Enmesh.Interop.Tests.Global;

/// <summary>Global names and locks of a node of ours and a real one.</summary>
[Trait("Ring", "interop")]
public sealed class GlobalNamesTests
{
    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_name_of_ours_is_the_beams_as_well(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release);
        var (beam, node) = cluster;
        var got = new TaskCompletionSource<Term>();
        var pid = node.Spawn(async context =>
        {
            got.SetResult(await context.ReceiveAsync());
            await context.ReceiveAsync();
        });

        Assert.True(await node.Global.RegisterAsync("ours", pid).WaitAsync(Patience));

        Assert.Equal(pid, (await ValueAsync(beam, "global:whereis_name(ours)")).Pid);
        Assert.Equal("[ours]", await beam.EvalAsync("global:registered_names()"));
        Assert.Equal("no", await beam.EvalAsync("global:register_name(ours, self())", timeout: Patience));
        await beam.EvalAsync("global:send(ours, {hello, 1})");
        Assert.Equal(Term.Tuple(new Atom("hello"), 1), await got.Task.WaitAsync(Patience));
        Assert.Equal("hello", await beam.EvalAsync("M = monitor(process, global:whereis_name(ours)), global:send(ours, bye), receive {'DOWN', M, _, _, normal} -> hello end"));
        await beam.WaitForAsync("global:whereis_name(ours)", "undefined");
        await Waiting.UntilAsync(() => node.Global.Names.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_name_of_the_beams_is_ours_as_well(int release)
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(release);
        var node = await mesh.StartOursAsync();
        Assert.Equal("true", await beam.EvalAsync($"net_kernel:connect_node('{node.Name}')"));
        await InSyncAsync([beam], node);

        Assert.Equal("yes", await beam.EvalAsync(
            "global:register_name({theirs, 1}, spawn(fun F() -> receive {From, Echo} -> From ! {echo, Echo}, F() end end))", timeout: Patience));

        Term name = Term.Tuple(new Atom("theirs"), 1);
        var theirs = node.Global.WhereIs(name)!;
        Assert.Equal(beam.Name, theirs.Node.Text);
        Assert.False(await node.Global.RegisterAsync(name, Idle(node)).WaitAsync(Patience));
        var echo = new TaskCompletionSource<Term>();
        var asker = node.Spawn(async context => echo.SetResult(await context.ReceiveAsync()));
        Assert.True(await node.Global.SendAsync(name, Term.Tuple(asker, 7)));
        Assert.Equal(Term.Tuple(new Atom("echo"), 7), await echo.Task.WaitAsync(Patience));

        var ours = Idle(node);
        await node.Global.ReRegisterAsync(name, ours).WaitAsync(Patience);
        Assert.Equal(ours, (await ValueAsync(beam, "global:whereis_name({theirs, 1})")).Pid);
        Assert.Equal("ok", await beam.EvalAsync("global:unregister_name({theirs, 1})", timeout: Patience));
        Assert.Null(node.Global.WhereIs(name));

        Assert.Equal("yes", await beam.EvalAsync("P = spawn(fun() -> receive stop -> ok end end), register(p, P), global:register_name(mortal, P)", timeout: Patience));
        Assert.NotNull(node.Global.WhereIs("mortal"));
        await beam.EvalAsync("p ! stop");
        await Waiting.UntilAsync(() => node.Global.WhereIs("mortal") is null);
        Assert.Equal("yes", await beam.EvalAsync("global:register_name(lost, spawn(fun() -> receive stop -> ok end end))", timeout: Patience));
        Assert.NotNull(node.Global.WhereIs("lost"));
        await beam.KillAsync();
        await Waiting.UntilAsync(() => node.Global.Names.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Locks_and_transactions_exclude_each_other_on_both_sides(int release)
    {
        await using var cluster = await GlobalCluster.StartAsync(release);
        var (beam, node) = cluster;
        GlobalLockId one = new(new Atom("res"), 1), two = new(new Atom("res"), 2);

        Assert.True(await node.Global.SetLockAsync(one));
        Assert.Equal("false", await beam.EvalAsync("global:set_lock({res, 2}, [node() | nodes()], 0)"));
        Assert.Equal("aborted", await beam.EvalAsync("global:trans({res, 2}, fun() -> done end, [node() | nodes()], 0)"));
        await node.Global.DeleteLockAsync(one);
        Assert.Equal("done", await beam.EvalAsync("global:trans({res, 2}, fun() -> done end)"));

        Task LockAsync(string locker) => beam.EvalAsync(
            $$"""
            Self = self(),
            register({{locker}}, spawn(fun() ->
              true = global:set_lock({res, 2}), Self ! locked,
              receive {stop, From} -> global:del_lock({res, 2}), From ! ok; die -> ok end end)),
            receive locked -> ok end
            """,
            timeout: Patience);
        await LockAsync("locker");
        Assert.Equal("false", await beam.EvalAsync("global:set_lock({res, 3}, [node()], 0)"));
        Assert.False(await node.Global.SetLockAsync(one, retries: 0));
        var waiting = node.Global.TransAsync(one, async _ => Assert.Equal("false", await beam.EvalAsync("global:set_lock({res, 2}, [node() | nodes()], 0)")));
        await beam.EvalAsync("locker ! {stop, self()}, receive ok -> ok end");
        Assert.True(await waiting.WaitAsync(Patience));

        await LockAsync("locker2");
        Assert.False(await node.Global.SetLockAsync(two with { Requester = 9 }, retries: 0));
        await beam.EvalAsync("locker2 ! die");
        Assert.True(await node.Global.SetLockAsync(one).WaitAsync(Patience));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Of_two_processes_with_one_name_the_one_on_the_smaller_node_stays(int release)
    {
        foreach (var oursIsSmaller in (bool[])[true, false])
        {
            await using var mesh = new Mesh();
            var beam = await mesh.StartBeamAsync(release);
            var node = await mesh.StartOursAsync(plan => oursIsSmaller ? plan with { Name = NodeName.Parse($"a@{plan.Name.Host}") } : plan);
            var ours = Idle(node);
            var told = new TaskCompletionSource<Term>();
            Assert.True(await node.Global.RegisterAsync("x", ours));
            Assert.True(await node.Global.RegisterAsync("y", node.Spawn(async context => told.SetResult(await context.ReceiveAsync())), ConflictMethod.NotifyAll));
            await beam.EvalAsync(
                """
                persistent_term:put(x, spawn(fun() -> receive stop -> ok end end)), yes = global:register_name(x, persistent_term:get(x)),
                Y = spawn(fun() -> receive Told -> persistent_term:put(told, Told) end end),
                yes = global:register_name(y, Y, fun global:notify_all_name/3), persistent_term:put(y, Y)
                """);

            await node.ConnectAsync(NameOf(beam));
            await InSyncAsync([beam], node);

            var winner = await ValueAsync(beam, "global:whereis_name(x)");
            Assert.Equal(oursIsSmaller ? node.Name.Text : beam.Name, winner.Pid!.Node.Text);
            Assert.Equal(winner.Pid, node.Global.WhereIs("x"));
            if (oursIsSmaller)
                await beam.WaitForAsync("is_process_alive(persistent_term:get(x))", "false");
            else
                await Waiting.UntilAsync(() => !node.IsAlive(ours));
            var other = await ValueAsync(beam, "persistent_term:get(y)");
            Assert.Equal(Term.Tuple(new Atom("global_name_conflict"), new Atom("y"), other), await told.Task.WaitAsync(Patience));
            await beam.WaitForAsync("element(2, persistent_term:get(told, {1, 2}))", "y");
            Assert.Equal("undefined", await beam.EvalAsync("global:whereis_name(y)"));
            Assert.Null(node.Global.WhereIs("y"));
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_beam_that_settles_a_conflict_asks_our_delegate(int release)
    {
        await using var mesh = new Mesh();
        var first = await mesh.StartBeamAsync(release);
        var second = await mesh.StartBeamAsync(release);
        // The smaller one decides, and ours is with it.
        var (decides, other) = StringComparer.Ordinal.Compare(first.Name, second.Name) < 0 ? (first, second) : (second, first);
        var node = await mesh.StartOursAsync();
        await node.ConnectAsync(NameOf(decides));
        await InSyncAsync([decides], node);
        NameConflict? seen = null;
        Assert.True(await node.Global.RegisterAsync("x", Idle(node), ConflictMethod.From(conflict =>
        {
            seen = conflict;
            return new(conflict.Theirs);
        })).WaitAsync(Patience));
        await other.EvalAsync("yes = global:register_name(x, spawn(fun() -> receive stop -> ok end end))");

        Assert.Equal("true", await other.EvalAsync($"net_kernel:connect_node('{decides.Name}')"));
        await InSyncAsync([decides, other], node);

        Assert.Equal(other.Name, seen?.Theirs.Node.Text);
        Assert.Equal(other.Name, (await ValueAsync(decides, "global:whereis_name(x)")).Pid!.Node.Text);
        Assert.Equal(seen!.Theirs, node.Global.WhereIs("x"));
    }
}
