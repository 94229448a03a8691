using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>Maps and binaries made of values that are there.</summary>
internal static class Construction
{
    internal static Term Map(Term source, ReadOnlySpan<(Term Key, Term Value, bool IsExact)> fields)
    {
        if (source.AsMap is not { } map)
            throw Failures.OfCall(Term.Tuple(new Atom("badmap"), source), "maps", "put", [new Atom("k"), new Atom("v"), source], (3, "not a map"));
        if (fields.Length == 1)
            return With(map, fields[0].Key, fields[0].Value, fields[0].IsExact);
        var pairs = new Dictionary<Term, Term>(map.Count + fields.Length);
        foreach (var (key, value) in map)
            pairs[key] = value;
        foreach (var (key, value, isExact) in fields)
        {
            if (isExact && !pairs.ContainsKey(key))
                throw BadKey(key, value, source);
            pairs[key] = value;
        }
        return Map(pairs);
    }

    internal static Term Map(Dictionary<Term, Term> pairs) => Term.Map([.. pairs]);

    private static Term With(MapTerm map, Term key, Term value, bool isExact) =>
        isExact && !map.ContainsKey(key) ? throw BadKey(key, value, map) : map.With(key, value);

    private static ErlangException BadKey(Term key, Term value, Term map) => Failures.OfCall(
        Term.Tuple(new Atom("badkey"), key), "maps", "update", [key, value, map], (1, "not present in map"));

    internal static Term Binary(ReadOnlySpan<(Segment Segment, Term Value, Term? Size)> segments)
    {
        var writer = new SegmentWriter();
        for (var i = 0; i < segments.Length; i++)
            Append(writer, i, segments[i]);
        return writer.ToTerm();
    }

    private static void Append(SegmentWriter writer, int index, (Segment Segment, Term Value, Term? Size) part)
    {
        var (segment, value, size) = part;
        var type = segment.Type;
        type.Size = null;
        if (size is { } given)
        {
            type.Size = given.Integer ?? throw Failures.OfCall(Failures.BadArg, "erlang", "*", [given, type.Unit ?? 1]);
            if (type.Size.Value.Sign < 0)
                throw Failures.OfCall(Failures.BadArg, "erlang", "bit_size", [value]);
        }
        var text = (segment.Value as StringLiteral)?.Text;
        if (writer.Write(type, value, text, Limits.MaxBytes * 8L) is not { } problem)
            return;
        if (problem == SegmentWriter.TooLarge)
            throw Failures.Of(Failures.SystemLimit);
        if (type is { Kind: SegmentKind.Bits, Size: null } && value.BitString is null)
            throw Failures.OfCall(Failures.BadArg, "erlang", "bit_size", [value], (1, "not a bitstring"));
        throw Failures.OfSegment(index + 1, NameOf(type), Expected(type, value));
    }

    private static string NameOf(SegmentType type) => type.Kind == SegmentKind.Bits ? "binary" : type.Kind.ToString().ToLowerInvariant();

    private static string Expected(SegmentType type, Term value) => type.Kind switch
    {
        SegmentKind.Bits when value.BitString is not null => $"the value {value} is shorter than the size of the segment",
        SegmentKind.Bits => $"expected a binary but got: {value}",
        SegmentKind.Integer => $"expected an integer but got: {value}",
        SegmentKind.Float => $"expected a float or an integer but got: {value}",
        _ => $"expected a non-negative integer encodable as {NameOf(type)} but got: {value}",
    };
}
