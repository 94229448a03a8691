using System.Text.Json;

namespace Enmesh.Tests;

/// <summary>The files of tests/vectors: bytes of real nodes, one JSON object per line.</summary>
internal static class VectorFile
{
    internal static IEnumerable<JsonElement> Lines(string name)
    {
        foreach (var line in File.ReadLines(Path.Combine(Folder(), name)))
            yield return JsonDocument.Parse(line).RootElement;
    }

    internal static string Text(this JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Enmesh.slnx")))
                return Path.Combine(at.FullName, "tests", "vectors");
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }
}
