using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>
/// Prints as <c>io_lib:format/2</c> does. The formats are those of the module <c>io</c> in the Erlang documentation.
/// </summary>
internal sealed partial class ErlangFormatter(ErlangFormatOptions options)
{
    private const int DefaultLineLength = 80;
    private const int TabWidth = 8;

    private readonly TextBuffer _output = new(options.MaxLength);
    private int _column; // of the text up to _measured
    private int _measured;

    /// <exception cref="FormatException">The format or an argument is wrong, or the text is too long.</exception>
    internal string Run(FormatScanner format)
    {
        while (format.TryRead(out var character, out var piece, out var sequence))
        {
            if (character >= 0)
                AppendCharacter(character);
            else if (piece is not null)
                _output.Append(piece);
            else
                Print(sequence);
            if (_output.IsCut)
                throw new FormatException("The text is too long.");
        }
        return _output.ToString();
    }

    private void Print(in ControlSequence sequence)
    {
        switch (sequence.Letter)
        {
            case 'w' or 'W':
                PrintField(ErlangText.Print(sequence.Argument, PlainOptions(sequence)), sequence, sequence.Precision);
                break;
            case 'p' or 'P':
                PrintPretty(sequence);
                break;
            case 's':
                PrintText(sequence);
                break;
            case 'b' or 'B' or 'x' or 'X' or '+' or '#':
                PrintInteger(sequence);
                break;
            case 'e' or 'f' or 'g':
                PrintFloat(sequence);
                break;
            case 'c':
                var c = sequence.Argument.Integer ?? throw NotA("character", sequence.Argument);
                PrintCharacters(sequence.Unicode ? (int)c : (int)(c & 0xFF), sequence);
                break;
            case '~':
                PrintCharacters('~', sequence);
                break;
            case 'n' when !sequence.IsLeft:
                AppendRepeated('\n', sequence.Width ?? 1);
                break;
            case 'i':
                break;
            default:
                throw new FormatException($"There is no control sequence '~{char.ConvertFromUtf32(sequence.Letter)}'.");
        }
    }

    private ErlangPrintOptions PlainOptions(in ControlSequence sequence) => ErlangPrintOptions.Write with
    {
        Unicode = sequence.Unicode,
        PrintableUnicode = options.PrintableUnicode,
        Depth = DepthOf(sequence),
        ReverseKeys = sequence.ReverseKeys,
        LocalNode = options.LocalNode,
        MaxLength = Math.Max(16, _output.Room),
    };

    private void PrintPretty(in ControlSequence sequence)
    {
        if (sequence.IsLeft)
            throw new FormatException("~p fills no field, and has no negative width.");
        _output.Append(ErlangText.Print(sequence.Argument, PlainOptions(sequence) with
        {
            Plain = false,
            Strings = sequence.Strings,
            LineLength = Math.Min(sequence.Width ?? DefaultLineLength, ushort.MaxValue),
            Column = Math.Clamp(sequence.Precision ?? MeasureColumn() + 1, 1, ushort.MaxValue),
        }));
    }

    private static int? DepthOf(in ControlSequence sequence)
    {
        if (sequence.Letter is not ('P' or 'W'))
            return null;
        var depth = sequence.Second.Integer ?? throw NotA("depth", sequence.Second);
        return depth < 0 || depth > int.MaxValue ? null : (int)depth;
    }

    private void PrintText(in ControlSequence sequence)
    {
        var text = new StringBuilder();
        if (sequence.Argument.Atom is { } atom)
        {
            if (!sequence.Unicode && atom.Text.AsSpan().ContainsAnyExceptInRange('\0', '\u00FF'))
                throw new FormatException("An atom beyond Latin-1 needs ~ts.");
            text.Append(atom.Text);
        }
        else
        {
            CharData.Append(
                text, sequence.Argument, sequence.Unicode ? CharEncoding.Utf8OrLatin1 : CharEncoding.Latin1,
                options.MaxLength);
        }
        PrintText(text.ToString(), sequence);
    }

    // The precision says how much of the text there is, the width how large its field is.
    private void PrintText(ReadOnlySpan<char> text, in ControlSequence sequence)
    {
        if (sequence.Width is null && sequence.Precision is null)
        {
            _output.Append(text);
            return;
        }
        var width = sequence.Width ?? sequence.Precision!.Value;
        var precision = sequence.Precision ?? width;
        if (precision > width)
            throw new FormatException("The precision of ~s is larger than its field.");
        var length = TextBuffer.WidthOf(text);
        var isLeft = sequence.Width is null || sequence.IsLeft;
        if (sequence.Precision is not null && width > precision)
        {
            var kept = length > precision ? CharData.Truncate(text, precision, sequence.Unicode) : text;
            BeginField(width - precision, isLeft, sequence.Pad);
            _output.Append(kept);
            AppendRepeated(sequence.Pad, precision - length);
            EndField(width - precision, isLeft, sequence.Pad);
            return;
        }
        if (length > width)
            text = CharData.Truncate(text, width, sequence.Unicode);
        BeginField(width - length, isLeft, sequence.Pad);
        _output.Append(text);
        EndField(width - length, isLeft, sequence.Pad);
    }

    /// <summary>What does not fit its field is stars.</summary>
    private void PrintField(ReadOnlySpan<char> text, in ControlSequence sequence, int? precision)
    {
        if ((sequence.Width ?? precision) is not { } width)
        {
            _output.Append(text);
            return;
        }
        var length = TextBuffer.WidthOf(text);
        var most = Math.Min(width, precision ?? width);
        var taken = Math.Min(length, most);
        BeginField(width - taken, sequence.IsLeft, sequence.Pad);
        if (length > most)
            AppendRepeated('*', most);
        else
            _output.Append(text);
        EndField(width - taken, sequence.IsLeft, sequence.Pad);
    }

    private void PrintCharacters(int c, in ControlSequence sequence)
    {
        var width = sequence.Width ?? sequence.Precision ?? 1;
        var count = sequence.Precision ?? width;
        if (count > width)
            throw new FormatException("The precision of ~c is larger than its field.");
        BeginField(width - count, sequence.IsLeft, sequence.Pad);
        AppendRepeated(c, count);
        EndField(width - count, sequence.IsLeft, sequence.Pad);
    }

    private void BeginField(int padding, bool isLeft, int pad)
    {
        if (!isLeft)
            AppendRepeated(pad, padding);
    }

    private void EndField(int padding, bool isLeft, int pad)
    {
        if (isLeft)
            AppendRepeated(pad, padding);
    }

    private void AppendRepeated(int c, int count)
    {
        if (count > _output.Room)
            throw new FormatException("The text is too long.");
        for (; count > 0; count--)
            AppendCharacter(c);
    }

    private void AppendCharacter(int c)
    {
        if (c is < 0 or > 0x10FFFF)
            throw new FormatException($"{c} is no character.");
        _output.AppendCharacter(c);
    }

    /// <summary>How many characters the last line has: where ~p begins.</summary>
    private int MeasureColumn()
    {
        foreach (var c in _output.Slice(_measured, _output.Length))
        {
            _column = c switch
            {
                '\n' => 0,
                '\t' => (_column + TabWidth) / TabWidth * TabWidth,
                _ => char.IsLowSurrogate(c) ? _column : _column + 1,
            };
        }
        _measured = _output.Length;
        return _column;
    }

    private static FormatException NotA(string what, Term argument) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{argument} is no {what}."));
}
