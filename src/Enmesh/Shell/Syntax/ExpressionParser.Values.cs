using System.Runtime.CompilerServices;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Syntax;

// Values: literals, and what stands between brackets.
internal sealed partial class ExpressionParser
{
    private const int MaxUnit = 256;

    private Expression ReadValue()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            TooDeep();
        var (token, at) = (Current, Here);
        switch (token.Kind)
        {
            case TokenKind.Atom:
                _at++;
                return new Literal(at, new Atom(token.Text));
            case TokenKind.Variable:
                _at++;
                return new Variable(at, token.Text);
            case TokenKind.Integer or TokenKind.Float or TokenKind.Binary or TokenKind.Identifier:
                _at++;
                return new Literal(at, token.Value);
            case TokenKind.String:
                return ReadStrings(at);
            case TokenKind.Word:
                return ReadWord(token.Text, at);
            case TokenKind.Symbol:
                return ReadBracket(token.Text, at);
        }
        FailHere();
        return null;
    }

    private Expression ReadBracket(string symbol, Place at)
    {
        switch (symbol)
        {
            case "(":
                _at++;
                var inner = ReadExpression();
                Expect(")");
                return inner;
            case "{":
                _at++;
                if (TryAdvance("}"))
                    return new Literal(at, Term.EmptyTuple);
                var elements = ReadExpressions();
                Expect("}");
                return new TupleExpression(at, elements);
            case "[":
                _at++;
                return ReadList(at);
            case "#":
                return ReadMap(at, null);
            case "<<":
                _at++;
                return ReadBinary(at);
        }
        FailHere();
        return null;
    }

    private StringLiteral ReadStrings(Place at)
    {
        var text = new StringBuilder();
        for (; Current.Kind == TokenKind.String; _at++)
            text.Append(Current.Text);
        return new StringLiteral(at, text.ToString());
    }

    private Expression ReadList(Place at)
    {
        if (TryAdvance("]"))
            return new Literal(at, Term.Nil);
        var first = ReadExpression();
        if (TryAdvance("||"))
        {
            var qualifiers = ReadQualifiers();
            Expect("]");
            return new Comprehension(at, ComprehensionKind.List, [first], qualifiers);
        }
        var elements = new List<Expression> { first };
        while (TryAdvance(","))
            elements.Add(ReadExpression());
        var tail = TryAdvance("|") ? ReadExpression() : null;
        Expect("]");
        return new ListExpression(at, [.. elements], tail);
    }

    private Expression ReadUpdate(Expression source) => ReadMap(Here, source);

    private Expression ReadMap(Place at, Expression? source)
    {
        Expect("#");
        if (Current.Kind == TokenKind.Atom && _at + 1 < _tokens.Count && (_tokens[_at + 1].IsSymbol("{") || _tokens[_at + 1].IsSymbol(".")))
            ShellSyntaxException.Throw(at, $"record {Tokens.Show(Current)} undefined");
        Expect("{");
        if (TryAdvance("}"))
            return new MapExpression(at, source, []);
        var fields = new List<MapField>();
        do
        {
            var (key, place) = (ReadExpression(), Here);
            var isExact = Current.IsSymbol(":=");
            if (!isExact && !Current.IsSymbol("=>"))
                FailHere();
            _at++;
            var value = ReadExpression();
            fields.Add(new(place, key, value, isExact));
            if (fields.Count == 1 && source is null && TryAdvance("||"))
            {
                var qualifiers = ReadQualifiers();
                Expect("}");
                return new Comprehension(at, ComprehensionKind.Map, [key, value], qualifiers);
            }
        }
        while (TryAdvance(","));
        Expect("}");
        return new MapExpression(at, source, [.. fields]);
    }


    private Expression ReadBinary(Place at)
    {
        if (TryAdvance(">>"))
            return new BinaryExpression(at, []);
        var segments = new List<Segment> { ReadSegment() };
        if (segments[0] is { Size: null } only && TryAdvance("||"))
        {
            var qualifiers = ReadQualifiers();
            Expect(">>");
            return new Comprehension(at, ComprehensionKind.Binary, [only.Value], qualifiers);
        }
        while (TryAdvance(","))
            segments.Add(ReadSegment());
        Expect(">>");
        return new BinaryExpression(at, [.. segments]);
    }

    private Segment ReadSegment()
    {
        var at = Here;
        if (++_depth > MaxDepth)
            TooDeep();
        Expression value;
        if (Current.IsSymbol("-") || Current.IsSymbol("+") || Current.IsWord("not") || Current.IsWord("bnot"))
        {
            var op = Current.Text;
            _at++;
            value = new UnaryOperation(at, op, ReadValue());
        }
        else
        {
            value = ReadValue();
        }
        var size = TryAdvance(":") ? ReadValue() : null;
        var type = TryAdvance("/") ? ReadTypes(at) : default;
        // Whether there is a size matters, not yet which.
        if (size is not null)
            type.Size = size is Literal { Value.Integer: { } number } ? number : 1;
        if (type.Problem is not null)
        {
            ShellSyntaxException.Throw(at, type.Kind >= SegmentKind.Utf8
                ? "neither size nor unit must be given for segments of type utf8/utf16/utf32"
                : "a bit unit size must not be specified unless a size is specified too");
        }
        _depth--;
        return new(at, value, size, type);
    }

    private SegmentType ReadTypes(Place at)
    {
        var type = default(SegmentType);
        string? kind = null;
        do
        {
            var name = ExpectAtom().Text;
            if (name == "unit" && TryAdvance(":"))
            {
                if (Current.Value.Int32 is not (>= 1 and <= MaxUnit) || Current.Kind != TokenKind.Integer)
                    FailHere();
                type.Unit = _tokens[_at++].Value.Int32;
                continue;
            }
            var known = type;
            if (!type.TrySet(name))
            {
                var fresh = default(SegmentType);
                var problem = fresh.TrySet(name)
                    ? $"conflict in type specification for bit field: '{name}' and '{kind}'"
                    : $"bit type {Tokens.Show(_tokens[_at - 1])} undefined";
                type = known;
                ShellSyntaxException.Throw(at, problem);
            }
            kind = name;
        }
        while (TryAdvance("-"));
        return type;
    }

    private Qualifier[] ReadQualifiers()
    {
        var qualifiers = new List<Qualifier>();
        do
            qualifiers.Add(ReadQualifier());
        while (TryAdvance(","));
        return [.. qualifiers];
    }

    private Qualifier ReadQualifier()
    {
        var at = Here;
        var first = ReadExpression();
        var kind = ComprehensionKind.List;
        Expression[] pattern = [first];
        if (TryAdvance(":="))
        {
            kind = ComprehensionKind.Map;
            pattern = [first, ReadExpression()];
        }
        var arrow = Current.Text;
        if (Current.Kind != TokenKind.Symbol || arrow is not ("<-" or "<=" or "<:-" or "<:="))
        {
            if (kind == ComprehensionKind.Map)
                FailHere();
            return new(at, ComprehensionKind.List, null, first, false);
        }
        if (arrow is "<=" or "<:=")
            kind = ComprehensionKind.Binary;
        at = Here;
        _at++;
        return new(at, kind, pattern, ReadExpression(), arrow.Contains(':', StringComparison.Ordinal));
    }
}
