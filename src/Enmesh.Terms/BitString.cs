namespace Enmesh.Terms;

/// <summary>A binary, or a bit string whose last byte is only partly used. A view: the bytes must not change.</summary>
public readonly struct BitString : IEquatable<BitString>
{
    /// <summary>A view of whole bytes: a binary.</summary>
    public BitString(ReadOnlyMemory<byte> bytes)
        : this(bytes, 8)
    {
    }

    /// <summary>
    /// A view of bytes whose last one is used only in its <paramref name="bitsInLastByte"/> highest bits.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The bits are not 1 to 8, or not 8 with no bytes.</exception>
    public BitString(ReadOnlyMemory<byte> bytes, int bitsInLastByte)
    {
        if (bitsInLastByte is < 1 or > 8 || (bytes.IsEmpty && bitsInLastByte != 8))
            throw new ArgumentOutOfRangeException(
                nameof(bitsInLastByte), bitsInLastByte, "1 to 8 bits of the last byte are used.");
        Memory = bytes;
        BitsInLastByte = bitsInLastByte;
    }

    /// <summary>The bytes, the last of which may be partly unused (its low bits are then without meaning).</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <inheritdoc cref="Memory"/>
    public ReadOnlySpan<byte> Span => Memory.Span;

    /// <summary>How many bits of the last byte count, 1 to 8; 8 for a binary.</summary>
    public int BitsInLastByte { get; }

    /// <summary>Whether it consists of whole bytes.</summary>
    public bool IsBinary => BitsInLastByte == 8;

    /// <summary>The length in bits.</summary>
    public long BitLength => Memory.IsEmpty ? 0 : ((Memory.Length - 1) * 8L) + BitsInLastByte;

    /// <summary>The length in bytes, a partly used last byte included (<c>byte_size/1</c>).</summary>
    public int ByteLength => Memory.Length;

    /// <summary>Whether the two have the same bits.</summary>
    public static bool operator ==(BitString left, BitString right) => left.Equals(right);

    /// <summary>Whether the two differ.</summary>
    public static bool operator !=(BitString left, BitString right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(BitString other)
    {
        if (BitsInLastByte != other.BitsInLastByte || Memory.Length != other.Memory.Length)
            return false;
        if (IsBinary)
            return Span.SequenceEqual(other.Span);
        var unused = 8 - BitsInLastByte;
        return Span[..^1].SequenceEqual(other.Span[..^1]) && Span[^1] >> unused == other.Span[^1] >> unused;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BitString other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(IsBinary ? Span : Span[..^1]);
        hash.Add(BitLength);
        return hash.ToHashCode();
    }

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();
}
