using System.Globalization;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>
/// docs/tour.md, command after command. What stands below a command is what it prints, and … is anything, by itself any lines; a command with <c>&amp;</c> behind it goes on
/// in the background, and <c>kill %N</c> ends the Nth of those.
/// </summary>
[Trait("Ring", "system")]
public sealed partial class TourTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CommandHome _home = new();
    private readonly List<ChildProcess> _jobs = [];

    public TourTests()
    {
        _home.Variables["ENMESH_COOKIE_FILE"] = _home.CookieFile;
        _home.Variables["XDG_RUNTIME_DIR"] = Path.GetDirectoryName(_home.CookieFile);
        _home.Variables["ERL_EPMD_PORT"] = BeamEpmd.FreePort().ToString(CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
            await job.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task The_tour_goes_as_it_is_told()
    {
        var steps = Steps(await File.ReadAllLinesAsync(Repository.PathTo("docs", "tour.md"), TestContext.Current.CancellationToken)).ToList();
        Assert.True(steps.Count > 10);
        foreach (var (command, output) in steps)
        {
            if (command.StartsWith("kill %", StringComparison.Ordinal))
                await _jobs[int.Parse(command["kill %".Length..], CultureInfo.InvariantCulture) - 1].SignalAsync("KILL");
            else if (command.EndsWith(" &", StringComparison.Ordinal))
                await StartAsync(command[..^2], output);
            else
                await RunAsync(command, output);
        }
    }

    private async Task StartAsync(string command, IReadOnlyList<string> output)
    {
        var job = _home.Start(Words(command));
        _jobs.Add(job);
        foreach (var line in output.Where(line => line.Length > 0))
            await job.WaitForLineAsync(line.Split('…')[0], Patience);
    }

    // News of one node reaches the others in its own time, so what is not so yet is asked again.
    private async Task RunAsync(string command, IReadOnlyList<string> output)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var lines = string.Join('\n', output).Trim('\n').Split('\n')
            .Select(line => line == "…" ? "(.*\n)*?.*" : Regex.Escape(line).Replace("…", ".*", StringComparison.Ordinal));
        var expected = new Regex($"^{string.Join("\n", lines)}$", RegexOptions.None, Patience);
        while (true)
        {
            var result = await _home.RunAsync(Words(command));
            var said = string.Join('\n', result.Output.Split('\n').Select(line => line.TrimEnd())).Trim('\n');
            if (expected.IsMatch(said))
                return;
            Assert.False(deadline.IsCancellationRequested, $"$ {command}\n{result}\nwas to print\n{string.Join('\n', output)}");
        }
    }

    private static IEnumerable<(string Command, IReadOnlyList<string> Output)> Steps(string[] page)
    {
        for (var at = 0; at < page.Length; at++)
        {
            if (page[at] != "```console")
                continue;
            var end = Array.IndexOf(page, "```", at + 1);
            for (at++; at < end;)
            {
                Assert.StartsWith("$ ", page[at]);
                var command = page[at++][2..];
                var output = page[at..end].TakeWhile(line => !line.StartsWith("$ ", StringComparison.Ordinal)).ToList();
                yield return (command, output);
                at += output.Count;
            }
        }
    }

    // As a shell cuts it, for what the page has: words, and such in single quotes.
    private static string[] Words(string command)
    {
        var words = Word().Matches(command).Select(match => match.Value.Trim('\'')).ToArray();
        Assert.Equal("enmesh", words[0]);
        return words[1..];
    }

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();
}
