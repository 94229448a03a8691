using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Text;

/// <content>Quoted atoms, strings, triple-quoted strings, sigils, characters and what a backslash stands for.</content>
internal sealed partial class ErlangLexer
{
    private const int MinQuotes = 3;

    // $a, $\n
    private Token ReadCharacter()
    {
        var start = _at++;
        if (_at == _text.Length)
            Fail(start, "A character is missing behind the '$'.");
        var c = Current == '\\' ? ReadEscape() : ReadRune();
        return Make(TokenKind.Integer, start, string.Empty, c);
    }

    // ~"binary", ~b"binary", ~B(verbatim), ~s"string", ~S{verbatim}
    private Token ReadSigil()
    {
        var start = _at++;
        var prefix = ReadName();
        if (prefix is not ("" or "b" or "B" or "s" or "S"))
            Fail(start, $"There is no sigil ~{prefix}; there are ~, ~b, ~B, ~s and ~S.");
        if (_at == _text.Length || RightDelimiter(Current) == '\0')
            Fail(_at, "Expected the string of a sigil, which begins with one of \" ' ( [ { < / | # `");
        var isVerbatim = prefix is "B" or "S" || (prefix.Length == 0 && CountQuotes() >= MinQuotes);
        var text = ReadString(start, !isVerbatim, "sigil");
        if (ErlangSyntax.IsNameCharacter(Current))
            Fail(_at, "A sigil has nothing behind its string.");
        return prefix is "s" or "S"
            ? Make(TokenKind.String, start, text)
            : Make(TokenKind.Binary, start, string.Empty, Term.Binary(text));
    }

    private static char RightDelimiter(char left) => left switch
    {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        '/' or '|' or '#' or '`' or '\'' or '"' => left,
        _ => '\0',
    };

    // From a left delimiter on. Only sigils may have escapes in a triple-quoted string.
    private string ReadString(int start, bool escapes, string what)
    {
        var quotes = CountQuotes();
        if (quotes >= MinQuotes)
            return ReadTripleQuoted(start, quotes, escapes && what == "sigil");
        return escapes
            ? ReadQuoted(start, RightDelimiter(Current), what)
            : ReadVerbatim(start, RightDelimiter(Current));
    }

    private int CountQuotes()
    {
        var count = 0;
        while (Peek(count) == '"')
            count++;
        return count;
    }

    private string ReadQuoted(int start, char end, string what)
    {
        _at++;
        var text = new StringBuilder();
        while (_at < _text.Length)
        {
            if (Current == end)
            {
                _at++;
                return what == "atom" ? CheckAtom(start, text.ToString()) : text.ToString();
            }
            var c = Current == '\\' ? ReadEscape() : ReadRune();
            text.Append(new Rune(c).ToString());
        }
        Fail(start, $"The {what} that begins here has no end: a {end} is missing.");
        return string.Empty;
    }

    private string CheckAtom(int start, string text)
    {
        if (text.Length > Atom.MaxCharacters && text.EnumerateRunes().Count() > Atom.MaxCharacters)
            Fail(start, $"An atom has at most {Atom.MaxCharacters} characters.");
        return text;
    }

    private string ReadVerbatim(int start, char end)
    {
        _at++;
        var first = _at;
        while (_at < _text.Length)
        {
            if (Current == end)
            {
                _at++;
                return _text[first..(_at - 1)];
            }
            ReadRune();
        }
        Fail(start, $"The sigil that begins here has no end: a {end} is missing.");
        return string.Empty;
    }

