using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>Reads a format and hands out its parts: text, and control sequences with their arguments.</summary>
internal sealed class FormatScanner
{
    // No field or precision that is larger makes sense, and none overflows.
    private const int LargestNumber = 1 << 30;

    private readonly List<int> _format = [];
    private readonly List<string> _pieces = []; // what stands in the format as -1 - index
    private readonly ListTerm _arguments;
    private int _next;
    private int _nextArgument;

    internal FormatScanner(string format, ListTerm arguments)
    {
        _arguments = arguments;
        foreach (var rune in format.EnumerateRunes())
            _format.Add(rune.Value);
    }

    /// <summary>
    /// A format as it comes in a message: an atom, a binary, whose bytes are characters, or a list of characters and
    /// text.
    /// </summary>
    internal FormatScanner(Term format, ListTerm arguments)
    {
        _arguments = arguments;
        if (format.Atom is { } atom)
        {
            foreach (var rune in atom.Text.EnumerateRunes())
                _format.Add(rune.Value);
        }
        else if (format.TryGetBinary(out var bytes))
        {
            foreach (var c in bytes.Span)
                _format.Add(c);
        }
        else if (format.AsList is { IsProper: true } list)
        {
            foreach (var element in list)
                _format.Add(element.Int32 is { } c and >= 0 ? c : AddPiece(element));
        }
        else
        {
            throw new FormatException("A format is a list of characters, a binary or an atom.");
        }
    }

    /// <summary>Takes the next part.</summary>
    /// <param name="character">A character that stands for itself, or -1.</param>
    /// <param name="piece">A text that stands for itself, or null.</param>
    /// <param name="sequence">If neither, a control sequence.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="FormatException">The format is wrong, or the arguments are too few or too many.</exception>
    internal bool TryRead(out int character, out string? piece, out ControlSequence sequence)
    {
        (character, piece, sequence) = (-1, null, default);
        if (_next == _format.Count)
        {
            if (_nextArgument != _arguments.Count || !_arguments.IsProper)
                throw new FormatException("There are more arguments than the format takes.");
            return false;
        }
        var c = _format[_next++];
        if (c == '~')
            sequence = ReadSequence();
        else if (c < 0)
            piece = _pieces[-1 - c];
        else
            character = c;
        return true;
    }

    private int AddPiece(Term element)
    {
        if (element.AsList is null && !element.TryGetBinary(out _))
            throw new FormatException($"{element} is no part of a format.");
        var text = new StringBuilder();
        CharData.Append(text, element, CharEncoding.Utf8OrLatin1);
        _pieces.Add(text.ToString());
        return -_pieces.Count;
    }

    // ~ F . P . Pad Mod C, all but the last of which may be missing.
    private ControlSequence ReadSequence()
    {
        var sequence = new ControlSequence();
        var isNegative = TryTake('-');
        if (ReadNumber() is { } width)
        {
            width = isNegative ? -width : width;
            (sequence.Width, sequence.IsLeft) = (Math.Abs(width), width < 0);
        }
        else if (isNegative)
        {
            throw new FormatException("A field width is missing after '-'.");
        }
        if (TryTake('.'))
            sequence.Precision = ReadNumber();
        if (sequence.Precision < 0)
            throw new FormatException("A precision is not negative.");
        if (TryTake('.'))
            sequence.Pad = TryTake('*') ? TakeArgument().Int32 ?? throw NoNumber() : Take();
        ReadModifiers(ref sequence);
        sequence.Letter = Take();
        if (sequence.Letter is not ('~' or 'n'))
            sequence.Argument = TakeArgument();
        if (sequence.Letter is 'x' or 'X' or 'P' or 'W')
            sequence.Second = TakeArgument();
        return sequence;
    }

    private void ReadModifiers(ref ControlSequence sequence)
    {
        while (true)
        {
            if (TryTake('t'))
                sequence.Unicode = true;
            else if (TryTake('l'))
                sequence.Strings = false;
            else if (TryTake('K'))
                sequence.ReverseKeys = IsReversed(TakeArgument());
            else if (!TryTake('k'))
                break;
        }
    }

    private static bool IsReversed(Term order) => order.AtomText switch
    {
        "reversed" => true,
        "ordered" or "undefined" => false,
        _ => throw new FormatException(
            "Only 'ordered' and 'reversed' are taken for the order of keys; no fun is run here."),
    };

    private int? ReadNumber()
    {
        if (TryTake('*'))
            return TakeArgument().Int32 is { } given and > -LargestNumber and < LargestNumber
                ? given
                : throw NoNumber();
        int? number = null;
        while (_next < _format.Count && _format[_next] is >= '0' and <= '9' and var digit)
        {
            number = (int)Math.Min(LargestNumber, ((number ?? 0) * 10L) + digit - '0');
            _next++;
        }
        return number;
    }

    private Term TakeArgument() => _nextArgument < _arguments.Count
        ? _arguments[_nextArgument++]
        : throw new FormatException("There are fewer arguments than the format takes.");

    private bool TryTake(char c)
    {
        if (_next == _format.Count || _format[_next] != c)
            return false;
        _next++;
        return true;
    }

    private int Take() => _next < _format.Count && _format[_next] >= 0
        ? _format[_next++]
        : throw new FormatException("A control sequence is not complete.");

    private static FormatException NoNumber() => new("What '*' takes is an integer.");
}
