using Enmesh.TestSupport;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>A row of a table in a document: what stands in its columns, by their headers.</summary>
internal sealed record DocRow(string Document, int Line, IReadOnlyList<string> Headers, IReadOnlyList<string> Cells)
{
    /// <summary>What the row is about: the first column, without backticks.</summary>
    internal string Key => Cells[0].Trim('`');

    internal string Place => $"{Document}:{Line}";

    /// <summary>The column under one of these headers; empty when there is none.</summary>
    internal string Under(params string[] headers)
    {
        for (var i = 1; i < Headers.Count; i++)
        {
            if (headers.Contains(Headers[i]))
                return Cells[i];
        }
        return "";
    }
}

/// <summary>Reads tables out of Markdown.</summary>
internal static class DocTable
{
    /// <summary>The rows of the first table below a heading, which is given by how its line begins.</summary>
    internal static IReadOnlyList<DocRow> Below(string document, string heading)
    {
        var lines = File.ReadAllLines(Repository.PathTo("docs", document));
        var at = Array.FindIndex(lines, line => line.StartsWith(heading, StringComparison.Ordinal));
        if (at < 0)
            return [];
        var end = Array.FindIndex(lines, at + 1, line => line.StartsWith('#'));
        var first = Array.FindIndex(lines, at + 1, IsRow);
        return first < 0 || (end >= 0 && first > end) ? [] : Rows(document, lines, first);
    }

    /// <summary>The rows of all tables of a document.</summary>
    internal static IEnumerable<DocRow> All(string document)
    {
        var lines = File.ReadAllLines(Repository.PathTo("docs", document));
        for (var at = 0; at < lines.Length; at++)
        {
            if (!IsRow(lines[at]))
                continue;
            var rows = Rows(document, lines, at);
            foreach (var row in rows)
                yield return row;
            at += rows.Count + 1;
        }
    }

    private static List<DocRow> Rows(string document, string[] lines, int first)
    {
        var headers = Cells(lines[first]);
        List<DocRow> rows = [];
        for (var at = first + 2; at < lines.Length && IsRow(lines[at]); at++)
            rows.Add(new DocRow(document, at + 1, headers, Cells(lines[at])));
        return rows;
    }

    private static bool IsRow(string line) => line.StartsWith('|');

    // A bar in a cell is written \|.
    private static List<string> Cells(string line) =>
        [.. line.Replace(@"\|", "\0", StringComparison.Ordinal).Trim().Trim('|').Split('|').Select(cell => cell.Replace('\0', '|').Trim())];
}
