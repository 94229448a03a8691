using System.Buffers;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>Control messages by hand: the forms nobody recorded, the broken ones, and what reading one costs.</summary>
[Trait("Ring", "pure")]
public class ControlMessageTests
{
    private const DistributionFlags Modern =
        DistributionFlagSets.Hidden & ~(DistributionFlags.DistHdrAtomCache | DistributionFlags.AltActSig);

    private const string OwnPid = "58" + "7703" + "6F4068" + "00000001" + "00000002" + "00000003"; // o@h 1.2/3
    private const string PeerPid = "58" + "7703" + "704068" + "00000004" + "00000005" + "00000006"; // p@h 4.5/6
    private const string OwnRef = "5A" + "0003" + "7703" + "6F4068" + "00000003" + "0000000A" + "0000000B" + "0000000C";
    private const string Token = "68026101" + "6102"; // {1, 2}

    private static readonly Atom OwnNode = new("o@h");
    private static readonly Pid Own = new(OwnNode, 1, 2, 3);
    private static readonly Pid Peer = new(new Atom("p@h"), 4, 5, 6);
    private static readonly Reference Ref = new(OwnNode, 3, 10, 11, 12);
    private static readonly Term Trace = Term.Tuple(1, 2);

    private readonly ControlReader _reader = new(OwnNode, new TermDecodeOptions { Atoms = new AtomTable() });

    [Fact]
    public void Forms_for_old_nodes_and_with_tokens_have_these_bytes()
    {
        var old = DistributionFlags.None;
        Assert.Equal("6803" + "6102" + "7700" + OwnPid, Write(ControlMessage.Send(Peer, Own), old));
        Assert.Equal(
            "6804" + "610C" + "7700" + OwnPid + Token, Write(ControlMessage.Send(Peer, Own).WithToken(Trace), old));
        Assert.Equal("6803" + "6116" + PeerPid + OwnPid, Write(ControlMessage.Send(Peer, Own), Modern));
        Assert.Equal(
            "6804" + "6117" + PeerPid + OwnPid + Token, Write(ControlMessage.Send(Peer, Own).WithToken(Trace), Modern));
        Assert.Equal(
            "6804" + "6103" + PeerPid + OwnPid + "7701" + "78",
            Write(ControlMessage.Exit(Peer, Own, new Atom("x")), old));
        Assert.Equal(
            "6805" + "610D" + PeerPid + OwnPid + Token + "770178",
            Write(ControlMessage.Exit(Peer, Own, new Atom("x")).WithToken(Trace), old));
        Assert.Equal("6803" + "6118" + PeerPid + OwnPid, Write(ControlMessage.Exit(Peer, Own, new Atom("x")), Modern));
        Assert.Equal(
            "6804" + "6108" + PeerPid + OwnPid + "770178", Write(ControlMessage.Exit2(Peer, Own, new Atom("x")), old));
        Assert.Equal(
            "6805" + "6112" + PeerPid + OwnPid + Token + "770178",
            Write(ControlMessage.Exit2(Peer, Own, new Atom("x")).WithToken(Trace), old));
        Assert.Equal(
            "6804" + "611B" + PeerPid + OwnPid + Token,
            Write(ControlMessage.Exit2(Peer, Own, new Atom("x")).WithToken(Trace), Modern));
        Assert.Equal("6803" + "6104" + PeerPid + OwnPid, Write(ControlMessage.Unlink(7, Peer, Own), old));
        Assert.Equal("6804" + "6123" + "6107" + PeerPid + OwnPid, Write(ControlMessage.Unlink(7, Peer, Own), Modern));
        Assert.Equal("6803" + "6107" + PeerPid + OwnPid, Write(ControlMessage.GroupLeader(Peer, Own), Modern));
        Assert.Equal("6803" + "6121" + PeerPid + OwnRef, Write(ControlMessage.Send(Peer, Ref), Modern));
        Assert.Equal(
            "6804" + "6125" + "6104" + PeerPid + OwnRef,
            Write(ControlMessage.Send(Peer, Ref), Modern | DistributionFlags.AltActSig));
        Assert.Equal(
            "6805" + "6125" + "6106" + PeerPid + OwnRef + Token,
            Write(ControlMessage.Send(Peer, Ref).WithToken(Trace), Modern | DistributionFlags.AltActSig));
        Assert.Equal(
            "6806" + "6120" + OwnRef + OwnPid + "6103" + PeerPid + Token,
            Write(
                ControlMessage.SpawnReply(Ref, Own, SpawnReplyFlags.LinkSet | SpawnReplyFlags.MonitorSet, Peer)
                    .WithToken(Trace),
                Modern));
    }

