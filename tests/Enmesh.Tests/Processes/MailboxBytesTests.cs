using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Processes;

[Trait("Ring", "loopback")]
public sealed class MailboxBytesTests : IAsyncDisposable
{
    private const long Limit = 4 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly LoopbackCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Who_hoards_more_than_the_node_may_hold_is_ended_and_nobody_else()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", with: plan => plan with { MaxMailboxBytes = Limit });
        var peer = await _cluster.StartAsync("peer@127.0.0.1");
        var never = new TaskCompletionSource();
        var hoarder = node.Spawn(_ => never.Task, "hoarder");
        var modest = node.Spawn(_ => never.Task, "modest");
        var reason = new TaskCompletionSource<Term>();
        var watching = new TaskCompletionSource();
        node.Spawn(async context =>
        {
            await context.MonitorAsync(hoarder);
            watching.SetResult();
            reason.SetResult((await context.ReceiveAsync()).TupleElements[4]);
        });
        await watching.Task.WaitAsync(Patience);

        await peer.SendAsync(modest, Term.Binary(new byte[100_000]));
        while (!reason.Task.IsCompleted)
            await peer.SendAsync(hoarder, Term.Binary(new byte[50_000]));

        Assert.Equal(Term.Tuple(new Atom("mailbox_bytes"), Limit), await reason.Task);
        Assert.True(node.IsAlive(modest));
        Assert.Null(node.WhereIs("hoarder"));
        Assert.Equal([peer.Name], node.ConnectedNodes);
        never.SetResult();
    }

    [Fact]
    public async Task What_is_taken_counts_no_more()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", with: plan => plan with { MaxMailboxBytes = Limit });
        var peer = await _cluster.StartAsync("peer@127.0.0.1");
        node.Spawn(static async context =>
        {
            while (true)
            {
                // One that skips messages, and takes them later, as well.
                if (CallRequest.TryRead(
                    await context.ReceiveAsync(static message => message.TupleElements.Length > 0), out var call))
                    context.Reply(call, (await context.ReceiveAsync()).BitString!.Value.Span.Length);
            }
        }, "server");
        // Ten times what may wait, in all.
        for (var i = 0; i < 10 * Limit / 100_000; i++)
        {
            await peer.SendAsync(("server", node.Name), Term.Binary(new byte[100_000]));
            Assert.Equal(100_000, await peer.CallAsync(("server", node.Name), 1, Patience));
        }
    }
}
