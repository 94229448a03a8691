using System.Collections.Concurrent;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>A function that peers may call: its arguments, and the process that it runs in.</summary>
public delegate ValueTask<Term> ExportedFunction(ProcessContext context, IReadOnlyList<Term> arguments);

/// <summary>The functions that peers may call by module, name and arity. Nothing else can be called from outside.</summary>
public sealed class ExportedFunctions
{
    private readonly ConcurrentDictionary<(Atom Module, Atom Function, int Arity), ExportedFunction> _functions = new();

    internal ExportedFunctions()
    {
    }

    /// <summary>Lets peers call a function as <c>Module:Function/Arity</c>.</summary>
    /// <exception cref="ArgumentException">There is one of that name and arity.</exception>
    public void Export(string module, string function, int arity, ExportedFunction body)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfNegative(arity);
        if (!_functions.TryAdd((new Atom(module), new Atom(function), arity), body))
            throw new ArgumentException($"{module}:{function}/{arity} is exported already.", nameof(function));
    }

    internal ExportedFunction? Find(Atom module, Atom function, int arity) => _functions.GetValueOrDefault((module, function, arity));
}
