using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>How Elixir writes atoms, strings and floats (<c>Macro.inspect_atom</c>, <c>Code.Identifier</c>).</summary>
internal static class ElixirSyntax
{
    private const string AliasPrefix = "Elixir";
    private const double MaxPlainFloat = 1.0e16;

    private static readonly FrozenSet<string> Operators = FrozenSet.Create(
        StringComparer.Ordinal,
        "&", "...", "!", "^", "not", "+", "-", "@", "<-", "\\\\", "when", "|", "=", "||", "|||", "or", "&&", "&&&",
        "and", "==",
        "!=", "=~", "===", "!==", "<", "<=", ">=", ">", "|>", "<<<", ">>>", "<~", "~>", "<<~", "~>>", "<~>", "in", "++",
        "--",
        "..", "<>", "+++", "---", "*", "/", "**", ".");

    private static readonly FrozenSet<string> QuotedOperators = FrozenSet.Create(
        StringComparer.Ordinal, "::", "^^^", "~~~", "<|>");

    private static readonly FrozenSet<string> NotCallable = FrozenSet.Create(
        StringComparer.Ordinal, "%", "%{}", "{}", "<<>>", "...", "..", ".", "..//", "->");

    private enum AtomClass
    {
        Alias,
        Identifier,

        /// <summary>Needs no quotes, but cannot be the name in a call.</summary>
        NotCallable,
        Operator,
        QuotedOperator,
        Other,
    }

    /// <summary>Whether the atom can be written without a colon, as <c>Foo.Bar</c>.</summary>
    internal static bool IsAlias(string text)
    {
        if (!text.StartsWith(AliasPrefix, StringComparison.Ordinal))
            return false;
        var rest = text.AsSpan(AliasPrefix.Length);
        while (rest.Length > 1 && rest[0] == '.' && char.IsAsciiLetterUpper(rest[1]))
        {
            var end = 2;
            while (end < rest.Length && (char.IsAsciiLetterOrDigit(rest[end]) || rest[end] == '_'))
                end++;
            rest = rest[end..];
        }
        return rest.IsEmpty;
    }

    /// <summary>Whether it begins as module names do; it is then no key of a keyword list.</summary>
    internal static bool IsModule(Atom atom) => atom.Text.StartsWith("Elixir.", StringComparison.Ordinal);

    internal static void WriteAtom(TextBuffer output, Atom atom)
    {
        var text = atom.Text;
        if (text is "nil" or "true" or "false")
        {
            output.Append(text);
            return;
        }
        switch (Classify(text))
        {
            case AtomClass.Alias:
                var isOwn = text is "Elixir" or "Elixir.Elixir"
                    || text.StartsWith("Elixir.Elixir.", StringComparison.Ordinal);
                output.Append(isOwn ? text : text.AsSpan(AliasPrefix.Length + 1));
                break;
            case AtomClass.Other or AtomClass.QuotedOperator:
                output.Append(':');
                WriteQuoted(output, text);
                break;
            default:
                output.Append(':');
                output.Append(text);
                break;
        }
    }

    /// <summary>An atom as the key of a keyword list or a map: <c>key:</c></summary>
    internal static void WriteKey(TextBuffer output, Atom atom)
    {
        if (Classify(atom.Text) is AtomClass.Other or AtomClass.QuotedOperator or AtomClass.Alias)
            WriteQuoted(output, atom.Text);
        else
            output.Append(atom.Text);
        output.Append(':');
    }

    /// <summary>An atom as the name of a function behind a dot.</summary>
    internal static void WriteFunction(TextBuffer output, Atom atom)
    {
        if (Classify(atom.Text) is AtomClass.Identifier or AtomClass.Operator or AtomClass.QuotedOperator)
            output.Append(atom.Text);
        else
            WriteQuoted(output, atom.Text);
    }

    internal static void WriteFloat(TextBuffer output, double value)
    {
        var size = Math.Abs(value);
        if (size is < 1.0 or >= MaxPlainFloat || Math.Truncate(value) != value)
        {
            ErlangSyntax.WriteFloat(output, value);
            return;
        }
        output.AppendNumber((long)value);
        output.Append(".0");
    }

