using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Enmesh.Hosting.Ssh;

/// <summary>What the machine has to have for SSH: programs, a user, files.</summary>
internal static partial class SshSurroundings
{
    private const int MatchMilliseconds = 1_000;

    // ChannelTimeout, which ends idle sessions, came with it.
    private static readonly Version Oldest = new(9, 2);

    private static readonly string[] ServerDirectories = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin"];
    private static readonly string[] ToolDirectories = ["/usr/bin", "/usr/local/bin", "/bin"];

    /// <summary>What is missing, each problem by the key that mends it.</summary>
    internal static IEnumerable<string> Problems(ErlangSshOptions options)
    {
        if (!OperatingSystem.IsLinux())
            return [$"{nameof(options.Server)}: SSH is there on Linux only."];
        return [.. ProgramProblems(options), .. UserProblems(), .. FileProblems(options)];
    }

    /// <summary>Where sshd is; null when it is not there.</summary>
    internal static string? Server(ErlangSshOptions options) => options.Server ?? Find("sshd", ServerDirectories);

    /// <summary>Where ssh-keygen is, which comes with it.</summary>
    internal static string? KeyGenerator => Find("ssh-keygen", ToolDirectories);

    /// <summary>The command that serves sessions, with its first arguments.</summary>
    internal static IReadOnlyList<string>? Command(ErlangSshOptions options)
    {
        if (options.Command is { } given)
            return [given];
        if (options.OwnCommand is { } own)
            return own;
        return Find("enmesh", [AppContext.BaseDirectory]) is { } found ? [found] : null;
    }

    /// <summary>The version in what sshd says of itself, as <c>OpenSSH_10.0p2 Debian-7, OpenSSL 3.5</c>.</summary>
    internal static Version? ParseVersion(string text) =>
        VersionText().Match(text) is { Success: true } match
            ? new(int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups["minor"].Value, CultureInfo.InvariantCulture))
            : null;

    /// <summary>Why this sshd cannot be used; null when it can.</summary>
    internal static string? VersionProblem(string server, Version? version) =>
        version is null ? $"{nameof(ErlangSshOptions.Server)}: {server} does not say that it is OpenSSH's."
        : version < Oldest ? $"{nameof(ErlangSshOptions.Server)}: {server} is OpenSSH {version}; {Oldest} or later is needed, which knows how to end idle sessions."
        : null;

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its status, its output, and what it complained of.</returns>
    /// <exception cref="IOException">It cannot be started.</exception>
    internal static async Task<(int Status, string Output, string Errors)> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return (process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
    }

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{program} cannot be started: {e.Message}.", e);
        }
    }

    private static IEnumerable<string> ProgramProblems(ErlangSshOptions options)
    {
        var server = Server(options);
        if (server is null)
            yield return $"{nameof(options.Server)}: there is no sshd in {string.Join(", ", ServerDirectories)} or on the PATH. Install OpenSSH's server (openssh-server).";
        else if (!File.Exists(server))
            yield return $"{nameof(options.Server)}: there is no {server}.";
        if (KeyGenerator is null)
            yield return $"{nameof(options.Server)}: there is no ssh-keygen in {string.Join(", ", ToolDirectories)} or on the PATH; it comes with OpenSSH.";
        var command = Command(options);
        if (command is null)
            yield return $"{nameof(options.Command)}: sessions are served by the enmesh command, which is neither beside this program nor on the PATH. Name it.";
        else if (!File.Exists(command[0]))
            yield return $"{nameof(options.Command)}: there is no {command[0]}.";
    }

    private static IEnumerable<string> UserProblems()
    {
        const string Key = nameof(ErlangSshOptions.Server);
        if (Unix.IsRoot)
        {
            yield return $"{Key}: SSH is not served by a node that is root. Run it as a user of its own.";
            yield break;
        }
        var account = Unix.Account();
        if (account is null)
            yield return $"{Key}: this process's user has no entry in /etc/passwd, so that sshd could not let anybody in.";
        else if (account.Shell.Length == 0 ? !File.Exists("/bin/sh") : !File.Exists(account.Shell))
            yield return $"{Key}: the shell of the user {account.Name}, {account.Shell}, is not there; sshd needs it.";
        else if (Path.GetFileName(account.Shell) is "nologin" or "false")
            yield return $"{Key}: the shell of the user {account.Name} is {account.Shell}, which runs nothing. Give it /bin/sh; nobody gets more than the console.";
    }

    private static IEnumerable<string> FileProblems(ErlangSshOptions options)
    {
        foreach (var (key, path) in options.Paths())
        {
            if (key is nameof(options.Directory) or nameof(options.Server) or nameof(options.Command) || !Path.IsPathRooted(path))
                continue;
            // Keys may be put there later. Without these others nobody gets in, or nobody trusts the server.
            if (key != nameof(options.AuthorizedKeysFile) && !File.Exists(path))
                yield return $"{key}: there is no file {path}.";
        }
    }

    private static string? Find(string program, string[] directories)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return directories.Concat(path).Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
    }

    [GeneratedRegex(@"OpenSSH_(?<major>\d+)\.(?<minor>\d+)", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex VersionText();
}
