using System.Globalization;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary>What a node was found to see.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Runtime">What it runs on: dotnet, beam; for a guest nobody has said.</param>
/// <param name="Process">The operating system's id of a node that is ours to run; null for a guest.</param>
/// <param name="Sees">Whom it is connected to; null when it does not answer.</param>
internal sealed record MeshNode(string Name, string Runtime, int? Process, IReadOnlySet<string>? Sees)
{
    internal const string Dotnet = "dotnet";
    internal const string Beam = "beam";
    internal const string Guest = "guest";

    internal bool IsGuest => Runtime == Guest;
}

/// <summary>
/// Who sees whom, at one moment. Guests are shown; whether it is complete is a question of the members.
/// </summary>
internal sealed class Mesh(IReadOnlyList<MeshNode> nodes)
{
    private readonly List<MeshNode> _members = [.. nodes.Where(static node => !node.IsGuest)];

    internal IReadOnlyList<MeshNode> Nodes => nodes;

    /// <summary>Whether every node sees every other.</summary>
    internal bool IsComplete => !Missing.Any();

    /// <summary>What keeps the mesh from being complete, one sentence each.</summary>
    internal IEnumerable<string> Missing
    {
        get
        {
            foreach (var node in _members)
            {
                if (node.Sees is not { } sees)
                {
                    yield return $"{node.Name} does not answer.";
                    continue;
                }
                var unseen = _members.Where(other => other != node && !sees.Contains(other.Name))
                    .Select(other => other.Name)
                    .ToList();
                if (unseen.Count > 0)
                    yield return $"{node.Name} does not see {string.Join(", ", unseen)}.";
            }
        }
    }

    internal string Summary
    {
        get
        {
            var count = _members.Count;
            var guests = nodes.Where(static node => node.IsGuest).Select(static node => node.Name).ToList();
            var joined = guests.Count == 0 ? "" : $" Joined: {string.Join(", ", guests)}.";
            if (!IsComplete)
            {
                var links = _members.Sum(
                    node => _members.Count(other => other != node && node.Sees?.Contains(other.Name) == true));
                return $"The mesh is not complete: {links} of {count * (count - 1)} views are there.{joined}";
            }
            return count switch
            {
                1 => $"The one node is up.{joined}",
                2 => $"The mesh is complete: the 2 nodes see each other.{joined}",
                _ => $"The mesh is complete: {count} nodes, each sees the {count - 1} others.{joined}",
            };
        }
    }

    internal MeshResult ToResult() => new(IsComplete, [.. _members.Select(node => new MeshNodeResult(
        node.Name, node.Runtime, [.. (node.Sees ?? new HashSet<string>()).Order(StringComparer.Ordinal)]))]);

    /// <summary>A row for each node, and in it a column for each that it may see.</summary>
    /// <param name="processes">Whether the ids of the processes are shown, for those who want to end one.</param>
    internal Table ToTable(bool processes)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn(new TableColumn("#").RightAligned().NoWrap())
            .AddColumn(new TableColumn("node").NoWrap())
            .AddColumn(new TableColumn("runtime").NoWrap());
        if (processes)
            table.AddColumn(new TableColumn("process").RightAligned().NoWrap());
        for (var i = 1; i <= nodes.Count; i++)
            table.AddColumn(new TableColumn(Number(i)).Centered().NoWrap());
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            List<string> row = [Number(i + 1), Markup.Escape(node.Name), node.Runtime];
            if (processes)
                row.Add(node.Process is { } id ? Number(id) : "");
            row.AddRange(nodes.Select(other => View(node, other)));
            table.AddRow([.. row]);
        }
        return table;
    }

    /// <summary>What the signs in the table mean.</summary>
    internal static string Legend => "✓ the row's node sees the column's, ✗ it does not, ? it does not answer.";

    private static string View(MeshNode node, MeshNode other) =>
        other == node ? "[grey]·[/]"
        : node.Sees is null ? "[red]?[/]"
        : node.Sees.Contains(other.Name) ? "[green]✓[/]"
        : "[red]✗[/]";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
