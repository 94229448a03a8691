using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>Reads terms, as <c>erl_parse:parse_term/1</c> does. Works with a stack of its own.</summary>
internal sealed partial class ErlangParser
{
    private readonly ErlangLexer _lexer;
    private readonly ErlangParseOptions _options;
    private readonly Dictionary<string, Atom> _atoms = new(StringComparer.Ordinal);
    private readonly List<Term> _values = [];
    private Level[] _levels = new Level[8];
    private int _count;
    private Token _token;

    // The characters of the last value, if it was a string: in a binary that is not the same as a list.
    private string? _string;

    internal ErlangParser(string text, ErlangParseOptions options)
    {
        _lexer = new ErlangLexer(text, options);
        _options = options;
        _bitsLeft = options.MaxBinaryBytes * 8L;
        Advance();
    }

    private enum LevelKind : byte
    {
        List,

        /// <summary>Behind the bar of a list.</summary>
        Tail,
        Tuple,

        /// <summary>A map at a key.</summary>
        Key,

        /// <summary>A map at a value.</summary>
        Value,
        Record,
        Binary,
        Parentheses,
    }

    internal bool IsAtEnd => _token.Kind == TokenKind.End;

    /// <summary>Reads a term and the dot behind it, which only one that is followed by others must have.</summary>
    internal Term ReadTerm(bool needsDot)
    {
        var term = ReadValue();
        if (_token.Kind == TokenKind.Dot)
            Advance();
        else if (needsDot)
            Expecting("the '.' that ends a term");
        if (!needsDot && !IsAtEnd)
            Expecting("the end of the text");
        return term;
    }

    private Term ReadValue()
    {
        while (true)
        {
            // What a value ends is in turn a value that may end something.
            for (var value = Begin(); value is { } complete; value = Continue(ref _levels[_count - 1], complete))
            {
                if (_count == 0)
                    return complete;
            }
        }
    }

    // Reads a whole value, or goes a level down and gives null.
    private Term? Begin()
    {
        _string = null;
        var token = _token;
        switch (token.Kind)
        {
            case TokenKind.Atom:
                return ReadAtom();
            case TokenKind.Integer or TokenKind.Float or TokenKind.Binary or TokenKind.Identifier:
                Advance();
                return token.Value;
            case TokenKind.String:
                return ReadStrings();
            case TokenKind.Word when token.Text == "fun":
                return ReadFun();
            case TokenKind.Symbol:
                return BeginSymbol(token.Text);
        }
        Expecting("a term");
        return null;
    }

    private Term? BeginSymbol(string symbol)
    {
        var isTail = _count > 0 && _levels[_count - 1].Kind == LevelKind.Tail;
        switch (symbol)
        {
            case "-" or "+":
                return ReadSigned(symbol == "-");
            case "[":
                Advance();
                if (TryAdvance("]"))
                    return Term.Nil;
                // [1|[2|[3]]] is one list with three elements, and is read as such.
                if (isTail)
                    GoOn(ref _levels[_count - 1], ']', LevelKind.List);
                else
                    Enter(LevelKind.List);
                return null;
            case "(":
                Advance();
                if (isTail)
                    GoOn(ref _levels[_count - 1], ')', LevelKind.Tail);
                else
                    Enter(LevelKind.Parentheses);
                return null;
            case "{":
                Advance();
                if (TryAdvance("}"))
                    return Term.Tuple();
                Enter(LevelKind.Tuple);
                return null;
            case "#":
                Advance();
                return BeginMapOrRecord();
            case "<<":
                Advance();
                if (TryAdvance(">>"))
                    return Term.Binary([]);
                Enter(LevelKind.Binary).Bits = new SegmentWriter();
                return null;
            default:
                Expecting("a term");
                return null;
        }
    }

    // Takes the value into the level. Gives the value the level makes if that ends with it, else null.
    private Term? Continue(ref Level level, Term value)
    {
        switch (level.Kind)
        {
            case LevelKind.List:
                _values.Add(value);
                if (TryAdvance(","))
                    return null;
                if (!TryAdvance("|"))
                    return EndList(ref level, Term.Nil, "',', '|' or ']'");
                level.Kind = LevelKind.Tail;
                return null;
            case LevelKind.Tail:
                return EndList(ref level, value, null);
            case LevelKind.Tuple:
                _values.Add(value);
                if (TryAdvance(","))
                    return null;
                Expect("}", "',' or '}'");
                return Leave(Term.Tuple(ValuesOf(level)));
            case LevelKind.Key:
                _values.Add(value);
                Expect("=>", "'=>'");
                level.Kind = LevelKind.Value;
                return null;
            case LevelKind.Value:
                _values.Add(value);
                level.Kind = LevelKind.Key;
                if (TryAdvance(","))
                    return null;
                Expect("}", "',' or '}'");
                return Leave(MakeMap(ValuesOf(level)));
            case LevelKind.Record:
                _values.Add(value);
                return ContinueRecord(ref level);
            case LevelKind.Binary:
                return ContinueBinary(ref level, value);
            default:
                Expect(")", "')'");
                _count--;
                return value;
        }
    }

