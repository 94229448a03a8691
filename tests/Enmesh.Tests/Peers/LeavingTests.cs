using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>How a link ends that nobody has done anything wrong on.</summary>
[Trait("Ring", "loopback")]
public sealed class LeavingTests : IAsyncDisposable
{
    private const string Cookie = "the-cookie-of-those-who-leave";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Term Last = Term.AtomOf("last");

    private readonly LoopbackCluster _cluster = new();
    private readonly VirtualTime _time = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_node_that_leaves_is_no_warning_to_its_peers()
    {
        var logs = new LogKeeper();
        var stays = await _cluster.StartAsync("stays@127.0.0.1", logs: logs);
        var leaves = await _cluster.StartAsync("leaves@127.0.0.1");
        await leaves.PingAsync(stays.Name);

        await leaves.DisposeAsync();

        await logs.UntilAsync("is down");
        Assert.Equal(
            (LogLevel.Information, "Peer leaves@127.0.0.1 is down: it closed the connection."),
            Assert.Single(logs.Lines, line => line.Text.Contains("is down", StringComparison.Ordinal)));
        Assert.DoesNotContain(logs.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_peer_that_breaks_off_is_one()
    {
        var logs = new LogKeeper();
        var stays = await _cluster.StartAsync("stays@127.0.0.1", cookie: Cookie, logs: logs);
        var peer = await ConnectAsync(stays);
        await peer.SendRawAsync(0, 0, 0, 9, 131); // a frame announced, and not all of it sent
        await peer.DisposeAsync();
        await logs.UntilAsync("is down");
        Assert.Contains(
            (LogLevel.Warning, "Peer scripted@127.0.0.1 is down: it closed the connection in the midst of a frame."),
            logs.Lines);
    }

    [Fact]
    public async Task What_was_sent_before_a_disconnect_still_arrives()
    {
        // On a clock that stands still there is no hurry, however slow the machine.
        var leaves = await _cluster.StartAsync("leaves@127.0.0.1", timeProvider: _time);
        var stays = await _cluster.StartAsync("stays@127.0.0.1");
        var received = new TaskCompletionSource<Term>();
        stays.Spawn(async context =>
        {
            await context.ReceiveAsync();
            received.SetResult(await context.ReceiveAsync());
        }, "sink");
        await leaves.PingAsync(stays.Name);

        // Far more than the kernel takes at once.
        Assert.True(leaves.TrySend(("sink", stays.Name), Term.Binary(new byte[32 << 20])));
        Assert.False(leaves.TrySend(("sink", stays.Name), 1));
        var sent = leaves.SendAsync(("sink", stays.Name), Last).AsTask();
        Assert.True(await leaves.DisconnectAsync(stays.Name).WaitAsync(Patience));

        Assert.Equal(Last, await received.Task.WaitAsync(Patience));
        await sent.WaitAsync(Patience);
    }

    [Fact]
    public async Task Nothing_is_sent_after_a_disconnect_and_nothing_taken()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", cookie: Cookie, timeProvider: _time);
        var received = 0;
        node.Spawn(async context =>
        {
            while (true)
            {
                await context.ReceiveAsync();
                Interlocked.Increment(ref received);
            }
        }, "sink");
        await using var peer = await ConnectAsync(node);
        var disconnecting = node.DisconnectAsync(peer.Handshake.OwnName);

        Assert.False(node.TrySend(("anybody", peer.Handshake.OwnName), 1));
        Assert.Null(await peer.ReceiveAsync()); // the node's farewell
        await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("sink")), 1);
        await peer.DisposeAsync();
        await disconnecting.WaitAsync(Patience);
        Assert.Equal(0, received);
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_the_farewell_is_waited_for_only_a_moment()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", cookie: Cookie, timeProvider: _time);
        await using var peer = await ConnectAsync(node);

        var disconnecting = node.DisconnectAsync(peer.Handshake.OwnName);
        await _time.TimerDueInAsync(PeerLink.LeaveTime);
        Assert.False(disconnecting.IsCompleted);
        _time.Advance(PeerLink.LeaveTime);

        await disconnecting.WaitAsync(Patience);
        Assert.Empty(node.ConnectedNodes);
    }

    [Fact]
    public async Task A_node_that_drains_dials_nobody_and_lets_others_in()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1");
        var other = await _cluster.StartAsync("other@127.0.0.1");
        var received = new TaskCompletionSource<Term>();
        other.Spawn(async context => received.SetResult(await context.ReceiveAsync()), "sink");

        node.Drain();
        var refused = await Assert.ThrowsAsync<HandshakeException>(() => node.ConnectAsync(other.Name));
        Assert.Equal(HandshakeFailure.NotAllowed, refused.Failure);
        await node.SendAsync(("sink", other.Name), Term.AtomOf("lost"));

        await other.PingAsync(node.Name);
        await node.SendAsync(("sink", other.Name), Last);
        Assert.Equal(Last, await received.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Who_calls_while_a_node_ends_is_told_that_it_may_not()
    {
        // The end takes as long as the farewell of a silent peer, which on a clock that stands still is for ever.
        var node = await _cluster.StartAsync("node@127.0.0.1", cookie: Cookie, timeProvider: _time);
        await using var silent = await ConnectAsync(node);
        var ending = node.DisposeAsync().AsTask();
        Assert.Null(await silent.ReceiveAsync()); // the node's farewell

        var late = await _cluster.StartAsync("late@127.0.0.1", cookie: Cookie);
        var refused = await Assert.ThrowsAsync<HandshakeException>(() => late.ConnectAsync(node.Name).WaitAsync(Patience));
        Assert.Equal(HandshakeFailure.NotAllowed, refused.Failure);
        Assert.Contains("shutting down", refused.Message, StringComparison.Ordinal);

        await silent.DisposeAsync();
        await ending.WaitAsync(Patience);
    }

    private static async Task<ScriptedPeer> ConnectAsync(ErlangNode node)
    {
        var peer = await ScriptedPeer.ConnectAsync(node.Name, node.Port!.Value, "scripted@127.0.0.1", Cookie);
        // The handshake ends here before it does at the node; an answer shows that the node has come so far.
        var reference = new Reference(peer.Handshake.OwnName.Atom, peer.Handshake.OwnCreation, 1, 2, 3);
        await peer.SendAsync(ControlMessage.Monitor(peer.Pid, new Atom("nobody"), reference));
        Assert.Equal(ControlKind.MonitorExit, (await peer.ReceiveAsync())!.Value.Control.Kind);
        return peer;
    }
}
