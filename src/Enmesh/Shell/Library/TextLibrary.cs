using System.Globalization;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Library;

/// <summary>The usual functions of <c>string</c> and <c>unicode</c>: text is chardata, the result is of the kind of the first argument.</summary>
internal static class TextLibrary
{
    private const string Blanks = "\u0085\u000b\u000c\r\n\t \u200e\u200f\u2028\u2029";

    internal static void AddTo(LibraryModule text)
    {
        text
            .Add("length", "*", call => new StringInfo(Text(call, 0)).LengthInTextElements)
            .Add("is_empty", "*", call => Text(call, 0).Length == 0)
            .Add("uppercase", "*", call => Like(call, Text(call, 0).ToUpperInvariant()))
            .Add("lowercase", "*", call => Like(call, Text(call, 0).ToLowerInvariant()))
            .Add("to_upper", "*", call => Like(call, Text(call, 0).ToUpperInvariant()))
            .Add("to_lower", "*", call => Like(call, Text(call, 0).ToLowerInvariant()))
            .Add("titlecase", "*", call => Like(call, Text(call, 0) is { Length: > 0 } word ? char.ToUpperInvariant(word[0]) + word[1..] : ""))
            .Add("reverse", "*", call => Term.CharList(Reverse(Text(call, 0))))
            .Add("equal", "**", call => Text(call, 0) == Text(call, 1))
            .Add("concat", "**", call => Term.CharList(Text(call, 0) + Text(call, 1)))
            .Add("join", "**", call => Term.CharList(string.Join(Text(call, 1), call.List(0).Select(part => TextOf(call, part)))))
            .Add("split", "**", call => Split(call, "leading"))
            .Add("split", "**a", call => Split(call, call.Atom(2).Text))
            .Add("lexemes", "**", Lexemes)
            .Add("tokens", "**", Lexemes)
            .Add("trim", "*", call => Like(call, Text(call, 0).Trim(Blanks.ToCharArray())))
            .Add("trim", "*a", call => Like(call, call.Atom(1).Text switch
            {
                "leading" => Text(call, 0).TrimStart(Blanks.ToCharArray()),
                "trailing" => Text(call, 0).TrimEnd(Blanks.ToCharArray()),
                "both" => Text(call, 0).Trim(Blanks.ToCharArray()),
                _ => throw call.Clause(),
            }))
            .Add("strip", "*", call => Like(call, Text(call, 0).Trim(' ')))
            .Add("find", "**", call => Find(call, Text(call, 0).IndexOf(Text(call, 1), StringComparison.Ordinal)))
            .Add("find", "**a", call => Find(call, call[2].IsAtom("trailing")
                ? Text(call, 0).LastIndexOf(Text(call, 1), StringComparison.Ordinal) : Text(call, 0).IndexOf(Text(call, 1), StringComparison.Ordinal)))
            .Add("str", "**", call => Text(call, 0).IndexOf(Text(call, 1), StringComparison.Ordinal) + 1)
            .Add("prefix", "**", call => Text(call, 0).StartsWith(Text(call, 1), StringComparison.Ordinal)
                ? Like(call, Text(call, 0)[Text(call, 1).Length..]) : new Atom("nomatch"))
            .Add("replace", "***", call => Replace(call, "leading"))
            .Add("replace", "***a", call => Replace(call, call.Atom(3).Text))
            .Add("slice", "*i", call => Slice(call, int.MaxValue))
            .Add("slice", "*i*", call => Slice(call, call[2].IsAtom("infinity") ? int.MaxValue : call.Count(2)))
            .Add("pad", "*i", call => Pad(call, "trailing", " "))
            .Add("pad", "*ia", call => Pad(call, call.Atom(2).Text, " "))
            .Add("pad", "*ia*", call => Pad(call, call.Atom(2).Text, call[3].Int32 is { } c ? char.ConvertFromUtf32(c) : Text(call, 3)))
            .Add("to_integer", "*", ToInteger)
            .Add("to_float", "*", ToFloat)
            .Add("chars", "ii", call => call.Integer(1) is var count && count >= 0 && count <= Limits.MaxElements
                ? Term.List([.. Enumerable.Repeat(call[0], (int)count)]) : throw call.Clause());
    }

    internal static void AddUnicode(LibraryModule unicode)
    {
        unicode
            .Add("characters_to_binary", "*", call => Term.Binary(Text(call, 0)))
            .Add("characters_to_list", "*", call => Term.CharList(Text(call, 0)))
            .Add("characters_to_binary", "*a", call => Term.Binary(Text(call, 0)))
            .Add("characters_to_list", "*a", call => Term.CharList(Text(call, 0)));
    }