    private Term EndList(ref Level level, Term tail, string? expected)
    {
        for (var i = level.Closers?.Count - 1 ?? -1; i >= 0; i--)
        {
            var closer = level.Closers![i].ToString();
            Expect(closer, expected ?? $"'{closer}'");
            expected = null;
        }
        Expect("]", expected ?? "']'");
        return Leave(Term.ListWithTail(ValuesOf(level), tail));
    }

    private ReadOnlySpan<Term> ValuesOf(in Level level) => CollectionsMarshal.AsSpan(_values)[level.Start..];

    // Goes up again with the value that the last level has made.
    private Term Leave(Term made)
    {
        ref var level = ref _levels[--_count];
        _values.RemoveRange(level.Start, _values.Count - level.Start);
        _string = null;
        level = default;
        return made;
    }

    private ref Level Enter(LevelKind kind)
    {
        if (_count == _options.MaxDepth)
            _lexer.Fail(_token.Offset, $"This is nested more than {_options.MaxDepth:N0} deep.");
        if (_count == _levels.Length)
            Array.Resize(ref _levels, _count * 2);
        ref var level = ref _levels[_count++];
        level = new Level { Kind = kind, Start = _values.Count, Segment = _token.Offset };
        return ref level;
    }

    private static void GoOn(ref Level level, char closer, LevelKind kind)
    {
        (level.Closers ??= []).Add(closer);
        level.Kind = kind;
    }

    private Term ReadAtom()
    {
        var text = _token.Text;
        Advance();
        return MakeAtom(text);
    }

    private Atom ExpectAtom(string what)
    {
        if (_token.Kind != TokenKind.Atom)
            Expecting(what);
        return ReadAtom().Atom!;
    }

    // Erlang prints the names in a fun without quotes even where they are reserved words.
    private Atom ExpectName(string what) => _token.Kind == TokenKind.Word ? ReadAtom().Atom! : ExpectAtom(what);

    private Atom MakeAtom(string text)
    {
        if (!_atoms.TryGetValue(text, out var atom))
        {
            atom = new Atom(text);
            _atoms.Add(text, atom = _options.Atoms?.Intern(atom) ?? atom);
        }
        return atom;
    }

    private Term ReadSigned(bool isNegative)
    {
        Advance();
        if (_token.Kind is not (TokenKind.Integer or TokenKind.Float))
            Expecting("a number behind the sign");
        var value = _token.Value;
        Advance();
        if (!isNegative)
            return value;
        return value.Float is { } number ? -number : BigInteger.Negate(value.Integer!.Value);
    }

    // Strings that follow each other are one.
    private Term ReadStrings()
    {
        var text = _token.Text;
        Advance();
        if (_token.Kind == TokenKind.String)
        {
            var all = new StringBuilder(text);
            for (; _token.Kind == TokenKind.String; Advance())
                all.Append(_token.Text);
            text = all.ToString();
        }
        _string = text;
        return Term.CharList(text);
    }

    private Term ReadFun()
    {
        Advance();
        var module = ExpectName("the module of a fun");
        Expect(":", "':'");
        var function = ExpectName("the function's name");
        Expect("/", "'/'");
        if (_token.Kind != TokenKind.Integer || _token.Value.Int32 is not (>= 0 and <= byte.MaxValue))
            Expecting("a number of arguments from 0 to 255");
        var arity = _token.Value.Int32!.Value;
        Advance();
        return new FunTerm(module, function, arity);
    }

    private void Advance() => _token = _lexer.Next();

    private bool TryAdvance(string symbol)
    {
        if (!_token.IsSymbol(symbol))
            return false;
        Advance();
        return true;
    }

    private void Expect(string symbol, string expected)
    {
        if (!TryAdvance(symbol))
            Expecting(expected);
    }

    [DoesNotReturn]
    private void Expecting(string what) => _lexer.Fail(_token.Offset, $"Expected {what}, found {_token.Describe()}.");

    /// <summary>Something that has been begun and not ended.</summary>
    private struct Level
    {
        internal LevelKind Kind;

        /// <summary>Where its values begin among those of all levels.</summary>
        internal int Start;

        /// <summary>Where in the text the current segment of a binary begins.</summary>
        internal int Segment;

        /// <summary>Brackets that close before the one of the list itself.</summary>
        internal List<char>? Closers;
        internal SegmentWriter? Bits;
        internal RecordHead? Record;
    }
}
