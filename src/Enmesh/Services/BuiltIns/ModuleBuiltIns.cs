using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// What modules tell of themselves: <c>Module:module_info/0,1</c> of each, and their documentation as
/// <c>code:get_doc/1</c> has it (EEP 48).
/// </summary>
/// <param name="table">The built-in functions.</param>
/// <param name="exported">The program's.</param>
/// <param name="isServer">Whether a server's callbacks are in a module.</param>
internal sealed class ModuleBuiltIns(BuiltInTable table, ExportedFunctions exported, Func<Atom, bool> isServer)
{
    private static readonly Atom ModuleInfo = new("module_info");
    private static readonly Atom DocsV1 = new("docs_v1");
    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom None = new("none");
    private static readonly Atom Function = new("function");
    private static readonly Atom Paragraph = new("p");
    private static readonly string[] Items = ["module", "exports", "attributes", "compile"];

    /// <summary><c>module_info</c> of a module that has functions to call; null for any other function.</summary>
    internal ExportedFunction? Find(Atom module, Atom function, int arity)
    {
        if (function != ModuleInfo || arity > 1 || !(exported.HasModule(module) || table.HasModule(module) || isServer(module)))
            return null;
        return (_, arguments) => new(arguments.Count == 0 ? InfoOf(module) : ItemOf(module, arguments.AtomAt(0)));
    }

    /// <summary>
    /// <c>{ok, #docs_v1{}}</c>, of paragraphs that <c>shell_docs</c> of every release prints; <c>{error, …}</c> when
    /// there is no such module.
    /// </summary>
    internal Term DocumentationOf(Atom module)
    {
        if (!exported.HasModule(module) && !table.HasModule(module))
            return Term.Tuple(Atoms.Error, new Atom("non_existing"));
        var functions = FunctionsOf(module).Select(function => Term.Tuple(
            Term.Tuple(Function, function.Name, function.Arity), 0, Term.List(Term.Binary(function.Signature)),
            TextOf(function.Documentation), Term.Map(ReadOnlySpan<KeyValuePair<Term, Term>>.Empty)));
        return Term.Tuple(Atoms.Ok, Term.Tuple(
            DocsV1, 0, Erlang, Term.Binary("application/erlang+html"),
            TextOf(exported.FindModule(module)?.Documentation),
            Term.Map((new Atom("otp_doc_vsn"), Term.Tuple(1, 0, 0))), Term.List([.. functions])));
    }

    private Term InfoOf(Atom module) => Term.List(
        [.. Items.Select(item => Arguments.Pair(item, ItemOf(module, new Atom(item))))]);

    private Term ItemOf(Atom module, Atom item) => item.Text switch
    {
        "module" => module,
        "exports" or "functions" => Term.List([.. ExportsOf(module)]),
        "attributes" => Term.List([Arguments.Pair("vsn", Term.List(Term.CharList(VersionOf(module)))), .. BehaviourOf(module)]),
        "compile" => Term.List(Arguments.Pair("version", Term.CharList($"Enmesh {NodeFacts.Version}"))),
        "nifs" => Term.Nil,
        _ => throw ErlangException.BadArgument(),
    };

    private Term[] BehaviourOf(Atom module) => isServer(module) ? [Arguments.Pair("behaviour", Term.List(Arguments.Atom("gen_server")))] : [];

    private string VersionOf(Atom module) =>
        NodeFacts.VersionOf(exported.FindModule(module)?.Assembly ?? typeof(ModuleBuiltIns).Assembly);

    private IEnumerable<Term> ExportsOf(Atom module) => FunctionsOf(module)
        .Select(function => (function.Name, function.Arity))
        .Concat([(Name: ModuleInfo, Arity: 0), (Name: ModuleInfo, Arity: 1)])
        .Distinct()
        .Select(function => Term.Tuple(function.Name, function.Arity));

    // What the program exports takes the place of a built-in of that name.
    private IEnumerable<FunctionDescription> FunctionsOf(Atom module) => exported.FunctionsOf(module)
        .Concat(table.All.Where(function => function.Module == module.Text)
            .Select(
                function => FunctionDescription.Unknown(new Atom(function.Function), function.Arity, function.Answer)))
        .DistinctBy(function => (function.Name, function.Arity))
        .OrderBy(function => function.Name.Text, StringComparer.Ordinal).ThenBy(function => function.Arity);

    // #{<<"en">> => [{p, [], [Text]}]}
    private static Term TextOf(string? documentation)
    {
        if (documentation is null)
            return None;
        var paragraphs = documentation.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(text => Term.Tuple(Paragraph, Term.Nil, Term.List(Term.Binary(text))));
        return Term.Map((Term.Binary("en"), Term.List([.. paragraphs])));
    }
}
