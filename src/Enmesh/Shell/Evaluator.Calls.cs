using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

// Funs and calls.
internal sealed partial class Evaluator
{
    private static readonly Atom ErlEval = new("erl_eval");
    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom InsideFun = new("-inside-an-interpreted-fun-");

    private async ValueTask<Term> CallAsync(CallExpression call, Bindings bindings, bool isTail)
    {
        if (call.Module is not null)
            return await CallRemoteAsync(call, bindings, isTail).ConfigureAwait(false);
        if (call.Function is Literal { Value.Atom: { } name })
        {
            if (await environment.TryCommandAsync(this, name.Text, call.Arguments, bindings).ConfigureAwait(false) is { } answer)
                return answer;
            var values = await ValuesAsync(call.Arguments, bindings).ConfigureAwait(false);
            if (AutoImported.Contains(name.Text, values.Length))
                return await ApplyAsync(Erlang, name, values).ConfigureAwait(false);
            throw Failures.UndefinedCommand(name.Text, values);
        }
        var fun = await EvaluateAsync(call.Function, bindings).ConfigureAwait(false);
        var arguments = await ValuesAsync(call.Arguments, bindings).ConfigureAwait(false);
        if (fun.Atom is { } local)
        {
            return AutoImported.Contains(local.Text, arguments.Length)
                ? await ApplyAsync(Erlang, local, arguments).ConfigureAwait(false)
                : throw Failures.UndefinedCommand(local.Text, arguments);
        }
        if (!isTail)
            return await ApplyAsync(fun, arguments).ConfigureAwait(false);
        _tailCall = (fun, arguments);
        return default;
    }

    private async ValueTask<Term> CallRemoteAsync(CallExpression call, Bindings bindings, bool isTail)
    {
        var module = await EvaluateAsync(call.Module!, bindings).ConfigureAwait(false);
        var function = await EvaluateAsync(call.Function, bindings).ConfigureAwait(false);
        var arguments = await ValuesAsync(call.Arguments, bindings).ConfigureAwait(false);
        if (module.Atom is not { } m)
            throw BadApply(module, function, arguments, 1);
        if (function.Atom is not { } f)
            throw BadApply(module, function, arguments, 2);
        // A tail call of an interpreted fun by apply/2 grows nothing, either.
        if (!isTail || m != Erlang || f.Text != "apply" || arguments is not [{ Fun.Code: Closure }, { AsList: { IsProper: true } list }])
            return await ApplyAsync(m, f, arguments).ConfigureAwait(false);
        _tailCall = (arguments[0], [.. list]);
        return default;
    }

    private static ErlangException BadApply(Term module, Term function, Term[] arguments, int which) =>
        Failures.OfCall(Failures.BadArg, "erlang", "apply", [module, function, Term.List(arguments)], (which, "not an atom"));

    /// <summary>Calls a function by its name, wherever it is to be found.</summary>
    internal ValueTask<Term> ApplyAsync(Atom module, Atom function, Term[] arguments) =>
        environment.CallAsync(this, module, function, arguments);

    /// <summary>Calls a fun.</summary>
    internal async ValueTask<Term> ApplyAsync(Term fun, Term[] arguments)
    {
        if (++_callDepth > Limits.MaxCallDepth)
        {
            _callDepth--;
            throw Failures.Of(Failures.SystemLimit);
        }
        try
        {
            while (true)
            {
                if (fun.Fun is not { } callee)
                    throw Failures.Of("badfun", fun);
                if (callee.Arity != arguments.Length)
                    throw Failures.Of("badarity", Term.Tuple(fun, Term.List(arguments)));
                if (callee.Function is { } name)
                    return await ApplyAsync(callee.Module, name, arguments).ConfigureAwait(false);
                if (callee.Code is not Closure closure)
                    throw Failures.Of("badfun", fun);
                var value = await RunAsync(fun, closure, arguments).ConfigureAwait(false);
                if (_tailCall is not { } next)
                    return value;
                _tailCall = null;
                (fun, arguments) = next;
            }
        }
        catch (ErlangException e)
        {
            // A new one: an exception gathers the frames that it goes through, and copies all of them at each.
            throw e.Renewed();
        }
        finally
        {
            _callDepth--;
        }
    }

    private ValueTask<Term> RunAsync(Term fun, Closure closure, Term[] arguments)
    {
        var outside = closure.Captured;
        if (closure.Code.Name is { } name)
        {
            outside = new Bindings(outside);
            outside.Set(name, fun);
        }
        return TryChoose(closure.Code.Clauses, arguments, outside, out var clause, out var inner, hides: true)
            ? BodyAsync(clause.Body, inner, isTail: true)
            : throw ErlangException.Error(
                Failures.FunctionClause, Term.List(Term.Tuple(ErlEval, InsideFun, Term.List(arguments), Term.Nil)));
    }

    // It catches what it uses, in the order of the names, so that two that caught the same are equal.
    private Term Close(FunExpression fun, Bindings bindings)
    {
        var captured = new Bindings();
        var values = new List<Term>();
        foreach (var name in fun.Uses.Order(StringComparer.Ordinal))
        {
            if (!bindings.TryGet(name, out var value))
                continue;
            captured.Set(name, value);
            values.Add(value);
        }
        var id = new LocalFunId(fun.Identity, (uint)fun.Arity, 0, (long)(fun.Identity & 0x7FFFFFF));
        return new FunTerm(ErlEval, fun.Arity, id, context.Self, [.. values]) { Code = new Closure(fun, captured) };
    }

    private async ValueTask<Term> FunNameAsync(FunName name, Bindings bindings)
    {
        var function = await EvaluateAsync(name.Function, bindings).ConfigureAwait(false);
        var arity = await EvaluateAsync(name.Arity, bindings).ConfigureAwait(false);
        Term module = Erlang;
        if (name.Module is not null)
            module = await EvaluateAsync(name.Module, bindings).ConfigureAwait(false);
        if (module.Atom is not { } m || function.Atom is not { } f || arity.Int32 is not (>= 0 and <= byte.MaxValue))
            throw Failures.OfCall(Failures.BadArg, "erlang", "make_fun", [module, function, arity]);
        if (name.Module is null && !AutoImported.Contains(f.Text, arity.Int32.Value))
            m = new Atom("shell_default");
        return new FunTerm(m, f, arity.Int32.Value);
    }
}
