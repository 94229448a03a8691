using System.Collections.Frozen;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Shell.Library;

/// <summary>The functions of Erlang's own that the shell brings along; they need nothing but values and the process.</summary>
internal static class ShellLibrary
{
    private static readonly Dictionary<(string Module, string Function, int Arity), LibraryFunction> Table = Create();

    private static readonly FrozenSet<string> Modules = Table.Keys.Select(key => key.Module).ToFrozenSet(StringComparer.Ordinal);

    internal static IEnumerable<(string Module, string Function, int Arity)> All => Table.Keys;

    internal static bool HasModule(string module) => Modules.Contains(module);

    internal static LibraryFunction? Find(string module, string function, int arity) =>
        Table.GetValueOrDefault((module, function, arity));

    /// <summary>Calls one of the functions that a guard may call.</summary>
    internal static Term CallInGuard(ProcessContext context, string function, Term[] arguments)
    {
        var found = Find("erlang", function, arguments.Length);
        if (found?.AtOnce is not { } body)
            throw Failures.Of(Failures.BadArg);
        if (found.Check("erlang", function, arguments) is { } problem)
            throw problem;
        return body(new(context, null, "erlang", function, arguments));
    }

    private static Dictionary<(string, string, int), LibraryFunction> Create()
    {
        var table = new Dictionary<(string, string, int), LibraryFunction>();
        ErlangTypes.AddTo(new("erlang", table));
        ErlangTerms.AddTo(new("erlang", table));
        ErlangConversions.AddTo(new("erlang", table));
        ErlangProcesses.AddTo(new("erlang", table));
        ListsLibrary.AddTo(new("lists", table));
        ListsLibrary.AddFunctionals(new("lists", table));
        KeyLists.AddTo(new("lists", table));
        MapsLibrary.AddTo(new("maps", table));
        MathLibrary.AddTo(new("math", table));
        TextLibrary.AddTo(new("string", table));
        TextLibrary.AddUnicode(new("unicode", table));
        BinaryLibrary.AddTo(new("binary", table));
        OtherLibraries.AddTo(name => new(name, table));
        return table;
    }
}
