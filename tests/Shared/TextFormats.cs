using System.Globalization;
using System.Text.RegularExpressions;
using Enmesh.Terms.Text;

namespace Enmesh.TestSupport;

/// <summary>Our options for what Erlang and Elixir were asked in tests and vectors.</summary>
internal static partial class TextFormats
{
    /// <summary>
    /// The options for a control sequence such as <c>~60.20tp</c>; a number behind it is the depth, as in <c>~P9</c>.
    /// </summary>
    internal static ErlangPrintOptions Erlang(string format, bool printableUnicode)
    {
        var parts = ControlSequence().Match(format);
        if (!parts.Success)
            throw new ArgumentException($"{format} is no control sequence known here.", nameof(format));
        var options = new ErlangPrintOptions
        {
            PrintableUnicode = printableUnicode,
            Plain = parts.Groups["kind"].Value is "w" or "W",
            Unicode = parts.Groups["modifiers"].Value.Contains('t', StringComparison.Ordinal),
            Strings = !parts.Groups["modifiers"].Value.Contains('l', StringComparison.Ordinal),
        };
        if (Number(parts, "width") is { } width)
            options = options with { LineLength = width };
        if (Number(parts, "column") is { } column)
            options = options with { Column = column };
        return options with { Depth = Number(parts, "depth") };
    }

    /// <summary>The options for words such as <c>limit 5 pretty 30</c>.</summary>
    internal static ElixirInspectOptions Elixir(string ways, Version elixir)
    {
        var isNew = elixir >= new Version(1, 19);
        var options = new ElixirInspectOptions
        {
            Release = isNew ? ElixirRelease.From119 : ElixirRelease.UpTo118,
            Limit = elixir >= new Version(1, 20) ? 200 : isNew ? 100 : 50,
        };
        var words = new Queue<string>(ways.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        while (words.TryDequeue(out var word))
        {
            options = word switch
            {
                "pretty" when words.TryPeek(out var width)
                    && int.TryParse(width, CultureInfo.InvariantCulture, out _) =>
                    options with { Pretty = true, Width = int.Parse(words.Dequeue(), CultureInfo.InvariantCulture) },
                "pretty" => options with { Pretty = true },
                "limit" => options with { Limit = int.Parse(words.Dequeue(), CultureInfo.InvariantCulture) },
                "unlimited" => options with { Limit = null, PrintableLimit = null },
                "printable" =>
                    options with { PrintableLimit = int.Parse(words.Dequeue(), CultureInfo.InvariantCulture) },
                "no" when words.Dequeue() == "strings" => options with { Strings = false },
                "no" => options with { Charlists = false },
                _ => throw new ArgumentException($"{word} is no option known here.", nameof(ways)),
            };
        }
        return options;
    }

    private static int? Number(Match parts, string group) =>
        parts.Groups[group].Success ? int.Parse(parts.Groups[group].Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^~(?<width>\d+)?(\.(?<column>\d+))?(?<modifiers>[tl]*)(?<kind>[pPwW])(?<depth>\d+)?$")]
    private static partial Regex ControlSequence();
}
