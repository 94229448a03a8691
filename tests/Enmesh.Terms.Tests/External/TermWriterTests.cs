using System.Buffers;
using System.Numerics;
using Enmesh.Terms.External;
using Xunit;

namespace Enmesh.Terms.Tests.External;

[Trait("Ring", "pure")]
public sealed class TermWriterTests
{
    private static readonly Atom Node = new("a@h");

    // Names of nodes that fit one move, two, or none.
    private static readonly int[] NameLengths = [0, 1, 8, 9, 30, 31, 32, 61, 62, 63, 255];

    private delegate void Writing(ref TermWriter writer);

    [Fact]
    public void Each_value_has_the_bytes_of_the_specification()
    {
        AssertBytes("83" + "6802" + "77026F6B" + "6A", (ref w) =>
        {
            w.WriteVersion();
            w.WriteTupleHeader(2);
            w.WriteAtom(Atoms.Ok);
            w.WriteNil();
        });
        AssertBytes("6900000100", (ref w) => w.WriteTupleHeader(256));
        AssertBytes("61FF", (ref w) => w.WriteInteger(255));
        AssertBytes("6200000100", (ref w) => w.WriteInteger(256));
        AssertBytes("62FFFFFFFF", (ref w) => w.WriteInteger(-1));
        AssertBytes("6E040000000080", (ref w) => w.WriteInteger(1L << 31));
        AssertBytes("6E08010000000000000080", (ref w) => w.WriteInteger(long.MinValue));
        AssertBytes("6E0800FFFFFFFFFFFFFFFF", (ref w) => w.WriteInteger(ulong.MaxValue));
        AssertBytes("6E0901000000000000000001", (ref w) => w.WriteInteger(-(BigInteger.One << 64)));
        AssertBytes("6101", (ref w) => w.WriteInteger(BigInteger.One));
        AssertBytes("463FF8000000000000", (ref w) => w.WriteFloat(1.5));
        AssertBytes("770474727565", (ref w) => w.WriteBoolean(true));
        AssertBytes("6D00000002C3A9", (ref w) => w.WriteString("é"));
        AssertBytes("6B0001E9", (ref w) => w.WriteCharList("é"));
        AssertBytes("6C00000001" + "620001F600" + "6A", (ref w) => w.WriteCharList("😀"));
        AssertBytes("6A", (ref w) => w.WriteCharList(""));
        AssertBytes("6B00020102", (ref w) => w.WriteByteList([1, 2]));
        AssertBytes("4D00000002" + "03" + "FFA0", (ref w) => w.WriteBitString(new(new byte[] { 0xFF, 0xBF }, 3)));
        AssertBytes(
            "58" + "7703614068" + "00000001" + "00000002" + "00000003", (ref w) => w.WritePid(new(Node, 1, 2, 3)));
        AssertBytes("59" + "7703614068" + "0FFFFFFF" + "00000003", (ref w) => w.WritePort(new(Node, 0xFFFFFFF, 3)));
        AssertBytes(
            "78" + "7703614068" + "0000000010000000" + "00000003", (ref w) => w.WritePort(new(Node, 0x10000000, 3)));
        AssertBytes(
            "5A0002" + "7703614068" + "00000003" + "0000000100000002", (ref w) => w.WriteReference(new(Node, 3, 1, 2)));
        AssertBytes("7400000001", (ref w) => w.WriteMapHeader(1));
        AssertBytes("6C00000001", (ref w) => w.WriteListHeader(1));
        AssertBytes(
            "760100" + string.Concat(Enumerable.Repeat("C3A9", 128)),
            (ref w) => w.WriteAtom(new(new string('é', 128))));
    }

