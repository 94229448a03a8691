using Enmesh.Processes;
using Enmesh.Shell.Library;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>Tests of guards, keys and sizes: expressions that do nothing and never wait.</summary>
internal static class Guards
{
    /// <summary>Whether one alternative holds; one that fails does not.</summary>
    internal static bool Hold(Expression[][] guard, Bindings bindings, ProcessContext self)
    {
        if (guard.Length == 0)
            return true;
        foreach (var alternative in guard)
        {
            if (Holds(alternative, bindings, self))
                return true;
        }
        return false;
    }

    internal static bool Holds(Expression[] tests, Bindings bindings, ProcessContext self)
    {
        try
        {
            foreach (var test in tests)
            {
                if (Evaluate(test, bindings, self).Boolean != true)
                    return false;
            }
            return true;
        }
        catch (ErlangException)
        {
            return false;
        }
    }

    /// <exception cref="ErlangException">It fails.</exception>
    internal static Term Evaluate(Expression test, Bindings bindings, ProcessContext self)
    {
        Term Value(Expression part) => Evaluate(part, bindings, self);
        switch (Lint.Deep(test))
        {
            case Literal literal:
                return literal.Value;
            case StringLiteral text:
                return text.Value;
            case Variable variable:
                return bindings.TryGet(variable.Name, out var found) ? found : throw Failures.Of("unbound", new Atom(variable.Name));
            case TupleExpression tuple:
                return Term.Tuple([.. tuple.Elements.Select(Value)]);
            case ListExpression list:
                return Term.ListWithTail([.. list.Elements.Select(Value)], list.Tail is null ? Term.Nil : Value(list.Tail));
            case MapExpression map:
                return Construction.Map(
                    map.Source is null ? MapTerm.Empty : Value(map.Source), [.. map.Fields.Select(field => (Value(field.Key), Value(field.Value), field.IsExact))]);
            case BinaryExpression binary:
                return Construction.Binary([.. binary.Segments.Select(
                    segment => (segment, Value(segment.Value), segment.Size is null ? (Term?)null : Value(segment.Size)))]);
            case UnaryOperation operation:
                return Arithmetic.Unary(operation.Operator, Value(operation.Operand));
            case BinaryOperation { Operator: "andalso" or "orelse" } lazy:
                return Lazy(lazy, Value);
            case BinaryOperation operation:
                return Arithmetic.Binary(operation.Operator, Value(operation.Left), Value(operation.Right));
            case CallExpression { Function: Literal { Value.AtomText: { } name } } call:
                return ShellLibrary.CallInGuard(self, name, [.. call.Arguments.Select(Value)]);
            default:
                throw Failures.Of(Failures.BadArg);
        }
    }

    private static Term Lazy(BinaryOperation lazy, Func<Expression, Term> value)
    {
        var left = value(lazy.Left).Boolean ?? throw Failures.Of(Failures.BadArg);
        return left == (lazy.Operator == "orelse") ? left : value(lazy.Right);
    }
}
