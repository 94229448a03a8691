using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>The lines that our shell is tested with, typed into real ones.</summary>
[Trait("Ring", "interop")]
public sealed partial class ShellTests
{
    [Theory]
    [InlineData(25)]
    [InlineData(27)]
    public async Task Real_shells_answer_as_the_vectors_say(int release)
    {
        if (!Otp.Releases.Any(row => row.Data == release))
            Assert.Skip($"OTP {release} is not among the releases of this run.");
        var lines = ShellLine.ReadAll();
        var erl = await Otp.RunAsync(release, ["env", "TERM=dumb", "erl"], input: string.Join('\n', lines.Select(line => line.Line)) + "\n");

        var answers = Prompt().Split(erl.Output).Skip(1).Select(ShellText.Normalize).ToArray();
        Assert.Equal(lines.Count + 1, answers.Length);
        // Where ours differs the reason is mostly something that no two builds of Erlang have in common.
        var compared = lines.Index().Where(line => line.Item.Ours is null && line.Item.Answers.ContainsKey(release)).ToArray();
        Assert.True(compared.Length > 700);
        Assert.Equal(
            compared.Select(line => $"{line.Item.Line}\n{line.Item.Answers[release]}"),
            compared.Select(line => $"{line.Item.Line}\n{answers[line.Index]}"));
    }

    // What a line prints without a line feed stands before the next prompt.
    [GeneratedRegex(@"(?:^|(?<=\n)|(?<=ok)|(?<=newline)|(?<=hi))\d+> ")]
    private static partial Regex Prompt();
}
