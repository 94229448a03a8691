using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Architecture.Tests.Documents;

/// <summary>What the documents show and where they lead.</summary>
[Trait("Ring", "pure")]
public sealed partial class DocumentTests
{
    private static readonly string[] Documents =
    [
        .. Directory.GetFiles(Repository.Root, "*.md"),
        .. Directory.GetFiles(Repository.PathTo("docs"), "*.md", SearchOption.AllDirectories),
        .. Directory.GetFiles(Repository.PathTo("samples"), "*.md"),
    ];

    // Those of README and of the packages' pages stand alone: a test makes projects of them and compiles or runs those.
    [Fact]
    public void Every_block_of_csharp_stands_in_code_that_is_compiled()
    {
        var code = Sources("tests").Concat(Sources("samples")).Select(file => DocSnippets.Normalize(File.ReadAllLines(file))).ToArray();
        var missing = from document in Documents
                      from block in DocSnippets.Blocks(document)
                      where !Array.Exists(code, text => text.Contains(DocSnippets.Normalize(block.Lines), StringComparison.Ordinal))
                      select $"{Path.GetRelativePath(Repository.Root, document)}:{block.Line}";
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        var broken = from document in Documents
                     from Match link in Link().Matches(File.ReadAllText(document))
                     let target = link.Groups[1].Value
                     where !target.Contains("://", StringComparison.Ordinal) && !Leads(document, target)
                     select $"{Path.GetRelativePath(Repository.Root, document)}: {target}";
        Assert.Empty(broken);
    }

    [Fact]
    public void The_index_leads_to_every_page_and_the_readme_to_the_index()
    {
        var index = File.ReadAllText(Repository.PathTo("docs", "README.md"));
        var pages = Directory.GetFiles(Repository.PathTo("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.PathTo("docs"), file));
        var unreached = pages.Where(page => page != "README.md" && !index.Contains($"]({page})", StringComparison.Ordinal));

        Assert.Empty(unreached);
        Assert.Contains("](docs/README.md)", File.ReadAllText(Repository.PathTo("README.md")), StringComparison.Ordinal);
    }

    private static bool Leads(string document, string target)
    {
        var (path, anchor) = target.Split('#') is [var file, var part] ? (file, part) : (target, null);
        var full = path.Length == 0 ? document : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, path));
        if (!File.Exists(full) && !Directory.Exists(full))
            return false;
        return anchor is null || File.ReadLines(full).Where(line => line.StartsWith('#')).Any(line => Anchor(line) == anchor);
    }

    // As GitHub makes them of headings.
    private static string Anchor(string heading) =>
        NotInAnchor().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Repository.PathTo(folder), "*.cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"(?<!`)\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor();
}
