using System.Numerics;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Shell.Library;

/// <summary>A call of a function that the shell brings along.</summary>
/// <param name="context">The process that calls.</param>
/// <param name="evaluator">What calls funs for it; null in a guard, where there are none.</param>
/// <param name="module">The function's module.</param>
/// <param name="function">Its name.</param>
/// <param name="arguments">Its arguments, which are of the kinds that its signature says.</param>
internal readonly struct LibraryCall(
    ProcessContext context, Evaluator? evaluator, string module, string function, Term[] arguments)
{
    internal ProcessContext Context => context;

    internal Evaluator Evaluator => evaluator ?? throw Failures.Of(Failures.BadArg);

    internal Term[] Arguments => arguments;

    internal Term this[int index] => arguments[index];

    internal Atom Atom(int index) => arguments[index].Atom ?? throw Clause();

    internal BigInteger Integer(int index) => arguments[index].Integer ?? throw Clause();

    /// <summary>An integer that says how many or where; what does not fit is far too many.</summary>
    internal int Count(int index) => (int)BigInteger.Max(int.MinValue, BigInteger.Min(Integer(index), int.MaxValue));

    internal double Number(int index)
    {
        var value = arguments[index].Float ?? (double?)arguments[index].Integer ?? throw Clause();
        return double.IsFinite(value) ? value : throw Bad(index, "not a number");
    }

    internal ListTerm List(int index) => arguments[index].AsList is { IsProper: true } list ? list : throw Clause();

    internal MapTerm Map(int index) => arguments[index].AsMap ?? throw Clause();

    internal BitString Bits(int index) => arguments[index].BitString ?? throw Clause();

    internal ReadOnlyMemory<byte> Bytes(int index) => arguments[index].TryGetBinary(out var bytes) ? bytes : throw Clause();

    internal Pid Pid(int index) => arguments[index].Pid ?? throw Clause();

    internal ValueTask<Term> CallAsync(int fun, params Term[] values) => Evaluator.ApplyAsync(arguments[fun], values);

    internal async ValueTask<bool> TestAsync(int fun, params Term[] values)
    {
        var answer = await Evaluator.ApplyAsync(arguments[fun], values).ConfigureAwait(false);
        return answer.Boolean ?? throw Failures.Of("bad_filter", answer);
    }

    /// <summary><c>badarg</c>, and what is wrong with the argument.</summary>
    internal ErlangException Bad(int index, string problem) =>
        Failures.OfCall(Failures.BadArg, module, function, arguments, (index + 1, problem));

    /// <summary><c>badarg</c>, without a word on why.</summary>
    internal ErlangException Bad() => Failures.OfCall(Failures.BadArg, module, function, arguments);

    internal ErlangException BadKey(int index) => Failures.OfCall(
        Term.Tuple(new Atom("badkey"), arguments[index]), module, function, arguments, (index + 1, "not present in map"));

    /// <summary>No clause of the function takes these arguments.</summary>
    internal ErlangException Clause() => Failures.OfCall(Failures.FunctionClause, module, function, arguments);

    internal ErlangException Fail(Term reason, params ReadOnlySpan<(int, string)> problems) =>
        Failures.OfCall(reason, module, function, arguments, problems);

    internal ErlangException TooLarge() => Failures.OfCall(Failures.SystemLimit, module, function, arguments);
}

/// <summary>A function that the shell brings along.</summary>
/// <param name="Signature">
/// A letter for each argument: <c>*</c> anything, <c>a</c>tom, <c>i</c>nteger, <c>n</c>umber, <c>l</c>ist, <c>L</c>
/// nonempty list, <c>t</c>uple, <c>m</c>ap, <c>b</c>inary, bit<c>s</c>tring, <c>p</c>id, <c>r</c>eference, <c>f</c>un.
/// </param>
/// <param name="AtOnce">The function, when it never waits; only such are for guards.</param>
/// <param name="Waiting">The function, when it may wait.</param>
internal sealed record LibraryFunction(
    string Signature, Func<LibraryCall, Term>? AtOnce, Func<LibraryCall, ValueTask<Term>>? Waiting)
{
    /// <summary>What is wrong with the arguments; null when nothing is.</summary>
    internal ErlangException? Check(string module, string function, Term[] arguments)
    {
        List<(int, string)>? problems = null;
        Term? badMap = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (ProblemOf(Signature[i], arguments[i]) is not { } problem)
                continue;
            (problems ??= []).Add((i + 1, problem));
            if (Signature[i] == 'm')
                badMap ??= arguments[i];
        }
        if (problems is null)
            return null;
        Term reason = badMap is { } value ? Term.Tuple(new Atom("badmap"), value) : Failures.BadArg;
        return Failures.OfCall(reason, module, function, arguments, [.. problems]);
    }

    private static string? ProblemOf(char kind, Term value) => kind switch
    {
        'a' => value.Atom is null ? "not an atom" : null,
        'i' => value.Integer is null ? "not an integer" : null,
        'n' => value.Integer is null && value.Float is null ? "not a number" : null,
        'l' => value.AsList is { IsProper: true } ? null : "not a list",
        'L' => value.AsList is { Count: > 0 } ? null : "not a nonempty list",
        't' => value.IsTuple ? null : "not a tuple",
        'm' => value.AsMap is null ? "not a map" : null,
        'b' => value.BitString is { IsBinary: true } ? null : "not a binary",
        's' => value.BitString is null ? "not a bitstring" : null,
        'p' => value.Pid is null ? "not a pid" : null,
        'r' => value.Reference is null ? "not a reference" : null,
        'f' => value.Fun is null ? "not a fun" : null,
        _ => null,
    };
}

/// <summary>Gathers the functions of one module.</summary>
internal sealed class LibraryModule(string name, Dictionary<(string Module, string Function, int Arity), LibraryFunction> table)
{
    internal LibraryModule Add(string function, string signature, Func<LibraryCall, Term> body)
    {
        table.Add((name, function, signature.Length), new(signature, body, null));
        return this;
    }

    internal LibraryModule AddWaiting(string function, string signature, Func<LibraryCall, ValueTask<Term>> body)
    {
        table.Add((name, function, signature.Length), new(signature, null, body));
        return this;
    }
}
