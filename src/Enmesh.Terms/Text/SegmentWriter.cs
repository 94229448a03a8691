using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>Puts the segments of a binary together, bit by bit where need be.</summary>
internal sealed class SegmentWriter
{
    internal const string TooLarge = "The binaries of this text are larger than the limit.";

    private readonly List<byte> _bytes = [];

    /// <summary>How many bits of the last byte are not yet used.</summary>
    private int _free;

    internal long BitLength => (_bytes.Count * 8L) - _free;

    internal Term ToTerm()
    {
        var bytes = _bytes.ToArray();
        return _free == 0 ? Term.BinaryOver(bytes) : new BitString(bytes, 8 - _free);
    }

    /// <summary>Writes a segment.</summary>
    /// <param name="type">How.</param>
    /// <param name="value">What.</param>
    /// <param name="text">The characters of the value when it is a string: each is a segment of its own.</param>
    /// <param name="limit">How many bits there may be altogether.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal string? Write(SegmentType type, Term value, string? text, long limit)
    {
        if (text is null)
            return WriteOne(type, value, limit);
        foreach (var rune in text.EnumerateRunes())
        {
            if (WriteOne(type, rune.Value, limit) is { } problem)
                return problem;
        }
        return null;
    }

    private string? WriteOne(SegmentType type, Term value, long limit)
    {
        // The sign is of no account in what is written, but a negative size would be.
        if (type.BitCount is { } bits && (bits < 0 || BitLength + bits > limit))
            return bits < 0 ? "The size of a segment is negative." : TooLarge;
        if (BitLength + 64 > limit && type.BitCount is null && value.BitString is null)
            return TooLarge;
        return type.Kind switch
        {
            SegmentKind.Integer => WriteInteger(type, value),
            SegmentKind.Float => WriteFloat(type, value),
            SegmentKind.Bits => WriteBits(type, value, limit),
            _ => WriteRune(type, value),
        };
    }

    private string? WriteInteger(SegmentType type, Term value)
    {
        if (value.Integer is not { } integer)
        {
            return value.Kind is TermKind.BitString
                ? "A binary within a binary needs the type /binary or /bitstring."
                : "A segment without a type is an integer or a string.";
        }
        var bits = (int)type.BitCount!.Value;
        var bytes = new byte[(bits + 7) / 8];
        integer.ToByteArray().AsSpan(0, Math.Min(bytes.Length, integer.GetByteCount())).CopyTo(bytes);
        if (integer.Sign < 0 && integer.GetByteCount() < bytes.Length)
            bytes.AsSpan(integer.GetByteCount()).Fill(0xFF);
        AppendLittleEndian(bytes, bits, type.IsLittleEndian);
        return null;
    }

    private string? WriteFloat(SegmentType type, Term value)
    {
        if ((value.Float ?? (double?)value.Integer) is not { } number)
            return "A segment of the type float holds a number.";
        if (!double.IsFinite(number))
            return "The number is too large for a float.";
        Span<byte> bytes = stackalloc byte[8];
        switch ((long)type.BitCount!.Value)
        {
            // What is too large for the smaller ones becomes the infinity that Erlang writes, too, but cannot read.
            case 16:
                BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)number);
                bytes = bytes[..2];
                break;
            case 32:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)number);
                bytes = bytes[..4];
                break;
            case 64:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, number);
                break;
            default:
                return "A float takes 16, 32 or 64 bits.";
        }
        AppendLittleEndian(bytes, bytes.Length * 8, type.IsLittleEndian);
        return null;
    }

    private string? WriteBits(SegmentType type, Term value, long limit)
    {
        if (value.BitString is not { } source)
            return "A segment of the type binary holds a binary.";
        var bits = type.BitCount ?? source.BitLength;
        if (bits > source.BitLength)
            return $"The binary has {Counted.Of(source.BitLength, "bit")} only.";
        if (type.Size is null && source.BitLength % type.BitUnit != 0)
            return $"The binary's length is no multiple of {type.BitUnit} bits.";
        if (BitLength + bits > limit)
            return TooLarge;
        var whole = (int)(bits / 8);
        AppendBytes(source.Span[..whole]);
        var rest = (int)(bits % 8);
        if (rest > 0)
            AppendBits((byte)(source.Span[whole] >> (8 - rest)), rest);
        return null;
    }

    private string? WriteRune(SegmentType type, Term value)
    {
        if (value.Int32 is not { } point || !Rune.IsValid(point))
            return "A segment of Unicode holds a character.";
        var rune = new Rune(point);
        Span<byte> bytes = stackalloc byte[4];
        if (type.Kind == SegmentKind.Utf8)
        {
            AppendBytes(bytes[..rune.EncodeToUtf8(bytes)]);
        }
        else if (type.Kind == SegmentKind.Utf32)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, point);
            AppendLittleEndian(bytes, 32, type.IsLittleEndian);
        }
        else
        {
            Span<char> units = stackalloc char[2];
            foreach (var unit in units[..rune.EncodeToUtf16(units)])
            {
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, unit);
                AppendLittleEndian(bytes[..2], 16, type.IsLittleEndian);
            }
        }
        return null;
    }

    // The bytes have the lowest one first. A number whose bits fill no whole bytes has its odd bits in the highest one,
    // which is the first in a big-endian segment and the last in a little-endian one.
    private void AppendLittleEndian(Span<byte> bytes, int bits, bool isLittleEndian)
    {
        var odd = bits % 8;
        if (isLittleEndian)
        {
            AppendBytes(bytes[..(bits / 8)]);
            if (odd > 0)
                AppendBits(bytes[^1], odd);
            return;
        }
        if (odd > 0)
        {
            AppendBits(bytes[^1], odd);
            bytes = bytes[..^1];
        }
        bytes.Reverse();
        AppendBytes(bytes);
    }

    private void AppendBytes(ReadOnlySpan<byte> bytes)
    {
        if (_free == 0)
        {
            _bytes.AddRange(bytes);
            return;
        }
        // Every byte is split: its high bits go where there is room, its low ones into a new byte.
        var last = _bytes.Count - 1;
        CollectionsMarshal.SetCount(_bytes, _bytes.Count + bytes.Length);
        var target = CollectionsMarshal.AsSpan(_bytes)[last..];
        for (var i = 0; i < bytes.Length; i++)
        {
            target[i] |= (byte)(bytes[i] >> (8 - _free));
            target[i + 1] = (byte)(bytes[i] << _free);
        }
    }

    // The lowest bits of a byte.
    private void AppendBits(byte value, int count)
    {
        var high = (byte)(value << (8 - count));
        if (_free == 0)
        {
            _bytes.Add(high);
            _free = 8 - count;
            return;
        }
        CollectionsMarshal.AsSpan(_bytes)[^1] |= (byte)(high >> (8 - _free));
        if (count > _free)
        {
            _bytes.Add((byte)(high << _free));
            _free += 8 - count;
        }
        else
        {
            _free -= count;
        }
    }
}
