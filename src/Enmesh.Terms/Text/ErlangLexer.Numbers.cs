using System.Globalization;
using System.Numerics;

namespace Enmesh.Terms.Text;

/// <content>Integers and floats, in any base and with underscores between digits.</content>
internal sealed partial class ErlangLexer
{
    private const int MaxBase = 36;

    // So many digits of the greatest base fit 64 bits.
    private const int FewDigits = 12;

    private Token ReadNumber()
    {
        var start = _at;
        var digits = ReadDigits(10);
        if (Current == '#')
            return ReadBased(start, digits);
        if (Current == '.' && char.IsAsciiDigit(Peek(1)))
            return ReadFraction(start, digits);
        CheckEnd(start, "integer");
        return Make(TokenKind.Integer, start, string.Empty, ToInteger(start, digits, 10));
    }

    // 16#FF, 16#1.8, 2#1.01#e5
    private Token ReadBased(int start, string digits)
    {
        if (!int.TryParse(digits, CultureInfo.InvariantCulture, out var numberBase) || numberBase is < 2 or > MaxBase)
            Fail(start, $"A number has a base from 2 to {MaxBase}.");
        _at++;
        digits = ReadDigits(numberBase);
        if (digits.Length == 0)
            Fail(_at, $"Expected a digit of base {numberBase}.");
        if (Current == '.' && DigitValue(Peek(1)) < numberBase)
            return ReadBasedFraction(start, digits, numberBase);
        CheckEnd(start, "integer");
        return Make(TokenKind.Integer, start, string.Empty, ToInteger(start, digits, numberBase));
    }

    private Token ReadFraction(int start, string digits)
    {
        _at++;
        var text = digits + "." + ReadDigits(10);
        if (Current is 'e' or 'E')
        {
            _at++;
            text += "e" + ReadExponent();
        }
        CheckEnd(start, "float");
        return MakeFloat(start, double.Parse(text, CultureInfo.InvariantCulture));
    }

    // The base of the exponent is that of the number, its digits are decimal. Reckoned as erl_scan does, for the same
    // result to the last bit.
    private Token ReadBasedFraction(int start, string digits, int numberBase)
    {
        _at++;
        var fraction = ReadDigits(numberBase);
        var exponent = "0";
        if (Current == '#' && Peek(1) is 'e' or 'E')
        {
            _at += 2;
            exponent = ReadExponent();
        }
        CheckEnd(start, "float");
        if (numberBase == 10)
            return MakeFloat(start, double.Parse($"{digits}.{fraction}e{exponent}", CultureInfo.InvariantCulture));
        fraction = fraction.TrimEnd('0') is { Length: > 0 } significant ? significant : "0";
        var number = ToInteger(start, digits + fraction, numberBase).Integer!.Value;
        var places = double.Parse(exponent, CultureInfo.InvariantCulture) - fraction.Length;
        return MakeFloat(start, (double)number * Math.Pow(numberBase, places));
    }

    private Token MakeFloat(int start, double value)
    {
        if (!double.IsFinite(value))
            Fail(start, "This float is too large.");
        return Make(TokenKind.Float, start, string.Empty, value);
    }

    private string ReadExponent()
    {
        var sign = string.Empty;
        if (Current is '+' or '-')
            sign = _text[_at++].ToString();
        var digits = ReadDigits(10);
        if (digits.Length == 0)
            Fail(_at, "Expected the digits of an exponent.");
        return sign + digits;
    }

    // Without the underscores, which stand only between digits.
    private string ReadDigits(int numberBase)
    {
        var start = _at;
        var hasUnderscore = false;
        while (_at < _text.Length)
        {
            if (DigitValue(Current) < numberBase)
            {
                _at++;
            }
            else if (Current == '_' && _at > start && DigitValue(Peek(1)) < numberBase)
            {
                hasUnderscore = true;
                _at += 2;
            }
            else
            {
                break;
            }
        }
        var digits = _text[start.._at];
        return hasUnderscore ? digits.Replace("_", string.Empty, StringComparison.Ordinal) : digits;
    }

    private void CheckEnd(int start, string what)
    {
        if (ErlangSyntax.IsNameCharacter(Current) || (Current == '.' && ErlangSyntax.IsNameCharacter(Peek(1))))
            Fail(start, $"This is no {what}: {DescribeCharacter(Current == '.' ? _at + 1 : _at)} cannot follow it.");
    }

    private static int DigitValue(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'z' => c - 'a' + 10,
        >= 'A' and <= 'Z' => c - 'A' + 10,
        _ => int.MaxValue,
    };

    private Term ToInteger(int start, string digits, int numberBase)
    {
        if (digits.Length <= FewDigits)
            return ToSmall(digits, numberBase);
        var significant = digits.AsSpan().TrimStart('0');
        if ((significant.Length - 1) * Math.Log2(numberBase) > _options.MaxIntegerBits)
            Fail(start, $"This integer has more than {_options.MaxIntegerBits:N0} bits.");
        var value = ToBig(significant, numberBase, []);
        if (value.GetBitLength() > _options.MaxIntegerBits)
            Fail(start, $"This integer has more than {_options.MaxIntegerBits:N0} bits.");
        return value;
    }

    private static long ToSmall(ReadOnlySpan<char> digits, int numberBase)
    {
        var value = 0L;
        foreach (var c in digits)
            value = (value * numberBase) + DigitValue(c);
        return value;
    }

    // Halves, so that the multiplications are few and large, which is where BigInteger is faster than quadratic.
    private static BigInteger ToBig(ReadOnlySpan<char> digits, int numberBase, Dictionary<int, BigInteger> powers)
    {
        if (digits.Length <= FewDigits)
            return ToSmall(digits, numberBase);
        var low = digits.Length / 2;
        if (!powers.TryGetValue(low, out var power))
            powers[low] = power = BigInteger.Pow(numberBase, low);
        return (ToBig(digits[..^low], numberBase, powers) * power) + ToBig(digits[^low..], numberBase, powers);
    }
}
