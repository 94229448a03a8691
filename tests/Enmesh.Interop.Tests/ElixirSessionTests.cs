using Enmesh.Interop.Tests.Global;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// What somebody at an <c>iex</c> tries first, with a second real node beside it; and how a node of ours takes its
/// leave.
/// </summary>
[Trait("Ring", "interop")]
public sealed class ElixirSessionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_process_of_ours_is_found_called_watched_and_ended_from_elixir(int release)
    {
        await using var mesh = new Mesh();
        var iex = await mesh.StartBeamAsync(release);
        var node = await mesh.StartOursAsync();
        await node.ConnectAsync(NodeName.Parse(iex.Name));
        var counter = node.Spawn(CountAsync);
        await node.Global.SyncAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(await node.Global.RegisterAsync("orders", counter));

        Assert.Equal(
            "{1, 2}",
            await iex.EvalElixirAsync(
                "{GenServer.call({:global, :orders}, :next), GenServer.call({:global, :orders}, :next)}"));
        Assert.Equal(
            "{:killed, :undefined, false}",
            await iex.EvalElixirAsync(
                $$"""
                pid = :global.whereis_name(:orders)
                ref = Process.monitor(pid)
                Process.exit(pid, :kill)
                reason = receive do {:DOWN, ^ref, :process, ^pid, reason} -> reason after 20000 -> :timeout end
                gone = fn gone -> if :global.whereis_name(:orders) == :undefined, do: :undefined, else: gone.(gone) end
                {reason, gone.(gone), :erpc.call(:"{{node.Name}}", :erlang, :is_process_alive, [pid])}
                """));
        Assert.False(node.IsAlive(counter));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Groups_calls_and_processes_cross_in_both_directions(int release)
    {
        await using var mesh = new Mesh();
        var iex = await mesh.StartBeamAsync(release);
        var node = await mesh.StartOursAsync();
        var name = NodeName.Parse(iex.Name);
        await node.ConnectAsync(name);
        node.StartPgScope("pg");
        await iex.EvalAsync("pg:start(pg)");
        node.Functions.Export("worker", "run", 1, static async (context, arguments) =>
        {
            await context.SendAsync(arguments[0].Pid!, Term.Tuple(new Atom("from"), context.Self));
            return Atoms.Ok;
        });
        await node.Pg.JoinAsync(new Atom("workers"), node.Spawn(CountAsync));
        await iex.WaitForAsync("length(pg:get_members(workers))", "1");
        await iex.EvalAsync("pg:join(workers, whereis(init))");
        await Waiting.UntilAsync(() => node.Pg.Members(new Atom("workers")).Count == 2);

        var both = $"[:\"{iex.Name}\", :\"{node.Name}\"]";
        Assert.Equal(
            $"[ok: :\"{iex.Name}\", ok: :\"{node.Name}\"]",
            await iex.EvalElixirAsync($":erpc.multicall({both}, :erlang, :node, [])"));
        Assert.Equal(
            $"{{true, :\"{node.Name}\"}}",
            await iex.EvalElixirAsync(
                $$"""
                pid = Node.spawn_link(:"{{node.Name}}", :worker, :run, [self()])
                receive do {:from, ^pid} -> {true, node(pid)} after 20000 -> :timeout end
                """));

        var answer = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            await context.SpawnAsync(
                name, "Elixir.Kernel", "send", [context.Self, Term.Tuple(new Atom("hello"), new Atom("from_elixir"))]);
            answer.SetResult(await context.ReceiveAsync());
        });
        Assert.Equal(
            "{hello,from_elixir}",
            (await answer.Task.WaitAsync(Patience, TestContext.Current.CancellationToken)).ToString());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_clean_stop_is_one_nodedown_everywhere_and_parts_nobody_else(int release)
    {
        await using var mesh = new Mesh();
        var (first, second) = (await mesh.StartBeamAsync(release), await mesh.StartBeamAsync(release));
        var (leaving, staying) = (await mesh.StartOursAsync(), await mesh.StartOursAsync());
        await leaving.ConnectAsync(NodeName.Parse(first.Name));
        await staying.ConnectAsync(NodeName.Parse(first.Name));
        await second.EvalAsync($"net_kernel:connect_node('{first.Name}')");
        foreach (var beam in new[] { first, second })
        {
            await beam.WaitForAsync("length(nodes())", "3", Patience);
            await beam.EvalAsync(
                """
                Self = self(),
                register(watcher, spawn(fun() ->
                  net_kernel:monitor_nodes(true),
                  Self ! watching,
                  (fun Loop(Seen) -> receive {get, From} when Seen =/= [] -> From ! {seen, lists:reverse(Seen)}, Loop(Seen); {N, _} = X when N =:= nodeup; N =:= nodedown -> Loop([X | Seen]) end end)([])
                end)),
                receive watching -> ok end
                """);
        }
        // A meeting that is still under way would be cut short.
        await GlobalBench.InSyncAsync([first, second], leaving, staying);

        await leaving.DisposeAsync();

        foreach (var (beam, other) in new[] { (first, second), (second, first) })
        {
            await beam.WaitForAsync($"lists:member('{leaving.Name}', nodes())", "false", Patience);
            // What a partition would bring follows the nodedown at once; a round over every link comes after it.
            Assert.Equal(
                "[pong,pong]", await beam.EvalAsync($"[net_adm:ping(N) || N <- ['{other.Name}', '{staying.Name}']]"));
            Assert.Equal("ok", await beam.EvalAsync("global:sync()", timeout: Patience));
            Assert.Equal(
                $"[{{nodedown,'{leaving.Name}'}}]",
                await beam.EvalAsync("watcher ! {get, self()}, receive {seen, S} -> S after 20000 -> timeout end"));
        }
        Assert.Equal(2, staying.ConnectedNodes.Count);
    }

    private static async Task CountAsync(ProcessContext context)
    {
        for (var count = 1; ;)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, count++);
        }
    }
}
