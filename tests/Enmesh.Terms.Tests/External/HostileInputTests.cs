using Enmesh.Terms.External;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Terms.Tests.External;

[Trait("Ring", "pure")]
public sealed class HostileInputTests
{
    // Slots of 16 bytes and the heads of objects, for terms of one to three bytes.
    private const int MaxBytesPerByte = 64;
    private const int MaxBytesBesides = 64 * 1024;

    /// <summary>What no release from OTP 23 to 29 reads, after the version byte; tried with binary_to_term/1.</summary>
    public static TheoryData<string, string> Refused { get; } = new()
    {
        { "4D0000000100FF", "0 bits used" },
        { "4D0000000109FF", "9 bits used" },
        { "4D0000000008", "no byte to use bits of" },
        { "467FF8000000000000", "NaN" },
        { "467FF0000000000000", "infinity" },
        { "63" + "31", "a float without its text" },
        { Float("1"), "a float without a point" },
        { Float("1e5"), "a float without a point" },
        { Float(".5"), "a float without a digit before the point" },
        { Float(" 1.5"), "a float with a space" },
        { Float("nan"), "a float by name" },
        { Float("1.0e400"), "a float that is too large" },
        { Float("1.5x"), "a float with more behind it" },
        { "5A0006770161" + "00000004" + new string('0', 48), "a reference of six words" },
        { "720003770161FF000000010000000200000003", "a creation of one byte above 3" },
        { "67770161000000010000000204", "a creation of one byte above 3" },
        { "58" + "6101" + new string('0', 24), "a pid whose node is a number" },
        { "77" + "01FF", "an atom that is no UTF-8" },
        { "77" + "03EDA080", "an atom with a surrogate" },
        { "77" + "02C080", "an atom with an overlong character" },
        { "760100" + string.Concat(Enumerable.Repeat("61", 256)), "an atom of 256 characters" },
        { "640100" + string.Concat(Enumerable.Repeat("61", 256)), "an atom of 256 Latin-1 characters" },
        { "740000000261016102" + "61016103", "a key twice" },
        { "740000000261016102" + "6E01000161" + "03", "a key twice, written in two ways" },
        { "7400000002" + "6801616102" + "6801616103", "a compound key twice" },
        { "4300000002017701" + "6D" + "77016E" + "770161" + "770161" + "61016102", "a field twice" },
        { "4300000001FF77016D77016E7701616101", "unknown flags of a record" },
        { "43000000010177016D77016E61016101", "a field that is no atom" },
        { "7177016177016261" + "FF" + "00", "bytes left over" },
        { "71770161770162" + "6200000100", "a fun of 256 arguments" },
        { "71770161770162" + "62FFFFFFFF", "a fun of -1 arguments" },
        { "75000000005877016100000000000000000000000077016161016101", "the fun of releases long gone" },
        { "5200", "an atom of a list there is none of" },
        { "79000000006101", "a term of another node's own" },
        { "6801" + "50000000036161", "a compressed term within another" },
        { "6801" + "836101", "a version byte within a term" },
        { "00", "no tag" },
        { "", "nothing" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_no_node_reads_is_refused(string hex, string what)
    {
        byte[] input = [131, .. Convert.FromHexString(hex)];
        var error = Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(input));
        Assert.InRange(error.Offset, 0, input.Length);
        Assert.True(error.Message.Contains($"offset {error.Offset}", StringComparison.Ordinal), what);
    }

    [Fact]
    public void Random_flips_in_vectors_give_a_term_or_a_format_error()
    {
        var random = new Random(20261);
        var vectors = TermVector.Portable.ToList();
        for (var i = 0; i < RandomTests.Count(30_000); i++)
        {
            byte[] input = [.. vectors[random.Next(vectors.Count)].Bytes];
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                input[random.Next(input.Length)] = random.Next(3) == 0
                    ? (byte)random.Next(256)
                    : (byte)(input[random.Next(input.Length)] ^ (1 << random.Next(8)));
            TryEverything(input, i);
        }
    }

    [Fact]
    public void Random_tags_give_a_term_or_a_format_error()
    {
        byte[] tags = [67, 70, 77, 80, 82, 88, 89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 118, 119, 120, 121];
        var random = new Random(20262);
        for (var i = 0; i < RandomTests.Count(30_000); i++)
        {
            var input = new byte[random.Next(1, 200)];
            for (var at = 0; at < input.Length; at++)
                input[at] =
                    random.Next(3) switch { 0 => tags[random.Next(tags.Length)], 1 => 0, _ => (byte)random.Next(4) };
            input[0] = 131;
            TryEverything(input, i);
        }
    }

    [Theory]
    [InlineData("68FF", 100_000)] // tuples that announce more than there is, one in the other
    [InlineData("6900FFFFFF", 20_000)]
    [InlineData("6C00FFFFFF", 20_000)]
    [InlineData("7400FFFFFF", 20_000)]
    [InlineData("740000FFFF", 20_000)]
    [InlineData("6D00FFFFFF", 20_000)]
    [InlineData("6F00FFFFFF00", 20_000)]
    [InlineData("6801", 100_000)]
    [InlineData("6C00000001", 100_000)]
    [InlineData("6C000000016A", 100_000)] // a list, element by element
    [InlineData("6C00000000", 100_000)] // no list at all, again and again
    [InlineData("6B0000", 100_000)]
    [InlineData("68016A", 100_000)]
    [InlineData("430000FFFF01", 20_000)]
    [InlineData("43000000010177007700", 20_000)]
    [InlineData("7000000000" + "00" + "00000000000000000000000000000000" + "00000000" + "0000FFFF" + "7700" + "6101" + "6101" + "587700000000000000000000000000", 5_000)]
    public void Nothing_announced_is_allocated_before_it_is_there(string hex, int times)
    {
        var pattern = Convert.FromHexString(hex);
        byte[] input = [131, .. Enumerable.Repeat(pattern, times).SelectMany(bytes => bytes)];
        Assert.InRange(AllocatedBy(input), 0, (input.Length * (long)MaxBytesPerByte) + MaxBytesBesides);
    }

    [Theory]
    [InlineData("6A")] // the shortest terms there are
    [InlineData("7700")]
    [InlineData("6100")]
    [InlineData("68016A")]
    [InlineData("6C000000016A6A")]
    [InlineData("6B000101")]
    [InlineData("6D00000000")]
    [InlineData("6D0000000101")]
    [InlineData("74000000016A6A")]
    [InlineData("6E00")]
    [InlineData("587700000000010000000200000003")]
    [InlineData("5A00007700" + "00000001")]
    [InlineData("717700770061" + "00")]
    public void A_list_of_short_terms_takes_a_small_multiple_of_its_bytes(string hex)
    {
        const int Count = 50_000;
        var element = Convert.FromHexString(hex);
        byte[] input = [131, 108, 0, 0, Count >> 8, Count & 0xFF, .. Enumerable.Repeat(element, Count).SelectMany(bytes => bytes), 106];
        Assert.InRange(AllocatedBy(input), 0, (input.Length * (long)MaxBytesPerByte) + MaxBytesBesides);
    }

    [Fact]
    public void Atoms_that_are_all_different_take_a_small_multiple_of_their_bytes()
    {
        const int Count = 40_000;
        byte[] input = [131, 108, 0, 0, Count >> 8, Count & 0xFF, .. Enumerable.Range(0, Count).SelectMany(Atom), 106];
        Assert.InRange(AllocatedBy(input), 0, (input.Length * (long)MaxBytesPerByte) + MaxBytesBesides);

        static byte[] Atom(int number) =>
            [119, 3, (byte)('a' + (number % 40)), (byte)('0' + (number / 40 % 40)), (byte)('A' + (number / 1600))];
    }

    [Fact]
    public void Sizes_of_compressed_terms_are_not_believed()
    {
        var options = new TermDecodeOptions { MaxDecompressedBytes = 1000 };
        var folded = ExternalTermFormat.Encode(Term.Binary(new byte[900]), new() { Compress = true });
        Assert.Equal(80, folded[1]);
        ExternalTermFormat.Decode(folded, options);
        Assert.Throws<TermFormatException>(
            () => ExternalTermFormat.Decode(folded, new() { MaxDecompressedBytes = 904 }));
        for (var wrong = 0; wrong < 1000; wrong++)
        {
            if (wrong == 905)
                continue;
            (folded[4], folded[5]) = ((byte)(wrong >> 8), (byte)wrong);
            Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(folded, options));
        }
        Assert.InRange(AllocatedBy([131, 80, 0x7F, 0xFF, 0xFF, 0xFF, 120, 156, 3, 0, 0, 0, 0, 1]), 0, MaxBytesBesides);
    }

