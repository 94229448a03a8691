using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Shell;

/// <summary>Lines typed into real shells, typed into ours.</summary>
[Trait("Ring", "loopback")]
public sealed class CorpusTests
{
    private const int Release = 27;

    [Fact]
    public async Task Our_shell_answers_as_that_of_Erlang_does()
    {
        await using var shell = await ShellNode.StartAsync();
        var differences = new List<string>();
        foreach (var line in ShellLine.ReadAll())
        {
            var answer = ShellText.Normalize(await shell.TypeAsync(line.Line));
            var expected = line.Ours ?? line.Answers[Release];
            if (answer != expected)
                differences.Add($"{line.Line}\n--- expected\n{expected}\n--- ours\n{answer}\n");
        }

        Assert.True(differences.Count == 0, $"{differences.Count} lines differ:\n{string.Join('\n', differences)}");
    }
}
