using System.Runtime.CompilerServices;
using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>Evaluates expressions in a process: its pid, its messages and its exits are those of the expression.</summary>
/// <remarks>
/// Calls in tail position are made by whoever has called the fun, so that a loop may go on for ever. Other calls may be
/// nested as deep as <see cref="Limits.MaxCallDepth"/>: where the stack ends, evaluation goes on on another one.
/// </remarks>
internal sealed partial class Evaluator(ProcessContext context, ShellEnvironment environment)
{
    // So many steps apart it is looked whether somebody wants the process to end.
    private const int StepsBetweenLooks = 1_000;
    private const int LooksBetweenMemoryChecks = 64;

    private int _steps;
    private int _looks;
    private int _callDepth;

    // A call in tail position, for the fun's caller to make.
    private (Term Fun, Term[] Arguments)? _tailCall;

    /// <summary>The dictionary of the process.</summary>
    internal Dictionary<Term, Term> Dictionary { get; } = [];

    internal ProcessContext Context => context;

    internal ShellEnvironment Environment => environment;

    /// <summary>Evaluates expressions one after another; the last one's value is the result.</summary>
    /// <exception cref="ErlangException">It failed.</exception>
    /// <exception cref="ProcessExitException">The process was sent an exit signal.</exception>
    internal async ValueTask<Term> BodyAsync(Expression[] body, Bindings bindings, bool isTail = false)
    {
        for (var i = 0; i < body.Length - 1; i++)
            await EvaluateAsync(body[i], bindings).ConfigureAwait(false);
        return await EvaluateAsync(body[^1], bindings, isTail).ConfigureAwait(false);
    }

    internal ValueTask<Term> EvaluateAsync(Expression expression, Bindings bindings, bool isTail = false)
    {
        switch (expression)
        {
            case Literal literal:
                return new(literal.Value);
            case StringLiteral text:
                return new(text.Value);
            case Variable variable:
                return bindings.TryGet(variable.Name, out var value)
                    ? new(value)
                    : throw Failures.Of("unbound", new Atom(variable.Name));
        }
        return ++_steps >= StepsBetweenLooks || !RuntimeHelpers.TryEnsureSufficientExecutionStack()
            ? PauseAndEvaluateAsync(expression, bindings, isTail)
            : DispatchAsync(expression, bindings, isTail);
    }

    /// <summary>Looks whether the process is to end, and lets others have the thread.</summary>
    internal async ValueTask PauseAsync()
    {
        _steps = 0;
        ThrowIfEnding();
        if (++_looks % LooksBetweenMemoryChecks == 0)
        {
            // What the collector has seen last, and what has come since.
            var memory = GC.GetGCMemoryInfo();
            var since = Math.Max(0, GC.GetTotalMemory(forceFullCollection: false) - memory.HeapSizeBytes);
            if (memory.MemoryLoadBytes + since > memory.HighMemoryLoadThresholdBytes)
                throw Failures.Of(Failures.SystemLimit);
        }
        await Task.Yield();
    }

    internal void ThrowIfEnding()
    {
        if (context.SentExit is not null)
            throw context.ExitException();
    }

    private async ValueTask<Term> PauseAndEvaluateAsync(Expression expression, Bindings bindings, bool isTail)
    {
        await PauseAsync().ConfigureAwait(false);
        return await DispatchAsync(expression, bindings, isTail).ConfigureAwait(false);
    }

    private ValueTask<Term> DispatchAsync(Expression expression, Bindings bindings, bool isTail) => expression switch
    {
        TupleExpression tuple => TupleAsync(tuple, bindings),
        ListExpression list => ListAsync(list, bindings),
        MapExpression map => MapAsync(map, bindings),
        BinaryExpression binary => BinaryAsync(binary, bindings),
        MatchExpression match => MatchAsync(match, bindings),
        BinaryOperation { Operator: "andalso" or "orelse" } lazy => LazyAsync(lazy, bindings, isTail),
        BinaryOperation { Operator: "!" } send => SendAsync(send, bindings),
        BinaryOperation operation => OperationAsync(operation, bindings),
        UnaryOperation operation => OperationAsync(operation, bindings),
        CallExpression call => CallAsync(call, bindings, isTail),
        BlockExpression block => BodyAsync(block.Body, bindings, isTail),
        IfExpression choice => IfAsync(choice, bindings, isTail),
        CaseExpression choice => CaseAsync(choice, bindings, isTail),
        ReceiveExpression receive => ReceiveAsync(receive, bindings, isTail),
        TryExpression attempt => TryAsync(attempt, bindings),
        CatchExpression attempt => CatchAsync(attempt, bindings),
        MaybeExpression maybe => MaybeAsync(maybe, bindings),
        FunExpression fun => new(Close(fun, bindings)),
        FunName name => FunNameAsync(name, bindings),
        Comprehension comprehension => ComprehendAsync(comprehension, bindings),
        _ => throw Failures.Of(Failures.BadArg),
    };

