using System.Buffers.Text;
using System.Numerics;
using System.Text;

namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    private const int TextFloatBytes = 31;

    /// <summary>Reads an integer that must fit 64 bits.</summary>
    public long ReadInt64()
    {
        if (TryReadInt64(out var value))
            return value;
        throw Peek() == TermKind.Integer
            ? new TermFormatException("The integer does not fit 64 bits.", _at)
            : Unexpected("an integer");
    }

    /// <summary>Reads an integer if one is next that fits 64 bits.</summary>
    /// <returns>False when something else is; nothing has been read then.</returns>
    public bool TryReadInt64(out long value)
    {
        var tag = PeekTag();
        var start = _at;
        switch (tag)
        {
            case TermTag.SmallInteger:
                value = ReadSmallInteger();
                return true;
            case TermTag.Integer:
                _at++;
                value = (int)ReadUInt32();
                return true;
            case TermTag.SmallBig or TermTag.LargeBig:
                var magnitude = ReadBigHeader(out var isNegative);
                if (TryFold(magnitude, isNegative, out value))
                    return true;
                _at = start;
                return false;
            default:
                value = 0;
                return false;
        }
    }

    /// <summary>Reads an integer of any size.</summary>
    public BigInteger ReadInteger()
    {
        if (TryReadInt64(out var small))
            return small;
        if (PeekTag() is not (TermTag.SmallBig or TermTag.LargeBig))
            throw Unexpected("an integer");
        var magnitude = ReadBigHeader(out var isNegative);
        var value = new BigInteger(magnitude, isUnsigned: true);
        return isNegative ? -value : value;
    }

    /// <summary>Reads a float.</summary>
    public double ReadFloat()
    {
        var start = _at;
        double value;
        switch (PeekTag())
        {
            case TermTag.Float:
                _at++;
                value = BitConverter.UInt64BitsToDouble(ReadUInt64());
                break;
            case TermTag.TextFloat:
                _at++;
                value = ParseFloat(ReadBytes(TextFloatBytes), start);
                break;
            default:
                throw Unexpected("a float");
        }
        if (!double.IsFinite(value))
            Throw("A float must be finite", start);
        return value;
    }

    /// <summary>Reads an atom.</summary>
    public Atom ReadAtom()
    {
        var start = _at;
        switch (PeekTag())
        {
            case TermTag.SmallAtom:
                _at++;
                return InternAtom(ReadBytes(ReadByte()), start);
            case TermTag.AtomReference:
                _at++;
                var index = ReadByte();
                if (index >= _references.Length)
                    Throw($"An atom is given by number {index}, but the header lists {_references.Length}", start);
                return _references[index];
            case TermTag.Atom:
                _at++;
                return InternAtom(ReadBytes(ReadUInt16()), start);
            case TermTag.SmallLatin1Atom:
                _at++;
                return InternLatin1(ReadBytes(ReadByte()), start);
            case TermTag.Latin1Atom:
                _at++;
                return InternLatin1(ReadBytes(ReadUInt16()), start);
            default:
                throw Unexpected("an atom");
        }
    }

    /// <summary>Reads an atom if it is the one with this text.</summary>
    /// <returns>False when another atom or something else is next; nothing has been read then.</returns>
    public bool TryReadAtom(ReadOnlySpan<byte> utf8)
    {
        var start = _at;
        switch (PeekTag())
        {
            case TermTag.SmallAtom:
                _at++;
                if (ReadBytes(ReadByte()).SequenceEqual(utf8))
                    return true;
                break;
            case TermTag.Atom or TermTag.AtomReference or TermTag.Latin1Atom or TermTag.SmallLatin1Atom:
                if (ReadAtom().Utf8.SequenceEqual(utf8))
                    return true;
                break;
            default:
                return false;
        }
        _at = start;
        return false;
    }

    /// <summary>Reads the atom <c>true</c> or <c>false</c>.</summary>
    public bool ReadBoolean() =>
        TryReadAtom("true"u8) || (TryReadAtom("false"u8) ? false : throw Unexpected("true or false"));

    /// <summary>Reads a binary as UTF-8 text.</summary>
    public string ReadString()
    {
        var start = _at;
        try
        {
            return Enmesh.Terms.Atom.StrictUtf8.GetString(ReadBinary());
        }
        catch (ArgumentException)
        {
            throw new TermFormatException("The binary is no valid UTF-8.", start);
        }
    }

    /// <summary>Reads a binary or a bit string.</summary>
    /// <returns>Bytes of its own, or a view of a large part of input that never changes.</returns>
    public BitString ReadBitString()
    {
        var start = _at;
        switch (PeekTag())
        {
            case TermTag.Binary:
                _at++;
                return new BitString(Keep(ReadLength()));
            case TermTag.BitString:
                _at++;
                var length = ReadUInt32();
                var bits = ReadByte();
                if (length > (uint)(_input.Length - _at))
                    Throw($"{Counted.Bytes(length)} should follow, but only {_input.Length - _at} do", start + 1);
                if (bits is < 1 or > 8 || length == 0)
                    Throw(
                        $"A bit string of {Counted.Bytes(length)} cannot use {Counted.Of(bits, "bit")} of the last one",
                        start + 5);
                return new BitString(Keep((int)length), bits);
            default:
                throw Unexpected("a binary or bit string");
        }
    }

    /// <summary>The bytes from here on: a view when they belong to us and are worth it, else a copy.</summary>
    private ReadOnlyMemory<byte> Keep(int length)
    {
        var bytes = ReadBytes(length);
        return length >= IReferencingBufferWriter.Threshold && !_owner.IsEmpty
            ? _owner.Slice(_at - length, length)
            : bytes.ToArray();
    }

    private int ReadSmallInteger()
    {
        if (_bytesLeft > 0)
            _bytesLeft--;
        else
            _at++;
        return ReadByte();
    }

    private ReadOnlySpan<byte> ReadBigHeader(out bool isNegative)
    {
        var start = _at;
        var length = _input[_at++] == TermTag.SmallBig ? ReadByte() : ReadUInt32();
        var sign = ReadByte();
        if (length > (uint)(_input.Length - _at))
            Throw($"An integer of {Counted.Bytes(length)} should follow, but only {_input.Length - _at} do", start + 1);
        isNegative = sign != 0;
        return ReadBytes((int)length);
    }

    /// <summary>Brings a magnitude of any length, least significant byte first, into 64 bits if it fits.</summary>
    private static bool TryFold(ReadOnlySpan<byte> magnitude, bool isNegative, out long value)
    {
        value = 0;
        magnitude = magnitude.TrimEnd((byte)0);
        if (magnitude.Length > sizeof(ulong))
            return false;
        var folded = 0UL;
        for (var i = magnitude.Length - 1; i >= 0; i--)
            folded = (folded << 8) | magnitude[i];
        value = isNegative ? -(long)folded : (long)folded;
        return folded <= long.MaxValue || (isNegative && folded == 1UL << 63);
    }

    // FLOAT_EXT: "%.20e", followed by zero bytes. Digits on both sides of the point, and nothing that is not a number.
    private static double ParseFloat(ReadOnlySpan<byte> text, int start)
    {
        var end = text.IndexOf((byte)0);
        text = end < 0 ? text : text[..end];
        var point = text.IndexOf((byte)'.');
        if (point < 1 || !char.IsAsciiDigit((char)text[point - 1]) || point + 1 >= text.Length
            || !char.IsAsciiDigit((char)text[point + 1])
            || !Utf8Parser.TryParse(text, out double value, out var used) || used != text.Length)
        {
            Throw("The text of a float is no number", start + 1);
            return 0;
        }
        return value;
    }

    private Atom InternAtom(scoped ReadOnlySpan<byte> utf8, int start) =>
        (_atoms ??= new AtomTable()).Intern(utf8, start);

    private Atom InternLatin1(ReadOnlySpan<byte> latin1, int start)
    {
        if (Ascii.IsValid(latin1))
            return InternAtom(latin1, start);
        if (latin1.Length > Enmesh.Terms.Atom.MaxCharacters)
            Throw($"An atom has more than {Enmesh.Terms.Atom.MaxCharacters} characters", start);
        Span<byte> utf8 = stackalloc byte[2 * Enmesh.Terms.Atom.MaxCharacters];
        var length = 0;
        foreach (var b in latin1)
        {
            if (b >= 0x80)
                utf8[length++] = (byte)(0xC0 | (b >> 6));
            utf8[length++] = b < 0x80 ? b : (byte)(0x80 | (b & 0x3F));
        }
        return InternAtom(utf8[..length], start);
    }
}
