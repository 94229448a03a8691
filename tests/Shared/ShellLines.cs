using System.Text.Json;
using System.Text.RegularExpressions;

namespace Enmesh.TestSupport;

/// <summary>A line typed into a shell, and what shells answer.</summary>
/// <param name="Line">The line.</param>
/// <param name="Answers">What the real shells print, by release.</param>
/// <param name="Ours">What ours prints where that is something else, and is meant to be.</param>
internal sealed record ShellLine(string Line, IReadOnlyDictionary<int, string> Answers, string? Ours)
{
    private const string OfOurs = "ours";

    /// <summary>The lines of tests/vectors/shell.jsonl.</summary>
    internal static IReadOnlyList<ShellLine> ReadAll()
    {
        var all = new List<ShellLine>();
        foreach (var text in File.ReadLines(Repository.PathTo("tests", "vectors", "shell.jsonl")))
        {
            using var json = JsonDocument.Parse(text);
            var fields = json.RootElement.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.GetString()!);
            var answers = fields.Where(field => int.TryParse(field.Key, out _)).ToDictionary(field => int.Parse(field.Key), field => field.Value);
            all.Add(new(fields["line"], answers, fields.GetValueOrDefault(OfOurs)));
        }
        return all;
    }
}

/// <summary>Takes out of what a shell prints what differs from one run to the next, and lines of source files.</summary>
internal static partial class ShellText
{
    internal static string Normalize(string text)
    {
        text = Fun().Replace(text, "#Fun<>");
        text = Pid().Replace(text, "<pid>");
        text = Ref().Replace(text, "#Ref<>");
        text = SourceLine().Replace(text, "");
        var lines = text.Split('\n').Select(line => line.TrimEnd()).Where(line => !line.StartsWith("     in call from", StringComparison.Ordinal));
        return string.Join('\n', lines).Trim('\n');
    }

    [GeneratedRegex("#Fun<[^>]*>")]
    private static partial Regex Fun();

    [GeneratedRegex(@"<0\.\d+\.\d+>")]
    private static partial Regex Pid();

    [GeneratedRegex("#Ref<[^>]*>")]
    private static partial Regex Ref();

    [GeneratedRegex(@" \([a-z_0-9]+\.erl(, line |:)\d+\)")]
    private static partial Regex SourceLine();
}
