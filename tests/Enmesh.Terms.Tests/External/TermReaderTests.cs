using System.Numerics;
using Enmesh.Terms.External;
using Xunit;

namespace Enmesh.Terms.Tests.External;

[Trait("Ring", "pure")]
public sealed class TermReaderTests
{
    [Fact]
    public void A_message_is_read_piece_by_piece()
    {
        // {ok, [1, 256], #{a => <<"x">>}, 1.5, true}
        var reader = new TermReader(Convert.FromHexString(
            "83" + "6805" + "77026F6B" + "6C00000002" + "6101" + "6200000100" + "6A" + "7400000001" + "770161" + "6D0000000178" + "463FF8000000000000" + "770474727565"));
        reader.ReadVersion();
        reader.ReadTupleHeader(5);
        Assert.True(reader.TryReadAtom("ok"u8));
        Assert.Equal(2, reader.ReadListHeader());
        Assert.Equal(1, reader.ReadInt64());
        Assert.Equal(256, reader.ReadInt64());
        Assert.Equal(0, reader.ReadListHeader());
        Assert.Equal(1, reader.ReadMapHeader());
        Assert.Equal("a", reader.ReadAtom().Text);
        Assert.Equal("x", reader.ReadString());
        Assert.Equal(1.5, reader.ReadFloat());
        Assert.True(reader.ReadBoolean());
        Assert.True(reader.IsAtEnd);
    }

    [Theory]
    [InlineData("6B0003" + "010203" + "77")] // STRING_EXT
    [InlineData("6C00000003" + "610161026103" + "6A" + "77")] // LIST_EXT
    [InlineData("6C00000001" + "6101" + "6C00000002" + "61026103" + "6A" + "77")] // [1 | [2, 3]]
    [InlineData("6C00000001" + "6101" + "6B0002" + "0203" + "77")]
    [InlineData("6C00000000" + "6C00000002" + "61016102" + "6C00000000" + "6B0001" + "03" + "77")]
    [InlineData("6C00000003" + "610161026103" + "6B0000" + "77")]
    public void A_list_reads_the_same_however_it_is_written(string hex)
    {
        var input = Convert.FromHexString(hex);
        var reader = new TermReader(input);
        Assert.Equal(TermKind.List, reader.Peek());
        var elements = new List<long>();
        for (var run = reader.ReadListHeader(); run > 0; run = reader.ReadListHeader())
        {
            for (var i = 0; i < run; i++)
            {
                Assert.Equal(TermKind.Integer, reader.Peek());
                elements.Add(reader.ReadInt64());
            }
        }
        Assert.Equal([1, 2, 3], elements);
        Assert.Equal(input.Length - 1, reader.Position);

        Assert.Equal(Term.List(1, 2, 3), new TermReader(input).ReadTerm());
        var byTerms = new TermReader(input);
        Assert.InRange(byTerms.ReadListHeader(), 1, 3);
        Assert.Equal(1, byTerms.ReadTerm());
    }

    [Fact]
    public void Elements_of_a_list_of_bytes_are_terms_like_others()
    {
        var reader = new TermReader([107, 0, 4, 1, 2, 3, 4, 106]);
        Assert.Equal(4, reader.ReadListHeader());
        Assert.Equal(1, reader.ReadTerm());
        reader.Skip();
        Assert.Equal(new BigInteger(3), reader.ReadInteger());
        Assert.Throws<TermFormatException>(() => ReadAtomOf([107, 0, 1, 97]));
        Assert.True(reader.TryReadInt64(out var four));
        Assert.Equal(4, four);
        Assert.Equal(TermKind.Nil, reader.Peek());
        Assert.False(reader.IsAtEnd);
        Assert.Equal(Term.Nil, reader.ReadTerm());
        Assert.Equal(7, reader.Position);
        reader.Skip();
        Assert.True(reader.IsAtEnd);

        static void ReadAtomOf(byte[] input)
        {
            var inner = new TermReader(input);
            inner.ReadListHeader();
            inner.ReadAtom();
        }
    }

