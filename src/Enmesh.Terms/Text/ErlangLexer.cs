using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>Cuts Erlang text into words, as <c>erl_scan</c> of OTP 28 and later does.</summary>
internal sealed partial class ErlangLexer
{
    // Those of several characters, the longer ones first; erl_scan knows no others.
    private static readonly ILookup<char, string> Symbols = new[]
    {
        "=:=", "=/=", "...", "<:-", "<:=", "<<", ">>", "<-", "<=", ">=", "->", "--", "++", "=<", "=>", "==", "/=", "||",
        "&&", ":=", "::", "..", "?=", "#_",
    }.ToLookup(symbol => symbol[0]);

    private static readonly string[] SingleSymbols = [.. Enumerable.Range(0, 256).Select(c => ((char)c).ToString())];

    private readonly string _text;
    private readonly ErlangParseOptions _options;
    private int _at;

    internal ErlangLexer(string text, ErlangParseOptions options)
    {
        (_text, _options) = (text, options);
        // A byte order mark is no part of the text.
        if (text.StartsWith('\uFEFF'))
            _at = 1;
    }

    private char Current => Peek(0);

    /// <summary>The next word; <see cref="TokenKind.End"/> again and again when there is none.</summary>
    /// <exception cref="TermSyntaxException">What follows is no word.</exception>
    internal Token Next()
    {
        SkipBlanks();
        var start = _at;
        if (_at == _text.Length)
            return new Token(TokenKind.End, start, start, string.Empty, default);
        var c = _text[_at];
        if (char.IsAsciiDigit(c))
            return ReadNumber();
        if (ErlangSyntax.StartsAtom(c))
        {
            var name = ReadName();
            return Make(ErlangSyntax.ReservedWords.Contains(name) ? TokenKind.Word : TokenKind.Atom, start, name);
        }
        if (ErlangSyntax.StartsVariable(c))
            return Make(TokenKind.Variable, start, ReadName());
        switch (c)
        {
            case '\'':
                return Make(TokenKind.Atom, start, ReadQuoted(start, '\'', "atom"));
            case '"':
                return Make(TokenKind.String, start, ReadString(start, escapes: true, "string"));
            case '~':
                return ReadSigil();
            case '$':
                return ReadCharacter();
            case '.' when IsFinalDot():
                _at++;
                return Make(TokenKind.Dot, start, ".");
            case '#' or '<' when TryReadIdentifier(out var identifier):
                return identifier;
        }
        return ReadSymbol();
    }

    [DoesNotReturn]
    internal void Fail(int offset, string problem) => TermSyntaxException.Throw(_text, offset, problem);

    private static bool IsBlank(char c) => c is <= ' ' or (>= '\u0080' and <= '\u00A0');

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private bool IsNext(string text) => _text.AsSpan(_at).StartsWith(text, StringComparison.Ordinal);

    private Token Make(TokenKind kind, int start, string text, Term value = default) =>
        new(kind, start, _at, text, value);

    private void SkipBlanks()
    {
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] == '%')
            {
                var end = _text.IndexOf('\n', _at);
                if (end < 0)
                {
                    _at = _text.Length;
                    return;
                }
                _at = end;
            }
            else if (!IsBlank(_text[_at]))
            {
                return;
            }
        }
    }

    private string ReadName()
    {
        var start = _at;
        while (_at < _text.Length && ErlangSyntax.IsNameCharacter(_text[_at]))
            _at++;
        if (_at - start > Atom.MaxCharacters)
            Fail(start, $"A name has more than {Atom.MaxCharacters} characters.");
        return _text[start.._at];
    }

    private bool IsFinalDot() => _at + 1 == _text.Length || Peek(1) == '%' || IsBlank(Peek(1));

    private Token ReadSymbol()
    {
        var start = _at;
        foreach (var symbol in Symbols[_text[start]])
        {
            if (IsNext(symbol))
            {
                _at += symbol.Length;
                return Make(TokenKind.Symbol, start, symbol);
            }
        }
        if (Current > 0xFF)
            Fail(start, $"The character {DescribeCharacter(start)} can stand only between quotes.");
        _at++;
        return Make(TokenKind.Symbol, start, SingleSymbols[_text[start]]);
    }

    // One character of the text, a surrogate pair being one.
    private int ReadRune()
    {
        var status = Rune.DecodeFromUtf16(_text.AsSpan(_at), out var rune, out var length);
        if (status != System.Buffers.OperationStatus.Done || rune.Value is 0xFFFE or 0xFFFF)
            Fail(_at, $"There is no such character as {DescribeCharacter(_at)}.");
        _at += length;
        return rune.Value;
    }

    private string DescribeCharacter(int at)
    {
        var isRune = Rune.TryGetRuneAt(_text, at, out var rune);
        return isRune && !Rune.IsControl(rune)
            ? $"'{rune}' (U+{rune.Value:X4})"
            : $"U+{(isRune ? rune.Value : _text[at]):X4}";
    }
}
