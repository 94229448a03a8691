using System.Text;
using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>libcluster's packets, as its formula makes them under Elixir on several releases.</summary>
[Trait("Ring", "pure")]
public sealed class GossipPacketTests
{
    private const string Plain25 = "6865617274626561743A3A8374000000016400046E6F646564000F6F72646572734031302E302E302E37";
    private const string Plain27 = "6865617274626561743A3A83740000000177046E6F6465770F6F72646572734031302E302E302E37";
    private const string Secret25 = "000102030405060708090A0B0C0D0E0F0293FCF646D248542D82EEA283216C731EA037B9E5672AA86F6737D45F0624D8CAE3C5099533C02D282BEB1FE41A5DC3";
    private const string Secret27 = "000102030405060708090A0B0C0D0E0F0293FCF646D248542D82EEA283216C73C841DF22984B27D36BC6E7550F1BE3F79A0CFBF19407D4CA9A7D5C7F7A4C3258";
    private static readonly NodeName Orders = NodeName.Parse("orders@10.0.0.7");
    private static readonly LibclusterCodec Plain = new([]);
    private static readonly LibclusterCodec Secret = new(["somepassword"u8.ToArray()]);

    private static bool IsLong => Environment.GetEnvironmentVariable("ENMESH_LONG") == "1";

    [Theory]
    [InlineData(Plain25, "orders@10.0.0.7")]
    [InlineData(Plain27, "orders@10.0.0.7")]
    [InlineData("6865617274626561743A3A8374000000016400046E6F646564000F62FC636865724031302E302E302E37", "bücher@10.0.0.7")]
    [InlineData("6865617274626561743A3A83740000000177046E6F6465771062C3BC636865724031302E302E302E37", "bücher@10.0.0.7")]
    [InlineData("6865617274626561743A3A8374000000016400046E6F6465770BD0B64031302E302E302E37", "ж@10.0.0.7")]
    public void Packets_in_the_clear_are_read_with_the_atoms_of_every_release(string hex, string name)
    {
        Assert.Equal(GossipRefusal.None, Plain.Read(Convert.FromHexString(hex), out var node));
        Assert.Equal(name, node!.Text);
    }

    [Theory]
    [InlineData(Secret25)]
    [InlineData(Secret27)]
    public void Encrypted_packets_are_read_with_the_secret(string hex)
    {
        Assert.Equal(GossipRefusal.None, Secret.Read(Convert.FromHexString(hex), out var node));
        Assert.Equal(Orders, node);
        var two = new LibclusterCodec(["another"u8.ToArray(), "somepassword"u8.ToArray()]);
        Assert.Equal(GossipRefusal.None, two.Read(Convert.FromHexString(hex), out node));
        Assert.Equal(Orders, node);
    }

    [Fact]
    public void What_is_written_is_what_release_27_writes()
    {
        Assert.Equal(Plain27, Convert.ToHexString(Plain.Write(Orders)));
        var sealedOne = Secret.Write(Orders);
        Assert.Equal(64, sealedOne.Length);
        Assert.NotEqual(sealedOne, Secret.Write(Orders));
        Assert.Equal(GossipRefusal.None, Secret.Read(sealedOne, out var node));
        Assert.Equal(Orders, node);
    }

    [Fact]
    public void The_two_kinds_and_other_secrets_are_told_apart()
    {
        Assert.Equal(GossipRefusal.Foreign, Plain.Read(Convert.FromHexString(Secret27), out _));
        Assert.Equal(GossipRefusal.Foreign, Secret.Read(Convert.FromHexString(Plain27), out _));
        Assert.Equal(
            GossipRefusal.OtherSecret, new LibclusterCodec(["other"u8.ToArray()]).Read(Convert.FromHexString(Secret27), out _));
    }

    [Theory]
    [InlineData("83740000000277046E6F6465770361406277016177016 1")] // two pairs
    [InlineData("837400000001770561746F6D6577036140 62")] // another key
    [InlineData("83740000000177046E6F646561 07")] // a number
    [InlineData("83740000000177046E6F64656D0000000361406 2")] // a binary
    [InlineData("83740000000177046E6F646577016 1")] // no node's name
    [InlineData("83740000000177046E6F646577034061 62")] // nothing before the @
    [InlineData("83740000000177046E6F646577036140 C3")] // no UTF-8
    [InlineData("83740000000177046E6F646577036140 6200")] // a byte too many
    [InlineData("83500000001078DA")] // compressed
    [InlineData("8374FFFFFFFF77046E6F64657703614062")] // a map of four billion pairs
    [InlineData("83740000000177046E6F646564FFFF614062")] // an atom of 65,535 bytes
    public void Nothing_but_a_map_of_one_node_is_read(string hex)
    {
        byte[] packet = [.. "heartbeat::"u8, .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))];
        Assert.Equal(GossipRefusal.Malformed, Plain.Read(packet, out var node));
        Assert.Null(node);
    }

    [Fact]
    public void Every_cut_is_refused()
    {
        foreach (var (codec, hex) in new[] { (Plain, Plain25), (Plain, Plain27), (Secret, Secret25), (Secret, Secret27) })
        {
            var whole = Convert.FromHexString(hex);
            for (var length = 0; length < whole.Length; length++)
            {
                Assert.NotEqual(GossipRefusal.None, codec.Read(whole.AsSpan(0, length), out var node));
                Assert.Null(node);
            }
        }
    }

    [Fact]
    public void Damaged_packets_are_read_or_refused_and_nothing_else()
    {
        var seeds = new[] { Plain25, Plain27 }.Select(Convert.FromHexString).ToArray();
        var random = new Random(20301121);
        var rounds = IsLong ? 10_000_000 : 200_000;
        var read = 0;
        for (var round = 0; round < rounds; round++)
        {
            var packet = seeds[random.Next(seeds.Length)].ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                // Mostly behind the prefix, which would end the matter.
                packet[random.Next(random.Next(8) == 0 ? 0 : 11, packet.Length)] = (byte)random.Next(256);
            }
            if (random.Next(8) == 0)
                packet = [.. packet[..random.Next(packet.Length)], .. packet[random.Next(packet.Length)..]];
            var refusal = Plain.Read(packet, out var node);
            Assert.Equal(refusal == GossipRefusal.None, node is not null);
            read += node is null ? 0 : 1;
        }
        Assert.InRange(read, rounds / 20, rounds);
    }

    [Fact]
    public void A_packet_of_any_length_is_refused_without_an_exception()
    {
        foreach (var length in new[] { 0, 1, 15, 16, 31, 32, 1008, 1024, 1025, 65_507 })
        {
            var packet = new byte[length];
            Encoding.ASCII.GetBytes("heartbeat::").AsSpan(0, Math.Min(11, length)).CopyTo(packet);
            Assert.NotEqual(GossipRefusal.None, Plain.Read(packet, out _));
            Assert.NotEqual(GossipRefusal.None, Secret.Read(packet, out _));
        }
    }
}