    [Theory]
    [InlineData("6804" + "610C" + "7700" + OwnPid + Token, ControlKind.Send)]
    [InlineData("6805" + "610D" + PeerPid + OwnPid + Token + "770178", ControlKind.Exit)]
    [InlineData("6805" + "6112" + PeerPid + OwnPid + Token + "770178", ControlKind.Exit2)]
    [InlineData("6804" + "611B" + PeerPid + OwnPid + Token, ControlKind.Exit2)]
    [InlineData("6806" + "6120" + OwnRef + OwnPid + "6103" + PeerPid + Token, ControlKind.SpawnReply)]
    internal void Forms_with_tokens_that_nobody_recorded_are_read(string hex, ControlKind kind)
    {
        var message = Read(hex);
        Assert.Equal(kind, message.Kind);
        Assert.Equal(Trace, message.Token);
        Assert.Equal(new RawPid(1, 2, 3), message.To.OwnPid);
        Assert.Equal(Own, message.To.Pid);
        if (kind is ControlKind.Exit or ControlKind.Exit2)
            Assert.Equal(message.HasPayload ? default(Term) : new Atom("x"), message.Argument);
        if (kind == ControlKind.SpawnReply)
            Assert.Equal(
                (Peer, SpawnReplyFlags.LinkSet | SpawnReplyFlags.MonitorSet),
                (message.Argument.Pid, message.SpawnFlags));
    }

    [Theory]
    [InlineData(0, 9, 1)]
    [InlineData(1, 5, 21)]
    public void Priority_of_ALTACT_is_read(int toAlias, byte sendFlags, byte exitFlags)
    {
        var to = toAlias == 1 ? OwnRef : "7703" + "666F6F"; // the alias, or the name foo
        var send = Read("6804" + "6125" + "61" + sendFlags.ToString("X2") + PeerPid + to);
        Assert.Equal((ControlKind.Send, true, true), (send.Kind, send.HasPriority, send.HasPayload));
        Assert.Null(send.From);
        Assert.Equal(toAlias == 1 ? Ref : new Atom("foo"), send.To.Term);

        var exit = Read("6804" + "6125" + "61" + (toAlias == 1 ? exitFlags : 17).ToString("X2") + PeerPid + (toAlias == 1 ? OwnRef : OwnPid));
        Assert.Equal((ControlKind.Exit2, true, true), (exit.Kind, exit.HasPriority, exit.HasPayload));
        Assert.Equal(Peer, exit.From);
    }

