using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Peers;

[Trait("Ring", "loopback")]
public sealed class TwoNodesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Nodes_ping_each_other()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        await a.PingAsync(b.Name);
        await b.PingAsync(a.Name);
        Assert.Equal([b.Name], a.ConnectedNodes);
        Assert.Equal([a.Name], b.ConnectedNodes);
    }

    [Fact]
    public async Task A_call_is_answered_and_one_to_nobody_ends_with_noproc()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        b.Spawn(Echo, "echo");
        Assert.Equal(42, (await a.CallAsync(("echo", b.Name), 42)).Int32);
        var error = await Assert.ThrowsAsync<CallExitException>(() => a.CallAsync(("nobody", b.Name), 1).AsTask());
        Assert.Equal("noproc", error.Reason.AtomText);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(60_000)]
    [InlineData(65_536)]
    [InlineData(1 << 20)]
    [InlineData(10_000_000)]
    public async Task A_binary_of_any_size_comes_back_unchanged(int size)
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        b.Spawn(Echo, "echo");
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        var reply = await a.CallAsync(("echo", b.Name), Term.Binary(bytes), Patience);
        Assert.True(reply.TryGetBinary(out var returned));
        Assert.True(returned.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task Messages_of_one_sender_keep_their_order_past_large_ones()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        var done = new TaskCompletionSource<int>();
        b.Spawn(async context =>
        {
            var last = -1;
            while (last < 499)
            {
                var message = await context.ReceiveAsync();
                var number = message.TupleElements[0].Int32!.Value;
                if (number != last + 1)
                {
                    done.SetResult(-number);
                    return;
                }
                last = number;
            }
            done.SetResult(last);
        }, "sink");
        await a.PingAsync(b.Name);
        var large = Term.Binary(new byte[200_000]);
        a.Spawn(async context =>
        {
            for (var i = 0; i < 500; i++)
                await context.SendAsync(("sink", b.Name), Term.Tuple(i, i % 7 == 0 ? large : Term.Nil));
        });
        Assert.Equal(499, await done.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Crossing_connections_end_in_one_link()
    {
        for (var round = 0; round < 20; round++)
        {
            await using var cluster = new LoopbackCluster();
            var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
            await Task.WhenAll(Task.Run(() => a.PingAsync(b.Name)), Task.Run(() => b.PingAsync(a.Name)))
                .WaitAsync(Patience);
            Assert.Equal([b.Name], a.ConnectedNodes);
        }
    }

    private static async Task Echo(ProcessContext context)
    {
        while (true)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, call.Request);
        }
    }
}