    [Fact]
    public void An_improper_list_is_refused_at_its_tail()
    {
        var error = Assert.Throws<TermFormatException>(static () =>
        {
            var reader = new TermReader([108, 0, 0, 0, 1, 97, 1, 97, 2]);
            reader.ReadListHeader();
            reader.ReadInt64();
            reader.ReadListHeader();
        });
        Assert.Equal(7, error.Offset);
        Assert.Contains("Expected a list; here is an integer", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("6A", TermKind.Nil)]
    [InlineData("6B0000", TermKind.Nil)]
    [InlineData("6C000000006A", TermKind.Nil)]
    [InlineData("6C000000006101", TermKind.Integer)]
    [InlineData("6C000000006B000107", TermKind.List)]
    public void A_header_that_announces_no_elements_means_nothing(string hex, TermKind kind)
    {
        var input = Convert.FromHexString(hex);
        var peeking = new TermReader(input);
        Assert.Equal(kind, peeking.Peek());
        var reading = new TermReader(input);
        Assert.Equal(kind, reading.ReadTerm().Kind);
        Assert.True(reading.IsAtEnd);
        var skipping = new TermReader(input);
        skipping.Skip();
        Assert.True(skipping.IsAtEnd);
    }

    [Theory]
    [InlineData("6101", 1L)]
    [InlineData("62FFFFFFFF", -1L)]
    [InlineData("6E0100FF", 255L)]
    [InlineData("6E0800FFFFFFFFFFFFFF7F", long.MaxValue)]
    [InlineData("6E08010000000000000080", long.MinValue)]
    [InlineData("6E0A0005000000000000000000", 5L)]
    [InlineData("6F0000000A0105000000000000000000", -5L)]
    [InlineData("6E0000", 0L)]
    [InlineData("6E0001", 0L)]
    public void Integers_of_every_shape_fit(string hex, long value)
    {
        var reader = new TermReader(Convert.FromHexString(hex));
        Assert.Equal(value, reader.ReadInt64());
        Assert.Equal<Term>(value, new TermReader(Convert.FromHexString(hex)).ReadTerm());
        Assert.Equal((BigInteger)value, new TermReader(Convert.FromHexString(hex)).ReadInteger());
    }

    [Theory]
    [InlineData("6E08000000000000000080")]
    [InlineData("6E08010100000000000080")]
    [InlineData("6E0900000000000000000001")]
    public void Integers_beyond_64_bits_are_told_apart(string hex)
    {
        var input = Convert.FromHexString(hex);
        var reader = new TermReader(input);
        Assert.False(reader.TryReadInt64(out _));
        Assert.Equal(0, reader.Position);
        Assert.Contains(
            "64 bits", Assert.Throws<TermFormatException>(() => new TermReader(input).ReadInt64()).Message,
            StringComparison.Ordinal);
        Assert.Equal(reader.ReadTerm().Integer, new TermReader(input).ReadInteger());
    }

    [Fact]
    public void What_is_not_asked_for_stays_where_it_is()
    {
        var reader = new TermReader([119, 2, (byte)'n', (byte)'o', 106]);
        Assert.False(reader.TryReadAtom("ok"u8));
        Assert.False(reader.TryReadAtom("non"u8));
        Assert.False(reader.TryReadInt64(out _));
        Assert.False(reader.TryReadByteList(out _));
        Assert.Equal(0, reader.Position);
        Assert.True(reader.TryReadAtom("no"u8));
        Assert.True(reader.TryReadByteList(out var none));
        Assert.True(none.IsEmpty);
    }

    [Fact]
    public void Each_wrong_question_gets_a_clear_answer()
    {
        AssertExpected("Expected a tuple; here is [].", (ref reader) => reader.ReadTupleHeader(), "6A");
        AssertExpected(
            "A tuple of 2 elements was expected; here is one of 1.", (ref reader) => reader.ReadTupleHeader(2),
            "68016A");
        AssertExpected(
            "Expected a map; here is a binary or bit string.", (ref reader) => reader.ReadMapHeader(), "6D00000000");
        AssertExpected("Expected an atom; here is an integer.", (ref reader) => reader.ReadAtom(), "6101");
        AssertExpected("Expected true or false; here is an atom.", (ref reader) => reader.ReadBoolean(), "77026F6B");
        AssertExpected("Expected a pid; here is a float.", (ref reader) => reader.ReadPid(), "460000000000000000");
        AssertExpected("Expected a binary; here is a list.", (ref reader) => reader.ReadBinary(), "6B000101");
        AssertExpected("The binary is no valid UTF-8.", (ref reader) => reader.ReadString(), "6D00000001FF");
        AssertExpected(
            "The external term format begins with the byte 131; here is 104.", (ref reader) => reader.ReadVersion(),
            "6800");
        AssertExpected("No term begins with the tag 1.", (ref reader) => reader.Skip(), "01");
        AssertExpected("No term begins with the tag 1.", (ref reader) => reader.ReadTerm(), "01");
    }

    [Fact]
    public void Limits_of_size_hold()
    {
        Assert.Throws<TermFormatException>(() => new TermReader(new byte[11], new() { MaxBytes = 10 }));
        Assert.Throws<TermFormatException>(
            () => ExternalTermFormat.Decode(new byte[] { 131, 80, 0, 0, 0, 1 }, new() { MaxBytes = 5 }));
        Assert.Equal(1, ExternalTermFormat.Decode([131, 97, 1], new TermDecodeOptions { MaxBytes = 3 }));
    }

    [Fact]
    public void Reading_plain_values_allocates_nothing()
    {
        var options = new TermDecodeOptions { Atoms = new AtomTable() };
        var input = Convert.FromHexString(
            "6804" + "770773656E736F7273" + "6C00000002" + "6101" + "6200000100" + "6A" + "6D0000000178" + "463FF8000000000000");
        Read(input, options);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Read(input, options);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Read(byte[] input, TermDecodeOptions options)
        {
            var skipping = new TermReader(input, options);
            skipping.Skip();
            var reader = new TermReader(input, options);
            reader.ReadTupleHeader(4);
            reader.ReadAtom();
            for (var run = reader.ReadListHeader(); run > 0; run = reader.ReadListHeader())
            {
                for (var i = 0; i < run; i++)
                    reader.ReadInt64();
            }
            reader.ReadBinary();
            reader.ReadFloat();
        }
    }

    [Fact]
    public void The_numbers_of_pids_and_references_are_read_without_making_one()
    {
        var node = new Atom("a@h");
        var pid = Convert.FromHexString("58" + "7703614068" + "00000001" + "00000002" + "00000003");
        Assert.Equal(new RawPid(1, 2, 3), new TermReader(pid).ReadRawPid(out var nodeOfPid));
        Assert.Equal(new Pid(node, 1, 2, 3), new TermReader(pid).ReadPid());
        Assert.Equal(node, nodeOfPid);

        for (var words = 0; words <= Reference.MaxWords; words++)
        {
            byte[] bytes = [90, 0, (byte)words, 119, 3, .. "a@h"u8, 0, 0, 0, 9, .. Enumerable.Range(1, words).SelectMany(word => new byte[] { 0, 0, 0, (byte)word })];
            var expected = new Reference(node, 9, [.. Enumerable.Range(1, words).Select(word => (uint)word)]);
            Assert.Equal(expected, new TermReader(bytes).ReadReference());
            Assert.Equal(
                expected, new TermReader(bytes).ReadRawReference(out var nodeOfReference).ToReference(nodeOfReference));
        }
    }

    [Fact]
    public void Large_binaries_are_views_of_bytes_that_never_change_and_small_ones_are_not()
    {
        byte[] input = [131, 104, 2, 109, 0, 1, 0, 0, .. new byte[65536], 109, 0, 0, 0, 2, 7, 8];
        var term = ExternalTermFormat.DecodeOver(input);
        var copied = ExternalTermFormat.Decode(input);
        var detached = term.Detach();
        Assert.True(term == copied);
        (input[10], input[^1]) = (9, 9);

        Assert.Equal(9, term.TupleElements[0].BitString!.Value.Span[2]);
        Assert.Equal(8, term.TupleElements[1].BitString!.Value.Span[1]);
        Assert.Equal(0, copied.TupleElements[0].BitString!.Value.Span[2]);
        Assert.Equal(0, detached.TupleElements[0].BitString!.Value.Span[2]);
        Assert.True(detached == copied);
    }

    [Fact]
    public void The_term_at_the_beginning_of_some_bytes_says_how_long_it_is()
    {
        Assert.Equal(1, ExternalTermFormat.Decode([131, 97, 1, 131, 97, 2], out var consumed));
        Assert.Equal(3, consumed);
        var folded = ExternalTermFormat.Encode(Term.Binary(new byte[900]), new() { Compress = true });
        byte[] twice = [.. folded, .. folded];
        Assert.Equal(ExternalTermFormat.Decode(twice, out consumed), ExternalTermFormat.Decode(folded));
        Assert.Equal(folded.Length, consumed);
        Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(twice));
    }

    private delegate void Question(ref TermReader reader);

    private static void AssertExpected(string message, Question ask, string hex)
    {
        var input = Convert.FromHexString(hex);
        var error = Assert.Throws<TermFormatException>(() =>
        {
            var reader = new TermReader(input);
            ask(ref reader);
        });
        Assert.Equal($"{message} (at offset 0)", error.Message);
    }
}
