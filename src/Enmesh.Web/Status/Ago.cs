using System.Globalization;

namespace Enmesh.Web.Status;

/// <summary>Quantities as people read them at a glance; coarse, so that a page does not change all the time.</summary>
internal static class Ago
{
    private static readonly (double Seconds, string Unit)[] Units =
        [(86_400 * 365.25, "y"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

    /// <summary>A time: <c>45 s</c>, <c>12 min</c>, <c>5 h</c>, <c>23 d</c>, <c>4 y</c>.</summary>
    internal static string Text(double seconds)
    {
        foreach (var (length, unit) in Units)
        {
            // Up to two of a larger unit the smaller one says more.
            if (seconds >= (unit == "s" ? 1 : 2 * length))
                return string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(seconds / length)} {unit}");
        }
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, Math.Round(seconds * 1000))} ms");
    }

    /// <summary>Bytes: <c>900 B</c>, <c>1.2 MB</c>.</summary>
    internal static string Bytes(long bytes) => Scaled(bytes, "B");

    /// <summary>A number: <c>900</c>, <c>1.2 k</c>.</summary>
    internal static string Number(long number) => Scaled(number, "");

    private static string Scaled(double value, string unit)
    {
        string[] prefixes = ["", "k", "M", "G", "T", "P"];
        var prefix = 0;
        // 999.6 k would be shown as 1000 k.
        while (value >= 999.5 && prefix < prefixes.Length - 1)
        {
            value /= 1000;
            prefix++;
        }
        var format = prefix == 0 || value >= 99.95 ? "0" : "0.0";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {prefixes[prefix]}{unit}".TrimEnd();
    }
}
