using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>Takes a binary apart, segment by segment, as a pattern says.</summary>
internal sealed class BitReader(BitString bits)
{
    private readonly BitString _bits = bits;
    private long _at;

    internal long Left => _bits.BitLength - _at;

    internal bool IsAtEnd => Left == 0;

    /// <summary>Reads one segment.</summary>
    /// <param name="type">How it is laid out.</param>
    /// <param name="size">Its size in units; null for the type's own, or all that is left.</param>
    /// <param name="value">What it holds.</param>
    /// <returns>False when there is no such segment.</returns>
    internal bool TryRead(SegmentType type, BigInteger? size, out Term value)
    {
        value = default;
        if (type.Kind >= SegmentKind.Utf8)
            return TryReadRune(type, out value);
        if (type.Kind == SegmentKind.Bits && size is null)
        {
            if (Left % type.BitUnit != 0)
                return false;
            value = Take(Left);
            return true;
        }
        type.Size = size;
        if (type.BitCount is not { } count || count < 0 || count > Left)
            return false;
        switch (type.Kind)
        {
            case SegmentKind.Bits:
                value = Take((long)count);
                return true;
            case SegmentKind.Float:
                return TryReadFloat((long)count, type.IsLittleEndian, out value);
            default:
                value = ReadInteger((long)count, type.IsSigned, type.IsLittleEndian);
                return true;
        }
    }

    private BitString Take(long count)
    {
        if (count == 0)
            return new(ReadOnlyMemory<byte>.Empty);
        var last = (int)(count % 8);
        if (_at % 8 == 0)
        {
            var part = _bits.Memory.Slice((int)(_at / 8), (int)((count + 7) / 8));
            _at += count;
            return new(part, last == 0 ? 8 : last);
        }
        var bytes = new byte[(count + 7) / 8];
        for (var i = 0; i < bytes.Length; i++)
        {
            var wanted = (int)Math.Min(8, count - (i * 8L));
            bytes[i] = (byte)(ReadBits(wanted) << (8 - wanted));
        }
        return new(bytes, last == 0 ? 8 : last);
    }

    // Up to eight bits, the first one the highest.
    private int ReadBits(int count)
    {
        var span = _bits.Span;
        var index = (int)(_at / 8);
        var two = (span[index] << 8) | (index + 1 < span.Length ? span[index + 1] : 0);
        var value = (two >> (16 - (int)(_at % 8) - count)) & ((1 << count) - 1);
        _at += count;
        return value;
    }

    private Term ReadInteger(long count, bool isSigned, bool isLittleEndian)
    {
        if (count == 0)
            return 0;
        var bytes = new byte[(count + 7) / 8]; // the lowest first
        var odd = (int)(count % 8);
        if (isLittleEndian)
        {
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)ReadBits(i == bytes.Length - 1 && odd > 0 ? odd : 8);
        }
        else
        {
            for (var i = bytes.Length - 1; i >= 0; i--)
                bytes[i] = (byte)ReadBits(i == bytes.Length - 1 && odd > 0 ? odd : 8);
        }
        var value = new BigInteger(bytes, isUnsigned: true);
        if (isSigned && !((value >> (int)(count - 1)) & 1).IsZero)
            value -= BigInteger.One << (int)count;
        return value;
    }

    private bool TryReadFloat(long count, bool isLittleEndian, out Term value)
    {
        value = default;
        if (count is not (16 or 32 or 64))
            return false;
        var bytes = Take(count).Span.ToArray();
        if (isLittleEndian)
            bytes.AsSpan().Reverse();
        var number = count switch
        {
            16 => (double)BinaryPrimitives.ReadHalfBigEndian(bytes),
            32 => BinaryPrimitives.ReadSingleBigEndian(bytes),
            _ => BinaryPrimitives.ReadDoubleBigEndian(bytes),
        };
        if (!double.IsFinite(number))
            return false;
        value = number;
        return true;
    }

    private bool TryReadRune(SegmentType type, out Term value)
    {
        value = default;
        var start = _at;
        var point = type.Kind switch
        {
            SegmentKind.Utf8 => ReadUtf8(),
            SegmentKind.Utf16 => ReadUtf16(type.IsLittleEndian),
            _ => Left >= 32 ? (int?)(long)ReadInteger(32, false, type.IsLittleEndian).Int64!.Value : null,
        };
        if (point is null || !Rune.IsValid(point.Value))
        {
            _at = start;
            return false;
        }
        value = point.Value;
        return true;
    }

    private int? ReadUtf8()
    {
        Span<byte> bytes = stackalloc byte[4];
        var start = _at;
        var count = 0;
        while (count < 4 && Left >= 8)
            bytes[count++] = (byte)ReadBits(8);
        var status = Rune.DecodeFromUtf8(bytes[..count], out var rune, out var used);
        _at = start + (used * 8L);
        return status == System.Buffers.OperationStatus.Done ? rune.Value : null;
    }

    private int? ReadUtf16(bool isLittleEndian)
    {
        if (Left < 16)
            return null;
        var first = (char)ReadInteger(16, false, isLittleEndian).Int64!.Value;
        if (!char.IsSurrogate(first))
            return first;
        if (!char.IsHighSurrogate(first) || Left < 16)
            return null;
        var second = (char)ReadInteger(16, false, isLittleEndian).Int64!.Value;
        return char.IsLowSurrogate(second) ? char.ConvertToUtf32(first, second) : null;
    }
}
