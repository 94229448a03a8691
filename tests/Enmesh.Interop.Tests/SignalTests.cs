using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// Links, exits, monitors, aliases and spawning between a process of ours and one of a real node, both ways.
/// </summary>
[Trait("Ring", "interop")]
public sealed partial class SignalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_beam_links_unlinks_and_is_told_of_exits(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Spawn(ServeAsync, "factory");
        var seen = await pair.Beam.EvalAsync(
            $$"""
            process_flag(trap_exit, true),
            New = fun() -> gen_server:call({factory, '{{pair.Node.Name}}'}, new) end,
            Exit = fun(P) -> receive {'EXIT', P, R} -> R after 20000 -> timeout end end,
            Down = fun(M) -> receive {'DOWN', M, process, _, R} -> R after 20000 -> timeout end end,
            A = New(), link(A), A ! {exit, boom}, RA = Exit(A),
            B = New(), link(B), unlink(B), link(B), A2 = New(), link(A2), unlink(A2), MB = monitor(process, A2), A2 ! {exit, quiet}, RB = Down(MB),
            B ! {exit, normal}, RB2 = Exit(B),
            C = New(), MC = monitor(process, C), exit(C, normal), exit(C, stop), RC = Down(MC),
            D = New(), MD = monitor(process, D), exit(D, kill), RD = Down(MD),
            E = New(), E ! {trap, self()}, receive {trapping, E} -> ok after 20000 -> exit(no_trap) end, ME = monitor(process, E), exit(E, normal), exit(E, hello), exit(E, kill), RE = Down(ME),
            link(A), RF = Exit(A),
            Rest = receive X -> X after 0 -> none end,
            {RA, RB, RB2, RC, RD, RE, RF, Rest}
            """);
        Assert.Equal("{boom,quiet,normal,stop,killed,killed,noproc,none}", seen);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task We_link_unlink_and_are_told_of_the_beams_exits(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        await pair.Beam.EvalAsync(
            """
            register(factory, spawn(fun() ->
              Body = fun Body() -> receive {exit, R} -> exit(R); trap -> process_flag(trap_exit, true), Body() end end,
              (fun Loop() -> receive {'$gen_call', {P, _} = F, new} -> gen_server:reply(F, spawn(Body)), Loop() end end)()
            end))
            """);
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            context.TrapExit = true;
            async Task<Pid> NewAsync() => (await context.CallAsync(("factory", pair.BeamName), new Atom("new"))).Pid!;
            var first = await NewAsync();
            await context.LinkAsync(first);
            await context.SendAsync(first, Exit("boom"));
            result.Add(await context.ReceiveAsync() == Term.Tuple(new Atom("EXIT"), first, new Atom("boom")));

            var second = await NewAsync();
            await context.LinkAsync(second);
            context.Unlink(second);
            await context.LinkAsync(second);
            context.Unlink(second);
            var monitor = await context.MonitorAsync(second);
            context.SendExit(second, new Atom("stop"));
            result.Add(await context.ReceiveAsync() == Term.Tuple(
                new Atom("DOWN"), monitor, new Atom("process"), second, new Atom("stop")));

            var third = await NewAsync();
            await context.SendAsync(third, new Atom("trap"));
            await context.MonitorAsync(third);
            context.SendExit(third, new Atom("normal"));
            context.SendExit(third, ExitReason.Kill);
            result.Add((await context.ReceiveAsync()).TupleElements[4]);

            await context.LinkAsync(third);
            result.Add((await context.ReceiveAsync()).TupleElements[2]);
            var byName = await context.MonitorAsync(("factory", pair.BeamName));
            result.Add(context.Demonitor(byName));
            result.Add(context.MessageCount);
        });
        Assert.Equal([true, true, new Atom("killed"), new Atom("noproc"), true, 0], seen);
        // The question goes another way than the signal that takes the monitor back.
        Assert.Equal("[]", await pair.Beam.EvalAsync(
            """
            (fun Look(N) ->
              case process_info(whereis(factory), monitored_by) of
                {_, Watchers} when Watchers =:= []; N =:= 0 -> Watchers;
                _ -> timer:sleep(10), Look(N - 1)
              end
            end)(2000)
            """));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_beam_spawns_what_we_export(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Beam.Announce("{undef,[{no,such,[1],[]}]}"); // it leads the process, and is told of its end
        pair.Node.Functions.Export("worker", "run", 1, static async (context, arguments) =>
        {
            await context.SendAsync(
                arguments[0].Pid!, Term.Tuple(new Atom("hello"), context.Self, context.GroupLeader));
            throw new ProcessExitException(await context.ReceiveAsync());
        });
        var seen = await pair.Beam.EvalAsync(
            $$"""
            N = '{{pair.Node.Name}}', process_flag(trap_exit, true), GL = group_leader(),
            Hello = fun() -> receive {hello, P, L} -> {P, L =:= GL} after 20000 -> timeout end end,
            A = spawn(N, worker, run, [self()]), {A, true} = Hello(), A ! normal,
            B = spawn_link(N, worker, run, [self()]), {B, true} = Hello(), B ! crashed, R1 = receive {'EXIT', B, X1} -> X1 after 20000 -> timeout end,
            {C, M} = spawn_monitor(N, worker, run, [self()]), {C, true} = Hello(), C ! done, R2 = receive {'DOWN', M, process, C, X2} -> X2 after 20000 -> timeout end,
            {_, M2} = spawn_monitor(N, no, such, [1]), R3 = receive {'DOWN', M2, process, _, X3} -> X3 after 20000 -> timeout end,
            Id = erlang:spawn_request(N, worker, run, [self()], [link, monitor]),
            {D, R4} = receive {spawn_reply, Id, ok, P4} -> {P4, ok} after 20000 -> timeout end,
            {D, true} = Hello(), D ! both,
            R5 = receive {'EXIT', D, X5} -> X5 after 20000 -> timeout end, R6 = receive {'DOWN', Id, process, D, X6} -> X6 after 20000 -> timeout end,
            {R1, R2, R3, R4, R5, R6, receive X -> X after 0 -> none end}
            """);
        Assert.Equal("{crashed,done,{undef,[{no,such,[1],[]}]},ok,both,both,none}", seen);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task We_spawn_on_the_beam(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            context.TrapExit = true;
            var options = new RemoteSpawnOptions { Link = true, Monitor = true };
            var (process, monitor) = await context.SpawnAsync(
                pair.BeamName, "erlang", "exit", [Term.Tuple(new Atom("bye"), 1)], options);
            var ends = new[] { await context.ReceiveAsync(), await context.ReceiveAsync() };
            result.Add(ends.Contains(Term.Tuple(new Atom("EXIT"), process, Term.Tuple(new Atom("bye"), 1))));
            result.Add(ends.Contains(
                Term.Tuple(new Atom("DOWN"), monitor!, new Atom("process"), process, Term.Tuple(new Atom("bye"), 1))));
            var (sender, _) = await context.SpawnAsync(
                pair.BeamName, "erlang", "send", [context.Self, new Atom("hello")]);
            result.Add(await context.ReceiveAsync());
            result.Add(sender.Node == pair.BeamName.Atom);
            await context.SpawnAsync(pair.BeamName, "no", "such", [], new RemoteSpawnOptions { Monitor = true });
            result.Add((await context.ReceiveAsync()).TupleElements[4].TupleElements[0]);
        });
        Assert.Equal([true, true, new Atom("hello"), true, new Atom("undef")], seen);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Aliases_of_ours_take_what_the_beam_sends_in_its_own_way(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            var alias = context.CreateAlias(AliasMode.Reply, hasPriority: true);
            if (release < 25)
            {
                // It knows no aliases.
                await Assert.ThrowsAsync<RpcException>(
                    () => pair.Node.RpcAsync(pair.BeamName, "erlang", "send", [alias, 1]));
                await context.SendAsync(alias, 1);
            }
            else
            {
                await pair.Node.RpcAsync(pair.BeamName, "erlang", "send", [alias, 1]);
            }
            result.Add(await context.ReceiveAsync());
            result.Add(context.Unalias(alias));
        });
        Assert.Equal([1, false], seen);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task What_is_sent_with_priority_overtakes_what_has_none(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        // From OTP 28 on.
        var send = release < 28 ? "Alias ! urgent" : "erlang:send(Alias, urgent, [priority])";
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            if (release < 25)
                return;
            context.Register(new Atom("busy"));
            var alias = context.CreateAlias(hasPriority: true);
            await pair.Beam.EvalAsync(
                $$"""
                register(sender, spawn(fun() -> receive Alias ->
                  {busy, '{{pair.Node.Name}}'} ! first, {busy, '{{pair.Node.Name}}'} ! second, {{send}}, {done, '{{pair.Node.Name}}'} ! done end end))
                """);
            var done = context.Spawn(
                async inner =>
                    await inner.SendAsync(context.Self, await inner.ReceiveAsync()),
                    new SpawnOptions { Name = new Atom("done") });
            await context.MonitorAsync(done);
            await context.SendAsync(("sender", pair.BeamName), alias);
            // All four are there before the first is taken.
            while (context.MessageCount < 5)
                await Task.Yield();
            for (var i = 0; i < 3; i++)
                result.Add(await context.ReceiveAsync());
        });
        var expected = release < 25 ? "" : release < 28 ? "first,second,urgent" : "urgent,first,second";
        Assert.Equal(expected, string.Join(",", seen));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Signals_keep_their_order_behind_large_messages_both_ways(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Spawn(static async context =>
        {
            var to = (await context.ReceiveAsync()).Pid!;
            await context.SendAsync(to, Term.Binary(new byte[5 << 20]));
            await context.SendAsync(to, new Atom("small"));
        }, "sender");
        Assert.Equal(
            "[5242880,small,normal]",
            await pair.Beam.EvalAsync(
                $$"""
                M = monitor(process, {sender, '{{pair.Node.Name}}'}), {sender, '{{pair.Node.Name}}'} ! self(),
                Next = fun() -> receive B when is_binary(B) -> byte_size(B); {'DOWN', M, _, _, R} -> R; X -> X after 20000 -> timeout end end,
                [Next(), Next(), Next()]
                """));
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            context.TrapExit = true;
            context.Register(new Atom("receiver"));
            await pair.Beam.EvalAsync(
                $$"""
                spawn(fun() ->
                  P = rpc:call('{{pair.Node.Name}}', erlang, whereis, [receiver]), link(P),
                  P ! binary:copy(<<1>>, 5242880), P ! small, exit(done) end)
                """);
            result.Add((await context.ReceiveAsync()).BitString is { } large ? large.ByteLength : -1);
            result.Add(await context.ReceiveAsync());
            result.Add((await context.ReceiveAsync()).TupleElements[^1]);
        });
        Assert.Equal([5 << 20, new Atom("small"), new Atom("done")], seen);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_group_leader_is_set_across_nodes(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        var led = pair.Node.Spawn(static async context =>
        {
            while (true)
            {
                if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                    context.Reply(call, context.GroupLeader);
            }
        }, "led");
        Assert.Equal(
            "true",
            await pair.Beam.EvalAsync(
                $$"""
                P = rpc:call('{{pair.Node.Name}}', erlang, whereis, [led]), group_leader(self(), P), gen_server:call(P, leader) =:= self()
                """));
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            var init = (await pair.Node.RpcAsync(
                pair.BeamName, "erlang", "spawn",
                [new Atom("timer"), new Atom("sleep"), Term.List(new Atom("infinity"))])).Pid!;
            context.SetGroupLeader(init, led);
            while (await LeaderOfAsync(pair, init) != led)
                await Task.Yield();
            result.Add(true);
        });
        Assert.Equal([true], seen);
    }

    private static async Task<Term> LeaderOfAsync(Pair pair, Pid process) =>
        (await pair.Node.RpcAsync(
            pair.BeamName, "erlang", "process_info", [process, new Atom("group_leader")])).TupleElements[1];

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task The_loss_of_the_link_is_noconnection_on_both_sides(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        pair.Node.Spawn(ServeAsync, "factory");
        await pair.Beam.EvalAsync(
            $$"""
            Self = self(),
            register(watcher, spawn(fun() ->
              process_flag(trap_exit, true),
              P = gen_server:call({factory, '{{pair.Node.Name}}'}, new), link(P), M = monitor(process, P),
              Self ! watching, receive go -> ok end,
              (fun Collect(L) -> receive {'EXIT', P, R} -> Collect([{exit, R} | L]); {'DOWN', M, _, P, R} -> Collect([{down, R} | L]);
                 {get, From} when length(L) > 1 -> From ! {collected, lists:sort(L)} end end)([])
            end)),
            receive watching -> ok end
            """);
        var seen = await RunAsync(pair.Node, async (context, result) =>
        {
            context.TrapExit = true;
            var watcher = (await pair.Node.RpcAsync(pair.BeamName, "erlang", "whereis", [new Atom("watcher")])).Pid!;
            await context.LinkAsync(watcher);
            await context.MonitorAsync(watcher);
            await context.SendAsync(watcher, new Atom("go"));
            await pair.Node.PingAsync(pair.BeamName);
            await pair.Node.DisconnectAsync(pair.BeamName);
            result.Add((await context.ReceiveAsync()).TupleElements[^1]);
            result.Add((await context.ReceiveAsync()).TupleElements[^1]);
            result.Add(context.MessageCount);
        });
        Assert.Equal([new Atom("noconnection"), new Atom("noconnection"), 0], seen);
        Assert.Equal(
            "[{down,noconnection},{exit,noconnection}]",
            await pair.Beam.EvalAsync(
                "watcher ! {get, self()}, receive {collected, L} -> L after 20000 -> timeout end"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_pid_of_before_our_restart_is_nobody(int release)
    {
        await using var pair = await Pair.StartAsync(release);
        // One of the first processes after the start: the new node has one with the same numbers.
        pair.Node.Spawn(context => AnswerAsync(context, pair.Node.WhereIs("net_kernel")!), "who");
        await pair.Beam.EvalAsync(
            $$"""
            Self = self(),
            register(keeper, spawn(fun() ->
              process_flag(trap_exit, true),
              P = gen_server:call({who, '{{pair.Node.Name}}'}, net_kernel),
              Self ! ready, receive again -> ok end,
              P ! stale, M = monitor(process, P), link(P), exit(P, kill),
              R1 = receive {'DOWN', M, _, _, X1} -> X1 after 20000 -> timeout end,
              R2 = receive {'EXIT', P, X2} -> X2 after 20000 -> timeout end,
              receive {get, From} -> From ! {R1, R2} end
            end)),
            receive ready -> ok after 20000 -> timeout end
            """);
        var before = pair.Node.WhereIs("net_kernel")!;
        await pair.RestartNodeAsync();
        var after = pair.Node.WhereIs("net_kernel")!;
        Assert.Equal((before.Id, before.Serial), (after.Id, after.Serial));
        Assert.NotEqual(before, after);
        Assert.Equal("pong", await pair.Beam.EvalAsync($"net_adm:ping('{pair.Node.Name}')"));
        Assert.Equal(
            "{noproc,noproc}",
            await pair.Beam.EvalAsync(
                "keeper ! again, keeper ! {get, self()}, receive X -> X after 30000 -> timeout end"));
        Assert.NotNull(pair.Node.WhereIs("net_kernel"));
        await pair.Node.PingAsync(pair.BeamName);
    }

    private static Term Exit(string reason) => Term.Tuple(new Atom("exit"), new Atom(reason));
}
