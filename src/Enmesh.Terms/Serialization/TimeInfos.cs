using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Serialization;

/// <summary>A UTC point in time, to and from all its forms.</summary>
internal static class Instants
{
    private const string Expected =
        "a point in time: {{Y,M,D},{H,Mi,S}}, ISO 8601 text, %DateTime{}, %NaiveDateTime{} or a Unix time";

    internal static void Write(ref TermOutput output, DateTime utc, TermFormat format)
    {
        switch (format)
        {
            case TermFormat.Iso8601:
                Span<char> text = stackalloc char[32];
                // "FFFFFFF" leaves zeros at the end out, and the point before them.
                utc.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
                output.WriteString(text[..length]);
                break;
            case TermFormat.ElixirStruct:
                ElixirCalendar.WriteDateTime(ref output, utc);
                break;
            case TermFormat.ElixirNaiveDateTime:
                ElixirCalendar.WriteNaive(ref output, utc);
                break;
            case TermFormat.UnixSeconds:
                output.WriteInteger(new DateTimeOffset(utc).ToUnixTimeSeconds());
                break;
            case TermFormat.UnixMilliseconds:
                output.WriteInteger(new DateTimeOffset(utc).ToUnixTimeMilliseconds());
                break;
            default:
                CalendarTuples.WriteDateTime(ref output, utc);
                break;
        }
    }

    /// <summary>Reads any form. Times without an offset are taken for UTC.</summary>
    internal static DateTimeOffset Read(ref TermInput input, TermFormat format)
    {
        var start = input.Position;
        switch (input.Peek())
        {
            case TermKind.BitString when input.TryReadBinary(out ReadOnlySpan<byte> utf8):
                return Parse(utf8) ?? throw input.Unexpected(Expected, start);
            case TermKind.Integer when input.TryReadInt64(out var number):
                return FromUnix(number, format) ?? throw TermInput.Unexpected(Expected, number);
            case TermKind.Tuple:
                var tuple = input.ReadTerm();
                return CalendarTuples.ToDateTime(tuple) ?? throw TermInput.Unexpected(Expected, tuple);
            case TermKind.Map:
                var map = input.ReadTerm();
                return ElixirCalendar.ToDateTime(map.AsMap!) ?? throw TermInput.Unexpected(Expected, map);
            default:
                throw input.Unexpected(Expected);
        }
    }

    /// <summary>ISO 8601 text, as DateTimeOffset knows it.</summary>
    private static DateTimeOffset? Parse(ReadOnlySpan<byte> utf8)
    {
        const int Longest = 40;
        Span<char> text = stackalloc char[Longest];
        if (utf8.Length > Longest || Ascii.ToUtf16(utf8, text, out var length) != System.Buffers.OperationStatus.Done)
            return null;
        // Only what begins as ISO 8601 does: the parser would take many customs of the world besides.
        if (length < 10 || text[4] != '-' || text[7] != '-')
            return null;
        return DateTimeOffset.TryParse(
            text[..length],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.RoundtripKind,
            out var value)
            ? value
            : null;
    }

    private static DateTimeOffset? FromUnix(long number, TermFormat format)
    {
        var perUnit = format == TermFormat.UnixMilliseconds ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerSecond;
        var ticks = ((Int128)number * perUnit) + DateTime.UnixEpoch.Ticks;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTimeOffset((long)ticks, TimeSpan.Zero) : null;
    }
}

internal sealed class DateTimeInfo(TermFormat format) : TermTypeInfo<DateTime>
{
    // A time of unspecified kind is written as it stands: it is what reading gives back, in UTC.
    public override void Write(ref TermOutput output, DateTime value) =>
        Instants.Write(ref output, ToUtc(value), format);

    public override DateTime Read(ref TermInput input) => Instants.Read(ref input, format).UtcDateTime;

    private static DateTime ToUtc(DateTime value) => value.Kind == DateTimeKind.Local
        ? value.ToUniversalTime()
        : DateTime.SpecifyKind(value, DateTimeKind.Utc);
}

internal sealed class DateTimeOffsetInfo(TermFormat format) : TermTypeInfo<DateTimeOffset>
{
    public override void Write(ref TermOutput output, DateTimeOffset value) =>
        Instants.Write(ref output, value.UtcDateTime, format);

    public override DateTimeOffset Read(ref TermInput input) => Instants.Read(ref input, format);
}

