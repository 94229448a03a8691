using Enmesh.Epmd;
using Xunit;

namespace Enmesh.Tests.Epmd;

[Trait("Ring", "pure")]
public sealed class EpmdMessagesTests
{
    public static TheoryData<int> Releases => [23, 25, 27, 29];

    [Theory]
    [MemberData(nameof(Releases))]
    public void Every_request_of_a_real_node_is_read_and_written_back_the_same(int otp)
    {
        var read = 0;
        foreach (var vector in EpmdVector.All[otp])
        {
            if (EpmdMessages.ReadRequest(vector.Sent) is not { } request)
            {
                // The real epmd closed the connection without a word as well.
                Assert.Equal("", vector.Got);
                continue;
            }

            read++;
            Assert.Equal(
                [(byte)(vector.Sent.Length >> 8), (byte)vector.Sent.Length, .. vector.Sent],
                EpmdMessages.Write(request));
        }

        Assert.Equal(23, read);
    }

    [Fact]
    public void A_registration_is_written_as_erl_writes_it()
    {
        var entry = new EpmdEntry("one", 40001);

        Assert.Equal("0010789c414d000006000500036f6e650000", Hex(EpmdMessages.Write(new EpmdRequest.Register(entry))));
    }

    [Fact]
    public void A_registration_keeps_type_versions_and_extra_bytes()
    {
        var request = (EpmdRequest.Register)EpmdMessages.ReadRequest(
            Convert.FromHexString("789c4448000006000500036869640006657874726121"))!;

        Assert.Equal(("hid", 40004, 72, 0, 6, 5), (
            request.Entry.Name, request.Entry.Port, request.Entry.NodeType, request.Entry.Protocol,
            request.Entry.HighestVersion, request.Entry.LowestVersion));
        Assert.Equal("extra!"u8.ToArray(), request.Entry.Extra.ToArray());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void Every_answer_to_a_look_up_is_read_and_written_back_the_same(int otp)
    {
        var answers = EpmdVector.All[otp]
            .Where(v => v.Check.StartsWith("PORT2", StringComparison.Ordinal) && v.Got.Length > 0)
            .ToList();
        Assert.Equal(7, answers.Count);
        foreach (var vector in answers)
        {
            var entry = EpmdMessages.ReadFound(vector.GotBytes);
            Assert.Equal(vector.Got == "7701", entry is null);
            Assert.Equal(vector.Got, Hex(EpmdMessages.WriteFound(entry)));
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void Every_answer_to_a_registration_is_read(int otp)
    {
        foreach (var vector in
            EpmdVector.All[otp].Where(v => v.Check.StartsWith("ALIVE2", StringComparison.Ordinal) && v.Got.Length > 0))
        {
            Assert.True(EpmdMessages.TryReadRegistered(vector.GotBytes, out var creation));
            var refused = vector.Check is "ALIVE2 same name again" or "ALIVE2 name of 256 bytes";
            Assert.Equal(refused ? null : Convert.ToUInt32(vector.Got[4..], 16), creation);
            for (var cut = 0; cut < vector.GotBytes.Length; cut++)
                Assert.False(EpmdMessages.TryReadRegistered(vector.GotBytes.AsSpan(0, cut), out _));
        }
    }

    [Fact]
    public void A_refused_registration_is_answered_as_the_real_one_does()
    {
        Assert.Equal("760100000063", Hex(EpmdMessages.WriteRegistered(new EpmdEntry("one", 1), null)));
        Assert.Equal("79010063", Hex(EpmdMessages.WriteRegistered(new EpmdEntry("one", 1, HighestVersion: 5), null)));
        Assert.Equal("79000002", Hex(EpmdMessages.WriteRegistered(new EpmdEntry("one", 1, HighestVersion: 5), 2)));
        Assert.Equal("76006b003fb7", Hex(EpmdMessages.WriteRegistered(new EpmdEntry("one", 1), 0x6b003fb7)));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void The_names_of_a_real_epmd_are_read(int otp)
    {
        var names = EpmdMessages.ReadNames(EpmdVector.All[otp].Single(v => v.Check == "NAMES").GotBytes);

        Assert.Equal(
            ["zero:0", "seven:40012", "n\u00e4me:40011", "a@b:40010", $"{new string('n', 255)}:40007", "ONE:40006", "hid:40004", "old:40003", "two:40002", "one:40001"],
            names.Select(n => $"{EpmdName.Readable(n.Name)}:{n.Port}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("000011")]
    [InlineData("00001111" + "6e616d65207820617420706f727420")]
    [InlineData("00001111" + "6e616d65207820617420706f7274203635353336")]
    [InlineData("00001111" + "48545450")]
    public void A_list_of_names_that_is_none_is_refused(string hex) =>
        Assert.Throws<FormatException>(() => EpmdMessages.ReadNames(Convert.FromHexString(hex)));

    [Fact]
    public void A_line_that_is_none_does_not_hide_the_others()
    {
        var names = EpmdMessages.ReadNames([0, 0, 17, 17, .. "name evil\nname two at port 2\nname x at port 65536\nname three at port 3\n"u8]);

        Assert.Equal([new EpmdListing("two", 2), new EpmdListing("three", 3)], names);
    }

    [Fact]
    public void A_name_with_the_words_of_the_list_in_it_is_still_read()
    {
        var names = EpmdMessages.ReadNames([0, 0, 17, 17, .. "name x at port 1 at port 2\n"u8]);

        Assert.Equal([new EpmdListing("x at port 1", 2)], names);
    }

    [Fact]
    public void A_name_that_is_no_UTF8_survives_byte_by_byte()
    {
        byte[] body = [122, 0xE4, 0xFF, (byte)'x'];
        var request = Assert.IsType<EpmdRequest.LookUp>(EpmdMessages.ReadRequest(body));

        Assert.Equal("\u00e4\u00ffx", EpmdName.Readable(request.Name));
        Assert.Equal(body, EpmdMessages.Write(request)[2..]);
    }

    [Fact]
    public void Truncated_and_flipped_messages_are_refused_or_read_but_never_break()
    {
        var random = new Random(4369);
        foreach (var vector in EpmdVector.All.SelectMany(v => v))
        {
            for (var cut = 0; cut <= vector.Sent.Length; cut++)
                EpmdMessages.ReadRequest(vector.Sent.AsSpan(0, cut));
            var got = vector.GotBytes;
            for (var cut = 0; cut <= got.Length; cut++)
                ReadAnyAnswer(got.AsSpan(0, cut).ToArray());
            for (var i = 0; i < 300; i++)
            {
                EpmdMessages.ReadRequest(Flipped(vector.Sent, random));
                ReadAnyAnswer(Flipped(got, random));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void A_registration_cut_short_is_no_request(int otp)
    {
        foreach (var vector in EpmdVector.All[otp].Where(v => EpmdMessages.ReadRequest(v.Sent) is EpmdRequest.Register))
        {
            for (var cut = 0; cut < vector.Sent.Length; cut++)
                Assert.Null(EpmdMessages.ReadRequest(vector.Sent.AsSpan(0, cut)));
        }
    }

    private static void ReadAnyAnswer(byte[] answer)
    {
        foreach (var read in new Action[]
        {
            () => EpmdMessages.ReadFound(answer), () => EpmdMessages.ReadNames(answer),
            () => EpmdMessages.TryReadRegistered(answer, out _),
        })
        {
            try
            {
                read();
            }
            catch (FormatException)
            {
                // The one exception that a reader may throw.
            }
        }
    }

    private static byte[] Flipped(byte[] bytes, Random random)
    {
        var copy = bytes.ToArray();
        for (var i = 0; i < 3 && copy.Length > 0; i++)
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        return copy;
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
