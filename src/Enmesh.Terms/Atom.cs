using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Enmesh.Terms;

/// <summary>An Erlang atom: a constant that is its own name, of at most 255 characters.</summary>
/// <remarks>
/// Two atoms are equal when their texts are, wherever they were made; comparing two instances out of the same
/// <see cref="AtomTable"/> costs a reference comparison. Keep atoms that are used often in static fields.
/// </remarks>
public sealed class Atom : IEquatable<Atom>, IComparable<Atom>
{
    /// <summary>The greatest number of characters (Unicode code points) in an atom.</summary>
    public const int MaxCharacters = 255;

    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    private readonly byte[] _utf8;
    private readonly int _hash;
    private readonly ulong _head; // the first eight bytes, which are all of most atoms

    /// <summary>Makes an atom from its text.</summary>
    /// <exception cref="ArgumentException">The text has over 255 characters, or a lone surrogate.</exception>
    public Atom(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            _utf8 = StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException(
                "An atom's text must be valid Unicode; it has a lone surrogate.", nameof(text), e);
        }
        if (text.Length > MaxCharacters && CountCharacters(_utf8) > MaxCharacters)
            throw new ArgumentException($"An atom has at most {MaxCharacters} characters.", nameof(text));
        Text = text;
        _hash = HashUtf8(_utf8);
        _head = Head(_utf8);
    }

    /// <summary>Only for text that was already found valid and short enough.</summary>
    internal Atom(string text, byte[] utf8, int hash)
    {
        Text = text;
        _utf8 = utf8;
        _hash = hash;
        _head = Head(utf8);
    }

    internal static UTF8Encoding StrictUtf8 { get; } = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The atom's text, without quotes.</summary>
    public string Text { get; }

    /// <summary>
    /// The first eight bytes of <see cref="Utf8"/> as they stand in memory, followed by zeros if there are fewer.
    /// </summary>
    internal ulong FirstBytes => BitConverter.IsLittleEndian ? _head : BinaryPrimitives.ReverseEndianness(_head);

    /// <summary>The text in UTF-8, as it goes over the wire.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>Whether the two atoms have the same text.</summary>
    public static bool operator ==(Atom? left, Atom? right) =>
        ReferenceEquals(left, right) || (left is not null && left.Equals(right));

    /// <summary>Whether the two atoms differ.</summary>
    public static bool operator !=(Atom? left, Atom? right) => !(left == right);

    /// <summary>Compares as Erlang does: by the characters' code points.</summary>
    public static bool operator <(Atom left, Atom right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(Atom left, Atom right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(Atom left, Atom right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(Atom left, Atom right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public bool Equals(Atom? other) =>
        ReferenceEquals(this, other) || (other is not null && _head == other._head && _utf8.Length == other._utf8.Length
            && (_utf8.Length <= sizeof(ulong) || Utf8.SequenceEqual(other.Utf8)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Atom);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>Compares as Erlang does: by the characters' code points, which is the order of their UTF-8.</summary>
    public int CompareTo(Atom? other) => other is null ? 1 : Utf8.SequenceCompareTo(other.Utf8);

    /// <summary>The atom's text, without quotes.</summary>
    public override string ToString() => Text;

    /// <summary>Whether this is the atom of at most eight bytes that <see cref="Head(ref byte, int)"/> gave.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsShort(ulong head, int length) => _head == head && _utf8.Length == length;

    /// <summary>The same in every process, so that atom-cache slots are easy to follow in a trace.</summary>
    internal static int HashUtf8(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= sizeof(ulong))
            return HashShort(Head(utf8), utf8.Length);
        var hash = (ulong)utf8.Length;
        for (var rest = utf8; rest.Length > sizeof(ulong); rest = rest[sizeof(ulong)..])
            hash = BitOperations.RotateLeft((hash ^ BinaryPrimitives.ReadUInt64LittleEndian(rest)) * Odd, 29);
        return HashShort(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8[^sizeof(ulong)..]), utf8.Length);
    }

    /// <summary>The hash of at most eight bytes, which are given as a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int HashShort(ulong head, int length)
    {
        var hash = (head + (ulong)length) * Odd;
        return (int)(hash >> 32) ^ (int)(hash >> 52);
    }

    /// <summary>At most eight bytes as a number, where eight can be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Head(ref byte utf8, int length)
    {
        var head = Unsafe.ReadUnaligned<ulong>(ref utf8);
        head = BitConverter.IsLittleEndian ? head : BinaryPrimitives.ReverseEndianness(head);
        return length == 0 ? 0 : head & (ulong.MaxValue >> (64 - (8 * length)));
    }

    private static ulong Head(ReadOnlySpan<byte> utf8)
    {
        Span<byte> eight = stackalloc byte[sizeof(ulong)];
        eight.Clear();
        utf8[..Math.Min(utf8.Length, sizeof(ulong))].CopyTo(eight);
        return BinaryPrimitives.ReadUInt64LittleEndian(eight);
    }

    internal static int CountCharacters(ReadOnlySpan<byte> utf8)
    {
        var count = 0;
        foreach (var b in utf8)
        {
            if ((b & 0xC0) != 0x80)
                count++;
        }
        return count;
    }
}
