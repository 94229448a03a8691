using System.Globalization;
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

    public async ValueTask InitializeAsync()
    {
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
    internal async Task<string> BuildAsync(string code, params IReadOnlyList<string> packages)
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
            new XElement(
                "PropertyGroup",
                new XElement("OutputType", "Exe"),
                new XElement("TargetFramework", "net10.0"),
                new XElement("ImplicitUsings", "enable"),
                new XElement("Nullable", "enable"),
                new XElement("InvariantGlobalization", "true"),
                new XElement("AssemblyName", "Program"),
                new XElement("TreatWarningsAsErrors", "true"),
                new XElement("WarningsNotAsErrors", "NU1900;NU1905"),
                new XElement("RestoreAdditionalProjectSources", Feed)),
            new XElement("ItemGroup", references));
        await File.WriteAllTextAsync(Path.Combine(project, "Program.csproj"), file.ToString());
        await DotnetAsync(project, "build", "-v", "quiet", "-nologo", "-o", "out");
        return Path.Combine(project, "out", "Program.dll");
    }

    /// <summary>
    /// Runs a program that <see cref="BuildAsync"/> has made and returns what it printed. It has what its reader has: a
    /// cookie, and a host on which no EPMD runs.
    /// </summary>
    internal async Task<string> RunAsync(string program)
    {
        var cookie = Path.Combine(_directory, "cookie");
        if (!File.Exists(cookie))
        {
            await File.WriteAllTextAsync(cookie, Otp.NewCookie());
            File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        }
        var environment = new Dictionary<string, string?>
        {
            ["ENMESH_COOKIE_FILE"] = cookie,
            ["ERL_EPMD_PORT"] = BeamEpmd.FreePort().ToString(CultureInfo.InvariantCulture),
        };
        var result = await ChildProcess.RunAsync(["dotnet", program], environment, timeout: TimeSpan.FromMinutes(1));
        return result.Successful;
    }

    /// <summary>The version of our package in the feed, or the one this repository uses of somebody else's.</summary>
    private string Version(string package)
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
