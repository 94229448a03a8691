using System.Diagnostics.CodeAnalysis;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Syntax;

/// <summary>Reads the expressions of a form, as <c>erl_parse:parse_exprs/1</c> does.</summary>
internal sealed partial class ExpressionParser
{
    // What is nested deeper nobody has typed; each level is a frame of the stack.
    private const int MaxDepth = 1_000;

    private const int MatchPrecedence = 100;
    private const int UnaryPrecedence = 600;

    private static readonly Dictionary<string, (int Precedence, Associativity Side)> Operators = new(StringComparer.Ordinal)
    {
        ["="] = (MatchPrecedence, Associativity.Right),
        ["?="] = (MatchPrecedence, Associativity.None),
        ["!"] = (MatchPrecedence, Associativity.Right),
        ["orelse"] = (150, Associativity.Right),
        ["andalso"] = (160, Associativity.Right),
        ["=="] = (200, Associativity.None),
        ["/="] = (200, Associativity.None),
        ["=<"] = (200, Associativity.None),
        ["<"] = (200, Associativity.None),
        [">="] = (200, Associativity.None),
        [">"] = (200, Associativity.None),
        ["=:="] = (200, Associativity.None),
        ["=/="] = (200, Associativity.None),
        ["++"] = (300, Associativity.Right),
        ["--"] = (300, Associativity.Right),
        ["+"] = (400, Associativity.Left),
        ["-"] = (400, Associativity.Left),
        ["bor"] = (400, Associativity.Left),
        ["bxor"] = (400, Associativity.Left),
        ["bsl"] = (400, Associativity.Left),
        ["bsr"] = (400, Associativity.Left),
        ["or"] = (400, Associativity.Left),
        ["xor"] = (400, Associativity.Left),
        ["*"] = (500, Associativity.Left),
        ["/"] = (500, Associativity.Left),
        ["div"] = (500, Associativity.Left),
        ["rem"] = (500, Associativity.Left),
        ["band"] = (500, Associativity.Left),
        ["and"] = (500, Associativity.Left),
    };

    private readonly string _text;
    private readonly IReadOnlyList<Token> _tokens;
    private int _at;
    private int _depth;
    private (int Offset, Place At) _seen = (0, new(1, 1));

    private ExpressionParser(string text, IReadOnlyList<Token> tokens) => (_text, _tokens) = (text, tokens);

    private enum Associativity : byte
    {
        None,
        Left,
        Right,
    }

    private Token Current => _tokens[_at];

    // Counted on from the place asked for last: a long form would be gone through once for each of its tokens.
    private Place Here
    {
        get
        {
            _seen = Current.Offset >= _seen.Offset
                ? (Current.Offset, Tokens.PlaceOf(_text, Current.Offset, _seen.Offset, _seen.At))
                : (Current.Offset, Tokens.PlaceOf(_text, Current.Offset));
            return _seen.At;
        }
    }

    /// <summary>Reads the expressions up to the dot.</summary>
    /// <exception cref="ShellSyntaxException">They are none.</exception>
    internal static Expression[] Parse(string text, IReadOnlyList<Token> tokens)
    {
        var parser = new ExpressionParser(text, tokens);
        var expressions = parser.ReadExpressions();
        if (parser.Current.Kind != TokenKind.Dot)
            parser.FailHere();
        return expressions;
    }

    private Expression[] ReadExpressions()
    {
        var expressions = new List<Expression>();
        do
            expressions.Add(ReadExpression());
        while (TryAdvance(","));
        return [.. expressions];
    }

    private Expression ReadExpression() => ReadOperation(0);

    private Expression ReadOperation(int lowest)
    {
        if (++_depth > MaxDepth)
            TooDeep();
        var left = ReadOperand();
        while (Current.Kind is TokenKind.Symbol or TokenKind.Word
            && Operators.TryGetValue(Current.Text, out var found) && found.Precedence >= lowest)
        {
            var (op, at) = (Current.Text, Here);
            _at++;
            var right = ReadOperation(found.Side == Associativity.Right ? found.Precedence : found.Precedence + 1);
            left = op switch
            {
                "=" => new MatchExpression(left.At, left, right),
                "?=" => new MaybeMatch(at, left, right),
                _ => new BinaryOperation(at, op, left, right),
            };
            if (found.Side == Associativity.None && IsSamePrecedence(found.Precedence))
                FailHere();
        }
        _depth--;
        return left;
    }

    private void TooDeep() => ShellSyntaxException.Throw(Here, "the expression is nested too deep");

    private bool IsSamePrecedence(int precedence) =>
        Current.Kind is TokenKind.Symbol or TokenKind.Word && Operators.TryGetValue(Current.Text, out var next)
            && next.Precedence == precedence;

    private Expression ReadOperand()
    {
        var (token, at) = (Current, Here);
        if (token.IsWord("catch"))
        {
            _at++;
            return new CatchExpression(at, ReadOperation(0));
        }
        if (!token.IsSymbol("-") && !token.IsSymbol("+") && !token.IsWord("not") && !token.IsWord("bnot"))
            return ReadCall();
        _at++;
        var operand = ReadOperation(UnaryPrecedence);
        // -1 is a number, as a pattern too.
        return token.Text == "-" && operand is Literal { Value: { Integer: { } number } } && !_tokens[_at - 1].IsSymbol(")")
            ? new Literal(at, -number)
            : new UnaryOperation(at, token.Text, operand);
    }

    // A value with what may follow it: a map update, a remote name, arguments.
    private Expression ReadCall()
    {
        var value = ReadValue();
        while (Current.IsSymbol("#"))
            value = ReadUpdate(value);
        if (Current.IsSymbol(":"))
        {
            _at++;
            var function = ReadValue();
            value = new RemoteName(value.At, value, function);
        }
        while (Current.IsSymbol("("))
        {
            var arguments = ReadArguments();
            value = value is RemoteName name
                ? new CallExpression(name.Module.At, name.Module, name.Function, arguments)
                : new CallExpression(value.At, null, value, arguments);
            while (Current.IsSymbol("#"))
                value = ReadUpdate(value);
        }
        return value;
    }

    private Expression[] ReadArguments()
    {
        Expect("(");
        if (TryAdvance(")"))
            return [];
        var arguments = ReadExpressions();
        Expect(")");
        return arguments;
    }

    private bool TryAdvance(string text)
    {
        if (!Current.IsSymbol(text) && !Current.IsWord(text))
            return false;
        _at++;
        return true;
    }

    private void Expect(string text)
    {
        if (!TryAdvance(text))
            FailHere();
    }

    private Atom ExpectAtom()
    {
        if (Current.Kind != TokenKind.Atom)
            FailHere();
        return new Atom(_tokens[_at++].Text);
    }

    [DoesNotReturn]
    private void FailHere() =>
        ShellSyntaxException.Throw(Here, $"syntax error before: {Tokens.Show(Current)}");
}
