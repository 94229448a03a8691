using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>A function of Erlang's own that answers here although nobody has exported it.</summary>
/// <param name="Module">Its module.</param>
/// <param name="Function">Its name.</param>
/// <param name="Arity">The number of its arguments.</param>
/// <param name="Answer">What it answers, in a sentence for the documentation.</param>
/// <param name="Body">The function.</param>
internal sealed record BuiltIn(string Module, string Function, int Arity, string Answer, ExportedFunction Body);

/// <summary>Gathers built-ins of one module.</summary>
internal sealed class BuiltInModule(string name)
{
    private readonly List<BuiltIn> _functions = [];

    internal IReadOnlyList<BuiltIn> Functions => _functions;

    /// <summary>A function that answers at once.</summary>
    internal BuiltInModule Add(string function, int arity, string answer, Func<IReadOnlyList<Term>, Term> body) =>
        Add(function, arity, answer, (_, arguments) => new(body(arguments)));

    /// <summary>A function that asks others, or wants to know for whom it works.</summary>
    internal BuiltInModule Add(string function, int arity, string answer, ExportedFunction body)
    {
        _functions.Add(new(name, function, arity, answer, body));
        return this;
    }
}

/// <summary>Reads the arguments of built-ins; what does not fit is <c>badarg</c>.</summary>
internal static class Arguments
{
    internal static Atom AtomAt(this IReadOnlyList<Term> arguments, int index) =>
        arguments[index].Atom ?? throw ErlangException.BadArgument();

    internal static Pid PidAt(this IReadOnlyList<Term> arguments, int index) =>
        arguments[index].Pid ?? throw ErlangException.BadArgument();

    internal static ListTerm ListAt(this IReadOnlyList<Term> arguments, int index) =>
        arguments[index].AsList is { IsProper: true } list ? list : throw ErlangException.BadArgument();

    internal static Term Pair(string key, Term value) => Term.Tuple(new Atom(key), value);

    internal static Term Atom(string text) => new Atom(text);
}
