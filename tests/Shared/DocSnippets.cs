namespace Enmesh.TestSupport;

/// <summary>Keeps the C# in a document equal to code that is compiled and run by tests.</summary>
internal static class DocSnippets
{
    private const string Fence = "```";

    /// <summary>
    /// The C# blocks of a document that do not stand, line for line, in the source file. Indentation does not count.
    /// </summary>
    internal static IReadOnlyList<string> NotIn(string document, string source)
    {
        var code = Normalize(File.ReadAllLines(source));
        return [.. Blocks(File.ReadAllLines(document)).Where(block => !code.Contains(
            Normalize(block), StringComparison.Ordinal))
            .Select(block => string.Join('\n', block))];
    }

    /// <summary>How many C# blocks a document has.</summary>
    internal static int Count(string document) => Blocks(File.ReadAllLines(document)).Count();

    private static IEnumerable<IReadOnlyList<string>> Blocks(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Trim() != Fence + "csharp")
                continue;
            var end = Array.FindIndex(lines, i + 1, line => line.Trim() == Fence);
            yield return lines[(i + 1)..end];
            i = end;
        }
    }

    private static string Normalize(IEnumerable<string> lines) =>
        "\n" + string.Join('\n', lines.Select(line => line.Trim()).Where(line => line.Length > 0)) + "\n";
}
