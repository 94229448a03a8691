using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Enmesh.Terms.Serialization;

internal sealed class BooleanInfo : TermTypeInfo<bool>
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, bool value) => output.WriteAtom(value ? Atoms.True : Atoms.False);

    public override bool Read(ref TermInput input)
    {
        if (input.TryReadAtom(Atoms.True))
            return true;
        if (input.TryReadAtom(Atoms.False))
            return false;
        throw input.Unexpected("true or false");
    }
}

/// <summary>An integer that always fits a <see cref="long"/>.</summary>
internal sealed class IntegerInfo<T> : TermTypeInfo<T>
    where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value) => output.WriteInteger(long.CreateTruncating(value));

    public override T Read(ref TermInput input)
    {
        if (!input.TryReadInt64(out var number))
            throw input.Unexpected(Expected);
        var value = T.CreateTruncating(number);
        return long.CreateTruncating(value) == number ? value : throw TermInput.Unexpected(Expected, number);
    }

    // Requests and replies are often a number and nothing else.
    internal override Term TermOf(T value) => long.CreateTruncating(value);

    internal override T ValueOf(Term term) =>
        term.Int64 is { } number && long.CreateTruncating(T.CreateTruncating(number)) == number
            ? T.CreateTruncating(number)
            : base.ValueOf(term);

    private static string Expected => NumberText.Range(T.MinValue, T.MaxValue);
}

/// <summary>An integer of a bounded size that a <see cref="long"/> may be too small for.</summary>
internal sealed class WideIntegerInfo<T> : TermTypeInfo<T>
    where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value)
    {
        if (value >= T.CreateSaturating(long.MinValue) && value <= T.CreateSaturating(long.MaxValue))
            output.WriteInteger(long.CreateTruncating(value));
        else
            output.WriteInteger(BigInteger.CreateChecked(value));
    }

    public override T Read(ref TermInput input)
    {
        T value;
        if (input.TryReadInt64(out var small))
        {
            value = T.CreateTruncating(small);
            return long.CreateTruncating(value) == small && T.IsNegative(value) == small < 0
                ? value
                : throw TermInput.Unexpected(Expected, small);
        }
        if (!input.TryReadInteger(out var number))
            throw input.Unexpected(Expected);
        value = T.CreateSaturating(number);
        return BigInteger.CreateChecked(value) == number ? value : throw TermInput.Unexpected(Expected, number);
    }

    private static string Expected => NumberText.Range(T.MinValue, T.MaxValue);
}

internal sealed class BigIntegerInfo : TermTypeInfo<BigInteger>
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, BigInteger value) => output.WriteInteger(value);

    public override BigInteger Read(ref TermInput input) =>
        input.TryReadInteger(out var value) ? value : throw input.Unexpected("an integer");
}

internal sealed class CharInfo : TermTypeInfo<char>
{
    private const string Expected = "a character, an integer from 0 to 65535";

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, char value) => output.WriteInteger(value);

    public override char Read(ref TermInput input)
    {
        if (!input.TryReadInt64(out var number))
            throw input.Unexpected(Expected);
        return number is >= char.MinValue and <= char.MaxValue
            ? (char)number
            : throw TermInput.Unexpected(Expected, number);
    }
}

internal sealed class FloatInfo<T> : TermTypeInfo<T>
    where T : struct, IBinaryFloatingPointIeee754<T>
{
    private const string Expected = "a number";

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value) => output.WriteFloat(double.CreateSaturating(value));

    public override T Read(ref TermInput input)
    {
        Term found;
        T value;
        if (input.TryReadFloat(out var number))
        {
            value = T.CreateSaturating(number);
            found = number;
        }
        else if (input.TryReadInteger(out var integer))
        {
            // 1 for 1.0 is common: Erlang's arithmetic makes the one of the other without being asked.
            value = T.CreateSaturating(integer);
            found = integer;
        }
        else
        {
            throw input.Unexpected(Expected);
        }
        return T.IsFinite(value) ? value : throw TermInput.Unexpected($"{Expected} that fits {typeof(T).Name}", found);
    }
}

