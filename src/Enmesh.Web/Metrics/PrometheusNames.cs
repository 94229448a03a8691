using System.Diagnostics.Metrics;
using System.Text;

namespace Enmesh.Web.Metrics;

// OpenTelemetry, "Prometheus and OpenMetrics Compatibility": names, units and suffixes.

/// <summary>What an instrument of .NET is called in Prometheus.</summary>
internal static class PrometheusNames
{
    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["min"] = "minutes",
        ["h"] = "hours",
        ["d"] = "days",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["%"] = "percent",
        ["Cel"] = "celsius",
        ["Hz"] = "hertz",
    };

    /// <summary>The name with its unit, and <c>_total</c> behind what only grows.</summary>
    internal static string Of(string name, string? unit, SeriesKind kind)
    {
        var result = Identifier(name, allowColons: true);
        if (Suffix(unit, kind) is { } suffix && !result.EndsWith($"_{suffix}", StringComparison.Ordinal))
            result = $"{result.TrimEnd('_')}_{suffix}";
        return kind == SeriesKind.Counter && !result.EndsWith("_total", StringComparison.Ordinal) ? $"{result}_total" : result;
    }

    /// <summary>The name of a label.</summary>
    internal static string Label(string name) => Identifier(name, allowColons: false);

    /// <summary>Whether what it is given is a part of a sum, and not the value itself.</summary>
    internal static bool IsSum(Instrument instrument) =>
        OpenType(instrument) is var open && (open == typeof(Counter<>) || open == typeof(UpDownCounter<>));

    internal static SeriesKind KindOf(Instrument instrument)
    {
        var open = OpenType(instrument);
        return open == typeof(Counter<>) || open == typeof(ObservableCounter<>) ? SeriesKind.Counter
            : open == typeof(Histogram<>) ? SeriesKind.Histogram
            : SeriesKind.Gauge;
    }

    // A program may have classes of its own, which need not be generic.
    private static Type OpenType(Instrument instrument) =>
        instrument.GetType() is { IsGenericType: true } type ? type.GetGenericTypeDefinition() : instrument.GetType();

    private static string? Suffix(string? unit, SeriesKind kind)
    {
        if (string.IsNullOrEmpty(unit) || unit[0] == '{')
            return null; // what is counted, in braces, is no unit
        if (unit == "1")
            return kind == SeriesKind.Gauge ? "ratio" : null;
        if (Units.TryGetValue(unit, out var known))
            return known;
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            ? $"{Suffix(unit[..slash], SeriesKind.Counter) ?? Identifier(unit[..slash], false)}_per_{Identifier(unit[(slash + 1)..], false)}"
            : Identifier(unit, allowColons: false);
    }

    private static string Identifier(string text, bool allowColons)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || (c == ':' && allowColons))
                result.Append(c);
            else if (result.Length == 0 || result[^1] != '_')
                result.Append('_');
        }
        if (result.Length == 0 || char.IsAsciiDigit(result[0]))
            result.Insert(0, '_');
        return result.ToString();
    }
}

/// <summary>What Prometheus calls the type of a metric.</summary>
internal enum SeriesKind
{
    Gauge,
    Counter,
    Histogram,
}
