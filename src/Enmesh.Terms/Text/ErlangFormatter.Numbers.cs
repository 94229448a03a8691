using System.Globalization;
using System.Numerics;

namespace Enmesh.Terms.Text;

/// <content>Integers in any base, and floats.</content>
internal sealed partial class ErlangFormatter
{
    // Digits cost time that grows faster than their number, most of all in odd bases.
    private const int MostBits = 1 << 20;
    private const int DefaultPrecision = 6;
    private const int LargestBase = 36;

    private void PrintInteger(in ControlSequence sequence)
    {
        var integer = sequence.Argument.Integer ?? throw NotA("integer", sequence.Argument);
        var radix = sequence.Precision ?? 10;
        if (radix is < 2 or > LargestBase)
            throw new FormatException($"The base of an integer is 2 to {LargestBase}, not {radix}.");
        var isUpper = sequence.Letter is 'B' or 'X' or '#';
        var prefix = sequence.Letter switch
        {
            'x' or 'X' => PrefixOf(sequence.Second),
            '+' or '#' => string.Create(CultureInfo.InvariantCulture, $"{radix}#"),
            _ => "",
        };
        var digits = Digits(BigInteger.Abs(integer), radix, isUpper);
        PrintField((integer.Sign < 0 ? "-" : "") + prefix + digits, sequence, precision: null);
    }

    private static string PrefixOf(Term prefix)
    {
        if (prefix.Atom is { } atom)
            return atom.Text;
        var text = new System.Text.StringBuilder();
        CharData.Append(text, prefix, CharEncoding.Utf8OrLatin1);
        return text.ToString();
    }

    private static string Digits(BigInteger number, int radix, bool isUpper)
    {
        if (number.GetBitLength() > MostBits)
            throw new FormatException("The integer is too large to be printed.");
        if (number.IsZero)
            return "0";
        if (radix == 10)
            return number.ToString(CultureInfo.InvariantCulture);
        // As many digits at a time as fit 32 bits.
        var (chunk, chunkDigits) = (radix, 1);
        for (; (long)chunk * radix <= int.MaxValue; chunkDigits++)
            chunk *= radix;
        var digits = new List<char>();
        while (!number.IsZero)
        {
            number = BigInteger.DivRem(number, chunk, out var remainder);
            var rest = (int)remainder;
            for (var i = 0; i < chunkDigits && (rest > 0 || !number.IsZero); i++, rest /= radix)
                digits.Add(DigitOf(rest % radix, isUpper));
        }
        digits.Reverse();
        return string.Concat(digits);
    }

    private static char DigitOf(int digit, bool isUpper) =>
        (char)(digit < 10 ? '0' + digit : (isUpper ? 'A' : 'a') + digit - 10);

    private void PrintFloat(in ControlSequence sequence)
    {
        var value = sequence.Argument.Float ?? throw NotA("float", sequence.Argument);
        var precision = sequence.Precision ?? DefaultPrecision;
        var text = sequence.Letter switch
        {
            'e' => Scientific(value, precision),
            'f' => Fixed(value, precision),
            _ => General(value, precision),
        };
        PrintField(text, sequence, sequence.Width);
    }

    // Plain where the number is of a size that people read, with so many significant digits.
    private static string General(double value, int precision)
    {
        if (precision < 1)
            throw new FormatException("~g has at least 1 digit.");
        int? exponent = Math.Abs(value) switch
        {
            < 0.1 => null,
            < 1 => -1,
            < 10 => 0,
            < 100 => 1,
            < 1000 => 2,
            < 10000 => 3,
            _ => null,
        };
        if (exponent is { } e && ((precision <= 1 && e == -1) || precision - 1 > e))
            return Fixed(value, precision - 1 - e);
        return Scientific(value, Math.Max(2, precision));
    }

    // d.ddde+x, with so many digits
    private static string Scientific(double value, int precision)
    {
        if (precision < 2)
            throw new FormatException("~e has at least 2 digits.");
        CheckLength(precision);
        var (digits, place) = DigitsOf(value);
        var isCarried = Round(digits, 0, precision, out var rounded);
        var exponent = isCarried ? place : place - 1;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{SignOf(value)}{rounded[0]}.{rounded.AsSpan(1, precision - 1)}e{(exponent < 0 ? "" : "+")}{exponent}");
    }

    // ddd.ddd, with so many digits behind the point
    private static string Fixed(double value, int precision)
    {
        if (precision < 1)
            throw new FormatException("~f has at least 1 digit behind the point.");
        CheckLength(precision);
        var (digits, place) = DigitsOf(value);
        var zeros = Math.Max(0, 1 - place);
        var whole = Math.Max(1, place);
        var isCarried = Round(digits, zeros, whole + precision, out var rounded);
        if (isCarried)
            whole++;
        return string.Concat(SignOf(value), rounded.AsSpan(0, whole), ".", rounded.AsSpan(whole));
    }

    private static void CheckLength(int precision)
    {
        if (precision > MostBits)
            throw new FormatException("The text is too long.");
    }

    private static string SignOf(double value) => double.IsNegative(value) ? "-" : "";

    /// <summary>
    /// 21 digits, as many as Erlang looks at; the number is 0.DIGITS times ten to the power of the place.
    /// </summary>
    private static (string Digits, int Place) DigitsOf(double value)
    {
        var text = Math.Abs(value).ToString("E20", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        return (
            text[..1] + text[2..mark],
            int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + 1);
    }

    /// <summary>The first so many digits, rounded by the next one alone; zeros where there are none any more.</summary>
    /// <returns>Whether there is one digit more now, a 1 in front of zeros.</returns>
    private static bool Round(string digits, int zeros, int count, out string rounded)
    {
        var all = new char[count + 1];
        for (var i = 0; i <= count; i++)
            all[i] = i < zeros || i - zeros >= digits.Length ? '0' : digits[i - zeros];
        var carries = all[count] >= '5';
        for (var i = count - 1; i >= 0 && carries; i--)
        {
            carries = all[i] == '9';
            all[i] = carries ? '0' : (char)(all[i] + 1);
        }
        rounded = (carries ? "1" : "") + new string(all, 0, count);
        return carries;
    }
}
