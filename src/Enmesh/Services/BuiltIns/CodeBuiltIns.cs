using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>What there is to call: <c>code</c>, <c>erlang:function_exported/3</c>.</summary>
internal static class CodeBuiltIns
{
    internal static IEnumerable<BuiltInModule> Of(
        BuiltInTable table, ExportedFunctions exported, ModuleBuiltIns modules) =>
    [
        new BuiltInModule("erlang")
            .Add("function_exported", 3, "Whether peers may call such a function: an exported one or a built-in.",
                arguments =>
                Exists(table, exported, arguments.AtomAt(0), arguments.AtomAt(1), arguments[2].Int32 ?? -1))
            .Add("module_loaded", 1, "Whether there are such functions in a module.",
                arguments => IsModule(table, exported, arguments.AtomAt(0)))
            .Add("loaded", 0, "The modules in which the program exports functions.",
                _ => Term.List([.. exported.Modules.Select(module => (Term)module)]))
            .Add("pre_loaded", 0, "`[]`", _ => Term.Nil),
        new BuiltInModule("code")
            .Add("ensure_loaded", 1,
                "`{module, M}` for a module with functions that can be called, else `{error, nofile}`.", arguments =>
                arguments.AtomAt(0) is var module && IsModule(table, exported, module)
                    ? Arguments.Pair("module", module) : Term.Tuple(Atoms.Error, Arguments.Atom("nofile")))
            .Add(
                "is_loaded", 1,
                "`{file, preloaded}` for a module in which the program exports functions, else `false`.",
                arguments => exported.HasModule(arguments.AtomAt(0))
                    ? Arguments.Pair("file", Arguments.Atom("preloaded")) : false)
            .Add("all_loaded", 0, "`[{M, preloaded}]` of the modules in which the program exports functions.",
                _ => Term.List([.. exported.Modules.Select(module => Term.Tuple(module, Arguments.Atom("preloaded")))]))
            .Add("get_doc", 1, "The documentation of a module with functions that can be called, for `shell_docs`.",
                arguments => modules.DocumentationOf(arguments.AtomAt(0)))
            .Add("which", 1, "`non_existing`", _ => Arguments.Atom("non_existing"))
            .Add("get_path", 0, "`[]`", _ => Term.Nil)
            .Add("get_mode", 0, "`embedded`", _ => Arguments.Atom("embedded"))
            .Add("module_status", 1, "`not_loaded`", _ => Arguments.Atom("not_loaded")),
    ];

    private static bool Exists(BuiltInTable table, ExportedFunctions exported, Atom module, Atom function, int arity) =>
        exported.Find(module, function, arity) is not null || table.Find(module, function, arity) is not null;

    private static bool IsModule(BuiltInTable table, ExportedFunctions exported, Atom module) =>
        exported.HasModule(module) || table.HasModule(module);
}
