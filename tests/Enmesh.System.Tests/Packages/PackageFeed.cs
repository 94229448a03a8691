using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Packages;

/// <summary>
/// All packages of the repository in a folder, and new projects outside of the repository that install them from there,
/// into a package cache of their own: nothing is found by accident.
/// </summary>
public sealed class PackageFeed : IAsyncLifetime
{
    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(10);

    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-packages-").FullName;
    private readonly IDisposable _atExit;
    private int _projects;

    public PackageFeed() => _atExit = AtExit.Run($"rm -rf '{_directory}'");

    internal string Feed => Path.Combine(_directory, "feed");

    /// <summary>What the programs take for the cookie.</summary>
    internal string Cookie { get; } = Otp.NewCookie();

    private string CookieFile => Path.Combine(_directory, "cookie");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(CookieFile, Cookie);
        File.SetUnixFileMode(CookieFile, UnixFileMode.UserRead);
        await DotnetAsync(
            Repository.Root, "pack", "Enmesh.slnx", "-c", "Release", "-o", Feed, "-v", "quiet", "-nologo");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        _atExit.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes a console project of one file that has these packages installed, and builds it.</summary>
    /// <returns>The program, for <see cref="RunAsync"/> and <see cref="Start"/>.</returns>
    internal async Task<string> BuildAsync(string code, params IReadOnlyList<string> packages)
    {
        var project = await MakeProjectAsync(code, packages, []);
        await DotnetAsync(project, "build", "-v", "quiet", "-nologo", "-o", "out");
        return Path.Combine(project, "out", "Program.dll");
    }

    /// <summary>
    /// Publishes such a project as a user does who wants it small: all of it trimmed, compiled ahead of time, in one
    /// file that needs no .NET. Whatever the trimmer and the analyzers for trimming and native AOT say is an error.
    /// </summary>
    internal async Task<string> PublishTrimmedAsync(string code, params IReadOnlyList<string> packages)
    {
        var project = await MakeProjectAsync(code, packages,
        [
            new("RuntimeIdentifier", $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}"),
            new("SelfContained", "true"),
            new("PublishSingleFile", "true"),
            new("PublishReadyToRun", "true"),
            new("PublishTrimmed", "true"),
            new("TrimMode", "full"),
            // Each warning by itself, and not one for a whole package.
            new("TrimmerSingleWarn", "false"),
            new("EnableAotAnalyzer", "true"),
            new("EnableTrimAnalyzer", "true"),
            new("EnableSingleFileAnalyzer", "true"),
        ]);
        await DotnetAsync(project, "publish", "-c", "Release", "-v", "quiet", "-nologo", "-o", "out");
        return Path.Combine(project, "out", "Program");
    }

    /// <summary>
    /// Compiles a project of one file to native code, with the repository's own projects in place of the packages: these
    /// are of one framework, and the native runtime at hand may be another's (scripts/publish-native).
    /// </summary>
    internal async Task<string> PublishNativeAsync(string code)
    {
        var project = await MakeProjectAsync(
            code, ["Microsoft.Extensions.Hosting"], [new("TrimmerSingleWarn", "false")], framework: "$(EnmeshFramework)", native: true);
        var output = Path.Combine(project, "out");
        var result = await ChildProcess.RunAsync(
            [Repository.PathTo("scripts/publish-native"), project, output],
            new Dictionary<string, string?> { ["UseSharedCompilation"] = "false" },
            timeout: BuildTimeout);
        Assert.Matches("^net[0-9.]+\n$", result.Successful);
        return Path.Combine(output, "Program");
    }

