using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh.Modules;

/// <summary>What a class with <see cref="ErlangModuleAttribute"/> implements; the source generator does it.</summary>
/// <typeparam name="TSelf">The class.</typeparam>
public interface IErlangModule<TSelf>
    where TSelf : class, IErlangModule<TSelf>
{
    /// <summary>The module's name, its functions, and what is said about them.</summary>
    static abstract ErlangModuleInfo<TSelf> ErlangModule { get; }
}

/// <summary>Calls a method of a module with arguments that came from a peer.</summary>
public delegate ValueTask<Term> ErlangFunctionBody<in T>(
    T module, ProcessContext context, IReadOnlyList<Term> arguments);

/// <summary>
/// What is done around each call of a module: finds the object that is called, calls, and cleans up behind it.
/// </summary>
public delegate ValueTask<Term> ErlangFunctionCall<T>(
    ErlangFunctionBody<T> body, ProcessContext context, IReadOnlyList<Term> arguments);

/// <summary>A module as the source generator describes it.</summary>
/// <typeparam name="T">The class.</typeparam>
public sealed class ErlangModuleInfo<T>
    where T : class
{
    /// <param name="name">The module's name.</param>
    /// <param name="documentation">What it is for; null when nothing is said.</param>
    /// <param name="functions">Its functions.</param>
    public ErlangModuleInfo(string name, string? documentation, params IReadOnlyList<ErlangFunctionInfo<T>> functions)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(functions);
        (Name, Documentation, Functions) = (name, documentation, functions);
    }

    /// <summary>The module's name.</summary>
    public string Name { get; }

    /// <summary>What it is for: the class's summary. Null when nothing is said.</summary>
    public string? Documentation { get; }

    /// <summary>Its functions; one with optional parameters is there once for each number of arguments.</summary>
    public IReadOnlyList<ErlangFunctionInfo<T>> Functions { get; }

    internal void ExportTo(ExportedFunctions exported, ErlangFunctionCall<T> call)
    {
        var functions = Functions.Select(function =>
        {
            var body = function.Body;
            return (Describe(function), new ExportedFunction((context, arguments) => call(body, context, arguments)));
        });
        exported.Export(new(new Atom(Name), Documentation, typeof(T).Assembly), [.. functions]);
    }

    internal void ExportTo(ExportedFunctions exported, T module)
    {
        var functions = Functions.Select(function =>
        {
            var body = function.Body;
            return (Describe(function), new ExportedFunction((context, arguments) => body(module, context, arguments)));
        });
        exported.Export(new(new Atom(Name), Documentation, typeof(T).Assembly), [.. functions]);
    }

    private static FunctionDescription Describe(ErlangFunctionInfo<T> function) =>
        new(new Atom(function.Name), function.Arity, function.Signature, function.Documentation);
}

/// <summary>A function of a module as the source generator describes it.</summary>
/// <typeparam name="T">The module's class.</typeparam>
/// <param name="Name">Its name.</param>
/// <param name="Arity">The number of its arguments.</param>
/// <param name="Signature">
/// Its arguments and their types as Erlang writes them: <c>add(A :: integer(), B :: integer()) -> integer()</c>.
/// </param>
/// <param name="Documentation">What it does: the method's summary. Null when nothing is said.</param>
/// <param name="Body">Calls it.</param>
public sealed record ErlangFunctionInfo<T>(
    string Name, int Arity, string Signature, string? Documentation, ErlangFunctionBody<T> Body)
    where T : class;

/// <summary>Lets peers call modules.</summary>
public static class ErlangModuleExtensions
{
    /// <summary>Lets peers call the functions of a module on this object, several of them at a time.</summary>
    /// <exception cref="ArgumentException">One of its functions is exported already; none was.</exception>
    public static void Export<T>(this ExportedFunctions functions, T module)
        where T : class, IErlangModule<T>
    {
        ArgumentNullException.ThrowIfNull(functions);
        ArgumentNullException.ThrowIfNull(module);
        T.ErlangModule.ExportTo(functions, module);
    }

    /// <summary>Lets peers call the functions of a module on an object that is found anew for each call.</summary>
    /// <param name="functions">Where it is exported.</param>
    /// <param name="call">Finds the object, calls the function with it, and cleans up.</param>
    /// <exception cref="ArgumentException">One of its functions is exported already; none was.</exception>
    public static void Export<T>(this ExportedFunctions functions, ErlangFunctionCall<T> call)
        where T : class, IErlangModule<T>
    {
        ArgumentNullException.ThrowIfNull(functions);
        ArgumentNullException.ThrowIfNull(call);
        T.ErlangModule.ExportTo(functions, call);
    }
}
