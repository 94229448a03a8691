using System.Net;
using System.Net.Sockets;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>What a peer can do wrong costs that peer its link, and nobody else anything.</summary>
[Trait("Ring", "loopback")]
public sealed class HostilePeerTests : IAsyncLifetime
{
    private const string Cookie = "the-cookie-of-this-very-test";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoopbackCluster _cluster = new();
    private readonly TaskCompletionSource<Term> _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ErlangNode _node = null!;
    private ErlangNode _bystander = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartAsync("node@127.0.0.1", cookie: Cookie);
        _bystander = await _cluster.StartAsync("bystander@127.0.0.1", cookie: Cookie);
        await _bystander.PingAsync(_node.Name);
        _node.Spawn(async context =>
        {
            while (true)
                _received.TrySetResult(await context.ReceiveAsync());
        }, "alive");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    public static TheoryData<string, byte[]> BadFrames => new()
    {
        { "garbage", [1, 2, 3, 4, 5] },
        { "a frame of the other kind", [112, 131, 104, 3, 97, 2, 119, 0, 106] },
        { "no control tuple", [131, 68, 0, 97, 1] },
        { "an unknown operation", [131, 68, 0, 104, 1, 97, 99] },
        { "a control tuple of the wrong size", [131, 68, 0, 104, 2, 97, 1, 97, 1] },
        { "a reference to an empty cache slot", [131, 68, 1, 0, 5, 104, 1, 82, 0] },
        { "a header that ends within", [131, 68, 200] },
        { "a fragment of nothing", [131, 70, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1] },
        { "a fragment with the number 0", [131, 69, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        { "half a control message in a first fragment", [131, 69, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 104, 4, 97] },
    };

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task A_bad_frame_ends_the_link_of_its_sender_alone(string what, byte[] frame)
    {
        Assert.NotEmpty(what);
        await using var peer = await ConnectAsync();
        await peer.SendFrameAsync(frame);
        await peer.WaitForCloseAsync();
        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task A_length_above_the_limit_is_refused_before_anything_is_set_aside()
    {
        await using var peer = await ConnectAsync();
        var before = GC.GetTotalAllocatedBytes();
        await peer.SendRawAsync(0x7F, 0xFF, 0xFF, 0xFF, 131, 68, 0);
        await peer.WaitForCloseAsync();
        // Other tests run meanwhile, and need memory as well; none needs two gigabytes.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 30);
        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task A_broken_payload_ends_the_link_when_somebody_would_read_it_and_only_then()
    {
        await using var peer = await ConnectAsync();
        await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("nobody")), brokenPayload: [255, 255]);
        await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("alive")), 1);
        Assert.Equal(1, await _received.Task.WaitAsync(Patience));
        await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("alive")), brokenPayload: [255, 255]);
        await peer.WaitForCloseAsync();
        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task What_is_not_there_is_answered_as_a_real_node_answers()
    {
        await using var peer = await ConnectAsync();
        var reference = new Reference(peer.Handshake.OwnName.Atom, 77, 1, 2, 3);
        var stranger = new Pid(_node.Name.Atom, 30_000, 0, (uint)_node.Creation);

        await peer.SendAsync(ControlMessage.Monitor(peer.Pid, new Atom("nobody"), reference));
        var (down, reason) = (await peer.ReceiveAsync())!.Value;
        Assert.Equal((ControlKind.MonitorExit, "nobody"), (down.Kind, down.FromName?.Text));
        Assert.Equal("noproc", (reason ?? down.Argument).AtomText);

        await peer.SendAsync(ControlMessage.Link(peer.Pid, stranger));
        var (exit, exitReason) = (await peer.ReceiveAsync())!.Value;
        Assert.Equal((ControlKind.Exit, stranger), (exit.Kind, exit.From));
        Assert.Equal("noproc", (exitReason ?? exit.Argument).AtomText);

        await peer.SendAsync(ControlMessage.Unlink(9, peer.Pid, stranger));
        var (ack, _) = (await peer.ReceiveAsync())!.Value;
        Assert.Equal((ControlKind.UnlinkAck, 9UL), (ack.Kind, ack.UnlinkId));

        await peer.SendAsync(
            ControlMessage.SpawnRequest(reference, peer.Pid, peer.Pid, new Atom("m"), new Atom("f"), 0, Term.Nil),
            Term.Nil);
        var (spawned, _) = (await peer.ReceiveAsync())!.Value;
        Assert.Equal((ControlKind.SpawnReply, TermKind.Pid), (spawned.Kind, spawned.Argument.Kind));

        var odd = Term.List(new Atom("monitor"), new Atom("reply"));
        await peer.SendAsync(
            ControlMessage.SpawnRequest(reference, peer.Pid, peer.Pid, new Atom("m"), new Atom("f"), 0, odd), Term.Nil);
        ControlMessage refused;
        do
            (refused, _) = (await peer.ReceiveAsync())!.Value;
        while (refused.Kind == ControlKind.Send); // what the group leader is told of the one that had no function
        Assert.Equal((ControlKind.SpawnReply, "badopt"), (refused.Kind, refused.Argument.AtomText));
    }

    [Fact]
    public async Task The_end_of_a_monitored_and_linked_process_is_told()
    {
        await using var peer = await ConnectAsync();
        var victim = _node.Spawn(static async context => await context.ReceiveAsync());
        var reference = new Reference(peer.Handshake.OwnName.Atom, 77, 1, 2, 3);
        await peer.SendAsync(ControlMessage.Monitor(peer.Pid, victim, reference));
        await peer.SendAsync(ControlMessage.Link(peer.Pid, victim));
        await peer.SendAsync(ControlMessage.Send(peer.Pid, victim), 1);
        var kinds = new List<ControlKind>
        {
            (await peer.ReceiveAsync())!.Value.Control.Kind,
            (await peer.ReceiveAsync())!.Value.Control.Kind,
        };
        Assert.Equal([ControlKind.Exit, ControlKind.MonitorExit], kinds.Order());
    }

    [Fact]
    public async Task Exit_signals_end_a_process_unless_they_are_normal_or_need_a_link_that_is_not_there()
    {
        await using var peer = await ConnectAsync();
        var ended = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var victim = _node.Spawn(async context =>
        {
            try
            {
                begun.SetResult();
                while (true)
                    await context.ReceiveAsync();
            }
            catch (ProcessExitException e)
            {
                ended.SetResult(e.Reason);
                throw;
            }
        });
        await begun.Task.WaitAsync(Patience);
        await peer.SendAsync(ControlMessage.Exit2(peer.Pid, victim, ExitReason.Normal), ExitReason.Normal);
        await peer.SendAsync(ControlMessage.Exit(peer.Pid, victim, new Atom("no_link")), new Atom("no_link"));
        await peer.SendAsync(ControlMessage.Exit2(peer.Pid, victim, ExitReason.Kill), ExitReason.Kill);
        Assert.Equal("killed", (await ended.Task.WaitAsync(Patience)).AtomText);
    }

    [Fact]
    public async Task A_newer_connection_of_the_same_node_takes_the_place_of_the_older()
    {
        await using var older = await ConnectAsync();
        await using var newer = await ConnectAsync();
        await older.WaitForCloseAsync();
        await newer.SendAsync(ControlMessage.Send(newer.Pid, new Atom("alive")), 5);
        Assert.Equal(5, await _received.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_wrong_cookie_is_named_as_such_and_leaves_the_real_one_alone()
    {
        await using var real = await ConnectAsync();
        var error = await Assert.ThrowsAsync<HandshakeException>(() => ConnectAsync("not-the-cookie-of-this-test"));
        Assert.Equal(HandshakeFailure.CookieMismatch, error.Failure);
        Assert.Contains("cookies differ", error.Message);
        await real.SendAsync(ControlMessage.Send(real.Pid, new Atom("alive")), 6);
        Assert.Equal(6, await _received.Task.WaitAsync(Patience));
        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task A_peer_is_refused_for_each_flag_that_we_demand_when_it_lacks_it_alone()
    {
        const DistributionFlags Digest = DistributionFlags.Mandatory25Digest; // would stand for the others
        var demanded = Enum.GetValues<DistributionFlags>().Where(flag => flag != 0 && DistributionFlagSets.Demanded.Has(flag)).ToArray();
        Assert.Equal(9, demanded.Length);
        foreach (var flag in demanded)
        {
            var error = await Assert.ThrowsAsync<HandshakeException>(() => ScriptedPeer.ConnectAsync(
                _node.Name, _node.Port!.Value, "hostile@127.0.0.1", Cookie, DistributionFlagSets.Hidden & ~Digest & ~flag));
            Assert.True(error.Failure == HandshakeFailure.NotAllowed, $"{flag}: {error}");
        }
        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task Ten_thousand_idle_sockets_keep_nobody_out()
    {
        var sockets = new List<Socket>(10_000);
        try
        {
            var end = new IPEndPoint(IPAddress.Loopback, _node.Port!.Value);
            for (var i = 0; i < 10_000; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(end);
            }
            Assert.InRange(_node.HandshakesUnderWay, 0, 128);
            await using var peer = await ConnectAsync();
            await peer.SendAsync(ControlMessage.Send(peer.Pid, new Atom("alive")), 7);
            Assert.Equal(7, await _received.Task.WaitAsync(Patience));
            await AssertUndisturbedAsync();
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_caller_that_stops_halfway_is_dropped_after_the_time_of_a_step()
    {
        var time = new VirtualTime();
        var node = await _cluster.StartAsync("slow@127.0.0.1", cookie: Cookie, timeProvider: time);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, node.Port!.Value));
        await socket.SendAsync(new byte[] { 0, 20, (byte)'N' }); // announced, and not followed by the rest
        await time.TimerDueInAsync(TimeSpan.FromSeconds(7));
        time.Advance(TimeSpan.FromSeconds(8));
        Assert.True(await IsClosedAsync(socket));
    }

    // Closed in order or reset: both are an end.
    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience) == 0;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    private Task<ScriptedPeer> ConnectAsync(string cookie = Cookie) =>
        ScriptedPeer.ConnectAsync(_node.Name, _node.Port!.Value, "hostile@127.0.0.1", cookie);

    private async Task AssertUndisturbedAsync()
    {
        Assert.Contains(_bystander.Name, _node.ConnectedNodes);
        await _bystander.PingAsync(_node.Name, Patience);
    }
}