    /// <summary>Whether the beginning of a binary is printable UTF-8.</summary>
    internal static bool IsPrintable(ReadOnlySpan<byte> utf8, int limit)
    {
        for (; limit > 0 && !utf8.IsEmpty; limit--)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var length) != OperationStatus.Done
                || !IsPrintable(rune.Value))
                return false;
            utf8 = utf8[length..];
        }
        return true;
    }

    /// <summary>Whether the beginning of a list is printable ASCII.</summary>
    internal static bool IsPrintable(ListTerm list, int limit)
    {
        for (var i = 0; i < list.Count && i < limit; i++)
        {
            if (list[i].Int32 is not ((>= '\a' and <= '\r') or 0x1B or (>= ' ' and <= '~')))
                return false;
        }
        return list.IsProper || list.Count >= limit;
    }

    /// <summary>Writes characters as between double quotes; what is no UTF-8 becomes <c>\xFF</c>.</summary>
    /// <returns>How many bytes were written.</returns>
    internal static int WriteEscaped(TextBuffer output, ReadOnlySpan<byte> utf8, int limit)
    {
        var at = 0;
        for (; limit > 0 && at < utf8.Length && !output.IsCut; limit--)
        {
            if (utf8[at] == '#' && at + 1 < utf8.Length && utf8[at + 1] == '{')
            {
                output.Append("\\#{");
                at += 2;
                continue;
            }
            var isRune = Rune.DecodeFromUtf8(utf8[at..], out var rune, out var length) == OperationStatus.Done;
            if (isRune)
                WriteCharacter(output, rune.Value);
            else
                WriteHexadecimal(output, "\\x", utf8[at], 2);
            at += isRune ? length : 1;
        }
        return at;
    }

    private static void WriteQuoted(TextBuffer output, string text)
    {
        output.Append('"');
        WriteEscaped(output, Encoding.UTF8.GetBytes(text), int.MaxValue);
        output.Append('"');
    }

    private static void WriteCharacter(TextBuffer output, int c)
    {
        var letter = c switch
        {
            '"' => '"',
            '\\' => '\\',
            '\a' => 'a',
            '\b' => 'b',
            0x7F => 'd',
            0x1B => 'e',
            '\f' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\v' => 'v',
            0 => '0',
            _ => '\0',
        };
        if (letter != '\0')
        {
            output.Append('\\');
            output.Append(letter);
        }
        else if (IsConfusing(c))
        {
            WriteHexadecimal(output, "\\u", c, 4);
        }
        else if (IsPrintable(c))
        {
            output.AppendCharacter(c);
        }
        else if (c < 0x100)
        {
            WriteHexadecimal(output, "\\x", c, 2);
        }
        else
        {
            WriteHexadecimal(output, "\\x{", c, c < 0x10000 ? 4 : 6);
            output.Append('}');
        }
    }

    private static void WriteHexadecimal(TextBuffer output, string prefix, int value, int digits)
    {
        output.Append(prefix);
        output.AppendNumber(value, digits == 2 ? "X2" : digits == 4 ? "X4" : "X6");
    }

    private static bool IsPrintable(int c) => c
        is (>= '\a' and <= '\r') or 0x1B or (>= ' ' and <= 0x7F) or (>= 0xA0 and <= 0xD7FF) or (
            >= 0xE000 and <= 0xFFFD) or >= 0x10000;

    // Blanks and marks that cannot be seen or turn what is around them.
    private static bool IsConfusing(int c) => c
        is 0xA0 or 0x34F or 0x61C or (>= 0x2000 and <= 0x200F) or (>= 0x2028 and <= 0x202E) or (>= 0x205F and <= 0x2064)
        or (>= 0x2066 and <= 0x2069) or 0xFEFF or (>= 0xFFF9 and <= 0xFFFC);

    private static AtomClass Classify(string text)
    {
        if (NotCallable.Contains(text))
            return AtomClass.NotCallable;
        if (QuotedOperators.Contains(text))
            return AtomClass.QuotedOperator;
        if (Operators.Contains(text))
            return AtomClass.Operator;
        return IsAlias(text) ? AtomClass.Alias : ClassifyName(text);
    }

    private static AtomClass ClassifyName(string text)
    {
        if (text.Length == 0)
            return AtomClass.Other;
        var isCallable = true;
        var isFirst = true;
        foreach (var rune in
            text.AsSpan(0, text.Length - (text[^1] is '?' or '!' && text.Length > 1 ? 1 : 0)).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var isUpper = category is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter;
            var isLetter = isUpper || rune.Value == '_' || category is UnicodeCategory.LowercaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber;
            var continues = isLetter || rune.Value == '@' || category is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation;
            if (isFirst ? !isLetter : !continues)
                return AtomClass.Other;
            isCallable &= rune.Value != '@' && !(isFirst && isUpper);
            isFirst = false;
        }
        if (!Ascii.IsValid(text)
            && (!IdentifierScripts.IsGood(text) || (isCallable && IdentifierScripts.HasMarks(text))))
            return AtomClass.Other;
        return isCallable ? AtomClass.Identifier : AtomClass.NotCallable;
    }
}
