using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>What goes over the wire as a number stays that number.</summary>
[Trait("Ring", "pure")]
public class DistributionFlagTests
{
    [Fact]
    public void Our_flag_word_is_frozen()
    {
        Assert.Equal(0x6D07DF7FBCUL, (ulong)DistributionFlagSets.Hidden);
        // What OTP 29 says of itself.
        Assert.Equal(0x6D07DF7FBDUL, (ulong)DistributionFlagSets.Published);
        // All below bit 32: an old name message, which holds no more, can be judged at once.
        Assert.Equal(0x70F84UL, (ulong)DistributionFlagSets.Demanded);
        Assert.Equal(0x1070F94UL, (ulong)DistributionFlagSets.Mandatory25);
    }

    [Fact]
    public void Flag_bits_are_frozen() => Assert.Equal(
        "Published 0, ExtendedReferences 2, DistMonitor 3, FunTags 4, DistMonitorName 5, NewFunTags 7, ExtendedPidsPorts 8, "
        + "ExportPtrTag 9, BitBinaries 10, NewFloats 11, UnicodeIo 12, DistHdrAtomCache 13, SmallAtomTags 14, Utf8Atoms 16, "
        + "MapTag 17, BigCreation 18, SendSender 19, BigSeqTraceLabels 20, ExitPayload 22, Fragments 23, Handshake23 24, "
        + "UnlinkId 25, Mandatory25Digest 26, Spawn 32, NameMe 33, V4Nc 34, Alias 35, AltActSig 37, NativeRecords 38",
        string.Join(", ", Enum.GetValues<DistributionFlags>()
            .Where(f => f != DistributionFlags.None).Select(f => $"{f} {ulong.Log2((ulong)f)}")));

    [Fact]
    public void Operations_are_frozen() => Assert.Equal(
        "Link 1, Send 2, Exit 3, Unlink 4, RegSend 6, GroupLeader 7, Exit2 8, SendTraced 12, ExitTraced 13, RegSendTraced 16, "
        + "Exit2Traced 18, Monitor 19, Demonitor 20, MonitorExit 21, SendSender 22, SendSenderTraced 23, PayloadExit 24, "
        + "PayloadExitTraced 25, PayloadExit2 26, PayloadExit2Traced 27, PayloadMonitorExit 28, SpawnRequest 29, "
        + "SpawnRequestTraced 30, SpawnReply 31, SpawnReplyTraced 32, AliasSend 33, AliasSendTraced 34, UnlinkId 35, "
        + "UnlinkIdAck 36, AltActSigSend 37",
        string.Join(", ", Enum.GetValues<ControlOperation>().Select(o => $"{o} {(byte)o}")));

    [Fact]
    public void Flags_within_messages_are_frozen()
    {
        Assert.Equal(
            "None 0, Priority 1, Token 2, Alias 4, Name 8, Exit 16",
            string.Join(", ", Enum.GetValues<AltActFlags>().Select(f => $"{f} {(byte)f}")));
        Assert.Equal(
            "None 0, LinkSet 1, MonitorSet 2",
            string.Join(", ", Enum.GetValues<SpawnReplyFlags>().Select(f => $"{f} {(byte)f}")));
    }

    // Recorded: what nodes and erl_call of these releases say of themselves.
    [Theory]
    [InlineData(0x101DF7FBDUL)] // OTP 23
    [InlineData(0xD07DF7FBDUL)] // OTP 25 and 27
    [InlineData(0x6D07DF7FBDUL)] // OTP 29
    [InlineData(0x1074F9CUL)] // erl_call 23
    [InlineData(0x407074F9CUL)] // erl_call 25, 27 and 29
    [InlineData(0x4000000UL)] // the digest alone
    public void Every_node_and_C_node_has_what_we_demand(ulong flags) =>
        Assert.Equal(DistributionFlags.None, ((DistributionFlags)flags).Missing(DistributionFlagSets.Demanded));

    [Theory]
    [InlineData(0x50184UL)] // OTP 23
    [InlineData(0x1070F94UL)] // OTP 25
    [InlineData(0x403070F94UL)] // OTP 26 and later
    public void We_have_what_every_release_demands(ulong mandatory) =>
        Assert.Equal(DistributionFlags.None, DistributionFlagSets.Hidden.Missing((DistributionFlags)mandatory));

    [Fact]
    public void Missing_flags_are_called_by_the_names_of_the_protocol()
    {
        var flags = DistributionFlagSets.Demanded & ~(DistributionFlags.BigCreation | DistributionFlags.Utf8Atoms);
        Assert.Equal("UTF8_ATOMS, BIG_CREATION", flags.Missing(DistributionFlagSets.Demanded).Describe());
        Assert.Equal("none", DistributionFlags.None.Describe());
        Assert.Equal(
            "bit 15, SPAWN, bit 63", ((DistributionFlags)((1UL << 15) | (1UL << 32) | (1UL << 63))).Describe());
        foreach (var flag in Enum.GetValues<DistributionFlags>().Where(f => f != DistributionFlags.None))
            Assert.Equal(
                flag.ToString().ToUpperInvariant(), flag.Describe().Replace("_", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Negotiated_is_what_both_said_and_the_digest_stands_for_its_set()
    {
        var digest = DistributionFlags.Mandatory25Digest | DistributionFlags.Published | DistributionFlags.V4Nc;
        Assert.Equal(
            DistributionFlagSets.Mandatory25 | DistributionFlags.Mandatory25Digest | DistributionFlags.V4Nc,
            DistributionFlagSets.Negotiate(DistributionFlagSets.Hidden, digest));
    }
}
