using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

// What chooses between clauses.
internal sealed partial class Evaluator
{
    private static readonly Atom ExitTag = new("EXIT");
    private static readonly Atom Infinity = new("infinity");

    /// <summary>The first clause that takes a value, with the variables that it binds.</summary>
    private bool TryChoose(Clause[] clauses, ReadOnlySpan<Term> values, Bindings bindings, out Clause chosen, out Bindings inner, bool hides = false)
    {
        inner = new Bindings(bindings);
        foreach (var clause in clauses)
        {
            if (Takes(clause, values, bindings, inner, hides))
            {
                chosen = clause;
                return true;
            }
            inner.Clear();
        }
        chosen = null!;
        return false;
    }

    private bool Takes(Clause clause, ReadOnlySpan<Term> values, Bindings bindings, Bindings inner, bool hides)
    {
        var matcher = new Matcher(context, bindings, inner, hides);
        for (var i = 0; i < values.Length; i++)
        {
            if (!matcher.Matches(clause.Patterns[i], values[i]))
                return false;
        }
        return Guards.Hold(clause.Guard, inner, context);
    }

    private ValueTask<Term> IfAsync(IfExpression choice, Bindings bindings, bool isTail)
    {
        foreach (var clause in choice.Clauses)
        {
            if (Guards.Hold(clause.Guard, bindings, context))
                return BodyAsync(clause.Body, bindings, isTail);
        }
        throw Failures.Of(new Atom("if_clause"));
    }

    private async ValueTask<Term> CaseAsync(CaseExpression choice, Bindings bindings, bool isTail)
    {
        var value = await EvaluateAsync(choice.Subject, bindings).ConfigureAwait(false);
        if (!TryChoose(choice.Clauses, [value], bindings, out var clause, out var inner))
            throw Failures.Of("case_clause", value);
        inner.Commit();
        return await BodyAsync(clause.Body, bindings, isTail).ConfigureAwait(false);
    }

    private async ValueTask<Term> ReceiveAsync(ReceiveExpression receive, Bindings bindings, bool isTail)
    {
        var timeout = Timeout.InfiniteTimeSpan;
        if (receive.Timeout is not null)
            timeout = ToTimeout(await EvaluateAsync(receive.Timeout, bindings).ConfigureAwait(false));
        (Clause Clause, Bindings Inner)? chosen = null;
        ErlangException? problem = null;
        var message = await context.ReceiveAsync(
            message =>
            {
                try
                {
                    if (!TryChoose(receive.Clauses, [message], bindings, out var clause, out var inner))
                        return false;
                    chosen = (clause, inner);
                    return true;
                }
                catch (ErlangException e)
                {
                    problem = e;
                    return true;
                }
            },
            timeout).ConfigureAwait(false);
        if (problem is not null)
            throw problem;
        if (message is null || chosen is not { } taken)
            return await BodyAsync(receive.AfterBody, bindings, isTail).ConfigureAwait(false);
        taken.Inner.Commit();
        return await BodyAsync(taken.Clause.Body, bindings, isTail).ConfigureAwait(false);
    }

    private static TimeSpan ToTimeout(Term value)
    {
        if (value.IsAtom(Infinity))
            return Timeout.InfiniteTimeSpan;
        return value.Int64 is >= 0 and <= uint.MaxValue - 1 and var milliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw ErlangException.Error(
                new Atom("timeout_value"), Term.List(Term.Tuple(new Atom("prim_eval"), new Atom("receive"), 2, Term.Nil)));
    }

    private async ValueTask<Term> CatchAsync(CatchExpression attempt, Bindings bindings)
    {
        var inner = new Bindings(bindings);
        try
        {
            var value = await EvaluateAsync(attempt.Body, inner).ConfigureAwait(false);
            inner.Commit();
            return value;
        }
        catch (Exception e) when (Caught(e) is not null)
        {
            var caught = Caught(e)!;
            return caught.Class switch
            {
                ErlangExceptionClass.Throw => caught.Reason,
                ErlangExceptionClass.Exit => Term.Tuple(ExitTag, caught.Reason),
                _ => Term.Tuple(ExitTag, Term.Tuple(caught.Reason, caught.Stack ?? Term.Nil)),
            };
        }
    }

    /// <summary>An exception as Erlang's; null for the end of the process, which nobody catches.</summary>
    internal static ErlangException? Caught(Exception error) => error switch
    {
        ErlangException erlang => erlang,
        CallExitException call => ErlangException.Exit(call.Reason),
        TimeoutException => ErlangException.Exit(new Atom("timeout")),
        OutOfMemoryException or OverflowException or InsufficientExecutionStackException => Failures.Of(Failures.SystemLimit),
        _ => null,
    };

    private async ValueTask<Term> TryAsync(TryExpression attempt, Bindings bindings)
    {
        try
        {
            return await TryBodyAsync(attempt, bindings).ConfigureAwait(false);
        }
        finally
        {
            if (attempt.AfterBody.Length > 0)
                await BodyAsync(attempt.AfterBody, new Bindings(bindings)).ConfigureAwait(false);
        }
    }

    private async ValueTask<Term> TryBodyAsync(TryExpression attempt, Bindings bindings)
    {
        Term value;
        var inner = new Bindings(bindings);
        try
        {
            value = await BodyAsync(attempt.Body, inner).ConfigureAwait(false);
        }
        catch (Exception e) when (Caught(e) is not null)
        {
            return await HandleAsync(attempt, Caught(e)!, bindings).ConfigureAwait(false);
        }
        // As in Erlang's shell, what is bound is there afterwards, although a module would not be compiled.
        inner.Commit();
        if (attempt.Clauses.Length == 0)
            return value;
        if (!TryChoose(attempt.Clauses, [value], bindings, out var clause, out var bound))
            throw Failures.Of("try_clause", value);
        bound.Commit();
        return await BodyAsync(clause.Body, bindings).ConfigureAwait(false);
    }

    private async ValueTask<Term> HandleAsync(TryExpression attempt, ErlangException error, Bindings bindings)
    {
        Term errorClass = new Atom(error.Class switch
        {
            ErlangExceptionClass.Throw => "throw",
            ErlangExceptionClass.Exit => "exit",
            _ => "error",
        });
        if (!TryChoose(attempt.Handlers, [errorClass, error.Reason, error.Stack ?? Term.Nil], bindings, out var clause, out var inner))
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        inner.Commit();
        return await BodyAsync(clause.Body, bindings).ConfigureAwait(false);
    }

    private async ValueTask<Term> MaybeAsync(MaybeExpression maybe, Bindings bindings)
    {
        var inner = new Bindings(bindings);
        var value = Term.Nil;
        foreach (var step in maybe.Body)
        {
            if (step is not MaybeMatch match)
            {
                value = await EvaluateAsync(step, inner).ConfigureAwait(false);
                continue;
            }
            value = await EvaluateAsync(match.Value, inner).ConfigureAwait(false);
            var bound = new Bindings(inner);
            if (!new Matcher(context, inner, bound, hides: false).Matches(match.Pattern, value))
                return await OtherwiseAsync(maybe, value, bindings).ConfigureAwait(false);
            bound.Commit();
        }
        return value;
    }

    private async ValueTask<Term> OtherwiseAsync(MaybeExpression maybe, Term value, Bindings bindings)
    {
        if (maybe.Otherwise is null)
            return value;
        return TryChoose(maybe.Otherwise, [value], bindings, out var clause, out var inner)
            ? await BodyAsync(clause.Body, inner).ConfigureAwait(false)
            : throw Failures.Of("else_clause", value);
    }
}