    private async Task<string> MakeProjectAsync(
        string code, IReadOnlyList<string> packages, IReadOnlyList<XElement> properties, string framework = "net10.0", bool native = false)
    {
        var number = Interlocked.Increment(ref _projects);
        var project = Directory.CreateDirectory(Path.Combine(_directory, $"project{number}")).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "Program.cs"), code);
        var references = packages.Select(name =>
            new XElement(
                "PackageReference", new XAttribute("Include", name), new XAttribute("Version", Version(name))));
        var file = new XElement(
            "Project",
            new XAttribute("Sdk", "Microsoft.NET.Sdk"),
            native ? new XElement("Import", new XAttribute("Project", Repository.PathTo("src/Node.props"))) : null,
            new XElement(
                "PropertyGroup",
                new XElement("OutputType", "Exe"),
                new XElement("TargetFramework", framework),
                new XElement("ImplicitUsings", "enable"),
                new XElement("Nullable", "enable"),
                new XElement("InvariantGlobalization", "true"),
                new XElement("AssemblyName", "Program"),
                new XElement("TreatWarningsAsErrors", "true"),
                new XElement("WarningsNotAsErrors", "NU1900;NU1905"),
                new XElement("RestoreAdditionalProjectSources", Feed),
                properties),
            new XElement("ItemGroup", references, native ? OwnProjects() : []));
        await File.WriteAllTextAsync(Path.Combine(project, "Program.csproj"), file.ToString());
        return project;
    }

    private static IEnumerable<XElement> OwnProjects() =>
    [
        Reference("Enmesh.Hosting"),
        Reference("Enmesh.Web"),
        Reference("Enmesh.Generators", new XAttribute("OutputItemType", "Analyzer"), new XAttribute("ReferenceOutputAssembly", "false")),
    ];

    private static XElement Reference(string project, params IReadOnlyList<XAttribute> more) =>
        new("ProjectReference", new XAttribute("Include", Repository.PathTo($"src/{project}/{project}.csproj")), more);

    /// <summary>
    /// Runs a program that <see cref="BuildAsync"/> has made and returns what it printed. It has what its reader has: a
    /// cookie, and a host on which no EPMD runs.
    /// </summary>
    internal async Task<string> RunAsync(string program)
    {
        var result = await ChildProcess.RunAsync(
            Command(program), Environment(BeamEpmd.FreePort()), timeout: TimeSpan.FromMinutes(1));
        return result.Successful;
    }

    /// <summary>Starts a program that runs until it is disposed of, and is or finds the EPMD at that port.</summary>
    internal ChildProcess Start(string program, int epmdPort, string? directory = null) =>
        ChildProcess.Start(Command(program), Environment(epmdPort), directory: directory);

    /// <summary>Installs a package as a tool, from this feed alone, into a directory of its own.</summary>
    /// <returns>The command.</returns>
    internal async Task<string> InstallToolAsync(string package, string command)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_directory, "tools")).FullName;
        var sources = Path.Combine(directory, "nuget.config");
        await File.WriteAllTextAsync(
            sources,
            new XElement(
                "configuration",
                new XElement("packageSources", new XElement("clear"), new XElement("add", new XAttribute("key", "feed"), new XAttribute("value", Feed)))).ToString());
        await DotnetAsync(
            directory, "tool", "install", package, "--version", Version(package), "--tool-path", directory, "--configfile", sources);
        return Path.Combine(directory, command);
    }

    /// <summary>Runs an installed tool to its end.</summary>
    internal Task<CommandResult> RunToolAsync(string command, params IReadOnlyList<string> arguments) => ChildProcess.RunAsync(
        [command, .. arguments],
        new Dictionary<string, string?>(Environment(BeamEpmd.FreePort()), StringComparer.Ordinal)
        {
            // As the installation of .NET does where it is not in one of the usual places.
            ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
            ["TMPDIR"] = _directory,
        },
        timeout: TimeSpan.FromMinutes(3));

    private static IReadOnlyList<string> Command(string program) =>
        program.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", program] : [program];

    private Dictionary<string, string?> Environment(int epmdPort) => new(StringComparer.Ordinal)
    {
        ["ENMESH_COOKIE_FILE"] = CookieFile,
        ["ERL_EPMD_PORT"] = epmdPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_DIST_PORT"] = null,
        ["NODE_HOST"] = null,
        ["POD_IP"] = null,
    };

    /// <summary>The version of our package in the feed, or the one this repository uses of somebody else's.</summary>
    internal string Version(string package)
    {
        // Enmesh.0.1.0.nupkg, but not Enmesh.Terms.0.1.0.nupkg.
        var ours = Directory.GetFiles(Feed, $"{package}.*.nupkg")
            .Select(file => Path.GetFileNameWithoutExtension(file)[(package.Length + 1)..])
            .SingleOrDefault(static version => char.IsAsciiDigit(version[0]));
        return ours ?? XElement.Load(Repository.PathTo("Directory.Packages.props"))
            .Descendants("PackageVersion")
            .Single(entry => entry.Attribute("Include")!.Value == package)
            .Attribute("Version")!.Value;
    }

    private async Task DotnetAsync(string directory, params string[] arguments)
    {
        var result = await ChildProcess.RunAsync(
            ["dotnet", .. arguments],
            // The compiler servers of a build would outlive the test.
            new Dictionary<string, string?>
            {
                ["NUGET_PACKAGES"] = directory == Repository.Root ? null : Path.Combine(_directory, "cache"),
                ["MSBUILDDISABLENODEREUSE"] = "1",
                ["UseSharedCompilation"] = "false",
            },
            directory: directory,
            timeout: BuildTimeout);
        _ = result.Successful;
    }
}