    [Fact]
    public void A_compressed_term_that_unfolds_to_a_compressed_one_is_refused()
    {
        var inner = ExternalTermFormat.Encode(Term.Binary(new byte[900]), new() { Compress = true });
        using var folded = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(
            folded, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(inner.AsSpan(1));
        byte[] input = [131, 80, 0, 0, 0, (byte)(inner.Length - 1), .. folded.ToArray()];
        Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(input));
    }

    // Whatever reads bytes: none may do anything but succeed or throw the one exception.
    private static void TryEverything(byte[] input, int seed)
    {
        try
        {
            Assert.InRange(
                AllocatedBy(input), 0, (input.Length * (long)MaxBytesPerByte) + MaxBytesBesides + MaxUnfolded(input));
            var canSkip = TrySkip(input);
            if (TryDecode(input) is not { } term)
                return;
            Assert.True(canSkip || IsCompressed(input));
            Assert.True(ExternalTermFormat.Decode(ExternalTermFormat.Encode(term)) == term);
        }
        catch (Exception other) when (other is not TermFormatException)
        {
            throw new InvalidOperationException($"Seed {seed}: {Convert.ToHexString(input)}", other);
        }
    }

    private static bool IsCompressed(byte[] input) => input.Length > 1 && input[1] == 80;

    private static long MaxUnfolded(byte[] input) => IsCompressed(input) ? 2_000_000 : 0;

    private static Term? TryDecode(byte[] input)
    {
        try
        {
            return ExternalTermFormat.Decode(input);
        }
        catch (TermFormatException error)
        {
            Assert.InRange(error.Offset, 0, Math.Max(input.Length, MaxUnfolded(input)));
            return null;
        }
    }

    private static bool TrySkip(byte[] input)
    {
        try
        {
            var reader = new TermReader(input);
            reader.ReadVersion();
            reader.Skip();
            return reader.IsAtEnd;
        }
        catch (TermFormatException)
        {
            return false;
        }
    }

    private static long AllocatedBy(byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ExternalTermFormat.Decode(input);
        }
        catch (TermFormatException)
        {
            // As good as a term, as far as memory goes.
        }
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static string Float(string text) =>
        "63" + Convert.ToHexString([.. text.Select(c => (byte)c), .. new byte[31 - text.Length]]);
}
