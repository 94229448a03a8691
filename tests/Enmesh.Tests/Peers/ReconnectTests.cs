using System.Runtime.CompilerServices;
using Enmesh.Processes;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>Links that come and go leave nothing behind.</summary>
[Trait("Ring", "loopback")]
public sealed class ReconnectTests
{
    private const int Rounds = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Nothing_is_left_of_links_that_are_gone()
    {
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var node = await cluster.StartAsync("node@127.0.0.1", logs: logs);
        var other = await cluster.StartAsync("other@127.0.0.1", logs: logs);
        other.Spawn(static async context =>
        {
            context.TrapExit = true;
            while (true)
                await context.ReceiveAsync();
        }, "idle");
        var links = new List<WeakReference>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            try
            {
                context.TrapExit = true;
                for (var round = 0; round < Rounds; round++)
                    await RoundAsync(context, node, other, links, logs);
                done.SetResult();
            }
#pragma warning disable CA1031 // handed to the test
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        await done.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Empty(node.State.Links);
        // The node watches a few services of its own; what a round forgets would be there 10,000 times.
        Assert.InRange(node.State.Remembered, 0, 10);
        await WaitUntilCollectedAsync(links);
    }

    [Fact]
    public async Task A_peer_that_has_come_before_its_dial_got_its_turn_is_not_called_as_well()
    {
        const string Cookie = "the-cookie-of-those-who-come-first";
        using var thread = new HeldThread();
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var node = await cluster.StartAsync(
            "node@127.0.0.1", cookie: Cookie, logs: logs, with: plan => plan with { Thread = thread });
        Task? connecting = null;
        await using var peer = await ScriptedPeer.ConnectAsync(
            node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie, beforeReply: () =>
        {
            // Its call is let in. A dial begins, and the thread that would go on with it is busy.
            thread.Hold();
            connecting = node.ConnectAsync(NodeName.Parse("scripted@127.0.0.1"));
        });
        await connecting!.WaitAsync(Patience, TestContext.Current.CancellationToken);
        while (node.HandshakesUnderWay > 0)
            await Task.Yield(); // its call is over and forgotten
        await thread.ReleaseAsync();

        Assert.Single(node.State.Links);
        Assert.DoesNotContain(logs.Lines, line => line.Text.StartsWith("Dialling", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peers_own_call_is_waited_for_also_when_it_takes_the_place_of_a_link_that_dies_meanwhile()
    {
        const string Cookie = "the-cookie-of-those-who-come-back";
        await using var cluster = new LoopbackCluster();
        var logs = new LogKeeper();
        var node = await cluster.StartAsync("node@127.0.0.1", cookie: Cookie, logs: logs);
        var older = await ScriptedPeer.ConnectAsync(node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie);
        await logs.UntilAsync("is up");
        using var mayReply = new ManualResetEventSlim();
        var isChallenged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var newer = Task.Factory.StartNew(
            () => ScriptedPeer.ConnectAsync(
                node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie, beforeReply: () =>
            {
                isChallenged.SetResult();
                mayReply.Wait();
            }),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        await isChallenged.Task;

        await older.DisposeAsync();
        await logs.UntilAsync("is down");
        var connecting = node.ConnectAsync(NodeName.Parse("scripted@127.0.0.1")); // which listens nowhere
        for (var turn = 0; turn < 1000 && !connecting.IsCompleted; turn++)
            await Task.Yield(); // long enough for a dial to fail
        mayReply.Set();

        await using var peer = await newer;
        await connecting;
        Assert.Equal(["scripted@127.0.0.1"], node.ConnectedNodes.Select(name => name.Text));
    }

    private static async Task RoundAsync(
        ProcessContext context, ErlangNode node, ErlangNode other, List<WeakReference> links, LogKeeper logs)
    {
        var idle = other.WhereIs("idle")!;
        await node.ConnectAsync(other.Name); // which says why, should it ever fail
        await context.LinkAsync(idle);
        await context.MonitorAsync(idle);
        await context.MonitorAsync(("idle", other.Name));
        var unanswered = context.CallAsync(idle, 1, Timeout.InfiniteTimeSpan).AsTask();
        Note(node, links);
        Note(other, links);
        // The side that was dialled notes its link last, on a thread of its own, which gets the processor when it gets it.
        var since = TimeProvider.System.GetTimestamp();
        while (!await other.DisconnectAsync(node.Name))
        {
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
            {
                Assert.Fail($"Only one side has a link: {node.State.Links.Count} and {other.State.Links.Count}, {context.MessageCount} messages wait:\n"
                    + string.Join('\n', logs.Lines.TakeLast(20)));
            }
            await Task.Yield();
        }
        for (var i = 0; i < 3; i++)
            Assert.Equal("noconnection", (await context.ReceiveAsync()).TupleElements[^1].AtomText);
        Assert.Equal("noconnection", (await Assert.ThrowsAsync<CallExitException>(() => unanswered)).Reason.AtomText);
        Assert.Equal(0, context.MessageCount);
    }

    // Not in an async method, whose state would keep them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Note(ErlangNode node, List<WeakReference> links)
    {
        foreach (var link in node.State.Links)
            links.Add(new WeakReference(link));
    }

    // The last ones may still be on a stack of the pool, or in the hands of a thread that waits to be used again.
    private static async Task WaitUntilCollectedAsync(List<WeakReference> links)
    {
        for (var look = 0; ; look++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var alive = links.Count(link => link.IsAlive);
            if (alive <= links.Count / 20)
                return;
            Assert.True(look < 200, $"{alive} of {links.Count} links are still there.");
            await Task.Yield();
        }
    }
}
