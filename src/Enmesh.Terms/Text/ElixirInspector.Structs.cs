using System.Globalization;

namespace Enmesh.Terms.Text;

/// <content>Structs; those of Elixir's own that are printed in a way of their own have it here.</content>
internal sealed partial class ElixirInspector
{
    private static readonly Term StructKey = new Atom("__struct__");
    private static readonly Term ExceptionKey = new Atom("__exception__");
    private static readonly Term CalendarKey = new Atom("calendar");

    private void BeginStruct(MapTerm map, Atom name, int limit, bool charlists)
    {
        if (name.Text == "Elixir.MapSet" && map.TryGetValue(new Atom("map"), out var set) && set.AsMap is { } members)
        {
            BeginSet(members, limit);
            return;
        }
        if (Describe(map, name.Text) is { } text)
        {
            output.Append(text);
            return;
        }
        output.Append('%');
        ElixirSyntax.WriteAtom(output, name);
        var pairs = PairsOf(map);
        var fields = new List<Term>(pairs.Length);
        for (var i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i] != StructKey && pairs[i] != ExceptionKey)
                fields.AddRange([pairs[i], pairs[i + 1]]);
        }
        if (fields.Count == 0)
            output.Append("{}");
        else
            EnterPairs("{", [.. fields], limit, charlists);
    }

    private void BeginSet(MapTerm members, int limit)
    {
        var pairs = PairsOf(members);
        var elements = new Term[members.Count];
        for (var i = 0; i < elements.Length; i++)
            elements[i] = pairs[2 * i];
        output.Append("MapSet.new(");
        BeginList(Term.List(elements), limit, charlists: false, ")");
    }

    // Null for what is none of them, or is not as it should be.
    private static string? Describe(MapTerm map, string name) => name switch
    {
        "Elixir.Range" => Range(map),
        "Elixir.Date" when map.Count == 5 && Date(map) is { } date => $"~D[{date}]",
        "Elixir.Time" when map.Count == 6 && Time(map) is { } time => $"~T[{time}]",
        "Elixir.NaiveDateTime" when map.Count == 9 && Date(map) is { } date
            && Time(map) is { } time => $"~N[{date} {time}]",
        "Elixir.DateTime" when map.Count == 13 && IsUtc(map) && Date(map) is { } date
            && Time(map) is { } time => $"~U[{date} {time}Z]",
        _ => null,
    };

    private static string? Range(MapTerm map)
    {
        if (map.Count != 4 || Number(map, "first") is not { } first || Number(map, "last") is not { } last
            || Number(map, "step") is not { } step)
            return null;
        return step == 1 && last >= first
            ? string.Create(CultureInfo.InvariantCulture, $"{first}..{last}")
            : string.Create(CultureInfo.InvariantCulture, $"{first}..{last}//{step}");
    }

    private static string? Date(MapTerm map)
    {
        if (!map.TryGetValue(CalendarKey, out var calendar) || !calendar.IsAtom("Elixir.Calendar.ISO"))
            return null;
        if (Number(map, "year") is not (>= -9999 and <= 9999 and var year) || Number(map, "month") is not { } month
            || Number(map, "day") is not { } day)
            return null;
        return string.Create(
            CultureInfo.InvariantCulture, $"{(year < 0 ? "-" : "")}{Math.Abs(year):D4}-{month:D2}-{day:D2}");
    }

    private static string? Time(MapTerm map)
    {
        if (!map.TryGetValue(CalendarKey, out var calendar) || !calendar.IsAtom("Elixir.Calendar.ISO"))
            return null;
        if (Number(map, "hour") is not { } hour || Number(map, "minute") is not { } minute
            || Number(map, "second") is not { } second)
            return null;
        if (!map.TryGetValue(new Atom("microsecond"), out var fraction)
            || fraction.TupleElements is not [{ Int32: >= 0 and <= 999_999 and var microseconds }, { Int32: >= 0 and <= 6 and var precision }])
        {
            return null;
        }
        var digits = microseconds.ToString("D6", CultureInfo.InvariantCulture)[..precision];
        return string.Create(
            CultureInfo.InvariantCulture, $"{hour:D2}:{minute:D2}:{second:D2}{(precision > 0 ? "." : "")}{digits}");
    }

    private static bool IsUtc(MapTerm map) => Number(map, "utc_offset") == 0 && Number(map, "std_offset") == 0
        && map.TryGetValue(new Atom("time_zone"), out var zone) && zone.TryGetBinary(out var bytes)
            && bytes.Span.SequenceEqual("Etc/UTC"u8);

    private static long? Number(MapTerm map, string key) =>
        map.TryGetValue(new Atom(key), out var value) ? value.Int64 : null;
}
