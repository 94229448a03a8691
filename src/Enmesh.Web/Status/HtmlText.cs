using System.Globalization;
using System.Text;

namespace Enmesh.Web.Status;

/// <summary>Writes HTML. What comes from others goes through <see cref="Text(string?)"/>, and is text whatever it says.</summary>
internal sealed class HtmlText
{
    private const int MostCharacters = 500;

    private readonly StringBuilder _text = new(8 * 1024);

    /// <summary>Markup of our own.</summary>
    internal HtmlText Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    /// <summary>A number of our own.</summary>
    internal HtmlText Raw(int number)
    {
        _text.Append(CultureInfo.InvariantCulture, $"{number}");
        return this;
    }

    /// <summary>A coordinate.</summary>
    internal HtmlText Raw(double number)
    {
        _text.Append(number.ToString("0.#", CultureInfo.InvariantCulture));
        return this;
    }

    /// <summary>
    /// Text, for content and for quoted attributes alike. Characters that cannot be seen, or turn the direction of others round, are shown as
    /// <c>\x{…}</c>; of a very long text the beginning is shown.
    /// </summary>
    internal HtmlText Text(string? text)
    {
        if (text is null)
            return this;
        var isCut = text.Length > MostCharacters;
        foreach (var rune in (isCut ? text[..MostCharacters] : text).EnumerateRunes())
            Append(rune);
        if (isCut)
            _text.Append('…');
        return this;
    }

    public override string ToString() => _text.ToString();

    private void Append(Rune rune)
    {
        switch (rune.Value)
        {
            case '&':
                _text.Append("&amp;");
                break;
            case '<':
                _text.Append("&lt;");
                break;
            case '>':
                _text.Append("&gt;");
                break;
            case '"':
                _text.Append("&quot;");
                break;
            case '\'':
                _text.Append("&#39;");
                break;
            case >= ' ' and <= '~':
                _text.Append((char)rune.Value);
                break;
            default:
                if (IsHarmful(rune))
                    _text.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X}}}");
                else
                    _text.Append(rune.ToString());
                break;
        }
    }

    private static bool IsHarmful(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
