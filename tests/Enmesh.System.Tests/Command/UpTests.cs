using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary><c>enmesh up</c>: a cluster out of real processes, ours and Erlang's.</summary>
[Trait("Ring", "system")]
public sealed partial class UpTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private CommandHome _home = null!;

    // The temporary directory is inside the root of the Erlang that is started: its $HOME has to be found on both
    // sides.
    public async ValueTask InitializeAsync() => _home = await HomeAsync(Otp.Newest);

    private static async Task<CommandHome> HomeAsync(int release)
    {
        var root = await Otp.RootAsync(release);
        var home = new CommandHome(Path.Combine(root, "tmp"));
        // Paths in files mean the same on both sides, too.
        Directory.CreateDirectory(root + Path.GetDirectoryName(root));
        if (!Path.Exists(root + root))
            File.CreateSymbolicLink(root + root, "/");
        home.InstallErl(
            $"""
             HOME=$(printf %s "$HOME" | sed 's|^{root}||')
             export HOME LC_ALL=C.UTF-8 ERL_CRASH_DUMP=/dev/null PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
             exec chroot '{root}' erl +sbwt none +sbwtdcpu none +sbwtdio none "$@"
             """);
        return home;
    }

    public ValueTask DisposeAsync()
    {
        _home.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Three_nodes_of_ours_and_two_of_erlangs_see_each_other()
    {
        var result = await _home.RunAsync("up", "--nodes", "3", "--beam", "2", "--once");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(
            """
            ╭───┬───────────────────┬─────────┬───┬───┬───┬───┬───╮
            │ # │ node              │ runtime │ 1 │ 2 │ 3 │ 4 │ 5 │
            ├───┼───────────────────┼─────────┼───┼───┼───┼───┼───┤
            │ 1 │ dotnet1@127.0.0.1 │ dotnet  │ · │ ✓ │ ✓ │ ✓ │ ✓ │
            │ 2 │ dotnet2@127.0.0.1 │ dotnet  │ ✓ │ · │ ✓ │ ✓ │ ✓ │
            │ 3 │ dotnet3@127.0.0.1 │ dotnet  │ ✓ │ ✓ │ · │ ✓ │ ✓ │
            │ 4 │ beam1@127.0.0.1   │ beam    │ ✓ │ ✓ │ ✓ │ · │ ✓ │
            │ 5 │ beam2@127.0.0.1   │ beam    │ ✓ │ ✓ │ ✓ │ ✓ │ · │
            ╰───┴───────────────────┴─────────┴───┴───┴───┴───┴───╯
            The mesh is complete: 5 nodes, each sees the 4 others.

            """,
            result.Output);
        AssertNothingIsLeft();
    }

    [Theory]
    [MemberData(nameof(Otp.Releases), MemberType = typeof(Otp))]
    public async Task Over_TLS_they_see_each_other_as_well_with_every_release(int release)
    {
        using var home = await HomeAsync(release);
        var result = await home.RunAsync("up", "--tls", "--nodes", "2", "--beam", "2", "--once");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("The mesh is complete: 4 nodes, each sees the 3 others.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_json_of_a_complete_mesh_has_exactly_this_shape()
    {
        var result = await _home.RunAsync("up", "--nodes", "1", "--beam", "1", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(
            """
            {"complete":true,"nodes":[{"name":"dotnet1@127.0.0.1","runtime":"dotnet","sees":["beam1@127.0.0.1"]},{"name":"beam1@127.0.0.1","runtime":"beam","sees":["dotnet1@127.0.0.1"]}]}
            """,
            result.Output.TrimEnd());
    }

    [Fact]
    public async Task A_node_that_does_not_start_is_missing_and_what_it_said_is_told()
    {
        _home.InstallErl("echo 'erl: no such luck' >&2; exit 3");

        var result = await _home.RunAsync("up", "--nodes", "1", "--beam", "1", "--json");

        Assert.Equal(1, result.ExitCode);
        using var json = JsonDocument.Parse(result.Output);
        Assert.False(json.RootElement.GetProperty("complete").GetBoolean());
        Assert.Equal(
            ["dotnet1@127.0.0.1", "beam1@127.0.0.1"],
            json.RootElement.GetProperty("nodes")
                .EnumerateArray()
                .Select(node => node.GetProperty("name").GetString()));
        Assert.Contains("enmesh: beam1@127.0.0.1 does not answer.", result.Errors);
        Assert.Contains("enmesh: beam1@127.0.0.1 ended with status 3: erl: no such luck", result.Errors);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_node_that_is_killed_disappears_from_every_view_and_comes_back()
    {
        await using var up = _home.Start("up", "--nodes", "2", "--beam", "1");
        await up.WaitForLineAsync("The mesh is complete: 3 nodes", Patience);
        foreach (var (victim, witnesses) in ((string, string[])[])
            [("dotnet1", ["dotnet2", "beam1"]), ("beam1", ["dotnet1", "dotnet2"])])
        {
            var seen = up.Output.Length;
            Kill(ProcessOf(up, victim));

            foreach (var witness in witnesses)
                await UntilAsync(up, seen, $@"^{witness}@127\.0\.0\.1 does not see {victim}@127\.0\.0\.1\.$");
            await UntilAsync(up, seen, $@"^\d\d:\d\d:\d\d {victim}@127\.0\.0\.1 is started again, as process \d+\.$");
            await UntilAsync(up, seen, "^The mesh is complete: 3 nodes", last: true);
        }
    }

    [Fact]
    public async Task An_erl_started_by_hand_joins_through_epmd()
    {
        await using var up = _home.Start("up", "--nodes", "2");
        await up.WaitForLineAsync("The mesh is complete: the 2 nodes", Patience);
        var epmd = int.Parse(Match(up, @"ERL_EPMD_PORT=(\d+)"), CultureInfo.InvariantCulture);
        var cookie = await File.ReadAllTextAsync(
            $"{Match(up, @"HOME=(\S+)")}/.erlang.cookie", TestContext.Current.CancellationToken);

        await using var guest = await BeamNode.StartAsync(
            Otp.Newest, new() { Name = "me@127.0.0.1", Cookie = cookie, EpmdPort = epmd });

        await guest.WaitForAsync("['dotnet1@127.0.0.1', 'dotnet2@127.0.0.1'] -- nodes() =:= []", timeout: Patience);
        await up.WaitForLineAsync("the 2 nodes see each other. Joined: me@127.0.0.1.", Patience);
    }

    [Theory]
    [InlineData("INT", true)]
    [InlineData("TERM", true)]
    [InlineData("KILL", false)]
    public async Task The_end_of_the_command_is_the_end_of_its_nodes(string signal, bool cleansUp)
    {
        await using var up = _home.Start("up", "--nodes", "2", "--beam", "1");
        await up.WaitForLineAsync("The mesh is complete: 3 nodes", Patience);
        var children = ((string[])["dotnet1", "dotnet2", "beam1"]).Select(name => ProcessOf(up, name)).ToList();

        await up.SignalAsync(signal);
        var result = await up.WaitForExitAsync(Patience);

        if (cleansUp)
        {
            Assert.Equal(0, result.ExitCode);
            AssertNothingIsLeft();
        }
        using var deadline = new CancellationTokenSource(Patience);
        while (children.Any(Runs))
            await Task.Delay(50, deadline.Token);
    }

    [Fact]
    public async Task Nothing_to_start_and_too_much_are_refused()
    {
        var nothing = await _home.RunAsync("up", "--nodes", "0");
        var tooMuch = await _home.RunAsync("up", "--beam", "101");

        Assert.Equal(
            (2, "enmesh: There is nothing to start: give --nodes or --beam a number above 0.\n"),
            (nothing.ExitCode, nothing.Errors));
        Assert.Equal(2, tooMuch.ExitCode);
        Assert.StartsWith("enmesh: --beam takes a number from 0 to 100, not '101'.\n", tooMuch.Errors);
    }

    private static int ProcessOf(ChildProcess up, string node) =>
        int.Parse(
            ProcessLine().Matches(up.Output).Last(match => match.Groups[1].Value == node).Groups[2].Value,
            CultureInfo.InvariantCulture);

    private static string Match(ChildProcess up, string pattern) =>
        Regex.Match(up.Output, pattern, RegexOptions.None, Patience).Groups[1].Value;

    private static void Kill(int process) => System.Diagnostics.Process.GetProcessById(process).Kill();

    // A zombie has ended; who reaps it is no matter of ours.
    private static bool Runs(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>
    /// Waits for a line printed after the given place; with <paramref name="last"/> it has to be the last one.
    /// </summary>
    private static async Task UntilAsync(ChildProcess up, int after, string pattern, bool last = false)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            var lines = up.Output[after..].Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if ((last ? lines.TakeLast(1) : lines).Any(line => Regex.IsMatch(line, pattern, RegexOptions.None, Patience)))
                return;
            Assert.False(
                deadline.IsCancellationRequested || up.HasExited, $"There is no line {pattern} in:\n{up.Output}");
            await Task.Delay(20);
        }
    }

    // The runtime has temporary directories of its own, with names of six letters.
    private void AssertNothingIsLeft() =>
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(_home.CookieFile)!, "enmesh-*"));

    [GeneratedRegex(@"^(\w+)@127\.0\.0\.1 is process (\d+)\.$", RegexOptions.Multiline)]
    private static partial Regex ProcessLine();
}
