using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>docs/reference.md has every environment variable that the code looks at by its name.</summary>
[Trait("Ring", "pure")]
public sealed partial class VariableTests
{
    // What every program of such a system goes by, and no setting of ours.
    private static readonly string[] Usual = ["HOME", "USERPROFILE", "PATH", "TMPDIR", "TERM"];

    [Fact]
    public void The_page_has_every_variable_and_no_other()
    {
        var read = Directory.EnumerateFiles(Repository.PathTo("src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Read().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value)
            // Those of the exporter of OpenTelemetry have a table of their own.
            .Where(name => !name.StartsWith("OTEL_", StringComparison.Ordinal)).Except(Usual).Distinct();
        var documented = DocTable.Below("reference.md", "## Environment variables").SelectMany(row => row.Cells[0].Split(", ")).Select(name => name.Trim('`'));

        Assert.Equal(read.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("""(?:nvironment(?:Variable)?\(|Variable = |configuration\[)"([A-Z][A-Z0-9_]+)""")]
    private static partial Regex Read();
}
