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
        return [.. Blocks(document).Where(block => !code.Contains(Normalize(block.Lines), StringComparison.Ordinal))
            .Select(block => string.Join('\n', block.Lines))];
    }

    /// <summary>How many C# blocks a document has.</summary>
    internal static int Count(string document) => Blocks(document).Count();

    /// <summary>The C# blocks of a document, with the lines they stand below.</summary>
    internal static IEnumerable<(int Line, IReadOnlyList<string> Lines)> Blocks(string document)
    {
        var lines = File.ReadAllLines(document);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Trim() is not (Fence + "csharp" or Fence + "cs" or Fence + "c#"))
                continue;
            var end = Array.FindIndex(lines, i + 1, line => line.Trim() == Fence);
            yield return (i + 1, lines[(i + 1)..end]);
            i = end;
        }
    }

    /// <summary>Lines as they are compared: without indentation and empty ones.</summary>
    internal static string Normalize(IEnumerable<string> lines) =>
        "\n" + string.Join('\n', lines.Select(line => line.Trim()).Where(line => line.Length > 0)) + "\n";
}
