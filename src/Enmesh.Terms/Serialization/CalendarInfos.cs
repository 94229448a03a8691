namespace Enmesh.Terms.Serialization;

/// <summary>Dates and times as Erlang's <c>calendar</c> has them.</summary>
internal static class CalendarTuples
{
    private static readonly TermShape Pair = TermShape.ForTuple("a date and time", null, "date", "time");
    private static readonly TermShape Triple = TermShape.ForTuple("a date or time", null, "first", "second", "third");

    internal static void WriteDateTime(ref TermOutput output, DateTime value)
    {
        var tuple = output.WriteTuple(Pair);
        tuple.Next(ref output);
        Write(ref output, value.Year, value.Month, value.Day);
        tuple.Next(ref output);
        Write(ref output, value.Hour, value.Minute, value.Second);
        tuple.End(ref output);
    }

    internal static void Write(ref TermOutput output, int first, int second, int third)
    {
        var tuple = output.WriteTuple(Triple);
        tuple.Next(ref output);
        output.WriteInteger(first);
        tuple.Next(ref output);
        output.WriteInteger(second);
        tuple.Next(ref output);
        output.WriteInteger(third);
        tuple.End(ref output);
    }

    internal static DateTimeOffset? ToDateTime(Term term) =>
        term.TupleElements is [var date, var time] && ToDate(date) is { } day && ToTime(time) is { } hour
            ? new DateTimeOffset(day.ToDateTime(hour), TimeSpan.Zero)
            : null;

    internal static DateOnly? ToDate(Term term) =>
        term.TupleElements is [{ Int32: { } year }, { Int32: { } month }, { Int32: { } day }]
            ? Date(year, month, day)
            : null;

    internal static TimeOnly? ToTime(Term term) =>
        term.TupleElements is [{ Int32: { } hour }, { Int32: { } minute }, { Int32: { } second }]
            ? Time(hour, minute, second, 0)
            : null;

    internal static DateOnly? Date(int year, int month, int day) =>
        year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            ? new DateOnly(year, month, day)
            : null;

    internal static TimeOnly? Time(int hour, int minute, int second, int microsecond) =>
        hour is >= 0 and < 24 && minute is >= 0 and < 60 && second is >= 0 and < 60
            && microsecond is >= 0 and < 1_000_000
            ? new TimeOnly(hour, minute, second, microsecond / 1000, microsecond % 1000)
            : null;
}

/// <summary>
/// Elixir's <c>Date</c>, <c>Time</c>, <c>NaiveDateTime</c> and <c>DateTime</c>, in the calendar <c>Calendar.ISO</c>.
/// </summary>
internal static class ElixirCalendar
{
    // Elixir remembers how many digits of the second count; ours are always all six.
    private const int Precision = 6;

    private static readonly Atom Calendar = new("calendar");
    private static readonly Atom Iso = new("Elixir.Calendar.ISO");
    private static readonly Atom Year = new("year");
    private static readonly Atom Month = new("month");
    private static readonly Atom Day = new("day");
    private static readonly Atom Hour = new("hour");
    private static readonly Atom Minute = new("minute");
    private static readonly Atom Second = new("second");
    private static readonly Atom Microsecond = new("microsecond");
    private static readonly Atom UtcOffset = new("utc_offset");
    private static readonly Atom StandardOffset = new("std_offset");

    private static readonly string[] DateKeys = ["calendar", "year", "month", "day"];
    private static readonly string[] TimeKeys = ["hour", "minute", "second", "microsecond"];
    private static readonly string[] ZoneKeys = ["time_zone", "zone_abbr", "utc_offset", "std_offset"];

    private static readonly TermShape DateShape = Struct("Elixir.Date", DateKeys);
    private static readonly TermShape TimeShape = Struct("Elixir.Time", ["calendar", .. TimeKeys]);
    private static readonly TermShape NaiveShape = Struct("Elixir.NaiveDateTime", [.. DateKeys, .. TimeKeys]);
    private static readonly TermShape DateTimeShape = Struct(
        "Elixir.DateTime", [.. DateKeys, .. TimeKeys, .. ZoneKeys]);
    private static readonly TermShape MicrosecondShape = TermShape.ForTuple("microsecond", null, "value", "precision");

    internal static void WriteDate(ref TermOutput output, DateOnly value)
    {
        var map = output.WriteMap(DateShape, DateShape.Names.Length);
        WriteDate(ref output, ref map, value);
        map.End(ref output);
    }

