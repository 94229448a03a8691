using System.Buffers;

namespace Enmesh.Terms.External;

/// <summary>
/// Terms to and from the external term format: what <c>term_to_binary/1</c> makes and <c>binary_to_term/1</c> reads.
/// </summary>
public static class ExternalTermFormat
{
    private const int InitialCapacity = 16 * 1024;

    /// <summary>Encodes a term.</summary>
    /// <returns>The bytes, from the version byte 131 on.</returns>
    public static byte[] Encode(Term term, TermEncodeOptions? options = null)
    {
        using var builder = new ArrayBuilder(InitialCapacity);
        Encode(term, builder, options);
        return builder.ToArray();
    }

    /// <summary>Encodes a term, from the version byte 131 on.</summary>
    public static void Encode(Term term, IBufferWriter<byte> output, TermEncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (options is { Compress: true })
        {
            CompressedTerm.Write(term, output);
            return;
        }
        var writer = new TermWriter(output);
        writer.WriteVersion();
        writer.WriteTerm(term);
        writer.Flush();
    }

    /// <summary>Decodes one term, which must be the whole input.</summary>
    /// <exception cref="TermFormatException">The input is no term, has bytes left over, or exceeds a limit.</exception>
    public static Term Decode(ReadOnlySpan<byte> input, TermDecodeOptions? options = null)
    {
        var term = Decode(input, default, options, out var consumed);
        return consumed == input.Length ? term : throw LeftOver(input.Length - consumed, consumed);
    }

    /// <summary>Decodes the term at the beginning of the input.</summary>
    /// <param name="input">The bytes, from the version byte 131 on.</param>
    /// <param name="consumed">How many bytes the term took.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="TermFormatException">The input does not begin with a term, or exceeds a limit.</exception>
    public static Term Decode(ReadOnlySpan<byte> input, out int consumed, TermDecodeOptions? options = null) =>
        Decode(input, default, options, out consumed);

    /// <summary>
    /// Decodes one term, whose large binaries are views of the input instead of copies. The input must never change.
    /// </summary>
    /// <exception cref="TermFormatException">The input is no term, has bytes left over, or exceeds a limit.</exception>
    public static Term DecodeOver(ReadOnlyMemory<byte> input, TermDecodeOptions? options = null)
    {
        var term = Decode(input.Span, input, options, out var consumed);
        return consumed == input.Length ? term : throw LeftOver(input.Length - consumed, consumed);
    }

    /// <summary>Unfolds a compressed term, so that a <see cref="TermReader"/> can read it.</summary>
    /// <returns>The input itself when it is not compressed, else the same term in bytes of its own.</returns>
    /// <exception cref="TermFormatException">The compressed data are broken, or exceed a limit.</exception>
    public static ReadOnlySpan<byte> Decompress(ReadOnlySpan<byte> input, TermDecodeOptions? options = null) =>
        CompressedTerm.IsOne(input) ? CompressedTerm.Unfold(input, options ?? TermDecodeOptions.Default, out _) : input;

    private static Term Decode(
        ReadOnlySpan<byte> input, ReadOnlyMemory<byte> owner, TermDecodeOptions? options, out int consumed)
    {
        if (CompressedTerm.IsOne(input))
        {
            var unfolded = CompressedTerm.Unfold(input, options ?? TermDecodeOptions.Default, out var taken);
            var term = DecodePlain(unfolded, unfolded, options, out var read);
            consumed = taken;
            return read == unfolded.Length ? term : throw LeftOver(unfolded.Length - read, read);
        }
        return DecodePlain(input, owner, options, out consumed);
    }

    private static Term DecodePlain(
        ReadOnlySpan<byte> input, ReadOnlyMemory<byte> owner, TermDecodeOptions? options, out int consumed)
    {
        var reader = new TermReader(input, options, default, owner);
        reader.ReadVersion();
        var term = reader.ReadTerm();
        consumed = reader.Position;
        return term;
    }

    private static TermFormatException LeftOver(int count, int offset) =>
        new($"The term ends here, and is followed by {Counted.Of(count, "more byte")}.", offset);
}
