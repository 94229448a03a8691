using System.Globalization;
using System.Text.RegularExpressions;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>Numbers, times and sizes as documents write them: <c>5 s</c>, <c>100,000</c>, <c>64 KiB</c>, <c>0 to 1 day</c>.</summary>
internal static partial class Quantity
{
    /// <summary>What a text begins with, as a value of the type; null when that is no quantity.</summary>
    internal static object? Read(string text, Type type) =>
        Form().Match(text) is { Success: true, Index: 0 } match ? Value(match.Groups["number"].Value, match.Groups["unit"].Value, type) : null;

    /// <summary>The bounds that a text gives as <c>low to high</c>, or <c>at least low</c>; null for what it does not say.</summary>
    internal static (object? Low, object? High) Bounds(string text, Type type)
    {
        if (Range().Match(text) is { Success: true } range)
        {
            return (Value(range.Groups["low"].Value, range.Groups["lowUnit"].Value, type),
                Value(range.Groups["high"].Value, range.Groups["highUnit"].Value, type));
        }
        return AtLeast().Match(text) is { Success: true } least
            ? (Value(least.Groups["number"].Value, least.Groups["unit"].Value, type), null)
            : (null, null);
    }

    /// <summary>The next value in a direction, or null where there is none.</summary>
    internal static object? Beside(object value, int direction) => value switch
    {
        TimeSpan time => time + TimeSpan.FromTicks(direction),
        int number => number == int.MaxValue && direction > 0 ? null : number + direction,
        long number => number + direction,
        double number => number + (direction * 1e-6),
        _ => throw new NotSupportedException(value.GetType().Name),
    };

    internal static bool Is(Type type) => type == typeof(TimeSpan) || type == typeof(int) || type == typeof(long) || type == typeof(double);

    private static object? Value(string number, string unit, Type type)
    {
        var amount = double.Parse(number.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        if (type == typeof(TimeSpan))
        {
            return unit switch
            {
                "" when amount == 0 => TimeSpan.Zero,
                "ms" => TimeSpan.FromMilliseconds(amount),
                "s" => TimeSpan.FromSeconds(amount),
                "min" => TimeSpan.FromMinutes(amount),
                "h" => TimeSpan.FromHours(amount),
                "day" or "days" => TimeSpan.FromDays(amount),
                _ => null,
            };
        }
        double? scale = unit switch { "" => 1, "KiB" => 1 << 10, "MiB" => 1 << 20, _ => null };
        return scale is { } by ? Convert.ChangeType(amount * by, type, CultureInfo.InvariantCulture) : null;
    }

    [GeneratedRegex(@"(?<number>\d[\d,]*(\.\d+)?)( (?<unit>ms|s|min|h|days?|KiB|MiB)\b)?")]
    private static partial Regex Form();

    [GeneratedRegex(@"(?<low>\d[\d,]*(\.\d+)?)( (?<lowUnit>ms|s|min|h|days?|KiB|MiB))? to (?<high>\d[\d,]*(\.\d+)?)( (?<highUnit>ms|s|min|h|days?|KiB|MiB)\b)?")]
    private static partial Regex Range();

    [GeneratedRegex(@"at least (?<number>\d[\d,]*(\.\d+)?)( (?<unit>ms|s|min|h|days?|KiB|MiB)\b)?")]
    private static partial Regex AtLeast();
}
