using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Enmesh.Terms.Text;

/// <content>What has no elements: numbers, atoms, identifiers, and bytes and characters.</content>
internal sealed partial class LinePrinter
{
    // "\x{10FFFF}" and the longest ending, "/utf8...>>
    private const int LongestCharacter = 10;
    private const int LongestTextEnd = 11;
    private const int CharactersPerDepth = 4;

    /// <summary>How many digits an integer has at the least.</summary>
    internal static long DigitCount(BigInteger integer) => (long)(integer.GetBitLength() * 0.3010299);

    private void WriteScalar(Term term)
    {
        var start = output.Length;
        switch (term.Kind)
        {
            case TermKind.Integer:
                WriteInteger(term);
                break;
            case TermKind.Float:
                ErlangSyntax.WriteFloat(output, term.Float!.Value);
                break;
            case TermKind.Atom:
                ErlangSyntax.WriteAtom(output, term.Atom!, _unicode);
                break;
            case TermKind.Nil:
                output.Append("[]");
                break;
            case TermKind.Tuple:
                output.Append("{}");
                break;
            case TermKind.Map:
                output.Append("#{}");
                break;
            default:
                IdentifierText.Write(output, term, options.LocalNode, _unicode);
                break;
        }
        if (leavesOut && (Room < 0 || output.IsCut))
        {
            output.Truncate(start);
            output.Append(TextBuffer.Dots);
        }
        Count(start);
    }

    private void WriteInteger(Term term)
    {
        if (term.Int64 is { } small)
        {
            output.AppendNumber(small);
            return;
        }
        // Digits cost time that grows faster than their number: none are made that would be thrown away.
        var integer = term.Integer!.Value;
        if (DigitCount(integer) <= output.Room)
            output.Append(integer.ToString(CultureInfo.InvariantCulture));
        else if (leavesOut)
            output.Append(TextBuffer.Dots);
        else
            output.Cut();
    }

    private bool IsText(ListTerm list, int depth)
    {
        if (_plain || !options.Strings || depth == 1 || !list.IsProper)
            return false;
        var unicode = _unicode && options.PrintableUnicode;
        if (list.TryGetBytes(out var bytes))
            return CountPrintable(bytes) == bytes.Length;
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i].Int32 is not { } c || !ErlangSyntax.IsPrintable(c, unicode))
                return false;
        }
        return true;
    }

    private void WriteText(ListTerm list)
    {
        var start = output.Length;
        output.Append('"');
        var written = 0;
        for (; written < list.Count && HasRoomForCharacter; written++)
            ErlangSyntax.WriteCharacter(output, list[written].Int32!.Value, '"', _unicode);
        output.Append('"');
        Count(start);
        if (written < list.Count)
            output.Append(TextBuffer.Dots);
    }

    private bool HasRoomForCharacter => Room >= LongestCharacter + LongestTextEnd && !output.IsCut;

    private LayoutKind WriteBits(BitString bits, int depth)
    {
        if (bits.ByteLength == 0)
        {
            output.Append("<<>>");
            return LayoutKind.Text;
        }
        if (Room < "<<...>>".Length)
        {
            output.Append(TextBuffer.Dots);
            return LayoutKind.Text;
        }
        if (!_plain)
        {
            if (depth == 1)
            {
                output.Append("<<...>>");
                return LayoutKind.Text;
            }
            if (options.Strings && bits.IsBinary && TryWriteText(bits.Span, depth - 1))
                return LayoutKind.Text;
        }
        WriteBytes(bits, depth);
        return LayoutKind.Binary;
    }

    private void WriteBytes(BitString bits, int depth)
    {
        output.Append("<<");
        var bytes = bits.Span;
        for (var i = 0; i < bytes.Length && !output.IsCut; i++)
        {
            if (depth - i == 1 || Room < "255:7,...>>".Length)
            {
                output.Append(TextBuffer.Dots);
                break;
            }
            if (i < bytes.Length - 1)
            {
                output.AppendNumber(bytes[i]);
                output.Append(',');
            }
            else if (bits.IsBinary)
            {
                output.AppendNumber(bytes[i]);
            }
            else
            {
                output.AppendNumber(bytes[i] >> (8 - bits.BitsInLastByte));
                output.Append(':');
                output.AppendNumber(bits.BitsInLastByte);
            }
        }
        output.Append(">>");
    }

    // A binary whose characters are all printable is text; where the depth leaves some out, so is one that begins with
    // as many as the depth.
    private bool TryWriteText(ReadOnlySpan<byte> bytes, int depth)
    {
        var most = depth < 0 ? bytes.Length : (int)Math.Min((long)CharactersPerDepth * depth, bytes.Length);
        if (!_unicode || !TryCountPrintableUtf8(bytes, most, out var characters, out var length))
        {
            length = characters = CountPrintable(bytes[..most]);
            if (characters < most && !(depth > 0 && characters >= depth))
                return false;
        }
        else if (length < bytes.Length && !(depth > 0 && characters >= depth))
        {
            return false;
        }
        WriteText(bytes, length, isUtf8: length != characters);
        return true;
    }

    private void WriteText(ReadOnlySpan<byte> bytes, int length, bool isUtf8)
    {
        output.Append("<<");
        var start = output.Length;
        output.Append('"');
        var written = 0;
        while (written < length && HasRoomForCharacter)
        {
            var rune = (int)bytes[written];
            var size = 1;
            if (isUtf8)
            {
                Rune.DecodeFromUtf8(bytes[written..], out var decoded, out size);
                rune = decoded.Value;
            }
            ErlangSyntax.WriteCharacter(output, rune, '"', unicode: true);
            written += size;
        }
        output.Append('"');
        Count(start);
        output.Append(isUtf8 ? "/utf8" : string.Empty);
        output.Append(written < bytes.Length ? "...>>" : ">>");
    }

    private static int CountPrintable(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        while (count < bytes.Length && ErlangSyntax.IsPrintable(bytes[count], unicode: false))
            count++;
        return count;
    }

    // False when the printable characters are followed by something that is no UTF-8.
    private bool TryCountPrintableUtf8(ReadOnlySpan<byte> bytes, int most, out int characters, out int length)
    {
        characters = length = 0;
        while (length < bytes.Length)
        {
            if (Rune.DecodeFromUtf8(bytes[length..], out var rune, out var size) != OperationStatus.Done)
                return false;
            if (characters == most || !ErlangSyntax.IsPrintable(rune.Value, options.PrintableUnicode))
                break;
            characters++;
            length += size;
        }
        return true;
    }
}