/// <summary>A decimal, which Erlang does not have: exact as text or as Elixir's <c>Decimal</c>.</summary>
internal sealed class DecimalInfo(TermFormat format) : TermTypeInfo<decimal>
{
    private const int MaxScale = 28;
    private const string Expected = "a decimal: a binary such as <<\"12.50\">>, a number or %Decimal{}";
    private static readonly TermShape Shape = TermShape.ForMap(
        "decimal", "Elixir.Decimal", MapKeys.Atom, UnknownKeys.Ignore, ["sign", "coef", "exp"], [true, true, true]);

    public override void Write(ref TermOutput output, decimal value)
    {
        if (format == TermFormat.ElixirStruct)
        {
            WriteStruct(ref output, value);
            return;
        }
        Span<char> text = stackalloc char[32];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        output.WriteString(text[..length]);
    }

    public override decimal Read(ref TermInput input)
    {
        var start = input.Position;
        if (input.TryReadBinary(out ReadOnlySpan<byte> text))
        {
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw input.Unexpected(Expected, start);
        }
        if (input.Peek() == TermKind.Map)
            return ReadStruct(ref input);
        if (input.Peek() is not (TermKind.Integer or TermKind.Float))
            throw input.Unexpected(Expected);
        var found = input.ReadTerm();
        var number = found.Integer is { } integer
            ? decimal.CreateSaturating(integer)
            : decimal.CreateSaturating(found.Float!.Value);
        // At the end of the range: saturated, it does not fit.
        return number is < decimal.MaxValue and > decimal.MinValue
            ? number
            : throw TermInput.Unexpected(Expected, found);
    }

    private static void WriteStruct(ref TermOutput output, decimal value)
    {
        var map = output.WriteMap(Shape, 3);
        map.Next(ref output, 0);
        output.WriteInteger(decimal.IsNegative(value) ? -1 : 1);
        map.Next(ref output, 1);
        output.WriteInteger(new BigInteger(WithoutScale(value)));
        map.Next(ref output, 2);
        output.WriteInteger(-value.Scale);
        map.End(ref output);
    }

    private static decimal WithoutScale(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        return new decimal(bits[0], bits[1], bits[2], isNegative: false, scale: 0);
    }

    private static decimal ReadStruct(ref TermInput input)
    {
        var start = input.Position;
        var whole = input.Position < 0 ? input.Ahead() : default;
        var (sign, exponent) = (1L, 0L);
        var coefficient = BigInteger.Zero;
        var map = input.ReadMap(Shape);
        for (var member = map.Next(ref input); member >= 0; member = map.Next(ref input))
        {
            var isNumber = member switch
            {
                0 => input.TryReadInt64(out sign) && sign is 1 or -1,
                1 => input.TryReadInteger(out coefficient) && coefficient.Sign >= 0,
                _ => input.TryReadInt64(out exponent),
            };
            if (!isNumber)
                throw TermInput.Unexpected(Expected, input.At(start, whole)); // NaN and infinity are atoms there
        }
        return Combine(sign, coefficient, exponent)
            ?? throw TermInput.Unexpected("a decimal of at most 28 digits", input.At(start, whole));
    }

    private static decimal? Combine(long sign, BigInteger coefficient, long exponent)
    {
        if (coefficient.IsZero)
            exponent = Math.Clamp(exponent, -MaxScale, 0);
        // Zeros at the end cost nothing; the bound on the length keeps a peer from making us divide for long.
        while (exponent < 0 && coefficient.GetBitLength() <= 1024
            && (exponent < -MaxScale || coefficient.GetBitLength() > 96)
            && (coefficient % 10).IsZero && !coefficient.IsZero)
        {
            (coefficient, exponent) = (coefficient / 10, exponent + 1);
        }
        if (exponent is < -MaxScale or > MaxScale)
            return null;
        if (exponent > 0)
            coefficient *= BigInteger.Pow(10, (int)exponent);
        if (coefficient.GetBitLength() > 96)
            return null;
        Span<byte> bytes = stackalloc byte[12];
        bytes.Clear();
        coefficient.TryWriteBytes(bytes, out _, isUnsigned: true);
        return new decimal(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            sign < 0,
            (byte)-Math.Min(exponent, 0));
    }
}

internal static class NumberText
{
    internal static string Range<T>(T least, T greatest)
        where T : IFormattable =>
        string.Create(CultureInfo.InvariantCulture, $"an integer from {least} to {greatest}");
}
