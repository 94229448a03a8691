using Enmesh.Processes;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Shell;

/// <summary>The session of docs/console.md, typed into a shell.</summary>
[Trait("Ring", "loopback")]
public sealed class DocumentedTests
{
    private const string Prompt = "    (orders@127.0.0.1)";

    [Fact]
    public async Task The_documented_session_goes_as_it_is_documented()
    {
        await using var shell = await ShellNode.StartAsync("orders@127.0.0.1");
        shell.Node.Functions.Export("calc", "add", 2, static (_, arguments) => new(arguments[0].Int64!.Value + arguments[1].Int64!.Value));
        shell.Node.Spawn(static async context =>
        {
            for (var count = 1; ; count++)
            {
                var message = await context.ReceiveAsync(message => CallRequest.TryRead(message, out _));
                if (CallRequest.TryRead(message, out var call))
                    context.Reply(call, count);
            }
        }, "counter");
        var steps = Steps(await File.ReadAllLinesAsync(Repository.PathTo("docs", "console.md"), TestContext.Current.CancellationToken));
        Assert.True(steps.Count > 10);

        foreach (var (line, expected) in steps)
            Assert.Equal($"{line}\n{ShellText.Normalize(expected)}", $"{line}\n{ShellText.Normalize(await shell.TypeAsync(line))}");
    }

    private static List<(string Line, string Answer)> Steps(string[] page)
    {
        var steps = new List<(string Line, string Answer)>();
        for (var i = 0; i < page.Length; i++)
        {
            if (!page[i].StartsWith(Prompt, StringComparison.Ordinal))
                continue;
            var answer = page.Skip(i + 1).TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal) && !line.StartsWith(Prompt, StringComparison.Ordinal));
            steps.Add((page[i][(page[i].IndexOf("> ", StringComparison.Ordinal) + 2)..], string.Join('\n', answer.Select(line => line[4..]))));
        }
        return steps;
    }
}
