using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Syntax;

// What begins with a word: begin, case, if, receive, try, fun, maybe.
internal sealed partial class ExpressionParser
{
    private Expression ReadWord(string word, Place at)
    {
        switch (word)
        {
            case "begin":
                _at++;
                var body = ReadExpressions();
                Expect("end");
                return new BlockExpression(at, body);
            case "if":
                _at++;
                var clauses = ReadClauses(ReadIfClause);
                Expect("end");
                return new IfExpression(at, clauses);
            case "case":
                _at++;
                var subject = ReadExpression();
                Expect("of");
                var cases = ReadClauses(ReadCaseClause);
                Expect("end");
                return new CaseExpression(at, subject, cases);
            case "receive":
                return ReadReceive(at);
            case "try":
                return ReadTry(at);
            case "fun":
                return ReadFun(at);
            case "maybe":
                _at++;
                var steps = ReadExpressions();
                var otherwise = TryAdvance("else") ? ReadClauses(ReadCaseClause) : null;
                Expect("end");
                return new MaybeExpression(at, steps, otherwise);
        }
        FailHere();
        return null;
    }

    private Clause[] ReadClauses(Func<Clause> read)
    {
        var clauses = new List<Clause>();
        do
            clauses.Add(read());
        while (TryAdvance(";"));
        return [.. clauses];
    }

    private Clause ReadIfClause()
    {
        var at = Here;
        var guard = ReadGuard();
        return new(at, [], guard, ReadBody());
    }

    private Clause ReadCaseClause()
    {
        var at = Here;
        var pattern = ReadExpression();
        return new(at, [pattern], ReadOptionalGuard(), ReadBody());
    }

    private Expression[][] ReadOptionalGuard() => TryAdvance("when") ? ReadGuard() : [];

    private Expression[][] ReadGuard()
    {
        var alternatives = new List<Expression[]>();
        do
            alternatives.Add(ReadExpressions());
        while (TryAdvance(";"));
        return [.. alternatives];
    }

    private Expression[] ReadBody()
    {
        Expect("->");
        return ReadExpressions();
    }

    private ReceiveExpression ReadReceive(Place at)
    {
        _at++;
        var clauses = Current.IsWord("after") ? [] : ReadClauses(ReadCaseClause);
        Expression? timeout = null;
        Expression[] afterBody = [];
        if (TryAdvance("after"))
        {
            timeout = ReadExpression();
            afterBody = ReadBody();
        }
        Expect("end");
        return new(at, clauses, timeout, afterBody);
    }

    private TryExpression ReadTry(Place at)
    {
        _at++;
        var body = ReadExpressions();
        var clauses = TryAdvance("of") ? ReadClauses(ReadCaseClause) : [];
        if (!Current.IsWord("catch") && !Current.IsWord("after"))
            FailHere();
        var handlers = TryAdvance("catch") ? ReadClauses(ReadHandler) : [];
        var afterBody = TryAdvance("after") ? ReadExpressions() : [];
        Expect("end");
        return new(at, body, clauses, handlers, afterBody);
    }

    // Class:Reason:Stack, where class and stack may be left out.
    private Clause ReadHandler()
    {
        var at = Here;
        Expression errorClass = new Literal(at, new Atom("throw"));
        Expression stack = new Variable(at, "_");
        if (Current.Kind is TokenKind.Atom or TokenKind.Variable && _tokens[_at + 1].IsSymbol(":"))
        {
            errorClass = ReadValue();
            _at++;
        }
        var reason = ReadOperation(0);
        if (reason is RemoteName name)
            (reason, stack) = (name.Module, name.Function);
        return new(at, [errorClass, reason, stack], ReadOptionalGuard(), ReadBody());
    }

    private Expression ReadFun(Place at)
    {
        _at++;
        if (Current.IsSymbol("("))
            return ReadFunClauses(at, null);
        if (Current.Kind == TokenKind.Variable && _tokens[_at + 1].IsSymbol("("))
        {
            var name = Current.Text;
            return ReadFunClauses(at, name);
        }
        if (Current.Kind is not (TokenKind.Atom or TokenKind.Variable))
            FailHere();
        var first = ReadValue();
        Expression? module = null;
        if (TryAdvance(":"))
        {
            module = first;
            if (Current.Kind is not (TokenKind.Atom or TokenKind.Variable))
                FailHere();
            first = ReadValue();
        }
        Expect("/");
        if (Current.Kind is not (TokenKind.Integer or TokenKind.Variable))
            FailHere();
        return new FunName(at, module, first, ReadValue());
    }

    private FunExpression ReadFunClauses(Place at, string? name)
    {
        var clauses = ReadClauses(() =>
        {
            var clauseAt = Here;
            if (name is not null)
            {
                if (Current.Kind != TokenKind.Variable || Current.Text != name)
                    FailHere();
                _at++;
            }
            var patterns = ReadArguments();
            return new Clause(clauseAt, patterns, ReadOptionalGuard(), ReadBody());
        });
        Expect("end");
        foreach (var clause in clauses)
        {
            if (clause.Patterns.Length != clauses[0].Patterns.Length)
            {
                ShellSyntaxException.Throw(
                    clause.At,
                    $"head mismatch: function fun with arities {clauses[0].Patterns.Length} and {clause.Patterns.Length} is regarded as two distinct functions. "
                    + "Is the number of arguments incorrect or is the semicolon in "
                    + $"{name ?? "fun"}/{clauses[0].Patterns.Length} unwanted?");
            }
        }
        return new(at, name, clauses);
    }
}