    [Fact]
    public void Identifiers_in_a_row_have_the_same_bytes_as_alone()
    {
        var random = new Random(1);
        for (var round = 0; round < 2_000; round++)
        {
            var (terms, bytes) = (new List<Term>(), new List<byte>());
            for (var count = random.Next(1, 40); count > 0; count--)
            {
                var name = new string((char)random.Next('a', 'd'), NameLengths[random.Next(NameLengths.Length)]);
                var head = Convert.FromHexString("77" + name.Length.ToString("X2", null))
                    .Concat(System.Text.Encoding.ASCII.GetBytes(name));
                var (tag, tail, term) = random.Next(7) switch
                {
                    0 or 1 => ("58", "01020304" + "05060708" + "090A0B0C", (Term)new Pid(
                        new(name), 0x01020304, 0x05060708, 0x090A0B0C)),
                    2 => ("59", "0A0B0C0D" + "01020304", new PortId(new(name), 0x0A0B0C0D, 0x01020304)),
                    3 => ("78", "1A0B0C0D0E0F1011" + "01020304", new PortId(new(name), 0x1A0B0C0D0E0F1011, 0x01020304)),
                    4 => ("5A0003", "01020304" + "000A0B0C" + "05060708" + "0D0E0F10", new Reference(
                        new(name), 0x01020304, 0xA0B0C, 0x05060708, 0x0D0E0F10)),
                    5 => ("5A0005", "01020304" + "00000001" + "00000002" + "00000003" + "00000004" + "00000005", new Reference(new(name), 0x01020304, 1, 2, 3, 4, 5)),
                    _ => ("", "", 7),
                };
                terms.Add(term);
                bytes.AddRange(tag.Length == 0 ? [0x61, 7] : [.. Convert.FromHexString(tag), .. head, .. Convert.FromHexString(tail)]);
            }
            var output = new PiecewiseOutput(random.Next(1, 700));
            var writer = new TermWriter(output);
            writer.WriteTerm(Term.Tuple([.. terms]));
            writer.Flush();
            Assert.Equal([0x68, (byte)terms.Count, .. bytes], output.ToArray());
        }
    }

    [Fact]
    public void Identifiers_of_a_message_share_the_references_to_their_nodes()
    {
        var (a, b) = (new Atom("a@h"), new Atom("b@h"));
        var term = Term.Tuple(
            new Pid(a, 1, 2, 3), new PortId(a, 4, 5), new Pid(b, 6, 7, 8), new Reference(a, 9, 10, 11),
            new Pid(new("a@h"), 12, 13, 14));
        var expected = "6805" + "58" + "5200" + "000000010000000200000003" + "59" + "5200" + "0000000400000005" + "58" + "5201" + "000000060000000700000008"
            + "5A0002" + "5200" + "000000090000000A0000000B" + "58" + "5200" + "0000000C0000000D0000000E";
        var atoms = new AtomReferences();
        Assert.Equal(expected, Convert.ToHexString(Encode(term, TermDialect.All, atoms)));
        Assert.Equal(2, atoms.Count);
    }

    [Fact]
    public void Lists_of_bytes_are_written_as_bytes_up_to_65535()
    {
        Assert.Equal("836B00020102", Convert.ToHexString(ExternalTermFormat.Encode(Term.List(1, 2))));
        Assert.Equal(107, ExternalTermFormat.Encode(Term.ByteList(new byte[65535]))[1]);
        Assert.Equal(108, ExternalTermFormat.Encode(Term.ByteList(new byte[65536]))[1]);
        Assert.Equal(
            ExternalTermFormat.Encode(Term.ByteList(new byte[65536])),
            ExternalTermFormat.Encode(Term.List(new Term[65536].Select(_ => (Term)0).ToArray())));
    }