internal sealed class DateOnlyInfo(TermFormat format) : TermTypeInfo<DateOnly>
{
    private const string Expected = "a date: {Y,M,D}, text such as <<\"2025-01-31\">> or %Date{}";

    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, DateOnly value)
    {
        if (format == TermFormat.Iso8601)
        {
            Span<char> text = stackalloc char[10];
            value.TryFormat(text, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            output.WriteString(text);
        }
        else if (format == TermFormat.ElixirStruct)
        {
            ElixirCalendar.WriteDate(ref output, value);
        }
        else
        {
            CalendarTuples.Write(ref output, value.Year, value.Month, value.Day);
        }
    }

    public override DateOnly Read(ref TermInput input)
    {
        var start = input.Position;
        if (input.TryReadBinary(out ReadOnlySpan<byte> utf8))
        {
            Span<char> text = stackalloc char[10];
            return utf8.Length == 10 && Ascii.ToUtf16(utf8, text, out _) == System.Buffers.OperationStatus.Done
                && DateOnly.TryParseExact(
                    text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
                ? value
                : throw input.Unexpected(Expected, start);
        }
        if (input.Peek() is not (TermKind.Tuple or TermKind.Map))
            throw input.Unexpected(Expected);
        var term = input.ReadTerm();
        return (term.AsMap is { } map ? ElixirCalendar.ToDate(map) : CalendarTuples.ToDate(term))
            ?? throw TermInput.Unexpected(Expected, term);
    }
}

internal sealed class TimeOnlyInfo(TermFormat format) : TermTypeInfo<TimeOnly>
{
    private const string Expected = "a time of day: {H,Mi,S}, text such as <<\"12:30:00\">> or %Time{}";

    public override void Write(ref TermOutput output, TimeOnly value)
    {
        if (format == TermFormat.Iso8601)
        {
            Span<char> text = stackalloc char[16];
            value.TryFormat(text, out var length, "HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);
            output.WriteString(text[..length]);
        }
        else if (format == TermFormat.ElixirStruct)
        {
            ElixirCalendar.WriteTime(ref output, value);
        }
        else
        {
            CalendarTuples.Write(ref output, value.Hour, value.Minute, value.Second);
        }
    }

    public override TimeOnly Read(ref TermInput input)
    {
        const int Longest = 16;
        var start = input.Position;
        if (input.TryReadBinary(out ReadOnlySpan<byte> utf8))
        {
            Span<char> text = stackalloc char[Longest];
            return utf8.Length is >= 8 and <= Longest
                && Ascii.ToUtf16(utf8, text, out var length) == System.Buffers.OperationStatus.Done
                && TimeOnly.TryParseExact(
                    text[..length], "HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture, DateTimeStyles.None,
                    out var value)
                ? value
                : throw input.Unexpected(Expected, start);
        }
        if (input.Peek() is not (TermKind.Tuple or TermKind.Map))
            throw input.Unexpected(Expected);
        var term = input.ReadTerm();
        return (term.AsMap is { } map ? ElixirCalendar.ToTime(map) : CalendarTuples.ToTime(term))
            ?? throw TermInput.Unexpected(Expected, term);
    }
}

internal sealed class TimeSpanInfo(TermFormat format) : TermTypeInfo<TimeSpan>
{
    private readonly string _expected =
        $"a whole number of {format.ToString().ToLowerInvariant()} or the atom infinity";

    private readonly long _ticksPerUnit = format switch
    {
        TermFormat.Seconds => TimeSpan.TicksPerSecond,
        TermFormat.Microseconds => TimeSpan.TicksPerMicrosecond,
        _ => TimeSpan.TicksPerMillisecond,
    };

    public override void Write(ref TermOutput output, TimeSpan value)
    {
        if (value == Timeout.InfiniteTimeSpan)
            output.WriteAtom(Atoms.Infinity);
        else
            output.WriteInteger(value.Ticks / _ticksPerUnit);
    }

    public override TimeSpan Read(ref TermInput input)
    {
        if (!input.TryReadInt64(out var number))
            return input.TryReadAtom(Atoms.Infinity) ? Timeout.InfiniteTimeSpan : throw input.Unexpected(_expected);
        var ticks = (Int128)number * _ticksPerUnit;
        return ticks >= long.MinValue && ticks <= long.MaxValue
            ? TimeSpan.FromTicks((long)ticks)
            : throw TermInput.Unexpected($"{_expected}, of at most {TimeSpan.MaxValue.Days} days", number);
    }
}
