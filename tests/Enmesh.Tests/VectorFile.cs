using System.Text.Json;
using Enmesh.TestSupport;

namespace Enmesh.Tests;

/// <summary>The files of tests/vectors: bytes of real nodes, one JSON object per line.</summary>
internal static class VectorFile
{
    internal static IEnumerable<JsonElement> Lines(string name)
    {
        foreach (var line in File.ReadLines(Repository.PathTo("tests", "vectors", name)))
            yield return JsonDocument.Parse(line).RootElement;
    }

    internal static string Text(this JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
