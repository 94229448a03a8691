using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Launchers;

/// <summary><c>./enmesh</c>, with a made-up SDK whose <c>publish</c> writes a shell script.</summary>
[Trait("Ring", "system")]
public sealed class EnmeshLauncherTests : IDisposable
{
    // Finds the directory after -o and puts a program there that shows what it was given.
    private const string Publish = """
        while [ "$1" != -o ]; do shift; done
        cat >"$2/Enmesh.Cli" <<'END'
        #!/bin/sh
        for argument; do printf '<%s>' "$argument"; done
        cat
        exit 7
        END
        chmod +x "$2/Enmesh.Cli"
        echo 'restored, compiled, published'
        """;

    private readonly Sandbox _sandbox = new();

    public EnmeshLauncherTests() => _sandbox.Write("src/Enmesh.Cli/Program.cs", "return 0;");

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Arguments_input_output_and_exit_code_are_the_commands_own()
    {
        _sandbox.InstallDotnet(Publish);

        var first = await RunAsync(["a b", "", "--json", "it's"], "input");
        var second = await RunAsync(["again"], "");

        Assert.Equal(7, first.ExitCode);
        Assert.Equal("<a b><><--json><it's>input", first.Output.TrimEnd('\n'));
        Assert.Contains("building", first.Errors);
        Assert.Equal(7, second.ExitCode);
        Assert.Equal("<again>", second.Output.TrimEnd('\n'));
        Assert.Empty(second.Errors);
        Assert.Single(_sandbox.Calls());
        // For every user of the machine, as the sources are.
        var build = (await File.ReadAllTextAsync(_sandbox.PathTo("artifacts", "enmesh", "current"))).Split(' ')[0];
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(_sandbox.PathTo("artifacts", "enmesh", build)));
    }

    [Fact]
    public async Task It_works_from_anywhere_and_through_links()
    {
        _sandbox.InstallDotnet(Publish);
        Directory.CreateDirectory(_sandbox.PathTo("far", "away"));
        File.CreateSymbolicLink(_sandbox.PathTo("far", "one"), "../enmesh");
        File.CreateSymbolicLink(_sandbox.PathTo("far", "away", "two"), "../one");

        foreach (var (name, directory) in ((string, string)[])
            [("../enmesh", "far"), ("./two", "far/away"), (_sandbox.PathTo(
                "far", "away", "two"), "/"), ("enmesh", ".")])
        {
            var result = await _sandbox.RunAsync([name, "x"], directory: _sandbox.PathTo(directory));
            Assert.Equal("<x>", result.Output.TrimEnd('\n'));
        }

        Assert.Single(_sandbox.Calls());
    }

    [Fact]
    public async Task It_builds_again_when_a_source_is_changed_added_or_removed()
    {
        _sandbox.InstallDotnet(Publish);
        await RunAsync([], "");

        foreach (var change in (Action[])
            [
                () => _sandbox.Write("src/Enmesh.Cli/Program.cs", "return 1;"),
                () => _sandbox.Write("src/Enmesh.Cli/Another.cs", ""),
                () => File.Delete(_sandbox.PathTo("src", "Enmesh.Cli", "Another.cs")),
                () => _sandbox.Write("Directory.Packages.props", " "),
            ])
        {
            var before = _sandbox.Calls().Length;
            change();
            Assert.Contains("building", (await RunAsync([], "")).Errors);
            Assert.Empty((await RunAsync([], "")).Errors);
            Assert.Equal(before + 1, _sandbox.Calls().Length);
        }
    }

    [Fact]
    public async Task Two_first_runs_at_once_build_once()
    {
        _sandbox.InstallDotnet(Publish);

        var both = await Task.WhenAll(RunAsync(["1"], ""), RunAsync(["2"], ""));

        Assert.Equal(["<1>", "<2>"], both.Select(static result => result.Output.TrimEnd('\n')));
        Assert.Single(_sandbox.Calls());
    }

    [Fact]
    public async Task A_build_that_fails_shows_its_errors_and_has_its_own_exit_code()
    {
        _sandbox.InstallDotnet("echo 'Program.cs(1,1): error CS1002: ; expected'; exit 1");

        var result = await RunAsync(["--json"], "");

        Assert.Equal(70, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("error CS1002", result.Errors);
        Assert.Contains("build.log", result.Errors);
    }

    [Fact]
    public async Task It_builds_again_when_the_sdk_it_was_built_with_is_gone()
    {
        _sandbox.InstallDotnet(Publish);
        await RunAsync([], "");
        Directory.Move(_sandbox.PathTo("sdk", "shared"), _sandbox.PathTo("sdk", "elsewhere"));

        var result = await RunAsync([], "");

        // The made-up SDK stays incomplete, so the second build cannot be run either: that is said, and it ends.
        Assert.Equal(70, result.ExitCode);
        Assert.Equal(2, _sandbox.Calls().Length);
    }

    private Task<CommandResult> RunAsync(string[] arguments, string input) =>
        _sandbox.RunAsync([_sandbox.PathTo("enmesh"), .. arguments], input);
}
