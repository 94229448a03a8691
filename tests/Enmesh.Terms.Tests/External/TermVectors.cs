using System.Text.Json;

namespace Enmesh.Terms.Tests.External;

/// <summary>One encoding that real nodes made of a term (tests/vectors/README.md).</summary>
public sealed record TermVector(string Id, string Expression, string Text, byte[] Bytes, string[] MadeBy)
{
    /// <summary>Whether release 29 makes these bytes of the term when nobody asks for anything special.</summary>
    public bool IsMadeBy29 => MadeBy.Contains("29 ");

    public bool IsCompressed => Bytes[1] == 80;

    public bool IsPrivate => Bytes[1] == 121;

    public override string ToString() => $"{Id}/{Bytes[1]}/{Bytes.Length}";

    /// <summary>All lines whose bytes are given in full.</summary>
    public static IReadOnlyList<TermVector> All { get; } = [.. Read()];

    /// <summary>Those that any node may read.</summary>
    public static IEnumerable<TermVector> Portable => All.Where(vector => !vector.IsPrivate);

    private static IEnumerable<TermVector> Read()
    {
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "terms.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (!root.TryGetProperty("hex", out var hex))
                continue;
            yield return new(
                root.GetProperty("id").GetString()!,
                root.GetProperty("expr").GetString()!,
                root.GetProperty("text").GetString()!,
                Convert.FromHexString(hex.GetString()!),
                [.. root.GetProperty("made_by").EnumerateObject()
                    .SelectMany(
                        release => release.Value.EnumerateArray().Select(how => $"{release.Name} {how.GetString()}"))]);
        }
    }
}
