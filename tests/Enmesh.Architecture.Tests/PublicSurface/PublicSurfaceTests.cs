using System.Reflection;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Architecture.Tests.PublicSurface;

/// <summary>
/// The public surface of each package is a file beside this one, so that nobody widens or breaks it unawares. To accept
/// a change, run the tests once with <c>ENMESH_UPDATE_SURFACE=1</c> and commit the file.
/// </summary>
[Trait("Ring", "pure")]
public sealed class PublicSurfaceTests
{
    [Theory]
    [InlineData("Enmesh.Terms")]
    [InlineData("Enmesh")]
    [InlineData("Enmesh.Kubernetes")]
    [InlineData("Enmesh.Hosting")]
    [InlineData("Enmesh.Web")]
    [InlineData("Enmesh.Testing")]
    public void The_public_surface_is_the_one_on_file(string assembly)
    {
        var file = Repository.PathTo("tests", "Enmesh.Architecture.Tests", "PublicSurface", $"{assembly}.txt");
        var now = SurfacePrinter.Print(Assembly.Load(assembly));
        if (Environment.GetEnvironmentVariable("ENMESH_UPDATE_SURFACE") == "1")
            File.WriteAllLines(file, now);

        var difference = Difference(File.ReadAllLines(file), now);

        Assert.True(
            difference.Count == 0,
            $"The public surface of {assembly} is not the one on file. If that is meant, run this test with " +
            $"ENMESH_UPDATE_SURFACE=1 and commit {file}.\n{string.Join('\n', difference)}");
    }

    [Fact]
    public void A_difference_names_the_type_and_both_lines()
    {
        Assert.Equal(
            ["  class A", "-     int Gone()", "+     int Came()", "+ class C"],
            Difference(["class A", "    int Gone()", "    int Stays()", "class B"],
                ["class A", "    int Came()", "    int Stays()", "class B", "class C"]));
    }

    /// <summary>Lines that came and went, each under the line of its type.</summary>
    private static List<string> Difference(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        var old = ByType(before);
        var current = ByType(after);
        List<string> lines = [];
        foreach (var type in old.Keys.Union(current.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var gone = old.GetValueOrDefault(type, [])
                .Except(current.GetValueOrDefault(type, []))
                .Select(static line => $"- {line}");
            var came = current.GetValueOrDefault(type, [])
                .Except(old.GetValueOrDefault(type, []))
                .Select(static line => $"+ {line}");
            var changed = gone.Concat(came).ToList();
            if (!current.ContainsKey(type))
                changed.Insert(0, $"- {type}");
            else if (!old.ContainsKey(type))
                changed.Insert(0, $"+ {type}");
            else if (changed.Count > 0)
                changed.Insert(0, $"  {type}");
            lines.AddRange(changed);
        }

        return lines;
    }

    private static Dictionary<string, List<string>> ByType(IReadOnlyList<string> lines)
    {
        Dictionary<string, List<string>> types = [];
        List<string> members = [];
        foreach (var line in lines)
        {
            if (line.StartsWith(' '))
                members.Add(line);
            else
                types[line] = members = [];
        }

        return types;
    }
}
