using System.Text.RegularExpressions;
using System.Xml.Linq;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Architecture.Tests.Documents;

/// <summary>The version has one place, Directory.Build.props; what has to name it besides names the same.</summary>
[Trait("Ring", "pure")]
public sealed partial class VersionTests
{
    private static readonly string Version = XElement.Load(Repository.PathTo("Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public void No_project_has_a_version_of_its_own()
    {
        var own = Directory.EnumerateFiles(Repository.PathTo("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(file => XElement.Load(file).Descendants().Any(element => element.Name.LocalName is "Version" or "VersionPrefix" or "PackageVersion"));

        Assert.Empty(own);
    }

    [Fact]
    public void Manifests_and_pages_name_images_of_this_version()
    {
        var named = Directory.EnumerateFiles(Repository.PathTo("deploy"), "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Repository.PathTo("docs"), "*.md"))
            .SelectMany(file => Image().Matches(File.ReadAllText(file)).Select(match => (Path.GetRelativePath(Repository.Root, file), match.Groups["version"].Value)))
            .ToList();

        Assert.NotEmpty(named);
        Assert.All(named, one => Assert.Equal((one.Item1, Version), one));
    }

    [GeneratedRegex(@"(?:enmesh(?:-ssh)?:|(?m:^\s*newTag: )|kubernetes\.io/version: )(?<version>\d+\.\d+\.\d+)")]
    private static partial Regex Image();
}
