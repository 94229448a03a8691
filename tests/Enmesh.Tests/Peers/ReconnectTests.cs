using System.Runtime.CompilerServices;
using Enmesh.Processes;
using Enmesh.Testing;
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
        var node = await cluster.StartAsync("node@127.0.0.1");
        var other = await cluster.StartAsync("other@127.0.0.1");
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
                    await RoundAsync(context, node, other, links);
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

    private static async Task RoundAsync(ProcessContext context, ErlangNode node, ErlangNode other, List<WeakReference> links)
    {
        var idle = other.WhereIs("idle")!;
        await node.ConnectAsync(other.Name); // which says why, should it ever fail
        await context.LinkAsync(idle);
        await context.MonitorAsync(idle);
        await context.MonitorAsync(("idle", other.Name));
        var unanswered = context.CallAsync(idle, 1, Timeout.InfiniteTimeSpan).AsTask();
        Note(node, links);
        Note(other, links);
        // The side that was dialled notes its link last.
        for (var looks = 0; !await other.DisconnectAsync(node.Name); looks++)
        {
            Assert.True(looks < 1_000_000, $"Only one side has a link: {node.State.Links.Count} and {other.State.Links.Count}, {context.MessageCount} messages wait.");
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
