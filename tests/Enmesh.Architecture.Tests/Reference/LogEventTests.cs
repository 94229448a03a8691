using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>
/// docs/log-events.md has every log event with its number, level, category and text. Its rows are made of the code: run this test once with
/// <c>ENMESH_UPDATE_DOCS=1</c> and commit the page.
/// </summary>
[Trait("Ring", "pure")]
public sealed partial class LogEventTests
{
    private static readonly string Page = Repository.PathTo("docs", "log-events.md");

    [Fact]
    public void The_page_has_every_log_event_as_the_code_has_it()
    {
        var now = LogEvents.All.Select(one => one.Row).ToArray();
        if (Environment.GetEnvironmentVariable("ENMESH_UPDATE_DOCS") == "1")
            Update(now);

        var documented = File.ReadAllLines(Page).Where(line => Row().IsMatch(line)).ToArray();

        Assert.True(
            now.SequenceEqual(documented),
            "docs/log-events.md is not what the code says. Run this test with ENMESH_UPDATE_DOCS=1 and commit the page.\n"
            + string.Join('\n', documented.Except(now).Select(line => $"- {line}").Concat(now.Except(documented).Select(line => $"+ {line}"))));
    }

    [Fact]
    public void Every_number_that_was_given_out_has_its_row() =>
        Assert.Equal(LogEvents.Numbers, LogEvents.All.Select(one => one.Id));

    [Fact]
    public void Every_category_is_one_that_a_logger_is_made_for()
    {
        var made = LogEvents.MadeCategories();

        Assert.Empty(LogEvents.UsedCategories.Except(made));
        Assert.Empty(made.Where(category => category.StartsWith("Enmesh", StringComparison.Ordinal)).Except(LogEvents.UsedCategories));
    }

    [Fact]
    public void Levels_that_other_pages_tell_are_those_of_the_code()
    {
        var levels = LogEvents.All.ToDictionary(one => one.Id, one => one.Level);
        var rows = Directory.GetFiles(Repository.PathTo("docs"), "*.md").Select(file => Path.GetFileName(file))
            .SelectMany(DocTable.All).Where(row => row.Headers[0] == "log event" && row.Headers[1] == "level").ToList();
        Assert.NotEmpty(rows);

        var wrong = rows.SelectMany(row => Told(row).Where(told => !levels.TryGetValue(told.Id, out var level) || !Agree(told.Level, level))
            .Select(told => $"{row.Place}: {told.Id} is {levels.GetValueOrDefault(told.Id, "unknown")}, not {told.Level}"));

        Assert.Empty(wrong);
    }

    // "1303, 1304 | warning, information" is one for each, "1300, 1301 | warning" the same for all.
    private static IEnumerable<(int Id, string Level)> Told(DocRow row)
    {
        var ids = row.Cells[0].Split(", ").Select(int.Parse).ToArray();
        var levels = row.Cells[1].Split(", ");
        return ids.Select((id, i) => (id, ids.Length > 1 && levels.Length == ids.Length ? levels[i] : row.Cells[1]));
    }

    // One that varies is told in words.
    private static bool Agree(string told, string level) => level.Split(", ").All(one => told.Contains(one, StringComparison.Ordinal));

    private static void Update(string[] rows)
    {
        var lines = File.ReadAllLines(Page).ToList();
        var at = lines.FindIndex(line => line.StartsWith("| ---", StringComparison.Ordinal) || line.StartsWith("|---", StringComparison.Ordinal)) + 1;
        lines.RemoveAll(Row().IsMatch);
        lines.InsertRange(at, rows);
        File.WriteAllLines(Page, lines);
    }

    [GeneratedRegex(@"^\| \d+ \|")]
    private static partial Regex Row();
}
