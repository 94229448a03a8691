using System.Globalization;
using System.Text;
using Enmesh.Terms;

namespace Enmesh.Tests.Wire;

/// <summary>Terms in the notation of frames.jsonl; see fmt() in tests/vectors/gen/etf.py, which wrote it.</summary>
internal static class VectorText
{
    private const int Limit = 200;

    private static readonly HashSet<string> Reserved =
    [
        "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
        "else",
        "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor",
    ];

    internal static string Of(Term term) => term.Kind switch
    {
        TermKind.Nil => "[]",
        TermKind.Integer => term.Integer!.Value.ToString(CultureInfo.InvariantCulture),
        TermKind.Float => Float(term.Float!.Value),
        TermKind.Atom => Of(term.Atom!),
        TermKind.Pid => Of(term.Pid!),
        TermKind.Port => Invariant($"#Port<{term.Port!.Node} {term.Port.Id}/{term.Port.Creation:x}>"),
        TermKind.Reference => Of(term.Reference!),
        TermKind.Tuple => "{" + Join(term.TupleElements) + "}",
        TermKind.List => List(term.AsList!.Value),
        TermKind.BitString => Bits(term.BitString!.Value),
        TermKind.Map => "#{" + string.Join(',', term.AsMap!.Select(p => $"{Of(p.Key)} => {Of(p.Value)}")) + "}",
        TermKind.Fun when term.Fun!.Function is { } f =>
            Invariant($"fun {Of(term.Fun.Module)}:{Of(f)}/{term.Fun.Arity}"),
        TermKind.Fun => Invariant(
            $"#Fun<{term.Fun!.Module}.{term.Fun.Id.Index}/{term.Fun.Arity} env [{Join(term.Fun.FreeVariables)}]>"),
        _ => Record(term.Record!),
    };

    private static string Of(Atom atom)
    {
        var text = atom.Text;
        var plain = text.Length > 0 && char.IsAsciiLetterLower(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '@') && !Reserved.Contains(text);
        return plain
            ? text
            : $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
    }

    private static string Of(Pid pid) => Invariant($"#Pid<{pid.Node} {pid.Id}.{pid.Serial}/{pid.Creation:x}>");

    private static string Of(Reference reference)
    {
        var words = string.Join('.', Enumerable.Range(0, reference.WordCount).Select(i => reference[i]));
        return Invariant($"#Ref<{reference.Node} {words}/{reference.Creation:x}>");
    }

    private static string Float(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) || text.Contains('E', StringComparison.Ordinal)
            ? text
            : text + ".0";
    }

    private static string List(ListTerm list)
    {
        if (list.IsProper && list.All(e => e.Int32 is >= 32 and < 127))
        {
            var text = string.Concat(list.Select(e => (char)e.Int32!.Value));
            return text.Length <= Limit ? $"\"{text}\"" : $"\"{text[..40]}...({text.Length} chars)\"";
        }
        if (list.IsProper && list.Count > Limit)
            return $"[{string.Join(',', list.Take(4).Select(Of))},...({list.Count} elements)]";
        var elements = string.Join(',', list.Select(Of));
        return list.IsProper ? $"[{elements}]" : $"[{elements}|{Of(list.Tail)}]";
    }

    private static string Bits(BitString bits)
    {
        var bytes = bits.Span;
        if (bits.IsBinary)
        {
            if (bytes.Length > Limit)
                return $"<<...({bytes.Length} bytes)>>";
            if (bytes.Length > 0 && bytes.IndexOfAnyExceptInRange((byte)32, (byte)126) < 0
                && bytes.IndexOfAny((byte)34, (byte)92) < 0)
                return $"<<\"{Encoding.ASCII.GetString(bytes)}\">>";
            return $"<<{string.Join(',', bytes.ToArray())}>>";
        }
        var last = Invariant($"{bytes[^1] >> (8 - bits.BitsInLastByte)}:{bits.BitsInLastByte}");
        return $"<<{string.Join(',', [.. bytes[..^1].ToArray().Select(b => b.ToString(CultureInfo.InvariantCulture)), last])}>>";
    }

    private static string Record(RecordTerm record)
    {
        var fields = record.FieldNames.ToArray().Select((name, i) => $"{Of(name)}={Of(record.Values[i])}");
        return $"#{Of(record.Module)}:{Of(record.Name)}{{{string.Join(',', fields)}}}{(record.IsExported ? "" : " (not exported)")}";
    }

    private static string Join(ReadOnlySpan<Term> terms)
    {
        var parts = new List<string>();
        foreach (var term in terms)
            parts.Add(Of(term));
        return string.Join(',', parts);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
