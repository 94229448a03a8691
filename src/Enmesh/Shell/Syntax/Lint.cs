using System.Runtime.CompilerServices;

namespace Enmesh.Shell.Syntax;

/// <summary>
/// Finds what is wrong with an expression before it is evaluated, as <c>erl_lint</c> does for the shell: variables
/// without a value, patterns and guards that are none.
/// </summary>
internal sealed partial class Lint
{
    private readonly Stack<HashSet<string>> _uses = new();

    // The stack of the handler whose guard is next.
    private string? _stackVariable;

    private Lint()
    {
    }

    /// <summary>Checks one expression, given the variables that have a value.</summary>
    /// <exception cref="ShellSyntaxException">Something is wrong with it.</exception>
    internal static void Check(Expression expression, IEnumerable<string> bound) =>
        new Lint().Visit(expression, new Scope(bound));

    private void VisitBody(Expression[] body, Scope scope)
    {
        foreach (var expression in body)
            Visit(expression, scope);
    }

    // Each sees what was there before all of them.
    private void VisitBeside(IEnumerable<Expression> expressions, Scope scope)
    {
        var before = scope.Copy();
        foreach (var expression in expressions)
        {
            var own = before.Copy();
            Visit(expression, own);
            scope.Merge(own);
        }
    }

    /// <summary>The expression, while there is stack left to look into it: 1+1+1 and so on is as high as it is long.</summary>
    internal static Expression Deep(Expression expression)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return expression;
    }

    private void Visit(Expression expression, Scope scope)
    {
        switch (Deep(expression))
        {
            case Literal or StringLiteral:
                break;
            case Variable variable:
                VisitVariable(variable, scope);
                break;
            case TupleExpression tuple:
                VisitBeside(tuple.Elements, scope);
                break;
            case ListExpression list:
                VisitBeside(list.Tail is null ? list.Elements : [.. list.Elements, list.Tail], scope);
                break;
            case MapExpression map:
                VisitMap(map, scope);
                break;
            case BinaryExpression binary:
                VisitBeside(binary.Segments.SelectMany(PartsOf), scope);
                break;
            case MatchExpression match:
                Visit(match.Value, scope);
                VisitPattern(match.Pattern, scope);
                break;
            case BinaryOperation { Operator: "andalso" or "orelse" } lazy:
                Visit(lazy.Left, scope);
                var right = scope.Copy();
                Visit(lazy.Right, right);
                scope.MergeClauses([scope.Copy(), right], lazy.Operator, lazy.At, isSafe: true);
                break;
            case BinaryOperation operation:
                VisitBeside([operation.Left, operation.Right], scope);
                break;
            case UnaryOperation operation:
                Visit(operation.Operand, scope);
                break;
            case CallExpression call:
                VisitCall(call, scope);
                break;
            case FunName name:
                VisitBeside(name.Module is null ? [name.Function, name.Arity] : [name.Module, name.Function, name.Arity], scope);
                break;
            case FunExpression fun:
                VisitFun(fun, scope);
                break;
            case Comprehension comprehension:
                VisitComprehension(comprehension, scope.Copy());
                break;
            case RemoteName:
                Fail(expression, "illegal expression");
                break;
            default:
                VisitControl(expression, scope);
                break;
        }
    }

    private void VisitControl(Expression expression, Scope scope)
    {
        switch (expression)
        {
            case BlockExpression block:
                VisitBody(block.Body, scope);
                break;
            case IfExpression choice:
                VisitClauses(choice.Clauses, scope, "if", choice.At);
                break;
            case CaseExpression choice:
                Visit(choice.Subject, scope);
                VisitClauses(choice.Clauses, scope, "case", choice.At);
                break;
            case ReceiveExpression receive:
                VisitReceive(receive, scope);
                break;
            case TryExpression attempt:
                VisitTry(attempt, scope);
                break;
            case CatchExpression attempt:
                var within = scope.Copy();
                Visit(attempt.Body, within);
                scope.MergeClauses([within], "catch", attempt.At, isSafe: false);
                break;
            case MaybeExpression maybe:
                var steps = scope.Copy();
                VisitSteps(maybe.Body, steps);
                var others = (maybe.Otherwise ?? []).Select(clause => VisitClause(clause, scope)).ToArray();
                scope.MergeClauses([steps, .. others], "maybe", maybe.At, isSafe: false);
                break;
            default:
                Fail(expression, "illegal expression");
                break;
        }
    }

    private void VisitSteps(Expression[] body, Scope scope)
    {
        foreach (var step in body)
        {
            if (step is MaybeMatch match)
            {
                Visit(match.Value, scope);
                VisitPattern(match.Pattern, scope);
            }
            else
            {
                Visit(step, scope);
            }
        }
    }

    private void VisitVariable(Variable variable, Scope scope)
    {
        Use(variable.Name);
        if (variable.IsWildcard || (!scope.IsBound(variable.Name) && scope.WhyUnsafe(variable.Name) is null))
            Fail(variable, $"variable '{variable.Name}' is unbound");
        if (scope.WhyUnsafe(variable.Name) is { } why)
            Fail(variable, $"variable '{variable.Name}' unsafe in {why}");
    }

    private void VisitMap(MapExpression map, Scope scope)
    {
        foreach (var field in map.Fields)
        {
            if (field.IsExact && map.Source is null)
                ShellSyntaxException.Throw(field.At, "only association operators '=>' are allowed in map construction");
        }
        var parts = map.Fields.SelectMany(field => new[] { field.Key, field.Value });
        VisitBeside(map.Source is null ? parts : parts.Prepend(map.Source), scope);
    }

    private void VisitCall(CallExpression call, Scope scope)
    {
        // What is to be forgotten needs no value.
        if (call is { Module: null, Function: Literal { Value.AtomText: "f" }, Arguments: [Variable name] })
        {
            if (name.IsWildcard)
                Fail(name, "variable '_' is unbound");
            scope.Forget(name.Name);
            return;
        }
        IEnumerable<Expression> parts = [call.Function, .. call.Arguments];
        VisitBeside(call.Module is null ? parts : parts.Prepend(call.Module), scope);
    }

    private void VisitFun(FunExpression fun, Scope scope)
    {
        _uses.Push(new(StringComparer.Ordinal));
        foreach (var clause in fun.Clauses)
        {
            var inner = scope.Copy();
            if (fun.Name is not null)
                inner.Bind(fun.Name);
            VisitFreshClause(clause, inner);
        }
        var uses = _uses.Pop();
        fun.Uses = uses;
        foreach (var name in uses)
            Use(name);
    }

    // A clause whose patterns hide variables of the same names outside.
    private void VisitFreshClause(Clause clause, Scope scope)
    {
        var head = new Scope([]);
        foreach (var pattern in clause.Patterns)
            VisitPattern(pattern, head, scope);
        scope.Merge(head);
        foreach (var name in head.Names)
            scope.Bind(name);
        VisitGuard(clause.Guard, scope);
        VisitBody(clause.Body, scope);
    }

    private void VisitComprehension(Comprehension comprehension, Scope scope)
    {
        foreach (var qualifier in comprehension.Qualifiers)
        {
            if (qualifier.Pattern is null)
            {
                Visit(qualifier.Source, scope.Copy());
                continue;
            }
            Visit(qualifier.Source, scope.Copy());
            var head = new Scope([]);
            foreach (var pattern in qualifier.Pattern)
                VisitPattern(pattern, head, scope);
            foreach (var name in head.Names)
                scope.Bind(name);
        }
        VisitBeside(comprehension.Template, scope);
    }

    private void VisitClauses(Clause[] clauses, Scope scope, string construct, Place at)
    {
        var ends = clauses.Select(clause => VisitClause(clause, scope)).ToArray();
        scope.MergeClauses(ends, construct, at, isSafe: true);
    }

    private Scope VisitClause(Clause clause, Scope scope)
    {
        var inner = scope.Copy();
        foreach (var pattern in clause.Patterns)
            VisitPattern(pattern, inner);
        VisitGuard(clause.Guard, inner);
        _stackVariable = null;
        VisitBody(clause.Body, inner);
        return inner;
    }

    private void VisitReceive(ReceiveExpression receive, Scope scope)
    {
        if (receive.Timeout is not null)
            Visit(receive.Timeout, scope);
        var ends = receive.Clauses.Select(clause => VisitClause(clause, scope)).ToList();
        if (receive.Timeout is not null)
        {
            var late = scope.Copy();
            VisitBody(receive.AfterBody, late);
            ends.Add(late);
        }
        scope.MergeClauses(ends, "receive", receive.At, isSafe: true);
    }

    private void VisitTry(TryExpression attempt, Scope scope)
    {
        var body = scope.Copy();
        VisitBody(attempt.Body, body);
        var inside = scope.Copy();
        inside.MergeClauses([body], "try", attempt.At, isSafe: false);
        var ends = new List<Scope> { body };
        // What the body has bound is of no use to those that handle its exceptions.
        ends.AddRange(attempt.Clauses.Select(clause => VisitClause(clause, body)));
        foreach (var handler in attempt.Handlers)
        {
            _stackVariable = (handler.Patterns[^1] as Variable)?.Name;
            ends.Add(VisitClause(handler, inside));
        }
        var last = inside.Copy();
        VisitBody(attempt.AfterBody, last);
        ends.Add(last);
        scope.MergeClauses(ends, "try", attempt.At, isSafe: false);
    }

    private void Use(string name)
    {
        if (_uses.TryPeek(out var uses))
            uses.Add(name);
    }

    private static IEnumerable<Expression> PartsOf(Segment segment) =>
        segment.Size is null ? [segment.Value] : [segment.Value, segment.Size];

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private static void Fail(Expression expression, string problem) => ShellSyntaxException.Throw(expression.At, problem);
}
