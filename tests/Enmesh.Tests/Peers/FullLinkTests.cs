using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>A link on which more waits than may: data waits for it, answers and signals do not, or two full links would wait for each other.</summary>
[Trait("Ring", "loopback")]
public sealed class FullLinkTests : IAsyncDisposable
{
    private const string Cookie = "the-cookie-of-a-full-link";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly Term Large = Term.Binary(new byte[300_000]);

    private readonly LoopbackCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Nodes_that_call_each_other_with_more_than_their_links_hold_all_get_their_answers()
    {
        const int Callers = 8, Rounds = 10;
        // Less than one message: every link is full all the time.
        var link = new PeerLinkOptions { SendBufferBytes = 64 << 10 };
        var (a, b) = (await _cluster.StartAsync("a@127.0.0.1", link), await _cluster.StartAsync("b@127.0.0.1", link));
        foreach (var node in new[] { a, b })
        {
            node.Spawn(static async context =>
            {
                while (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                    context.Reply(call, call.Request);
            }, "echo");
        }
        await a.PingAsync(b.Name);

        await Task.WhenAll(from pair in new[] { (From: a, To: b), (From: b, To: a) }
                           from caller in Enumerable.Range(0, Callers)
                           select CallAsync(pair.From, pair.To)).WaitAsync(Patience);

        static async Task CallAsync(ErlangNode from, ErlangNode to)
        {
            for (var round = 0; round < Rounds; round++)
                Assert.Equal(Large, await from.CallAsync(("echo", to.Name), Large, Patience));
        }
    }

    [Fact]
    public async Task A_process_ends_on_a_full_link_without_waiting_and_who_watches_it_is_told_with_the_rest()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", new PeerLinkOptions { SendBufferBytes = 64 << 10 }, Cookie);
        await using var peer = await ScriptedPeer.ConnectAsync(
            node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie, DistributionFlagSets.Hidden & ~DistributionFlags.Fragments);
        var victim = node.Spawn(static async context => await context.ReceiveAsync());
        var reference = new Reference(peer.Handshake.OwnName.Atom, 77, 1, 2, 3);
        await peer.SendAsync(ControlMessage.Monitor(peer.Pid, victim, reference));
        await peer.SendAsync(ControlMessage.Link(peer.Pid, victim));
        await peer.SendAsync(ControlMessage.Monitor(peer.Pid, new Atom("nobody"), reference));
        Assert.Equal(ControlKind.MonitorExit, (await peer.ReceiveAsync())!.Value.Control.Kind);

        // The peer reads no more, and the kernel never takes as much.
        var huge = Term.Binary(new byte[64 << 20]);
        var waiting = node.SendAsync(peer.Pid, huge).AsTask();
        Assert.False(waiting.IsCompleted);
        node.Spawn(context =>
        {
            context.SendExit(victim, ExitReason.Kill);
            return Task.CompletedTask;
        });
        await peer.SendAsync(ControlMessage.Unlink(5, peer.Pid, new Pid(node.Name.Atom, 30_000, 0, (uint)node.Creation)));
        using var patience = new CancellationTokenSource(Patience);
        while (node.IsAlive(victim))
            await Task.Delay(5, patience.Token);
        Assert.False(waiting.IsCompleted);

        var kinds = new List<ControlKind>();
        for (var i = 0; i < 4; i++)
            kinds.Add((await peer.ReceiveAsync())!.Value.Control.Kind);
        Assert.Equal([ControlKind.Send, ControlKind.Exit, ControlKind.MonitorExit, ControlKind.UnlinkAck], kinds.ToHashSet());
        await waiting.WaitAsync(Patience);
    }
}
