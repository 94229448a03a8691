using System.Reflection;
using System.Text.RegularExpressions;
using Enmesh.Cli.Doctor;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>What the doctor can say is in its document, and in no other words for its exit status.</summary>
[Trait("Ring", "pure")]
public sealed partial class DocumentedTests
{
    private static readonly Diagnosis[] All = [.. typeof(Diagnoses).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
        .Where(one => one.FieldType == typeof(Diagnosis)).Select(one => (Diagnosis)one.GetValue(null)!)];

    [Fact]
    public void Every_diagnosis_stands_in_the_document_under_its_class_and_nothing_else_does()
    {
        var documented = new List<string>();
        var section = "";
        foreach (var line in File.ReadLines(Repository.PathTo("docs", "doctor.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = ExitStatus().Match(line) is { Success: true } match ? match.Groups[1].Value : "";
            if (section.Length > 0 && line.StartsWith("| `", StringComparison.Ordinal))
                documented.Add($"{section} {line.Split('`')[1]} {line.Split('|')[2].Trim()}");
        }
        Assert.Equal(
            All.Select(one => $"{(int)one.Class} {one.Id} {Word(one.Severity)}").Order(StringComparer.Ordinal),
            documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_has_an_id_of_its_own_and_says_what_to_do()
    {
        Assert.Equal(All.Length, All.Select(one => one.Id).Distinct().Count());
        Assert.All(All, one => Assert.Matches("^[a-z]+\\.[a-z-]+$", one.Id));
        Assert.All(All, one => Assert.EndsWith(".", one.Advice, StringComparison.Ordinal));
    }

    private static string Word(Severity severity) => severity switch
    {
        Severity.Failure => "FAIL",
        Severity.Warning => "WARN",
        _ => "note",
    };

    [GeneratedRegex(@"\((\d+)\)")]
    private static partial Regex ExitStatus();
}
