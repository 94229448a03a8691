using System.Numerics;
using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>Compares values with patterns. New variables go into the inner bindings, whether it matches or not.</summary>
/// <param name="self">The process for which it is done, for guards.</param>
/// <param name="outer">What keys and sizes see; a pattern sees it, too, unless it hides names.</param>
/// <param name="inner">Where new variables go.</param>
/// <param name="hides">Whether variables of the pattern are new whatever is outside: in heads of funs, in generators.</param>
internal sealed class Matcher(ProcessContext self, Bindings outer, Bindings inner, bool hides)
{
    internal bool Matches(Expression pattern, Term value)
    {
        switch (Lint.Deep(pattern))
        {
            case Literal literal:
                return literal.Value == value;
            case StringLiteral text:
                return text.Value == value;
            case Variable { IsWildcard: true }:
                return true;
            case Variable variable:
                if (inner.TryGetOwn(variable.Name, out var known) || (!hides && outer.TryGet(variable.Name, out known)))
                    return known == value;
                inner.Set(variable.Name, value);
                return true;
            case TupleExpression tuple:
                return value.IsTuple && value.TupleElements.Length == tuple.Elements.Length && MatchesTuple(tuple, value);
            case ListExpression list:
                return MatchesList(list, value);
            case MatchExpression both:
                return Matches(both.Pattern, value) && Matches(both.Value, value);
            case MapExpression map:
                return value.AsMap is { } found && MatchesMap(map, found);
            case BinaryExpression binary:
                return value.BitString is { } bits && MatchesBinary(binary, bits);
            case BinaryOperation { Operator: "++" } join:
                return MatchesPrefix(join, value);
            default:
                return Guards.Evaluate(pattern, inner, self) == value;
        }
    }

    private bool MatchesTuple(TupleExpression tuple, Term value)
    {
        var elements = value.TupleElements;
        for (var i = 0; i < elements.Length; i++)
        {
            if (!Matches(tuple.Elements[i], elements[i]))
                return false;
        }
        return true;
    }

    private bool MatchesList(ListExpression pattern, Term value)
    {
        if (value.AsList is not { } list || list.Count < pattern.Elements.Length)
            return false;
        if (pattern.Tail is null && (list.Count != pattern.Elements.Length || !list.IsProper))
            return false;
        for (var i = 0; i < pattern.Elements.Length; i++)
        {
            if (!Matches(pattern.Elements[i], list[i]))
                return false;
        }
        return pattern.Tail is null or Variable { IsWildcard: true } || Matches(pattern.Tail, Rest(list, pattern.Elements.Length));
    }

    private bool MatchesPrefix(BinaryOperation join, Term value)
    {
        var prefix = Guards.Evaluate(join.Left, inner, self).AsList!.Value;
        if (value.AsList is not { } list || list.Count < prefix.Count)
            return false;
        for (var i = 0; i < prefix.Count; i++)
        {
            if (prefix[i] != list[i])
                return false;
        }
        return Matches(join.Right, Rest(list, prefix.Count));
    }

    /// <summary>A list without its first elements.</summary>
    internal static Term Rest(ListTerm list, int from)
    {
        if (from == 0)
            return list.Term;
        if (list.TryGetBytes(out var bytes))
            return Term.ByteList(bytes[from..]);
        var rest = new Term[list.Count - from];
        for (var i = 0; i < rest.Length; i++)
            rest[i] = list[from + i];
        return Term.ListWithTail(rest, list.Tail);
    }

    private bool MatchesMap(MapExpression pattern, MapTerm map)
    {
        foreach (var field in pattern.Fields)
        {
            if (!map.TryGetValue(Guards.Evaluate(field.Key, inner, self), out var value) || !Matches(field.Value, value))
                return false;
        }
        return true;
    }

    private bool MatchesBinary(BinaryExpression pattern, BitString bits)
    {
        var reader = new BitReader(bits);
        return MatchesSegments(pattern, reader) == true && reader.IsAtEnd;
    }

    /// <summary>Reads the segments of a pattern from what is left of a binary.</summary>
    /// <returns>Whether the values match; null when there are no such segments.</returns>
    internal bool? MatchesSegments(BinaryExpression pattern, BitReader reader)
    {
        var matches = true;
        foreach (var segment in pattern.Segments)
        {
            BigInteger? size = null;
            if (segment.Size is not null)
            {
                // A size that was to be bound by what did not match is not known.
                if (!TryEvaluate(segment.Size, out var asked) || asked.Integer is not { } number)
                    return null;
                size = number;
            }
            if (segment.Value is StringLiteral text)
            {
                foreach (var rune in text.Text.EnumerateRunes())
                {
                    if (!reader.TryRead(segment.Type, size, out var found))
                        return null;
                    matches &= found == Written(segment.Type, rune.Value);
                }
                continue;
            }
            if (!reader.TryRead(segment.Type, size, out var value))
                return null;
            matches = matches && Matches(segment.Value, value);
        }
        return matches;
    }

    private bool TryEvaluate(Expression expression, out Term value)
    {
        try
        {
            value = Guards.Evaluate(expression, inner, self);
            return true;
        }
        catch (ErlangException)
        {
            value = default;
            return false;
        }
    }

    private static Term Written(SegmentType type, int character) => type.Kind == SegmentKind.Float ? (Term)(double)character : character;
}
