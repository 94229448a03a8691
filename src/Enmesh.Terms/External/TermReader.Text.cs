using System.Text;

namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    /// <summary>
    /// Reads an atom, if one is next, as UTF-8 that is only looked at: no atom is made of it unless it is Latin-1.
    /// </summary>
    /// <returns>False when something else is next; nothing has been read then.</returns>
    internal bool TryReadAtomText(out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        var start = _at;
        switch (PeekTag())
        {
            case TermTag.SmallAtom:
                _at++;
                utf8 = ReadBytes(ReadByte());
                return true;
            case TermTag.Atom:
                _at++;
                utf8 = ReadBytes(ReadUInt16());
                return true;
            case TermTag.SmallLatin1Atom:
                _at++;
                utf8 = FromLatin1(ReadBytes(ReadByte()), start);
                return true;
            case TermTag.Latin1Atom:
                _at++;
                utf8 = FromLatin1(ReadBytes(ReadUInt16()), start);
                return true;
            case TermTag.AtomReference:
                utf8 = ReadAtom().Utf8;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads a binary, if one is next.</summary>
    /// <returns>False when something else is next; nothing has been read then.</returns>
    internal bool TryReadBinary(out ReadOnlySpan<byte> bytes)
    {
        var isBinary = PeekTag() == TermTag.Binary;
        bytes = isBinary ? ReadBinary() : default;
        return isBinary;
    }

    /// <summary>Goes back to the beginning of a term that has been read; not one inside a list of bytes.</summary>
    internal void Rewind(int position)
    {
        _at = position;
        _bytesLeft = 0;
    }

    private ReadOnlySpan<byte> FromLatin1(ReadOnlySpan<byte> latin1, int start) =>
        Ascii.IsValid(latin1) ? latin1 : InternLatin1(latin1, start).Utf8;
}
