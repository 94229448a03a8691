using System.Collections.Frozen;
using System.Globalization;

namespace Enmesh.Terms.Text;

/// <summary>How Erlang writes atoms, characters and floats (<c>io_lib</c>, <c>erl_scan</c>).</summary>
internal static class ErlangSyntax
{
    /// <summary>
    /// Words that are no atoms without quotes, those of OTP 27 and later (<c>else</c>, <c>maybe</c>) included.
    /// </summary>
    internal static FrozenSet<string> ReservedWords { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
        "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when",
        "xor");

    /// <summary>Characters that may begin an atom without quotes: lower-case letters of Latin-1.</summary>
    internal static bool StartsAtom(int c) => c is (>= 'a' and <= 'z') or (>= 0xDF and <= 0xFF and not 0xF7);

    /// <summary>Characters that begin a variable.</summary>
    internal static bool StartsVariable(int c) => c is (>= 'A' and <= 'Z') or '_' or (>= 0xC0 and <= 0xDE and not 0xD7);

    /// <summary>Characters that may follow in a name.</summary>
    internal static bool IsNameCharacter(int c) =>
        StartsAtom(c) || StartsVariable(c) || c is (>= '0' and <= '9') or '@';

    /// <summary>
    /// What Erlang takes for text: what is no control character, save those with an escape of their own.
    /// </summary>
    internal static bool IsPrintable(int c, bool unicode) => c switch
    {
        >= ' ' and <= '~' => true,
        >= 0xA0 and <= 0xFF => true,
        '\n' or '\r' or '\t' or '\v' or '\b' or '\f' or 0x1B => true,
        _ => unicode && c is (> 0xFF and < 0xD800) or (> 0xDFFF and < 0xFFFE) or (> 0xFFFF and <= 0x10FFFF),
    };

    internal static void WriteAtom(TextBuffer output, Atom atom, bool unicode)
    {
        var text = atom.Text;
        if (!NeedsQuotes(text))
        {
            output.Append(text);
            return;
        }
        output.Append('\'');
        foreach (var rune in text.EnumerateRunes())
            WriteCharacter(output, rune.Value, '\'', unicode);
        output.Append('\'');
    }

    /// <summary>One character between quotes.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="c">The character; nothing keeps it from being outside of Unicode.</param>
    /// <param name="quote">The quote that needs an escape.</param>
    /// <param name="unicode">Whether characters beyond Latin-1 stand for themselves.</param>
    internal static void WriteCharacter(TextBuffer output, int c, char quote, bool unicode)
    {
        var letter = c switch
        {
            '\\' => '\\',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\v' => 'v',
            '\b' => 'b',
            '\f' => 'f',
            0x1B => 'e',
            0x7F => 'd',
            _ => c == quote ? quote : '\0',
        };
        if (letter != '\0')
        {
            output.Append('\\');
            output.Append(letter);
        }
        else if (c is < ' ' or (> '~' and < 0xA0))
        {
            output.Append('\\');
            output.Append((char)('0' + (c >> 6)));
            output.Append((char)('0' + ((c >> 3) & 7)));
            output.Append((char)('0' + (c & 7)));
        }
        else if (c <= 0xFF || unicode)
        {
            output.AppendCharacter(c);
        }
        else
        {
            output.Append("\\x{");
            output.AppendNumber(c, "X");
            output.Append('}');
        }
    }

    /// <summary>The shortest text that reads back as the same float, plain or with an exponent.</summary>
    internal static void WriteFloat(TextBuffer output, double value)
    {
        if (double.IsNegative(value))
            output.Append('-');
        if (value == 0)
        {
            output.Append("0.0");
            return;
        }
        Span<char> digits = stackalloc char[20];
        var count = ShortestDigits(Math.Abs(value), digits, out var place);
        WriteDigits(output, digits[..count], place, isExactInteger: Math.Abs(value) < 1L << 53);
    }

    internal static bool NeedsQuotes(string text)
    {
        if (text.Length == 0 || !StartsAtom(text[0]) || ReservedWords.Contains(text))
            return true;
        foreach (var c in text.AsSpan(1))
        {
            if (!IsNameCharacter(c))
                return true;
        }
        return false;
    }

    // The value is 0.DIGITS times ten to the power of place. The exponent is taken where it makes the text shorter, and
    // from 2^53 on, where the digits before the point would no longer be the number (float_to_list/2 with 'short').
    private static void WriteDigits(TextBuffer output, ReadOnlySpan<char> digits, int place, bool isExactInteger)
    {
        var exponent = place - 1;
        var cost = CountCharacters(exponent) + 1 + (digits.Length == 1 ? 2 : 1);
        if (place <= 0 && (place == 0 || 2 - place <= cost))
        {
            output.Append("0.");
            output.Append("00000".AsSpan(0, -place));
            output.Append(digits);
        }
        else if (place > 0 && place < digits.Length)
        {
            output.Append(digits[..place]);
            output.Append('.');
            output.Append(digits[place..]);
        }
        else if (place > 0 && place - digits.Length + 2 <= cost && isExactInteger)
        {
            output.Append(digits);
            output.Append("00000".AsSpan(0, place - digits.Length));
            output.Append(".0");
        }
        else
        {
            output.Append(digits[0]);
            output.Append('.');
            output.Append(digits.Length == 1 ? "0" : digits[1..]);
            output.Append('e');
            output.AppendNumber(exponent);
        }
    }

    private static int CountCharacters(int number)
    {
        var count = number < 0 ? 2 : 1;
        for (number = Math.Abs(number); number >= 10; number /= 10)
            count++;
        return count;
    }

    private static int ShortestDigits(double value, Span<char> digits, out int place)
    {
        Span<char> text = stackalloc char[32];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        text = text[..length];
        var exponent = 0;
        var mark = text.IndexOf('E');
        if (mark >= 0)
        {
            exponent = int.Parse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..mark];
        }
        var point = text.IndexOf('.');
        place = (point < 0 ? text.Length : point) + exponent;
        var count = 0;
        foreach (var c in text)
        {
            if (c == '.')
                continue;
            if (count == 0 && c == '0')
                place--;
            else
                digits[count++] = c;
        }
        while (digits[count - 1] == '0')
            count--;
        return count;
    }
}
