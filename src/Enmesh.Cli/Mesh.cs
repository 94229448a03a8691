using Spectre.Console;

namespace Enmesh.Cli;

/// <summary>What a node was found to see.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsBeam">Whether it is a real Erlang node.</param>
/// <param name="Sees">Whom it is connected to; null when it does not answer.</param>
internal sealed record MeshNode(string Name, bool IsBeam, IReadOnlySet<string>? Sees);

/// <summary>Who sees whom, at one moment.</summary>
internal sealed class Mesh(IReadOnlyList<MeshNode> nodes)
{
    internal IReadOnlyList<MeshNode> Nodes => nodes;

    /// <summary>Whether every node sees every other.</summary>
    internal bool IsComplete => !Missing.Any();

    /// <summary>What keeps the mesh from being complete, one sentence each.</summary>
    internal IEnumerable<string> Missing
    {
        get
        {
            foreach (var node in nodes)
            {
                if (node.Sees is not { } sees)
                {
                    yield return $"{node.Name} does not answer.";
                    continue;
                }
                var unseen = nodes.Where(other => other != node && !sees.Contains(other.Name)).Select(other => other.Name).ToList();
                if (unseen.Count > 0)
                    yield return $"{node.Name} does not see {string.Join(", ", unseen)}.";
            }
        }
    }

    internal string Summary
    {
        get
        {
            var links = nodes.Sum(node => nodes.Count(other => other != node && node.Sees?.Contains(other.Name) == true));
            var all = nodes.Count * (nodes.Count - 1);
            return IsComplete
                ? $"The mesh is complete: {nodes.Count} nodes, each sees the {nodes.Count - 1} others."
                : $"The mesh is not complete: {links} of {all} views are there.";
        }
    }

    internal MeshResult ToResult() => new(IsComplete, [.. nodes.Select(node => new MeshNodeResult(
        node.Name, node.IsBeam ? "beam" : "dotnet", [.. (node.Sees ?? new HashSet<string>()).Order(StringComparer.Ordinal)]))]);

    internal Table ToTable()
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("sees →").AddColumn("runtime");
        foreach (var node in nodes)
            table.AddColumn(new TableColumn(Markup.Escape(Short(node.Name))).Centered());
        foreach (var node in nodes)
        {
            var row = new List<string> { Markup.Escape(node.Name), node.IsBeam ? "beam" : "dotnet" };
            row.AddRange(nodes.Select(other =>
                other == node ? "[grey]·[/]" : node.Sees is null ? "[red]?[/]" : node.Sees.Contains(other.Name) ? "[green]✓[/]" : "[red]✗[/]"));
            table.AddRow([.. row]);
        }
        return table;
    }

    private static string Short(string name) => name.Split('@')[0];
}
