using System.CommandLine;
using Enmesh.Terms;

namespace Enmesh.Cli;

/// <summary><c>enmesh pg NODE [SCOPE]</c> and <c>enmesh global NODE</c>: names that hold in the whole cluster, as one node sees them.</summary>
internal static class NamesOfClusterCommands
{
    internal static Command CreatePg()
    {
        var scope = new Argument<string>("scope") { Description = "The scope. Default: pg.", HelpName = "SCOPE", DefaultValueFactory = _ => "pg" };
        return new AskVerb().Create(
            "pg",
            "List the process groups of a scope and their members, as a node sees them.",
            """
            As pg:which_groups/1 and pg:get_members/2.

            Examples:
              enmesh pg orders@10.0.0.7
              enmesh pg orders@10.0.0.7 Elixir.Phoenix.PubSub --json
            """,
            [scope],
            node => PgAsync(node, node.Parsed.GetValue(scope)!));
    }

    internal static Command CreateGlobal() => new AskVerb().Create(
        "global",
        "List the global names and who has them, as a node sees them.",
        """
        As global:registered_names/0 and global:whereis_name/1.

        Example:
          enmesh global orders@10.0.0.7
        """,
        [],
        GlobalAsync);

    private static async Task<int> PgAsync(AskedNode node, string scope)
    {
        var scopeAtom = new Atom(scope);
        var groups = new List<GroupResult>();
        foreach (var group in Ordered(await node.RpcAsync("pg", "which_groups", scopeAtom).ConfigureAwait(false)))
        {
            var members = await node.RpcAsync("pg", "get_members", scopeAtom, group).ConfigureAwait(false);
            groups.Add(new(AskedNode.Show(group), [.. (members.AsList ?? default).Select(AskedNode.Show)]));
        }
        if (node.AsJson)
            Json.Print(new GroupsResult(node.Target.Text, scope, groups));
        else
            AskedNode.PrintTable([["GROUP", "MEMBER"], .. groups.SelectMany(group => group.Members.Select((member, i) => new[] { i == 0 ? group.Group : "", member }))]);
        return ExitCode.Success;
    }

    private static async Task<int> GlobalAsync(AskedNode node)
    {
        var names = new List<GlobalNameResult>();
        foreach (var name in Ordered(await node.RpcAsync("global", "registered_names").ConfigureAwait(false)))
        {
            var pid = await node.RpcAsync("global", "whereis_name", name).ConfigureAwait(false);
            names.Add(new(AskedNode.Show(name), pid.Pid is null ? null : AskedNode.Show(pid)));
        }
        if (node.AsJson)
            Json.Print(new GlobalResult(node.Target.Text, names));
        else
            AskedNode.PrintTable([["NAME", "PID"], .. names.Select(name => new[] { name.Name, name.Pid ?? "" })]);
        return ExitCode.Success;
    }

    private static IEnumerable<Term> Ordered(Term list) => (list.AsList ?? default).Order(Terms.Order.TermOrder.Comparer);
}
