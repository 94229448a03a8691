using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Enmesh.Cli.Doctor;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests;

/// <summary>docs/commands.md has every verb, and every exit status with its name.</summary>
[Trait("Ring", "pure")]
public sealed partial class ExitStatusTests
{
    private static readonly string[] Lines = File.ReadAllLines(Repository.PathTo("docs", "commands.md"));

    [Fact]
    public void Every_exit_status_stands_there_with_its_name_and_no_other()
    {
        var own = typeof(ExitCode).GetFields(BindingFlags.Static | BindingFlags.NonPublic).Where(field => field.FieldType == typeof(int))
            .Select(field => ((int)field.GetRawConstantValue()!, field.Name));
        var classes = Enum.GetValues<DiagnosisClass>().Select(one => ((int)one, one.ToString()));
        var documented = Lines.Select(line => StatusRow().Match(line)).Where(match => match.Success)
            .Select(match => (int.Parse(match.Groups["status"].Value), match.Groups["name"].Value));

        Assert.Equal(own.Concat(classes).Order(), documented.Order());
    }

    [Fact]
    public void Every_verb_stands_there_and_no_other()
    {
        var verbs = Leaves(CommandLine.CreateRoot(), "");
        var documented = Lines.Select(line => VerbRow().Match(line)).Where(match => match.Success).SelectMany(match => Verbs().Matches(match.Value))
            .Select(match => match.Groups["verb"].Value).Distinct();

        Assert.Equal(verbs.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Leaves(Command command, string path) => command.Hidden ? [] : command.Subcommands.Count == 0
        ? [path]
        : command.Subcommands.SelectMany(verb => Leaves(verb, path.Length == 0 ? verb.Name : $"{path} {verb.Name}"));

    [GeneratedRegex(@"^\| (?<status>\d+) \| (?<name>\w+) \|")]
    private static partial Regex StatusRow();

    // The first column of the table of verbs, and not that of what they print.
    [GeneratedRegex(@"^\| `[^|]*(?=\|(?! `\{))")]
    private static partial Regex VerbRow();

    [GeneratedRegex(@"`(?<verb>[a-z]+(-[a-z]+)*( [a-z][a-z-]*)?)")]
    private static partial Regex Verbs();
}
