using System.Net;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.Transport;
using Enmesh.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Peers;

[Trait("Ring", "pure")]
public sealed class SilentPeerTests : IAsyncDisposable
{
    private static readonly TimeSpan TickTime = TimeSpan.FromSeconds(60);
    private readonly VirtualTime _time = new();
    private readonly Unread _connection = new();
    private readonly Pulse _pulse;
    private readonly PeerLink _link;

    public SilentPeerTests()
    {
        _pulse = new Pulse(_time, () => [_link!], TickTime, intensity: 4, new PoolWatch(_time, NullLogger.Instance));
        var own = NodeName.Parse("own@127.0.0.1");
        _link = new PeerLink(
            1,
            new HandshakeResult(NodeName.Parse("peer@127.0.0.1"), 4, default, default, own, 5),
            _connection,
            new Nobody(),
            new PeerLinkOptions(),
            _pulse,
            own.Atom,
            new AtomTable(),
            NullLogger.Instance);
    }

    public ValueTask DisposeAsync() => _pulse.DisposeAsync();

    [Fact]
    public void A_peer_that_says_nothing_is_lost()
    {
        _time.Advance(TickTime);
        Assert.True(_link.IsUp);
        _time.Advance(TickTime / 4);

        Assert.Equal(LinkEndCause.NoTick, _link.End!.Cause);
        Assert.True(_connection.Aborted);
    }

    [Fact]
    public void A_peer_whose_bytes_wait_for_our_own_reader_is_not()
    {
        _connection.Waiting = true;
        _time.Advance(TickTime * 10);
        Assert.True(_link.IsUp);
        _connection.Waiting = false;
        _time.Advance(TickTime / 4);

        Assert.Equal(LinkEndCause.NoTick, _link.End!.Cause);
    }

    [Fact]
    public void While_the_net_ticktime_is_being_shortened_ticks_follow_the_new_one_and_patience_the_old_one()
    {
        var shorter = TimeSpan.FromSeconds(8);
        _pulse.ChangePace(TickPace.Between(TickTime, shorter, 4));
        _time.Advance(TimeSpan.Zero);
        Assert.Equal(1, _connection.Writes);
        _time.Advance(TickTime);
        Assert.Equal(1 + 30, _connection.Writes);
        Assert.True(_link.IsUp);

        _pulse.ChangePace(TickPace.Of(shorter, 4));
        _time.Advance(shorter / 4);

        Assert.Equal(LinkEndCause.NoTick, _link.End!.Cause);
    }

    [Fact]
    public void While_the_net_ticktime_is_being_lengthened_ticks_follow_the_old_one_and_patience_the_new_one()
    {
        _pulse.ChangePace(TickPace.Between(TickTime, TickTime * 2, 4));
        _time.Advance(TickTime * 2);
        Assert.True(_link.IsUp);
        Assert.Equal(1 + 8, _connection.Writes);
        _pulse.ChangePace(TickPace.Of(TickTime * 2, 4));
        _time.Advance(TickTime / 2);
        Assert.Equal(LinkEndCause.NoTick, _link.End!.Cause);
    }

    // What a connection looks like to a reader that the pool has no thread for.
    private sealed class Unread : TransportConnection
    {
        public bool Waiting { get; set; }

        public bool Aborted { get; private set; }

        public int Writes { get; private set; }

        public override EndPoint? LocalEndPoint => null;

        public override EndPoint? RemoteEndPoint => null;

        public override string Description => "unread";

        public override int HandshakePrefixBytes => 2;

        public override bool HasUnread => Waiting;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(new TaskCompletionSource<int>().Task);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            default;

        public override ValueTask WriteAsync(
            IReadOnlyList<ArraySegment<byte>> segments, CancellationToken cancellationToken = default)
        {
            Writes++;
            return default;
        }

        public override void CompleteWrites()
        {
        }

        public override void Abort() => Aborted = true;

        public override ValueTask DisposeAsync() => default;
    }

    private sealed class Nobody : IPeerHandler
    {
        public void OnUp(PeerLink link)
        {
        }

        public void OnMessage(PeerLink link, in ControlMessage control, InboundPayload payload)
        {
        }

        public void OnDown(PeerLink link)
        {
        }
    }
}
