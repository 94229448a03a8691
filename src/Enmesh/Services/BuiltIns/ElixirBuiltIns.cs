using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Services.BuiltIns;

/// <summary>The same things under the names that people use in <c>iex</c>.</summary>
internal static class ElixirBuiltIns
{
    internal static IEnumerable<BuiltInModule> Of(NodeFacts facts) =>
    [
        new BuiltInModule("Elixir.Node")
            .Add("self", 0, "The node's name.", _ => facts.Name.Atom)
            .Add("list", 0, "The visible nodes that are connected.",
                _ => NodeBuiltIns.NodesOf(facts, Arguments.Atom("visible")))
            .Add("list", 1, "The nodes of the kinds given.", arguments => NodeBuiltIns.NodesOf(facts, arguments[0]))
            .Add("alive?", 0, "`true`", _ => true),
        new BuiltInModule("Elixir.Process")
            .Add("list", 0, "The pids of all processes.", _ => ProcessBuiltIns.Processes(facts))
            .Add("registered", 0, "The registered names.",
                _ => Term.List([.. facts.Runtime.RegisteredNames.Select(name => (Term)name)]))
            .Add("whereis", 1, "The process of a name, or `nil`.",
                arguments => facts.Runtime.WhereIs(arguments.AtomAt(0)) is { } pid ? pid : Atoms.ElixirNil)
            .Add("alive?", 1, "Whether a process of this node is alive.",
                arguments => facts.Runtime.IsAlive(arguments.PidAt(0)))
            .Add("info", 1, "As `erlang:process_info/1`, or `nil`.",
                arguments => InfoOf(facts, arguments.PidAt(0), null))
            .Add("info", 2, "As `erlang:process_info/2`, or `nil`.",
                arguments => InfoOf(facts, arguments.PidAt(0), arguments[1])),
        new BuiltInModule("Elixir.IO")
            .Add("puts", 1, "Prints a line.", (context, arguments) => PutsAsync(context, arguments[0]))
            .Add("write", 1, "Prints.",
                (context, arguments) => IoBuiltIns.PutAsync(context, null, TextOf(arguments[0])))
            .Add("inspect", 1, "Prints what `inspect` makes of a term, and answers the term.",
                async (context, arguments) =>
            {
                await PutsAsync(context, Term.Binary(ElixirText.Inspect(arguments[0]))).ConfigureAwait(false);
                return arguments[0];
            }),
    ];

    private static Term InfoOf(NodeFacts facts, Pid pid, Term? items) =>
        ProcessBuiltIns.InfoOf(facts, pid, items) is var info && info.IsAtom(Atoms.Undefined) ? Atoms.ElixirNil : info;

    private static ValueTask<Term> PutsAsync(ProcessContext context, Term text) =>
        IoBuiltIns.PutAsync(context, null, Term.List(TextOf(text), (int)'\n'));

    // to_string of what is no text already: atoms and numbers.
    private static Term TextOf(Term value) => value.AsList is not null || value.TryGetBinary(out _) ? value
        : value.Atom is { } atom ? Term.Binary(atom == Atoms.ElixirNil ? "" : atom.Text)
        : Term.Binary(value.ToString());
}