    internal static void WriteTime(ref TermOutput output, TimeOnly value)
    {
        var map = output.WriteMap(TimeShape, TimeShape.Names.Length);
        map.Next(ref output, 0);
        output.WriteAtom(Iso);
        WriteTime(ref output, ref map, 1, value);
        map.End(ref output);
    }

    internal static void WriteNaive(ref TermOutput output, DateTime value)
    {
        var map = output.WriteMap(NaiveShape, NaiveShape.Names.Length);
        WriteDate(ref output, ref map, DateOnly.FromDateTime(value));
        WriteTime(ref output, ref map, DateKeys.Length, TimeOnly.FromDateTime(value));
        map.End(ref output);
    }

    internal static void WriteDateTime(ref TermOutput output, DateTime utc)
    {
        var map = output.WriteMap(DateTimeShape, DateTimeShape.Names.Length);
        WriteDate(ref output, ref map, DateOnly.FromDateTime(utc));
        WriteTime(ref output, ref map, DateKeys.Length, TimeOnly.FromDateTime(utc));
        var zone = DateKeys.Length + TimeKeys.Length;
        map.Next(ref output, zone);
        output.WriteString("Etc/UTC");
        map.Next(ref output, zone + 1);
        output.WriteString("UTC");
        map.Next(ref output, zone + 2);
        output.WriteInteger(0);
        map.Next(ref output, zone + 3);
        output.WriteInteger(0);
        map.End(ref output);
    }

    internal static DateOnly? ToDate(MapTerm map) => !HasIso(map)
        ? null
        : CalendarTuples.Date(Int(map, Year) ?? 0, Int(map, Month) ?? 0, Int(map, Day) ?? 0);

    internal static TimeOnly? ToTime(MapTerm map)
    {
        if (!HasIso(map) || !map.TryGetValue(Microsecond, out var parts)
            || parts.TupleElements is not [{ Int32: { } microsecond }, _])
        {
            return null;
        }
        return CalendarTuples.Time(Int(map, Hour) ?? -1, Int(map, Minute) ?? -1, Int(map, Second) ?? -1, microsecond);
    }

    /// <summary>A <c>DateTime</c>, or a <c>NaiveDateTime</c> taken for UTC.</summary>
    internal static DateTimeOffset? ToDateTime(MapTerm map)
    {
        if (ToDate(map) is not { } date || ToTime(map) is not { } time)
            return null;
        var offset = (long)(Int(map, UtcOffset) ?? 0) + (Int(map, StandardOffset) ?? 0);
        var local = date.ToDateTime(time);
        var utc = local.Ticks - ((Int128)offset * TimeSpan.TicksPerSecond);
        if (utc < 0 || utc > DateTime.MaxValue.Ticks)
            return null;
        // .NET knows offsets of whole minutes up to 14 hours; others keep the point in time.
        return offset % 60 == 0 && Math.Abs(offset) <= 14 * 3600
            ? new DateTimeOffset(local, TimeSpan.FromSeconds(offset))
            : new DateTimeOffset((long)utc, TimeSpan.Zero);
    }

    private static bool HasIso(MapTerm map) => map.TryGetValue(Calendar, out var calendar) && calendar.IsAtom(Iso);

    private static int? Int(MapTerm map, Atom key) => map.TryGetValue(key, out var value) ? value.Int32 : null;

    private static void WriteDate(ref TermOutput output, ref TermOutput.MapWriter map, DateOnly value)
    {
        map.Next(ref output, 0);
        output.WriteAtom(Iso);
        map.Next(ref output, 1);
        output.WriteInteger(value.Year);
        map.Next(ref output, 2);
        output.WriteInteger(value.Month);
        map.Next(ref output, 3);
        output.WriteInteger(value.Day);
    }

    private static void WriteTime(ref TermOutput output, ref TermOutput.MapWriter map, int first, TimeOnly value)
    {
        map.Next(ref output, first);
        output.WriteInteger(value.Hour);
        map.Next(ref output, first + 1);
        output.WriteInteger(value.Minute);
        map.Next(ref output, first + 2);
        output.WriteInteger(value.Second);
        map.Next(ref output, first + 3);
        var tuple = output.WriteTuple(MicrosecondShape);
        tuple.Next(ref output);
        output.WriteInteger(value.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
        tuple.Next(ref output);
        output.WriteInteger(Precision);
        tuple.End(ref output);
    }

    private static TermShape Struct(string module, string[] keys) =>
        TermShape.ForMap(module, module, MapKeys.Atom, UnknownKeys.Ignore, keys, new bool[keys.Length]);
}
