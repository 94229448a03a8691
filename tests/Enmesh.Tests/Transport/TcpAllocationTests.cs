using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests.Transport;

/// <summary>Tests that read counters of the whole process run by themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";

    /// <summary>
    /// What a piece of work allocates: the least of several times, since what earlier tests left to be done in the background is counted as well.
    /// </summary>
    internal static async Task<long> LeastAsync(Func<Task> work)
    {
        var least = long.MaxValue;
        for (var time = 0; time < 5; time++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await work();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }
}

[Trait("Ring", "loopback")]
[Collection(Alone.Name)]
public sealed class TcpAllocationTests
{
#if DEBUG
    // A debug build makes an object of the state of every async method: one for each read and write.
    private const int BytesPerRound = 500;
#else
    // One object per operation would be 100 bytes and more; the threads of the runtime allocate a little.
    private const int BytesPerRound = 20;
#endif

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reading_and_writing_in_a_steady_state_allocates_nothing(bool ownThreads)
    {
        var transport = new TcpTransport { OwnThreads = ownThreads };
        await using var listener = transport.Listen(ListenAddress.Loopback());
        await using var left = await transport.ConnectAsync("127.0.0.1", listener.Port);
        await using var right = await listener.AcceptAsync();
        var bytes = new byte[64];
        var segments = new List<ArraySegment<byte>> { new(bytes, 0, 32), new(bytes, 32, 32) };
        await PingPongAsync(500);
        var perRound = await Alone.LeastAsync(() => PingPongAsync(1_000)) / 1_000.0;

        Assert.InRange(perRound, 0, BytesPerRound);

        async Task PingPongAsync(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                await left.WriteAsync(segments);
                for (var got = 0; got < 64;)
                    got += await right.ReadAsync(bytes);
                await right.WriteAsync(bytes);
                for (var got = 0; got < 64;)
                    got += await left.ReadAsync(bytes);
            }
        }
    }
}
