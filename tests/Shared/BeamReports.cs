using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;
using Xunit.v3;

// Whoever can start a node has the check.
[assembly: NoUnannouncedReports]

namespace Enmesh.TestSupport;

/// <summary>
/// After every test: no node that the test has started may have printed a report of an error, of a crash or of a
/// supervisor, but those that the test has announced with <see cref="BeamNode.Announce"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class NoUnannouncedReportsAttribute : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        var found = BeamReports.Take(test.UniqueID);
        Assert.True(found.Count == 0, $"Reports that the test does not announce:\n{string.Join('\n', found)}");
    }
}

/// <summary>What nodes under test report of themselves.</summary>
internal static partial class BeamReports
{
    /// <summary>
    /// What <c>global</c> says when nodes part from each other, or one is gone before another has met it. It happens in the
    /// best of meshes, when one of several leaves.
    /// </summary>
    private static readonly string[] Partings = ["in order to prevent overlapping partitions", "failed to connect to"];

    private static readonly ConcurrentDictionary<string, ConcurrentBag<BeamNode>> Started = new();

    /// <summary>Has a node looked at after the test that runs now.</summary>
    internal static void Watch(BeamNode node)
    {
        if (TestContext.Current.Test is { } test)
            Started.GetOrAdd(test.UniqueID, static _ => []).Add(node);
    }

    /// <summary>The reports that a test's nodes printed and that it did not announce; they are looked at once.</summary>
    internal static IReadOnlyList<string> Take(string test) =>
        Started.TryRemove(test, out var nodes)
            ? [.. nodes.SelectMany(node => Unannounced(node).Select(report => $"{node.Name} (OTP {node.Release}):\n{report}"))]
            : [];

    internal static IEnumerable<string> Unannounced(BeamNode node) => In(node.Output).Where(report =>
        !Array.Exists(Partings, part => report.Contains(part, StringComparison.Ordinal))
        && !node.Announced.Any(part => report.Contains(part, StringComparison.Ordinal)));

    /// <summary>The reports in what a node printed: from a headline to the next one, or to an empty line.</summary>
    internal static IEnumerable<string> In(string output)
    {
        foreach (Match headline in Headline().Matches(output))
        {
            var rest = output[headline.Index..];
            var next = Headline().Match(rest, headline.Length);
            var empty = rest.IndexOf("\n\n", StringComparison.Ordinal);
            var end = Math.Min(next.Success ? next.Index : rest.Length, empty < 0 ? rest.Length : empty);
            yield return rest[..end].TrimEnd();
        }
    }

    // What the node itself says on its way down has no headline.
    [GeneratedRegex(
        "^(=(WARNING|ERROR|CRASH|SUPERVISOR|CRITICAL|ALERT|EMERGENCY) REPORT====|Kernel pid terminated|.*init terminating in )",
        RegexOptions.Multiline)]
    private static partial Regex Headline();
}
