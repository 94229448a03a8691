using System.Collections.Concurrent;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>A function that peers may call: its arguments, and the process that it runs in.</summary>
/// <remarks>
/// Each call runs in a process of its own, whose group leader is the caller's: what it prints appears there. To fail as
/// Erlang does, throw an <see cref="ErlangException"/>; any other exception becomes the error <c>{exception, Type,
/// Message}</c>.
/// </remarks>
public delegate ValueTask<Term> ExportedFunction(ProcessContext context, IReadOnlyList<Term> arguments);

/// <summary>
/// The functions that peers may call or spawn by module, name and arity. Nothing else can be called from outside.
/// </summary>
/// <remarks>
/// Some functions of Erlang's own answer besides, as docs/built-ins.md lists them; one exported under the same name
/// takes the place of the built-in.
/// </remarks>
public sealed class ExportedFunctions
{
    private readonly ConcurrentDictionary<(Atom Module, Atom Function, int Arity), ExportedFunction> _functions = new();
    private readonly ConcurrentDictionary<Atom, ModuleDescription> _modules = new();
    private readonly ConcurrentDictionary<(Atom Module, Atom Function, int Arity), FunctionDescription> _described = new();
    private readonly ConcurrentDictionary<(Atom Module, Atom Function, int Arity), bool> _own = new();
    private readonly ConcurrentDictionary<(Atom Module, Atom Function, int Arity), bool> _services = new();
    private readonly Lock _exporting = new();

    internal ExportedFunctions()
    {
    }

    /// <summary>The modules in which the program, not the node itself, has functions, by name.</summary>
    internal IReadOnlyList<Atom> Modules =>
    [
        .. _functions.Keys.Where(key => !_own.ContainsKey(key)).Select(key => key.Module).Distinct()
            .OrderBy(module => module.Text, StringComparer.Ordinal),
    ];

    /// <summary>Lets peers call a function as <c>Module:Function/Arity</c>, and spawn it.</summary>
    /// <exception cref="ArgumentException">There is one of that name and arity.</exception>
    public void Export(string module, string function, int arity, ExportedFunction body)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfNegative(arity);
        lock (_exporting)
        {
            if (!_functions.TryAdd((new Atom(module), new Atom(function), arity), body))
                throw Known(module, function, arity, nameof(function));
        }
    }

    /// <summary>Lets peers start a process: <c>spawn(Node, Module, Function, Arguments)</c>.</summary>
    /// <param name="module">The module of its entry point.</param>
    /// <param name="function">The function.</param>
    /// <param name="arity">The number of arguments.</param>
    /// <param name="body">What the process does; when that ends, the process does.</param>
    /// <exception cref="ArgumentException">There is a function of that name and arity.</exception>
    public void ExportProcess(
        string module, string function, int arity, Func<ProcessContext, IReadOnlyList<Term>, Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Export(module, function, arity, async (context, arguments) =>
        {
            await body(context, arguments).ConfigureAwait(false);
            return Atoms.Ok;
        });
    }

    /// <summary>Exports a function of the node's own, which is no part of the program.</summary>
    internal void ExportOwn(string module, string function, int arity, ExportedFunction body)
    {
        Export(module, function, arity, body);
        _own[(new Atom(module), new Atom(function), arity)] = true;
    }

    /// <summary>Lets peers call all functions of a module, or none when one of them is known.</summary>
    /// <exception cref="ArgumentException">There is a function of the same name and arity.</exception>
    internal void Export(
        ModuleDescription module, IReadOnlyList<(FunctionDescription Description, ExportedFunction Body)> functions)
    {
        lock (_exporting)
        {
            foreach (var ((name, arity, _, _), _) in functions)
            {
                if (_functions.ContainsKey((module.Name, name, arity)))
                    throw Known(module.Name.Text, name.Text, arity, nameof(functions));
            }
            // What is said of a function is there before it can be called.
            _modules[module.Name] = module;
            foreach (var (description, body) in functions)
            {
                var key = (module.Name, description.Name, description.Arity);
                _described[key] = description;
                _functions[key] = body;
            }
        }
    }

    /// <summary>A function of the node's own that is brief, and that peers wait for whatever user code does to the pool.</summary>
    internal void ExportService(string module, string function, int arity, ExportedFunction body)
    {
        ExportOwn(module, function, arity, body);
        _services[(new Atom(module), new Atom(function), arity)] = true;
    }

    /// <summary>Whether a call goes to one of those.</summary>
    internal bool IsService(Term module, Term function, Term arguments) =>
        module.Atom is { } m && function.Atom is { } f && arguments.AsList is { } list && _services.ContainsKey((m, f, list.Count));

    internal ExportedFunction? Find(Atom module, Atom function, int arity) =>
        _functions.GetValueOrDefault((module, function, arity));

    /// <summary>Whether a function is the program's own, and not the node's.</summary>
    internal bool IsOfProgram(Atom module, Atom function, int arity) =>
        _functions.ContainsKey((module, function, arity)) && !_own.ContainsKey((module, function, arity));

    internal bool HasModule(Atom module)
    {
        foreach (var (key, _) in _functions)
        {
            if (key.Module == module)
                return true;
        }
        return false;
    }

    /// <summary>What is known of a module; null when it has no functions.</summary>
    internal ModuleDescription? FindModule(Atom module) =>
        _modules.GetValueOrDefault(module) ?? (HasModule(module) ? new(module, null, null) : null);

    /// <summary>The functions of a module, by name.</summary>
    internal IReadOnlyList<FunctionDescription> FunctionsOf(Atom module) =>
    [
        .. _functions.Keys.Where(key => key.Module == module)
            .Select(key => _described.GetValueOrDefault(key)
                ?? FunctionDescription.Unknown(key.Function, key.Arity))
            .OrderBy(function => function.Name.Text, StringComparer.Ordinal).ThenBy(function => function.Arity),
    ];

    private static ArgumentException Known(string module, string function, int arity, string parameter) =>
        new($"{module}:{function}/{arity} is exported already.", parameter);
}