    [Fact]
    public void Mistakes_of_the_caller_are_told()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Write((ref w) => w.WriteListHeader(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write((ref w) => w.WriteTupleHeader(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write((ref w) => w.WriteMapHeader(-1)));
        Assert.Throws<ArgumentException>(() => Write((ref w) => w.WriteFloat(double.NaN)));
        Assert.Throws<ArgumentException>(() => (Term)double.PositiveInfinity);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FunTerm(Node, Node, 256));
        Assert.Throws<ArgumentNullException>(() => Write((ref w) => w.WriteAtom(null!)));
    }

    [Fact]
    public void Atoms_of_a_message_are_numbered_in_order_of_first_use()
    {
        var atoms = new AtomReferences();
        var term = Term.Tuple(
            Atoms.Ok, new Atom("x"), Term.List(new Atom("ok"), new Atom("x"), new Pid(new("x"), 1, 2, 3)));
        Assert.Equal(
            "6803" + "5200" + "5201" + "6C00000003" + "5200" + "5201" + "58" + "5201" + "000000010000000200000003" + "6A",
            Convert.ToHexString(Encode(term, TermDialect.All, atoms)));
        Assert.Equal(["ok", "x"], atoms.Atoms.ToArray().Select(atom => atom.Text));
        atoms.Clear();
        Assert.Equal(0, atoms.Count);
        Assert.Equal("5200", Convert.ToHexString(Encode(new Atom("new"), TermDialect.All, atoms)));
    }

    [Fact]
    public void The_256th_atom_of_a_message_is_written_out()
    {
        var atoms = new AtomReferences();
        Term[] many = [.. Enumerable.Range(0, 300).Select(i => (Term)new Atom($"a{i}"))];
        var bytes = Encode(Term.List(many), TermDialect.All, atoms);
        Assert.Equal(255, atoms.Count);
        Assert.Equal([82, 254, 119, 4, .. "a255"u8], bytes[(5 + (2 * 254))..(5 + (2 * 255) + 6)]);
        Assert.Equal(Term.List(many), new TermReader(bytes, null, atoms.Atoms, default).ReadTerm());
    }

    [Fact]
    public void OTP_23_gets_what_it_can_take_and_nothing_else()
    {
        Assert.Equal(
            "59" + "7703614068" + "0FFFFFFF" + "00000001",
            Convert.ToHexString(Encode(new PortId(Node, 0xFFFFFFF, 1), TermDialect.Narrow)));
        Encode(new Pid(Node, 32767, 8191, 1), TermDialect.Narrow);
        Encode(new Reference(Node, 1, 1, 2, 3), TermDialect.Narrow);
        AssertRefused("pid", new Pid(Node, 32768, 0, 1), TermDialect.Narrow);
        AssertRefused("pid", new Pid(Node, 0, 8192, 1), TermDialect.Narrow);
        AssertRefused("port", new PortId(Node, 1 << 28, 1), TermDialect.Narrow);
        AssertRefused("reference", new Reference(Node, 1, 1, 2, 3, 4), TermDialect.Narrow);
        AssertRefused("record", new RecordTerm(Node, Node, true), TermDialect.WideIdentifiers);
    }

    [Fact]
    public void A_local_fun_says_how_long_it_is_however_funs_are_nested()
    {
        var vectors = TermVector.All.Where(vector => vector.Id == "fun_local_env" && vector.Bytes[1] == 112).ToList();
        Assert.NotEmpty(vectors);
        foreach (var vector in vectors)
        {
            var fun = ExternalTermFormat.Decode(vector.Bytes).Fun!;
            Assert.False(fun.IsExternal);
            Assert.Equal(2, fun.FreeVariables.Length);
            var nested = fun.With([Term.List(fun, 1), Term.Tuple(fun.With([fun, Term.Nil]), Atoms.Ok)]);
            var bytes = ExternalTermFormat.Encode(Term.List(nested, nested));
            Assert.Equal(Term.List(nested, nested), ExternalTermFormat.Decode(bytes));
            var size = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(7));
            Assert.Equal(112, bytes[6]);
            Assert.Equal(112, bytes[7 + (int)size]);
            Assert.Equal(106, bytes[^1]);
            Assert.Equal((2 * (size + 1)) + 7, (uint)bytes.Length);
            var output = new PiecewiseOutput(1);
            ExternalTermFormat.Encode(Term.List(nested, nested), output);
            Assert.Equal(bytes, output.ToArray());
        }
    }

