using Enmesh.Global;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;
using static Enmesh.Interop.Tests.Global.GlobalBench;

namespace Enmesh.Interop.Tests;

/// <summary>User code that blocks every thread of the pool does not cost the node its peers.</summary>
[Trait("Ring", "interop")]
[Collection(nameof(StarvedPoolTests))]
public sealed class StarvedPoolTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Peers_are_answered_while_user_code_blocks_every_thread(bool tls)
    {
        using var pki = new TestPki();
        await using var pair = tls ? await Tls.TlsPair.StartAsync(Otp.Newest, pki, published: false) : await Pair.StartAsync(Otp.Newest);
        using var pool = new StarvedPool(pair.Node);
        await pair.Node.PingAsync(pair.BeamName);
        await pair.Beam.EvalAsync(
            $$"""
            register(prober, spawn(fun() ->
              receive go -> ok end,
              Pings = [net_adm:ping('{{pair.Node.Name}}') || _ <- lists:seq(1, 20)],
              {gate, '{{pair.Node.Name}}'} ! Pings
            end))
            """);

        pool.Block();
        // This goes out although no thread is left to flush it, and what follows needs none either.
        Assert.True(pair.Node.TrySend(("prober", pair.BeamName), new Atom("go")));
        var told = pool.WaitForGate();

        Assert.Equal(Enumerable.Repeat((Term)new Atom("pong"), 20), told.AsList!.Value);
        Assert.Equal([pair.BeamName], pair.Node.ConnectedNodes);
    }

    // The whole of it is told by the real one: nothing of the test itself runs meanwhile, but what waits on a thread of its own.
    [Fact]
    public async Task Global_names_and_locks_go_on_while_user_code_blocks_every_thread()
    {
        await using var mesh = new Mesh();
        var beam = await mesh.StartBeamAsync(Otp.Newest);
        var newcomer = await mesh.StartBeamAsync(Otp.Newest);
        // The smaller one settles the conflict, and asks us to.
        if (string.CompareOrdinal(beam.Name, newcomer.Name) > 0)
            (beam, newcomer) = (newcomer, beam);
        var node = await mesh.StartOursAsync();
        await node.ConnectAsync(NameOf(beam));
        await InSyncAsync([beam], node);
        Assert.True(await node.Global.RegisterAsync("contested", Idle(node)).WaitAsync(Patience));
        Assert.Equal("yes", await newcomer.EvalAsync("global:register_name(contested, spawn(fun() -> receive stop -> ok end end))"));
        await beam.EvalAsync(
            $$"""
            Self = self(),
            register(prober, spawn(fun() ->
              true = global:set_lock({res, beam}), Self ! locked,
              receive go -> ok end,
              Until = fun F(True) -> True() orelse receive after 10 -> F(True) end end,
              Known = fun(What) -> lists:sort(gen_server:call({global_name_server, '{{node.Name}}'}, What)) end,
              Register = global:register_name(theirs, self()),
              true = global:set_lock({global, prober}),
              global:del_lock({res, beam}),
              receive after 300 -> ok end,
              Early = global:whereis_name(ours),
              global:del_lock({global, prober}),
              Until(fun() -> is_pid(global:whereis_name(ours)) end),
              true = net_kernel:connect_node('{{newcomer.Name}}'),
              Both = lists:sort([node(), '{{newcomer.Name}}']),
              Until(fun() -> Known(get_synced) =:= Both end),
              Sync = global:sync(),
              Contested = [rpc:call(N, global, whereis_name, [contested]) || N <- ['{{node.Name}}' | Both]],
              {gate, '{{node.Name}}'} ! {Register, Early, Sync, Known(get_known) =:= Both, length(lists:usort(Contested))}
            end)),
            receive locked -> ok end
            """,
            timeout: Patience);

        using var pool = new StarvedPool(node);
        var locking = new Thread(() =>
        {
            GlobalLockId id = new(new Atom("res"), 1);
            node.Global.SetLockAsync(id).GetAwaiter().GetResult();
            node.Global.DeleteLockAsync(id).GetAwaiter().GetResult();
            node.Global.RegisterAsync("ours", Idle(node)).GetAwaiter().GetResult();
        });
        locking.Start();
        pool.Block();
        Assert.True(node.TrySend(("prober", NameOf(beam)), new Atom("go")));
        var told = pool.WaitForGate();
        locking.Join();

        Assert.Equal("{yes,undefined,ok,true,1}", told.ToString());
    }

    /// <summary>A pool of which every thread is blocked by processes of a node, until a message comes to its process <c>gate</c>.</summary>
    private sealed class StarvedPool : IDisposable
    {
        private const int Blockers = 3000;

        private readonly ErlangNode _node;
        private readonly ManualResetEventSlim _release = new();
        private Term _told;
        private bool _wasStarved;

        internal StarvedPool(ErlangNode node)
        {
            _node = node;
            using var ready = new ManualResetEventSlim();
            node.Spawn(context =>
            {
                // One of the node's own services, as net_kernel is one: such alone still run, and it opens the gate.
                context.Spawn(
                    async service =>
                    {
                        _told = await service.ReceiveAsync();
                        _wasStarved = ThreadPool.PendingWorkItemCount > 0;
                        _release.Set();
                    },
                    new SpawnOptions { Name = new Atom("gate"), IsSystem = true });
                ready.Set();
                return Task.CompletedTask;
            });
            ready.Wait();
        }

        // The event stays: those who are blocked still look at it.
        public void Dispose() => _release.Set();

        internal void Block()
        {
            for (var i = 0; i < Blockers; i++)
            {
                _node.Spawn(_ =>
                {
                    _release.Wait();
                    return Task.CompletedTask;
                });
            }
        }

        /// <returns>What came to the gate.</returns>
        internal Term WaitForGate()
        {
            var isOpen = _release.Wait(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            _release.Set(); // also for those who block, or nothing ever ends
            Assert.True(isOpen, "No answer came out of the starved node.");
            Assert.True(_wasStarved);
            return _told;
        }
    }
}

/// <summary>Alone: nothing else in the process can run meanwhile.</summary>
[CollectionDefinition(nameof(StarvedPoolTests), DisableParallelization = true)]
public sealed class Alone;
