using System.Globalization;
using System.Text;

namespace Enmesh.Cli.Consoles;

/// <summary>Text of others on a terminal: what would move the cursor, colour the screen or turn letters round is shown, not done.</summary>
internal static class TerminalText
{
    /// <summary>The text with line feeds and tabs; every other control character and format character is <c>\x{…}</c>.</summary>
    internal static string Safe(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
            return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t' || !IsHarmful(rune))
                safe.Append(rune.ToString());
            else
                safe.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X}}}");
        }
        return safe.ToString();
    }

    /// <summary>The same on one line: line feeds and tabs are shown as well.</summary>
    internal static string OneLine(string text) =>
        Safe(text).Replace("\n", @"\n", StringComparison.Ordinal).Replace("\t", @"\t", StringComparison.Ordinal);

    private static bool IsHarmful(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse;
}