    [Fact]
    public void A_writer_goes_on_after_a_term_that_could_not_be_written()
    {
        var fun = ExternalTermFormat.Decode(TermVector.All.First(vector => vector.Id == "fun_local_env" && vector.Bytes[1] == 112).Bytes).Fun!;
        var bad = fun.With([new Reference(Node, 1, 1, 2, 3, 4), 1]);
        var output = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(output, TermDialect.Narrow, null);
        writer.WriteInteger(7);
        try
        {
            writer.WriteTerm(bad);
            Assert.Fail("OTP 23 knows no references of four words.");
        }
        catch (NotSupportedException)
        {
            writer.WriteInteger(8);
            writer.Flush();
        }
        Assert.Equal("61076108", Convert.ToHexString(output.WrittenSpan));
    }

    [Fact]
    public void Large_binaries_are_handed_over_and_not_copied()
    {
        var large = new byte[IReferencingBufferWriter.Threshold];
        var small = new byte[IReferencingBufferWriter.Threshold - 1];
        var output = new ReferencingOutput();
        var writer = new TermWriter(output, TermDialect.All, null);
        writer.WriteTerm(
            Term.Tuple(Term.BinaryOver(large), Term.BinaryOver(small), Term.BinaryOver(large.AsMemory()), 5));
        writer.Flush();
        Assert.Equal(2, output.References.Count);
        Assert.All(output.References, reference => Assert.True(reference.Span == large));
        Assert.Equal(
            ExternalTermFormat.Encode(Term.Tuple(
                Term.BinaryOver(large), Term.BinaryOver(small), Term.BinaryOver(large), 5)).Length - 1,
            writer.BytesWritten);
    }

    [Fact]
    public void Writing_plain_values_allocates_nothing()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        var atoms = new AtomReferences();
        var term = Term.Tuple(
            Atoms.Ok, 1, 2.5, Term.Binary("abc"), Term.Map((Atoms.Error, Term.List(Atoms.Ok, 300))),
            new Pid(Node, 1, 2, 3));
        Write(output, atoms, term);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(output, atoms, term);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Write(ArrayBufferWriter<byte> output, AtomReferences atoms, Term term)
        {
            output.ResetWrittenCount();
            atoms.Clear();
            var writer = new TermWriter(output, TermDialect.All, atoms);
            writer.WriteTerm(term);
            writer.WriteInteger(1 << 40);
            writer.WriteString("text");
            writer.Flush();
        }
    }

    [Fact]
    public void Compression_is_used_where_it_helps()
    {
        var options = new TermEncodeOptions { Compress = true };
        Assert.Equal(97, ExternalTermFormat.Encode(1, options)[1]);
        var folded = ExternalTermFormat.Encode(Term.Binary(new byte[10_000]), options);
        Assert.Equal([131, 80, 0, 0, 0x27, 0x15], folded[..6]);
        Assert.True(folded.Length < 100);
        Assert.Equal(Term.Binary(new byte[10_000]), ExternalTermFormat.Decode(folded));
    }

    private static void AssertBytes(string hex, Writing write) => Assert.Equal(hex, Convert.ToHexString(Write(write)));

    private static byte[] Write(Writing write)
    {
        var output = new PiecewiseOutput(1);
        var writer = new TermWriter(output);
        write(ref writer);
        var length = writer.BytesWritten;
        writer.Flush();
        Assert.Equal(length, writer.BytesWritten);
        Assert.Equal(length, output.ToArray().Length);
        return output.ToArray();
    }

    private static byte[] Encode(Term term, TermDialect dialect, AtomReferences? atoms = null)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(output, dialect, atoms);
        writer.WriteTerm(term);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static void AssertRefused(string what, Term term, TermDialect dialect) =>
        Assert.Contains(
            what, Assert.Throws<NotSupportedException>(() => Encode(Term.Tuple(term), dialect)).Message,
            StringComparison.Ordinal);

    private sealed class ReferencingOutput : IReferencingBufferWriter
    {
        private readonly ArrayBufferWriter<byte> _output = new();

        internal List<ReadOnlyMemory<byte>> References { get; } = [];

        public void Advance(int count) => _output.Advance(count);

        public Memory<byte> GetMemory(int sizeHint = 0) => _output.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => _output.GetSpan(sizeHint);

        public void WriteReference(ReadOnlyMemory<byte> bytes) => References.Add(bytes);
    }
}
