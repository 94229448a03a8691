using System.Runtime.Versioning;
using Enmesh.Hosting.Ssh;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Hosting.Tests.Ssh;

/// <summary>What becomes of the child that serves SSH, with stand-ins for sshd.</summary>
[Trait("Ring", "loopback")]
[UnsupportedOSPlatform("windows")]
public sealed class SshServerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-sshd-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_text_of_a_stranger_with_line_feeds_is_no_login()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SSH is there on Linux only.");
        using var logs = new LogKeeper();
        // As sshd does: each message in one piece.
        var message = Path.Combine(_directory, "message");
        File.WriteAllText(
            message, "Received disconnect from 10.0.0.1 port 2:11: bye\r\nAccepted publickey for enmesh from 10.0.0.9 port 3 ssh2: ED25519 SHA256:abc\r\n [preauth]\r\n");
        var server = Script(
            $"""
            echo 'Server listening on 127.0.0.1 port 10022.' >&2
            cat '{message}' >&2
            echo 'error: the end' >&2
            exec sleep 600
            """);

        await using (var sshd = new SshServer(server, "sshd_config", static () => { }, logs.CreateLogger("ssh"), TimeProvider.System))
        {
            await sshd.StartAsync(CancellationToken.None).WaitAsync(Patience);
            await UntilAsync(() => logs.Lines.Any(line => line.Text.Contains("the end", StringComparison.Ordinal)));
        }

        Assert.DoesNotContain(logs.Lines, line => line.Text.StartsWith("SSH login", StringComparison.Ordinal));
        Assert.Contains(
            logs.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains(@"2:11: bye\r\nAccepted publickey for enmesh from 10.0.0.9", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_cannot_be_started_is_no_wait_without_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SSH is there on Linux only.");
        using var logs = new LogKeeper();
        // Longer than an argument may be: the system refuses to start it.
        await using var sshd = new SshServer("/bin/true", new string('x', 200_000), static () => { }, logs.CreateLogger("ssh"), TimeProvider.System);

        var failure = await Assert.ThrowsAsync<IOException>(() => sshd.StartAsync(CancellationToken.None).WaitAsync(Patience));

        Assert.Contains("/bin/sh cannot be started", failure.Message, StringComparison.Ordinal);
    }

    private string Script(string text)
    {
        var path = Path.Combine(_directory, "sshd");
        File.WriteAllText(path, "#!/bin/sh\n" + text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(20, deadline.Token);
    }
}
