using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Tests.Behaviours;
using Enmesh.Tests.Transport;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>What messages and calls may cost in memory: a bound well above what was measured, well below one more object or copy each.</summary>
[Trait("Ring", "loopback")]
[Collection(Alone.Name)]
public sealed class AllocationTests
{
    private const int WarmUp = 100;
    private const int Rounds = 20_000;

#if DEBUG
    // A debug build makes an object of the state of every async method.
    private const int AsyncMethods = 1_000;
#else
    private const int AsyncMethods = 0;
#endif

    [Fact]
    public void Decoding_a_message_allocates_its_tuple_and_its_binary()
    {
        byte[] bytes = [131, 104, 2, 119, 3, (byte)'m', (byte)'s', (byte)'g', 109, 0, 0, 0, 64, .. new byte[64]];
        var options = new TermDecodeOptions { Atoms = new AtomTable() };
        var tuples = 0;
        var perMessage = PerRound(() => tuples += ExternalTermFormat.Decode(bytes, options).IsTuple ? 1 : 0);

        Assert.Equal(WarmUp + Rounds, tuples);
        // Two terms of 16 bytes and 64 bytes, each array with a header of 24.
        Assert.InRange(perMessage, 0, 160);
    }

    [Fact]
    public void Encoding_a_message_allocates_nothing_but_the_bytes_it_returns()
    {
        var message = Term.Tuple(Term.AtomOf("msg"), Term.Binary(new byte[64]), 7, 1.5);
        var length = ExternalTermFormat.Encode(message).Length;
        var written = 0L;
        var perMessage = PerRound(() => written += ExternalTermFormat.Encode(message).Length);

        Assert.Equal((WarmUp + Rounds) * (long)length, written);
        // The array, its header, and the objects that hold the buffer it is copied from; another copy would be 112.
        Assert.InRange(perMessage, 0, length + 176);
    }

    [Fact]
    public async Task A_call_and_its_answer_stay_within_their_bound()
    {
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await cluster.StartAsync("a@127.0.0.1"), await cluster.StartAsync("b@127.0.0.1"));
        b.Spawn(static async context =>
        {
            while (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, call.Request);
        }, "echo");
        await CallAsync(2_000);
        var perCall = await Alone.LeastAsync(() => CallAsync(500)) / 500.0;

        // Both nodes are in here: request, monitor, reply and demonitor, written on one side and read on the other.
        Assert.InRange(perCall, 0, 4_000 + AsyncMethods);

        async Task CallAsync(int calls)
        {
            for (var i = 0; i < calls; i++)
                Assert.Equal(i, (await a.CallAsync(("echo", b.Name), i)).Int32);
        }
    }

    [Fact]
    public async Task A_call_to_a_server_of_this_node_stays_within_its_bound_and_a_typed_one_costs_its_types_more()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("a@127.0.0.1");
        var server = await node.StartServerAsync(() => new TypedAdder());
        var (requests, replies) = (ServerTestTerms.Default.AddRequest, ServerTestTerms.Default.Int32);
        var request = Term.Tuple(new Atom("add"), 1, 2);
        var raw = await PerCallAsync(async () => (await node.CallAsync(server, request)).Int32 == 3);
        var typed = await PerCallAsync(async () => await node.CallAsync(server, new AddRequest(1, 2), requests, replies) == 3);

        Assert.InRange(raw, 0, 2_000 + AsyncMethods);
        // The request as an object and as a tuple; another copy of either would be more.
        Assert.InRange(typed - raw, -50, 300 + AsyncMethods);

        static async Task<double> PerCallAsync(Func<Task<bool>> call)
        {
            for (var i = 0; i < 2_000; i++)
                await call();
            // Asserted afterwards: what an assertion allocates depends on what it compares, and on how far the compiler has got with it.
            var (right, times) = (0, 0);
            var bytes = await Alone.LeastAsync(async () =>
            {
                for (var i = 0; i < 500; i++)
                    right += await call() ? 1 : 0;
                times += 500;
            });
            Assert.Equal(times, right);
            return bytes / 500.0;
        }
    }

    private static double PerRound(Action work)
    {
        for (var i = 0; i < WarmUp; i++)
            work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
            work();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Rounds;
    }
}