    private static string Text(LibraryCall call, int index) => TextOf(call, call[index]);

    private static string TextOf(LibraryCall call, Term term) =>
        CharData.TryGetText(term, CharEncoding.Utf8, out var text) ? text : throw Failures.Of("badarg", term);

    private static Term Like(LibraryCall call, string text) => call[0].BitString is null ? Term.CharList(text) : Term.Binary(text);

    private static string Reverse(string text)
    {
        var elements = new List<string>();
        var each = StringInfo.GetTextElementEnumerator(text);
        while (each.MoveNext())
            elements.Add(each.GetTextElement());
        elements.Reverse();
        return string.Concat(elements);
    }

    private static Term Split(LibraryCall call, string where)
    {
        var (text, by) = (Text(call, 0), Text(call, 1));
        if (by.Length == 0)
            return Term.List(call[0]);
        if (where == "all")
            return Term.List([.. text.Split(by).Select(part => Like(call, part))]);
        var at = where == "trailing" ? text.LastIndexOf(by, StringComparison.Ordinal) : text.IndexOf(by, StringComparison.Ordinal);
        return at < 0 ? Term.List(Like(call, text)) : Term.List(Like(call, text[..at]), Like(call, text[(at + by.Length)..]));
    }

    private static Term Lexemes(LibraryCall call) => Term.List([.. Text(call, 0)
        .Split(Text(call, 1).ToCharArray(), StringSplitOptions.RemoveEmptyEntries).Select(part => Like(call, part))]);

    private static Term Find(LibraryCall call, int at) => at < 0 ? new Atom("nomatch") : Like(call, Text(call, 0)[at..]);

    private static Term Replace(LibraryCall call, string where)
    {
        var (text, old, by) = (Text(call, 0), Text(call, 1), Text(call, 2));
        if (old.Length == 0)
            return Term.List(call[0]);
        if (where == "all")
            return Term.List([.. text.Split(old).SelectMany((part, i) => i == 0 ? [Like(call, part)] : new[] { call[2], Like(call, part) })]);
        var at = where == "trailing" ? text.LastIndexOf(old, StringComparison.Ordinal) : text.IndexOf(old, StringComparison.Ordinal);
        return at < 0 ? Term.List(Like(call, text))
            : Term.List(Like(call, text[..at]), by.Length == 0 ? Term.Nil : call[2], Like(call, text[(at + old.Length)..]));
    }

    private static Term Slice(LibraryCall call, int length)
    {
        if (call.Integer(1) < 0 || length < 0)
            throw call.Clause();
        var all = new StringInfo(Text(call, 0));
        var from = Math.Min(call.Count(1), all.LengthInTextElements);
        var count = Math.Min(length, all.LengthInTextElements - from);
        return Like(call, count == 0 ? "" : all.SubstringByTextElements(from, count));
    }

    private static Term Pad(LibraryCall call, string where, string by)
    {
        var text = Text(call, 0);
        var missing = call.Integer(1) - new StringInfo(text).LengthInTextElements;
        if (missing > Limits.MaxElements)
            throw call.TooLarge();
        var count = (int)System.Numerics.BigInteger.Max(missing, 0);
        return where switch
        {
            "leading" => Term.List(Repeat(by, count), call[0]),
            "trailing" => Term.ListWithTail([call[0]], Repeat(by, count)),
            "both" => Term.ListWithTail([Repeat(by, count / 2), call[0], Repeat(by, count / 2)], Repeat(by, count % 2)),
            _ => throw call.Clause(),
        };
    }

    private static Term Repeat(string text, int count) => Term.CharList(new StringBuilder().Insert(0, text, count).ToString());

    private static Term ToInteger(LibraryCall call)
    {
        var text = Text(call, 0);
        var end = text.StartsWith('-') || text.StartsWith('+') ? 1 : 0;
        var start = end;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        if (end == start)
            return Term.Tuple(Atoms.Error, new Atom("no_integer"));
        return Term.Tuple(System.Numerics.BigInteger.Parse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), Like(call, text[end..]));
    }

    private static Term ToFloat(LibraryCall call)
    {
        var text = Text(call, 0);
        for (var end = text.Length; end > 0; end--)
        {
            var part = text.AsSpan(0, end);
            if (part.Contains('.') && char.IsAsciiDigit(part[^1]) && double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && double.IsFinite(value))
                return Term.Tuple(value, Like(call, text[end..]));
        }
        return Term.Tuple(Atoms.Error, new Atom("no_float"));
    }
}
