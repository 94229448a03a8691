using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Enmesh.Terms.External;

/// <summary><c>131 80 Size:32 ZlibData</c> (erl_ext_dist, "Distribution Header" and "Compressed terms").</summary>
internal static class CompressedTerm
{
    private const int HeaderBytes = 6;

    // Deflate makes at most 1,032 bytes out of one.
    private const long MaxRatio = 1032;

    internal static bool IsOne(ReadOnlySpan<byte> input) => input is [TermTag.Version, TermTag.Compressed, ..];

    /// <summary>Unfolds the term, which begins with the version byte like the compressed one.</summary>
    internal static byte[] Unfold(ReadOnlySpan<byte> input, TermDecodeOptions options, out int consumed)
    {
        if (input.Length > options.MaxBytes)
            throw new TermFormatException($"The input has {input.Length} bytes; the limit is {options.MaxBytes}.", 0);
        if (input.Length < HeaderBytes)
            throw new TermFormatException("The input ends within the header of a compressed term.", input.Length);
        var size = BinaryPrimitives.ReadUInt32BigEndian(input[2..]);
        if (size > options.MaxDecompressedBytes)
            throw new TermFormatException(
                $"The compressed term unfolds to {size} bytes; the limit is {options.MaxDecompressedBytes}.", 2);
        if (size > (input.Length - HeaderBytes) * MaxRatio)
            throw new TermFormatException(
                $"{Counted.Bytes(input.Length - HeaderBytes)} cannot unfold to the {size} that are announced.", 2);
        var unfolded = GC.AllocateUninitializedArray<byte>((int)size + 1);
        unfolded[0] = TermTag.Version;
        using var source = new ByteByByte(input[HeaderBytes..].ToArray());
        using var zlib = new ZLibStream(source, CompressionMode.Decompress);
        try
        {
            var isWhole = zlib.ReadAtLeast(unfolded.AsSpan(1), (int)size, throwOnEndOfStream: false) == size
                && zlib.ReadByte() < 0;
            if (source.HasRunDry)
                throw new TermFormatException("The input ends within the compressed data.", input.Length);
            if (!isWhole)
                throw new TermFormatException(
                    $"The compressed data do not unfold to the announced {Counted.Bytes(size)}.", 2);
        }
        catch (Exception e) when (e is InvalidDataException or IOException) // what zlib makes of nonsense
        {
            throw new TermFormatException("The compressed data are broken.", HeaderBytes + source.Given);
        }
        consumed = HeaderBytes + source.Given;
        return unfolded;
    }

    internal static void Write(Term term, IBufferWriter<byte> output)
    {
        using var plain = new PooledBuffer(1024);
        var writer = new TermWriter(plain);
        writer.WriteVersion();
        writer.WriteTerm(term);
        writer.Flush();
        using var folded = new MemoryStream();
        using (var zlib = new ZLibStream(folded, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(plain.Written[1..]);
        if (folded.Length + HeaderBytes >= plain.Written.Length)
        {
            output.Write(plain.Written);
            return;
        }
        var header = output.GetSpan(HeaderBytes);
        (header[0], header[1]) = (TermTag.Version, TermTag.Compressed);
        BinaryPrimitives.WriteUInt32BigEndian(header[2..], (uint)plain.Written.Length - 1);
        output.Advance(HeaderBytes);
        output.Write(folded.GetBuffer().AsSpan(0, (int)folded.Length));
    }

    /// <summary>Gives its bytes piecemeal, so that one sees how many of them the decompression took.</summary>
    private sealed class ByteByByte(byte[] bytes) : Stream
    {
        internal int Given { get; private set; }

        /// <summary>Whether more was asked for than there is.</summary>
        internal bool HasRunDry { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(Math.Min(buffer.Length, 1), bytes.Length - Given);
            bytes.AsSpan(Given, count).CopyTo(buffer);
            Given += count;
            HasRunDry |= count == 0 && !buffer.IsEmpty;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
