using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Launchers;

/// <summary>
/// <c>./test</c>, with a made-up SDK and test programs that are shell scripts with reports of our choice.
/// </summary>
[Trait("Ring", "system")]
public sealed class TestLauncherTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public TestLauncherTests() => _sandbox.InstallDotnet("exit 0");

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Counts_of_all_projects_are_added_up_in_the_last_line()
    {
        AddProject("One", Report(passed: 3));
        AddProject("Two", Report(passed: 4, skipped: 1));

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(0, result.ExitCode);
        // One more has passed: every test has a ring.
        Assert.Equal("8 passed, 0 failed, 1 skipped", LastLine(result));
    }

    [Fact]
    public async Task A_failed_test_is_named_and_fails_the_run()
    {
        AddProject("One", Report(passed: 3, failed: 1));
        AddProject("Two", Report(passed: 1));

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("\nFailed:\n  One.Some.Test(text: \"<&>\")\n", result.Output);
        Assert.Contains("    One.Some.Test [FAIL]\n      why it failed\n", result.Output);
        Assert.DoesNotContain("what the program printed", result.Output);
        Assert.Equal("5 passed, 1 failed, 0 skipped", LastLine(result));
    }

    [Fact]
    public async Task An_error_outside_a_test_counts_as_a_failure()
    {
        AddProject("One", Report(passed: 3, errors: 1));

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("what the program printed", result.Output);
        Assert.Equal("4 passed, 1 failed, 0 skipped", LastLine(result));
    }

    [Fact]
    public async Task A_program_that_crashes_is_a_failure()
    {
        AddProject("One", "echo 'Stack overflow.'; kill -SEGV $$");
        AddProject("Two", Report(passed: 1));

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Stack overflow.", result.Output);
        Assert.Contains("One ended with code 139 and without a report", result.Output);
        Assert.Equal("2 passed, 1 failed, 0 skipped", LastLine(result));
    }

    [Fact]
    public async Task A_program_that_hangs_is_a_failure()
    {
        // As timeout does when the time is over.
        _sandbox.Replace("timeout", "exit 124");
        AddProject("One", Report(passed: 1));

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("One was ended after 20 minutes.", result.Output);
        Assert.Equal("1 passed, 1 failed, 0 skipped", LastLine(result));
    }

    [Fact]
    public async Task A_program_that_fails_after_its_report_is_a_failure()
    {
        AddProject("One", $"{Report(passed: 1)}; exit 3");

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("2 passed, 1 failed, 0 skipped", LastLine(result));
    }

    [Fact]
    public async Task A_test_without_a_ring_fails_the_run()
    {
        AddProject("One", Report(passed: 1), listed: "[\"One.Lost_test\"]");

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("One.Lost_test", result.Output);
        Assert.Equal("1 passed, 1 failed, 0 skipped", LastLine(result));
    }

    [Fact]
    public async Task With_ci_set_a_skipped_test_fails_the_run()
    {
        AddProject("One", Report(passed: 1, skipped: 1));

        var result = await RunAsync(new Dictionary<string, string?> { ["CI"] = "true" }, "--ring", "pure");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("2 passed, 0 failed, 1 skipped", LastLine(result));
    }

    [Fact]
    public async Task Rings_and_filter_select_tests_and_releases_reach_them()
    {
        AddProject("One", $"echo \"$*|$ENMESH_OTP|$ENMESH_LONG\" >'{_sandbox.PathTo("given")}'; {Report(passed: 1)}");

        var result = await RunAsync("--ring", "pure,loopback", "--filter", "atom", "--otp", "25,27", "--long");

        Assert.Equal(0, result.ExitCode);
        var given = await File.ReadAllTextAsync(_sandbox.PathTo("given"), TestContext.Current.CancellationToken);
        Assert.Contains("-trait Ring=pure -trait Ring=loopback -method *atom*", given);
        Assert.EndsWith("|25,27|1\n", given);
        Assert.Equal(["build Enmesh.slnx -c Release -nologo -v quiet -p:RestoreLockedMode=true"], _sandbox.Calls());
    }

    [Fact]
    public async Task A_filter_that_no_test_matches_is_said()
    {
        AddProject("One", Report(passed: 0));

        var result = await RunAsync("--ring", "pure", "--filter", "nonsense");

        Assert.Equal(64, result.ExitCode);
        Assert.Contains("no test's name contains nonsense", result.Errors);
    }

    [Fact]
    public async Task A_broken_build_shows_its_errors_and_runs_nothing()
    {
        File.Delete(_sandbox.PathTo("bin", "dotnet"));
        _sandbox.InstallDotnet("echo 'Term.cs(1,1): error CS1002: ; expected'; exit 1");
        AddProject("One", Report(passed: 1));

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(70, result.ExitCode);
        Assert.Contains("error CS1002", result.Errors);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Without_root_it_says_the_line_that_installs_what_is_missing()
    {
        _sandbox.Replace("id", "echo 1000");
        _sandbox.Replace("dpkg-query", "case $* in *debootstrap*|*dnsmasq*) exit 1 ;; *) printf installed ;; esac");

        var result = await RunAsync("--ring", "interop");

        Assert.Equal(77, result.ExitCode);
        Assert.EndsWith(
            "Run: sudo apt-get install -y --no-install-recommends debootstrap dnsmasq-base\n", result.Errors);
    }

    [Fact]
    public async Task As_root_it_installs_what_is_missing()
    {
        _sandbox.Replace("id", "echo 0");
        _sandbox.Replace("dpkg-query", "case $* in *debootstrap*) exit 1 ;; *) printf installed ;; esac");
        _sandbox.Replace("apt-get", $"echo \"$*\" >>'{_sandbox.PathTo("installed")}'; [ $1 = update ]");

        var result = await RunAsync("--ring", "interop");

        Assert.Equal(69, result.ExitCode);
        Assert.Equal(
            "update\ninstall -y --no-install-recommends debootstrap\n",
            await File.ReadAllTextAsync(_sandbox.PathTo("installed"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task On_macos_the_rings_that_need_no_linux_run_by_default()
    {
        _sandbox.Replace("uname", "case $1 in -s) echo Darwin ;; *) echo arm64 ;; esac");
        File.Delete(_sandbox.PathTo("bin", "flock"));
        File.Delete(_sandbox.PathTo("bin", "timeout"));
        AddProject("One", $"echo \"$*\" >'{_sandbox.PathTo("given")}'; {Report(passed: 1)}");

        var result = await RunAsync("--filter", "a");
        var refused = await RunAsync("--ring", "system");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("2 passed, 0 failed, 0 skipped", LastLine(result));
        var given = await File.ReadAllTextAsync(_sandbox.PathTo("given"), TestContext.Current.CancellationToken);
        Assert.Contains("-trait Ring=pure -trait Ring=loopback -method", given);
        Assert.Equal(69, refused.ExitCode);
        Assert.Contains("need Debian or Ubuntu", refused.Errors);
    }

    [Fact]
    public async Task On_another_system_it_says_where_it_runs()
    {
        _sandbox.Replace("uname", "case $1 in -s) echo FreeBSD ;; *) echo amd64 ;; esac");

        var result = await RunAsync("--ring", "pure");

        Assert.Equal(69, result.ExitCode);
        Assert.Contains("runs on Linux and macOS", result.Errors);
        Assert.Contains("FreeBSD on amd64", result.Errors);
    }

    [Theory]
    [InlineData("--ring", "outer", "outer is not a ring")]
    [InlineData("--otp", "24", "not 24")]
    [InlineData("--ring", null, "--ring needs a value")]
    [InlineData("--frob", null, "unknown option --frob")]
    public async Task Wrong_usage_is_said(string option, string? value, string message)
    {
        var result = await RunAsync(value is null ? [option] : [option, value]);

        Assert.Equal(64, result.ExitCode);
        Assert.Contains(message, result.Errors);
    }

    private static string LastLine(CommandResult result) => result.Output.TrimEnd('\n').Split('\n')[^1];

    /// <summary>Shell code that writes a report in xunit's form, and exits as xunit does.</summary>
    private static string Report(int passed, int failed = 0, int skipped = 0, int errors = 0)
    {
        var test = failed == 0
            ? ""
            : "<test id=\"1\" name=\"One.Some.Test(text: &quot;&lt;&amp;&gt;&quot;)\" result=\"Fail\" time=\"0\" />";
        var exit = failed + errors == 0 ? "" : "; exit 1";
        var said = failed == 0 ? "" : "printf '    One.Some.Test [FAIL]\\n      why it failed\\n    what is next\\n'; ";
        return $"while [ \"$1\" != -xml ]; do shift; done; echo what the program printed; {said}" +
            $"echo '<?xml version=\"1.0\"?><assemblies><assembly name=\"x\" errors=\"{errors}\" failed=\"{failed}\" " +
            $"not-run=\"0\" passed=\"{passed}\" skipped=\"{skipped}\" time=\"0.1\">{test}</assembly></assemblies>' >\"$2\"{exit}";
    }

    private void AddProject(string name, string script, string listed = "[]")
    {
        _sandbox.Write($"tests/{name}/{name}.csproj", "");
        _sandbox.WriteProgram(
            $"artifacts/bin/{name}/release/{name}", $"case \"$*\" in *-list*) echo '{listed}'; exit ;; esac\n{script}");
    }

    private Task<CommandResult> RunAsync(params string[] arguments) =>
        RunAsync(new Dictionary<string, string?>(), arguments);

    private Task<CommandResult> RunAsync(Dictionary<string, string?> environment, params string[] arguments) =>
        _sandbox.RunAsync([_sandbox.PathTo("test"), .. arguments], environment: environment);
}
