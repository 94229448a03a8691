using System.Buffers.Binary;
using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Discovery;

[Trait("Ring", "pure")]
public sealed class SealedCodecTests
{
    // Made by Erlang's crypto from the description in SealedCodec: sender 00..0F, counter 7, at 2026-01-01T00:00:00Z.
    private const string Vector =
        "656E6D6573680001000102030405060708090A0B0C0D0E0F00000000000000075B3B7901933E2BBB67FBEF8A5FB77C3DE7AAD6B9AE200C28CB848C44D4B0C8EF17F7432049DE4A";

    private static readonly byte[] Secret = "0123456789abcdef0123456789abcdef"u8.ToArray();
    private static readonly NodeName Orders = NodeName.Parse("orders@10.0.0.7");
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);
    private readonly SettableClock _clock = new(DateTimeOffset.FromUnixTimeMilliseconds(1_767_225_600_000));

    [Fact]
    public void The_bytes_are_as_described()
    {
        var codec = Codec([.. Enumerable.Range(0, 16).Select(i => (byte)i)]);
        byte[] packet = [];
        for (var i = 0; i < 7; i++)
            packet = codec.Write(Orders);
        Assert.Equal(Vector, Convert.ToHexString(packet));
        Assert.Equal(GossipRefusal.None, Codec().Read(Convert.FromHexString(Vector), out var node));
        Assert.Equal(Orders, node);
    }

    [Fact]
    public void Every_changed_bit_and_every_cut_is_refused()
    {
        var codec = Codec();
        var whole = Convert.FromHexString(Vector);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var changed = whole.ToArray();
            changed[bit / 8] ^= (byte)(1 << bit % 8);
            var refusal = codec.Read(changed, out var node);
            Assert.Equal(bit < 64 ? GossipRefusal.Foreign : GossipRefusal.OtherSecret, refusal);
            Assert.Null(node);
        }
        for (var length = 0; length < whole.Length; length++)
            Assert.NotEqual(GossipRefusal.None, codec.Read(whole.AsSpan(0, length), out _));
        // None of that kept the true one from being taken.
        Assert.Equal(GossipRefusal.None, codec.Read(whole, out _));
    }

    [Fact]
    public void A_packet_is_taken_once_and_in_any_order_within_the_window()
    {
        var (sender, receiver) = (Codec(), Codec());
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(_ => sender.Write(Orders))];
        int[] order = [70, 7, 8, 69, 71, 199, 136, 137];
        foreach (var i in order)
            Assert.Equal(GossipRefusal.None, receiver.Read(packets[i], out _));
        foreach (var i in order)
            Assert.Equal(GossipRefusal.Replayed, receiver.Read(packets[i], out _));
        // 64 and more behind the highest nobody can tell.
        Assert.Equal(GossipRefusal.Replayed, receiver.Read(packets[135], out _));
        Assert.Equal(GossipRefusal.None, receiver.Read(packets[138], out _));
    }

    [Theory]
    [InlineData(-60.001, GossipRefusal.WrongTime)]
    [InlineData(-59.999, GossipRefusal.None)]
    [InlineData(59.999, GossipRefusal.None)]
    [InlineData(60.001, GossipRefusal.WrongTime)]
    public void A_packet_of_another_time_is_refused(double seconds, object expected)
    {
        _clock.Now += TimeSpan.FromSeconds(seconds);
        Assert.Equal((GossipRefusal)expected, Codec().Read(Convert.FromHexString(Vector), out _));
    }

    [Fact]
    public void Another_secret_does_not_open_it_and_one_of_several_does()
    {
        var other = "another secret, of enough length"u8.ToArray();
        Assert.Equal(
            GossipRefusal.OtherSecret, new SealedCodec([other], _clock, Skew).Read(Convert.FromHexString(Vector), out _));
        Assert.Equal(
            GossipRefusal.None, new SealedCodec([other, Secret], _clock, Skew).Read(Convert.FromHexString(Vector), out _));
    }

    [Fact]
    public void A_node_that_starts_anew_is_taken_at_once()
    {
        var receiver = Codec();
        Assert.Equal(GossipRefusal.None, receiver.Read(Codec().Write(Orders), out _));
        Assert.Equal(GossipRefusal.None, receiver.Read(Codec().Write(Orders), out _));
    }

    [Fact]
    public void Senders_are_not_remembered_without_end_and_what_is_forgotten_is_too_old()
    {
        var receiver = Codec();
        var old = Codec().Write(Orders);
        Assert.Equal(GossipRefusal.None, receiver.Read(old, out _));
        for (var i = 0; i < SealedCodec.MaxSenders + 10; i++)
        {
            var sender = new byte[16];
            BinaryPrimitives.WriteInt32BigEndian(sender, i);
            Assert.Equal(GossipRefusal.None, receiver.Read(Codec(sender).Write(Orders), out _));
        }
        _clock.Now += TimeSpan.FromSeconds(121);
        Assert.Equal(GossipRefusal.None, receiver.Read(Codec().Write(Orders), out _));
        Assert.Equal(GossipRefusal.WrongTime, receiver.Read(old, out _));
    }

    private SealedCodec Codec(byte[]? sender = null) => new([Secret], _clock, Skew, sender);

    private sealed class SettableClock(DateTimeOffset now) : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
