using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Launchers;

/// <summary>
/// A directory with the launchers as the repository has them and everything around them made up: a <c>dotnet</c> that
/// is a shell script, a PATH of chosen programs, a cache of its own.
/// </summary>
internal sealed class Sandbox : IDisposable
{
    private static readonly string[] Tools =
    [
        "awk", "basename", "bash", "cat", "chmod", "cut", "dirname", "dpkg-query", "env", "find", "flock", "grep",
        "gzip", "head",
        "id", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sh", "sha256sum", "sha512sum", "sleep", "sort", "tail",
        "tar", "timeout", "touch",
        "uname", "wc",
    ];

    private static readonly string[] Copied =
    [
        "enmesh", "test", "scripts/common.sh", "scripts/dotnet-sdk", "scripts/dotnet-sdk.sha512", "scripts/otp-root",
    ];

    private readonly IDisposable _atExit;

    internal Sandbox(params string[] moreTools)
    {
        Root = Directory.CreateTempSubdirectory("enmesh-launch-").FullName;
        _atExit = AtExit.Run($"rm -rf '{Root}'");
        Directory.CreateDirectory(PathTo("bin"));
        Directory.CreateDirectory(PathTo("scripts"));
        foreach (var tool in Tools.Concat(moreTools))
            File.CreateSymbolicLink(PathTo("bin", tool), Which(tool));
        foreach (var file in Copied)
            File.Copy(Repository.PathTo(file), PathTo(file));
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json"])
            Write(file, "");
    }

    internal string Root { get; }

    internal string PathTo(params string[] parts) => Path.Combine([Root, .. parts]);

    internal void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathTo(file))!);
        File.WriteAllText(PathTo(file), text);
    }

    internal void WriteProgram(string file, string script)
    {
        Write(file, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(PathTo(file), (UnixFileMode)0b111_101_101);
    }

    /// <summary>Puts a shell script in the place of a program on the PATH.</summary>
    internal void Replace(string tool, string script)
    {
        File.Delete(PathTo("bin", tool));
        WriteProgram($"bin/{tool}", script);
    }

    /// <summary>
    /// Puts a <c>dotnet</c> on the PATH that claims to be an SDK in <c>sdk/</c>, and runs the script for every other
    /// verb. Each call leaves a line in <c>calls</c>.
    /// </summary>
    internal void InstallDotnet(string script)
    {
        Directory.CreateDirectory(PathTo("sdk", "shared"));
        WriteProgram(
            "sdk/dotnet",
            $"""
             case $1 in
             --version) echo 10.0.999; exit ;;
             --list-sdks) echo "10.0.999 [{Root}/sdk/sdk]"; exit ;;
             esac
             echo "$*" >>'{Root}/calls'
             {script}
             """);
        File.CreateSymbolicLink(PathTo("bin", "dotnet"), PathTo("sdk", "dotnet"));
    }

    internal string[] Calls() => File.Exists(PathTo("calls")) ? File.ReadAllLines(PathTo("calls")) : [];

    internal Task<CommandResult> RunAsync(
        IReadOnlyList<string> command, string input = "", string? directory = null,
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        Dictionary<string, string?> all = new(environment ?? new Dictionary<string, string?>(), StringComparer.Ordinal)
        {
            ["PATH"] = PathTo("bin"),
            ["HOME"] = PathTo("home"),
            ["ENMESH_CACHE"] = PathTo("cache"),
        };
        foreach (var outer in (string[])["DOTNET_ROOT", "CI", "ENMESH_OTP", "ENMESH_LONG", "ENMESH_DEBIAN_MIRROR"])
            all.TryAdd(outer, null);
        return ChildProcess.RunAsync([PathTo("bin", "bash"), .. command], all, input, directory ?? Root);
    }

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        _atExit.Dispose();
    }

    private static string Which(string tool) =>
        ((string[])["/usr/bin", "/bin", "/usr/sbin", "/sbin"])
        .Select(directory => Path.Combine(directory, tool))
        .FirstOrDefault(File.Exists) ?? throw new InvalidOperationException($"{tool} is not installed here.");
}
