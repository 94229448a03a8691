using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Peers;

[Trait("Ring", "loopback")]
public sealed class ReaderTurnTests
{
    private const string ReaderThread = "enmesh reader";
    private const string Cookie = "the-cookie-of-those-who-block";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_process_whose_message_came_alone_runs_on_the_thread_that_read_it()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        b.Spawn(ThreadNames, "where");
        // On a machine with other things to do it may take a few.
        for (var i = 0; (await a.CallAsync(("where", b.Name), i)).AtomText != ReaderThread; i++)
            Assert.True(i < 10_000, "It never did.");
    }

    [Fact]
    public async Task What_such_a_process_sets_in_its_context_does_not_stay_on_the_thread()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        var local = new AsyncLocal<int>();
        var leaked = 0;
        b.Spawn(Set, "setter");
        b.Spawn(Look, "looker");
        for (var i = 1; i < 200; i++)
        {
            await a.CallAsync(("setter", b.Name), i);
            leaked += (await a.CallAsync(("looker", b.Name), i)).Int32!.Value;
        }
        Assert.Equal(0, leaked);

        async Task Set(ProcessContext context)
        {
            while (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
            {
                local.Value = 1;
                context.Reply(call, 0);
            }
        }

        async Task Look(ProcessContext context)
        {
            while (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, local.Value);
        }
    }

    [Fact]
    public async Task A_process_that_blocks_the_reading_thread_holds_up_nobody_else_on_the_link()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        using var release = new ManualResetEventSlim();
        var blocked = new TaskCompletionSource();
        b.Spawn(BlockOnReader, "blocker");
        b.Spawn(Release, "releaser");
        // Until it is caught on the reader's own thread, with nobody left to read the message that ends its wait.
        for (var i = 0; !blocked.Task.IsCompleted; i++)
        {
            Assert.True(i < 10_000, "It never ran there.");
            await Task.WhenAny(blocked.Task, a.CallAsync(("blocker", b.Name), i, Patience).AsTask());
        }
        await a.CallAsync(("releaser", b.Name), 0, Patience);
        Assert.True(release.IsSet);

        async Task BlockOnReader(ProcessContext context)
        {
            while (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
            {
                if (Thread.CurrentThread.Name == ReaderThread)
                {
                    blocked.SetResult();
                    Assert.True(release.Wait(Patience));
                    return;
                }
                context.Reply(call, 0);
            }
        }

        async Task Release(ProcessContext context)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
            {
                release.Set();
                context.Reply(call, 0);
            }
        }
    }

    [Fact]
    public async Task A_process_that_blocks_the_reading_thread_costs_the_node_neither_its_ticks_nor_its_peer()
    {
        // The peer below never says anything by itself: only what the node reads and writes keeps the link up.
        var link = new PeerLinkOptions { NetTickTime = TimeSpan.FromSeconds(6), NetTickIntensity = 20 };
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("node@127.0.0.1", link, Cookie);
        await using var peer = await ScriptedPeer.ConnectAsync(
            node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie);
        using var release = new ManualResetEventSlim();
        var blocked = new TaskCompletionSource();
        var elsewhere = new SemaphoreSlim(0);
        var heard = new TaskCompletionSource();
        node.Spawn(BlockOnReaderAsync, "blocker");
        node.Spawn(async context =>
        {
            await context.ReceiveAsync();
            heard.SetResult();
        }, "hears");
        try
        {
            for (var i = 0; !blocked.Task.IsCompleted; i++)
            {
                Assert.True(i < 10_000, "It never ran there.");
                await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("blocker")), i);
                await Task.WhenAny(blocked.Task, elsewhere.WaitAsync(Patience));
            }

            // More ticks than its silence would be borne for, each answered.
            for (var i = 0; i < link.NetTickIntensity + 5; i++)
            {
                await peer.ReceiveTickAsync();
                await peer.SendRawAsync(0, 0, 0, 0);
            }
            await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("hears")), 1);
            await heard.Task.WaitAsync(Patience);
            Assert.Contains(peer.Handshake.OwnName, node.ConnectedNodes);
        }
        finally
        {
            release.Set();
        }

        async Task BlockOnReaderAsync(ProcessContext context)
        {
            while (true)
            {
                await context.ReceiveAsync();
                if (Thread.CurrentThread.Name == ReaderThread)
                {
                    blocked.SetResult();
                    release.Wait();
                    return;
                }
                elsewhere.Release();
            }
        }
    }

    private static async Task ThreadNames(ProcessContext context)
    {
        while (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
            context.Reply(call, Term.AtomOf(Thread.CurrentThread.Name ?? ""));
    }
}