    [Theory]
    [InlineData("6801" + "6100", "unknown operation 0")]
    [InlineData("6801" + "6105", "unknown operation 5")]
    [InlineData("6801" + "6126", "unknown operation 38")]
    [InlineData("6801" + "62FFFFFFFF", "unknown operation -1")]
    [InlineData("6801" + "620000012C", "unknown operation 300")]
    [InlineData("6800", "'operation'")]
    [InlineData("6A", "'tuple'")]
    [InlineData("6801" + "770178", "'operation'")]
    [InlineData("6802" + "6116" + PeerPid, "SEND_SENDER has 2 elements; it must have 3")]
    [InlineData("6803" + "6106" + PeerPid + "7700", "REG_SEND has 3 elements; it must have 4")]
    [InlineData("6803" + "6116" + PeerPid + "770178", "SEND_SENDER has a broken field 'To'")]
    [InlineData("6804" + "6106" + PeerPid + "7700" + OwnPid, "REG_SEND has a broken field 'Name'")]
    [InlineData("6803" + "6121" + PeerPid + OwnPid, "ALIAS_SEND has a broken field 'To'")]
    [InlineData("6803" + "6101" + "770178" + OwnPid, "LINK has a broken field 'From'")]
    [InlineData("6804" + "6113" + PeerPid + "7701" + "78" + "6101", "MONITOR_P has a broken field 'Ref'")]
    [InlineData("6804" + "6113" + PeerPid + "6101" + OwnRef, "MONITOR_P has a broken field 'To'")]
    [InlineData("6804" + "6123" + "6100" + PeerPid + OwnPid, "UNLINK_ID has the id 0")]
    [InlineData("6804" + "6124" + "62FFFFFFFF" + PeerPid + OwnPid, "UNLINK_ID_ACK has the id -1")]
    [InlineData("6804" + "6123" + "6E0900" + "000000000000000001" + PeerPid + OwnPid, "UNLINK_ID has the id 18446744073709551616")]
    [InlineData("6805" + "6125" + "6101" + PeerPid + OwnPid + Token, "ALTACT_SIG_SEND has 5 elements; it must have 4")]
    [InlineData("6804" + "6125" + "6102" + PeerPid + OwnPid, "ALTACT_SIG_SEND has 4 elements; it must have 5")]
    [InlineData("6805" + "611F" + OwnRef + OwnPid + "6100" + "6101", "SPAWN_REPLY has neither a pid nor an atom")]
    [InlineData("6806" + "611D" + OwnRef + PeerPid + PeerPid + "770178" + "6A", "SPAWN_REQUEST has no {Module, Function, Arity}")]
    [InlineData("6804" + "6103" + PeerPid + OwnPid + "50", "EXIT has a broken field 'Reason'")]
    [InlineData("6803" + "6116" + PeerPid + "58" + "5203", "broken field 'To'")] // refers to an atom that the header lacks
    public void Broken_control_message_is_refused_by_operation_and_field(string hex, string why)
    {
        var error = Assert.Throws<DistributionProtocolException>(() => Read(hex));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("6803" + "6102" + "7700" + OwnPid)]
    [InlineData("6803" + "6116" + PeerPid + OwnPid)]
    [InlineData("6804" + "6106" + PeerPid + "7700" + "7703666F6F")]
    [InlineData("6803" + "6121" + PeerPid + OwnRef)]
    [InlineData("6804" + "6125" + "6104" + PeerPid + OwnRef)]
    [InlineData("6804" + "6125" + "6101" + PeerPid + OwnPid)]
    public void Reading_a_message_to_one_of_our_own_allocates_nothing(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var found = 0;
        for (var i = 0; i < 100; i++)
            found += _reader.Read(bytes, default, out _).HasPayload ? 1 : 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            var message = _reader.Read(bytes, default, out var length);
            found += length == bytes.Length && !message.To.IsNone ? 1 : 0;
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1100, found);
    }

    [Fact]
    public void Pid_of_a_third_node_is_kept_whole_so_that_it_can_be_given_back()
    {
        var message = Read("6803" + "6101" + PeerPid + PeerPid);
        Assert.False(message.To.IsOwnPid);
        Assert.Equal(Peer, message.To.Pid);
        Assert.Equal(Peer, message.From);
    }

    [Fact]
    public void Token_on_a_message_that_never_has_one_is_the_callers_mistake()
    {
        Assert.Throws<InvalidOperationException>(() => ControlMessage.Link(Own, Peer).WithToken(Trace));
        Assert.Throws<ArgumentOutOfRangeException>(() => ControlMessage.Unlink(0, Own, Peer));
        Assert.Throws<ArgumentOutOfRangeException>(() => ControlMessage.UnlinkAck(0, Own, Peer));
    }

    private static string Write(ControlMessage message, DistributionFlags negotiated)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(output, TermDialect.All, null);
        var hasPayload = message.Write(ref writer, negotiated);
        writer.Flush();
        Assert.Equal(message.OperationFor(negotiated).HasPayload(), hasPayload);
        return Convert.ToHexString(output.WrittenSpan);
    }

    private ControlMessage Read(string hex) => _reader.Read(Convert.FromHexString(hex), default, out _);
}
