using System.Net;
using System.Runtime.CompilerServices;
using Enmesh.Peers;
using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>What calls cost a node that listens.</summary>
[Trait("Ring", "pure")]
public sealed class PeerListenerTests
{
    private const int Calls = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A check of a port every second is a hundred million calls in three years.
    [Fact]
    public async Task Of_a_call_that_is_over_nothing_is_kept()
    {
        var network = new InMemoryTransport();
        var (kept, over) = (new List<WeakReference>(), new SemaphoreSlim(0));
        await using var listener = new PeerListener(network.Listen(ListenAddress.On(IPAddress.Loopback, 0)), async (connection, token) =>
        {
            kept.Add(HeldBy(token));
            await connection.DisposeAsync();
            over.Release();
        });
        for (var call = 0; call < Calls; call++)
        {
            await using var connection = await network.ConnectAsync("here", listener.Port);
            Assert.True(await over.WaitAsync(Patience));
        }

        // Of the last one something may lie on a stack still.
        using var deadline = new CancellationTokenSource(Patience);
        while (listener.HandshakesUnderWay > 0 || kept.Take(Calls - 1).Any(held => held.IsAlive))
        {
            await Task.Delay(20, deadline.Token);
            GC.Collect();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference HeldBy(CancellationToken token)
    {
        var held = new object();
        token.UnsafeRegister(static _ => { }, held);
        return new(held);
    }
}
