using System.Security.Cryptography;
using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Command;

/// <summary>
/// The command as people have it, <c>./enmesh</c> in the repository, with a directory of the test's own for cookies and
/// for what it writes, and nothing of the machine's Erlang settings.
/// </summary>
internal sealed class CommandHome : IDisposable
{
    // The first run builds the command, on a machine that may be busy.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    // It also says on stderr that it does, and a test wants to see what the command itself says.
    private static readonly Lazy<Task<CommandResult>> Built =
        new(static () => ChildProcess.RunAsync([Repository.PathTo("enmesh"), "--version"], timeout: Timeout));

    private readonly string _directory;
    private readonly IDisposable _atExit;

    internal CommandHome(string? parent = null)
    {
        _directory = parent is null
            ? Directory.CreateTempSubdirectory("enmesh-command-").FullName
            : Directory.CreateDirectory(Path.Combine(
                parent, $"enmesh-{RandomNumberGenerator.GetHexString(12, lowercase: true)}")).FullName;
        _atExit = AtExit.Run($"rm -rf '{_directory}'");
        CookieFile = WriteCookie("cookie", Otp.NewCookie());
    }

    internal string CookieFile { get; }

    /// <summary>Further variables of the command.</summary>
    internal Dictionary<string, string?> Variables { get; } = new(StringComparer.Ordinal);

    internal string PathTo(string file) => Path.Combine(_directory, file);

    internal string WriteCookie(string name, string cookie, UnixFileMode mode = UnixFileMode.UserRead)
    {
        File.WriteAllText(PathTo(name), cookie);
        File.SetUnixFileMode(PathTo(name), mode);
        return PathTo(name);
    }

    /// <summary>Puts a shell script called <c>erl</c> on the PATH of the command.</summary>
    internal void InstallErl(string script)
    {
        Directory.CreateDirectory(PathTo("bin"));
        File.WriteAllText(PathTo("bin/erl"), $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(PathTo("bin/erl"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>Runs it to its end.</summary>
    internal Task<CommandResult> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    internal async Task<CommandResult> RunWithInputAsync(string input, params string[] arguments)
    {
        await Built.Value;
        return await ChildProcess.RunAsync(
            [Repository.PathTo("enmesh"), .. arguments], Environment(), input, _directory, Timeout);
    }

    /// <summary>Starts it and lets it run.</summary>
    internal ChildProcess Start(params string[] arguments) =>
        ChildProcess.Start([Repository.PathTo("enmesh"), .. arguments], Environment(), keepInput: true, _directory);

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        _atExit.Dispose();
    }

    private Dictionary<string, string?> Environment() => new(Variables, StringComparer.Ordinal)
    {
        // Where the command looks for programs, and where `up` makes a home for its nodes.
        ["PATH"] = $"{PathTo("bin")}:{System.Environment.GetEnvironmentVariable("PATH")}",
        ["TMPDIR"] = _directory,
        ["ENMESH_COOKIE_FILE"] = Variables.GetValueOrDefault("ENMESH_COOKIE_FILE"),
        ["ERL_EPMD_PORT"] = Variables.GetValueOrDefault("ERL_EPMD_PORT"),
        ["ERL_EPMD_ADDRESS"] = null,
        ["ERL_DIST_PORT"] = null,
        ["NODE_HOST"] = Variables.GetValueOrDefault("NODE_HOST"),
        ["POD_IP"] = Variables.GetValueOrDefault("POD_IP"),
    };
}