    // The quotes stand alone at the end of a first line that is no part of the string and at the beginning of a last
    // one, whose indentation all the others have, too.
    private string ReadTripleQuoted(int start, int quotes, bool escapes)
    {
        _at += quotes;
        for (; Current != '\n'; _at++)
        {
            if (_at == _text.Length)
                Fail(start, $"The string that begins here has no end: a line with {quotes} quotes is missing.");
            if (!IsBlank(Current))
                Fail(_at, $"Expected the end of the line: the text between {quotes} quotes begins on the next one.");
        }
        _at++;
        var lines = new List<(int Offset, string Text)>();
        while (!IsLastLine(quotes))
        {
            if (_at == _text.Length)
                Fail(start, $"The string that begins here has no end: a line with {quotes} quotes is missing.");
            lines.Add((_at, ReadLine(escapes)));
        }
        var end = _text.IndexOf('"', _at);
        var indentation = _text[_at..end];
        _at = end + quotes;
        return Unindent(lines, indentation);
    }

    private bool IsLastLine(int quotes)
    {
        var at = _at;
        while (at < _text.Length && _text[at] != '\n' && IsBlank(_text[at]))
            at++;
        var count = 0;
        while (count < quotes && at + count < _text.Length && _text[at + count] == '"')
            count++;
        return count == quotes;
    }

    // With its line feed.
    private string ReadLine(bool escapes)
    {
        var line = new StringBuilder();
        while (_at < _text.Length)
        {
            var isEscape = escapes && Current == '\\';
            var isFeed = Current == '\n' || (isEscape && Peek(1) == '\n');
            var c = isEscape ? ReadEscape() : ReadRune();
            line.Append(new Rune(c).ToString());
            if (isFeed)
                break;
        }
        return line.ToString();
    }

    private string Unindent(List<(int Offset, string Text)> lines, string indentation)
    {
        var text = new StringBuilder();
        foreach (var (offset, line) in lines)
        {
            if (line is "\n" or "\r\n")
                text.Append(line);
            else if (line.StartsWith(indentation, StringComparison.Ordinal))
                text.Append(line, indentation.Length, line.Length - indentation.Length);
            else
                Fail(offset, "This line is not indented as the one with the closing quotes is.");
        }
        if (text.Length > 0)
            text.Length -= text.Length > 1 && text[^2] == '\r' ? 2 : 1;
        return text.ToString();
    }

    // The backslash and what belongs to it.
    private int ReadEscape()
    {
        var start = _at++;
        if (_at == _text.Length)
            Fail(start, "A character is missing behind the '\\'.");
        switch (Current)
        {
            case >= '0' and <= '7':
                return ReadOctal();
            case 'x':
                _at++;
                return ReadHexadecimal(start);
            case '^':
                _at++;
                var control = Current switch
                {
                    '?' => 0x7F,
                    (>= '@' and <= '_') or (>= 'a' and <= 'z') => Current & 0x1F,
                    _ => -1,
                };
                if (control < 0)
                    Fail(start, "Expected a letter behind '\\^'.");
                _at++;
                return control;
            default:
                return ReadRune() switch
                {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\v',
                    'b' => '\b',
                    'f' => '\f',
                    'e' => 0x1B,
                    's' => ' ',
                    'd' => 0x7F,
                    var other => other,
                };
        }
    }

    private int ReadOctal()
    {
        var value = 0;
        for (var digits = 0; digits < 3 && Current is >= '0' and <= '7'; digits++)
            value = (value * 8) + (_text[_at++] - '0');
        return value;
    }

    // \x41, \x{1F600}
    private int ReadHexadecimal(int start)
    {
        if (Current != '{')
        {
            if (!char.IsAsciiHexDigit(Current) || !char.IsAsciiHexDigit(Peek(1)))
                Fail(start, "Expected two hexadecimal digits, or some in braces, behind '\\x'.");
            _at += 2;
            return int.Parse(_text.AsSpan(_at - 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }
        var first = ++_at;
        var value = 0;
        for (; char.IsAsciiHexDigit(Current); _at++)
            value = Math.Min(0x110000, (value * 16) + Convert.ToInt32(Current.ToString(), 16));
        if (_at == first || Current != '}')
            Fail(start, "Expected hexadecimal digits and a '}' behind '\\x{'.");
        _at++;
        if (!Rune.IsValid(value) || value is 0xFFFE or 0xFFFF)
            Fail(start, "There is no character of this number.");
        return value;
    }
}