    private async ValueTask<Term[]> ValuesAsync(Expression[] expressions, Bindings bindings)
    {
        if (expressions.Length == 0)
            return [];
        var values = new Term[expressions.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = await EvaluateAsync(expressions[i], bindings).ConfigureAwait(false);
        return values;
    }

    private async ValueTask<Term> TupleAsync(TupleExpression tuple, Bindings bindings) =>
        Term.Tuple(await ValuesAsync(tuple.Elements, bindings).ConfigureAwait(false));

    private async ValueTask<Term> ListAsync(ListExpression list, Bindings bindings)
    {
        var elements = await ValuesAsync(list.Elements, bindings).ConfigureAwait(false);
        var tail = list.Tail is null ? Term.Nil : await EvaluateAsync(list.Tail, bindings).ConfigureAwait(false);
        if (tail.AsList is { } rest && rest.Count > Limits.MaxElements)
            throw Failures.Of(Failures.SystemLimit);
        return Term.ListWithTail(elements, tail);
    }

    private async ValueTask<Term> MapAsync(MapExpression map, Bindings bindings)
    {
        Term source = map.Source is null ? MapTerm.Empty : await EvaluateAsync(map.Source, bindings).ConfigureAwait(false);
        var fields = new (Term, Term, bool)[map.Fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            var key = await EvaluateAsync(map.Fields[i].Key, bindings).ConfigureAwait(false);
            var value = await EvaluateAsync(map.Fields[i].Value, bindings).ConfigureAwait(false);
            fields[i] = (key, value, map.Fields[i].IsExact);
        }
        return Construction.Map(source, fields);
    }

    private async ValueTask<Term> BinaryAsync(BinaryExpression binary, Bindings bindings)
    {
        var parts = new (Segment, Term, Term?)[binary.Segments.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var segment = binary.Segments[i];
            var value = await EvaluateAsync(segment.Value, bindings).ConfigureAwait(false);
            Term? size = segment.Size is null ? (Term?)null : await EvaluateAsync(segment.Size, bindings).ConfigureAwait(false);
            parts[i] = (segment, value, size);
        }
        return Construction.Binary(parts);
    }

    private async ValueTask<Term> MatchAsync(MatchExpression match, Bindings bindings)
    {
        var value = await EvaluateAsync(match.Value, bindings).ConfigureAwait(false);
        var inner = new Bindings(bindings);
        if (!new Matcher(context, bindings, inner, hides: false).Matches(match.Pattern, value))
            throw Failures.BadMatch(value);
        inner.Commit();
        return value;
    }

    private async ValueTask<Term> LazyAsync(BinaryOperation lazy, Bindings bindings, bool isTail)
    {
        var left = await EvaluateAsync(lazy.Left, bindings).ConfigureAwait(false);
        var value = left.Boolean ?? throw Failures.Of("badarg", left);
        return value == (lazy.Operator == "orelse") ? left : await EvaluateAsync(lazy.Right, bindings, isTail).ConfigureAwait(false);
    }

    private async ValueTask<Term> OperationAsync(BinaryOperation operation, Bindings bindings)
    {
        var left = await EvaluateAsync(operation.Left, bindings).ConfigureAwait(false);
        var right = await EvaluateAsync(operation.Right, bindings).ConfigureAwait(false);
        return Arithmetic.Binary(operation.Operator, left, right);
    }

    private async ValueTask<Term> OperationAsync(UnaryOperation operation, Bindings bindings) =>
        Arithmetic.Unary(operation.Operator, await EvaluateAsync(operation.Operand, bindings).ConfigureAwait(false));

    private async ValueTask<Term> SendAsync(BinaryOperation send, Bindings bindings)
    {
        var to = await EvaluateAsync(send.Left, bindings).ConfigureAwait(false);
        var message = await EvaluateAsync(send.Right, bindings).ConfigureAwait(false);
        await environment.SendAsync(context, "!", to, message).ConfigureAwait(false);
        return message;
    }
}
