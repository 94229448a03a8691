using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Launchers;

/// <summary>How <c>scripts/otp-root</c> makes and keeps Erlang roots, with a made-up debootstrap.</summary>
[Trait("Ring", "system")]
public sealed class OtpRootTests : IDisposable
{
    private const string Works = "case $4 in */*) mkdir -p \"$4/etc\" ;; esac";

    private readonly Sandbox _sandbox = new();

    public OtpRootTests()
    {
        _sandbox.Replace("id", "echo 0");
        _sandbox.Replace("umount", "exit 0");
        _sandbox.Replace("apt-config", "exit 0");
        _sandbox.Replace("apt-get", "echo http://apt.example/debian/");
        _sandbox.Replace("chroot", "printf 27");
        Debootstrap(Works);
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task A_root_is_made_once_from_the_mirror_that_apt_uses()
    {
        var first = await RunAsync("27");
        var second = await RunAsync("27");

        var root = first.Successful.Trim();
        Assert.StartsWith(_sandbox.PathTo("cache", "roots", "otp-27-"), root);
        Assert.True(Directory.Exists(root));
        Assert.Equal(first.Output, second.Successful);
        Assert.Empty(second.Errors);
        Assert.EndsWith(" http://apt.example/debian/", Assert.Single(_sandbox.Calls()));
        Assert.Equal([root], Directory.GetDirectories(_sandbox.PathTo("cache", "roots")));
    }

    [Fact]
    public async Task A_suite_that_the_mirror_does_not_have_is_tried_at_the_default_one()
    {
        Debootstrap($"[ $# = 4 ] || exit 1; {Works}");

        var result = await RunAsync("27");

        Assert.True(Directory.Exists(result.Successful.Trim()));
        Assert.Equal(2, _sandbox.Calls().Length);
    }

    [Fact]
    public async Task What_failed_is_said_and_nothing_is_left()
    {
        Debootstrap("echo 'E: Failed getting release file'; exit 1");

        var result = await RunAsync("27");

        Assert.Equal(69, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("debootstrap of trixie failed: E: Failed getting release file", result.Errors);
        Assert.Contains("ENMESH_DEBIAN_MIRROR", result.Errors);
        Assert.Empty(Directory.GetDirectories(_sandbox.PathTo("cache", "roots")));
    }

    [Fact]
    public async Task A_suite_that_has_moved_on_is_said()
    {
        _sandbox.Replace("chroot", "printf 30");

        var result = await RunAsync("29");

        Assert.True(Directory.Exists(result.Successful.Trim()));
        Assert.Contains("Debian sid now carries OTP 30, not 29", result.Errors);
    }

    [Fact]
    public async Task Several_are_made_side_by_side_and_printed_in_order()
    {
        _sandbox.Replace("chroot", "case $1 in *otp-23*) printf 23 ;; *) printf 27 ;; esac");

        var both = await Task.WhenAll(RunAsync("27", "23"), RunAsync("23"));

        var lines = both[0].Successful.Trim().Split('\n');
        Assert.Contains("/otp-27-", lines[0]);
        Assert.Contains("/otp-23-", lines[1]);
        Assert.Equal(lines[1], both[1].Successful.Trim());
        Assert.Equal(2, _sandbox.Calls().Length);
    }

    [Fact]
    public async Task Without_root_it_says_the_line_to_run()
    {
        _sandbox.Replace("id", "echo 1000");

        var result = await RunAsync("25", "27");

        Assert.Equal(77, result.ExitCode);
        Assert.Contains($"sudo {_sandbox.PathTo("scripts", "otp-root")} 25 27", result.Errors);
    }

    [Theory]
    [InlineData]
    [InlineData("24")]
    public async Task Wrong_usage_is_said(params string[] arguments) =>
        Assert.Equal(64, (await RunAsync(arguments)).ExitCode);

    private void Debootstrap(string script) =>
        _sandbox.Replace("debootstrap", $"echo \"$*\" >>'{_sandbox.PathTo("calls")}'\n{script}");

    private Task<CommandResult> RunAsync(params string[] releases) =>
        _sandbox.RunAsync([_sandbox.PathTo("scripts", "otp-root"), .. releases]);
}
