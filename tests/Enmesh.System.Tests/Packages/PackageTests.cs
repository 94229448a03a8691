using System.IO.Compression;
using System.Xml.Linq;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Packages;

/// <summary>What others install is whole, and does what the README says.</summary>
[Trait("Ring", "system")]
public sealed class PackageTests(PackageFeed feed) : IClassFixture<PackageFeed>
{
    [Fact]
    public async Task Terms_alone_works_in_a_new_project()
    {
        var program = await feed.BuildAsync(
            """
            using Enmesh.Terms;
            using Enmesh.Terms.External;

            var bytes = ExternalTermFormat.Encode(Term.Tuple([Term.AtomOf("ok"), 42]));
            Console.WriteLine(Convert.ToHexStringLower(bytes));
            Console.WriteLine(ExternalTermFormat.Decode(bytes));
            """,
            "Enmesh.Terms");

        Assert.Equal("836802" + "77026f6b" + "612a\n" + "{ok,42}\n", await feed.RunAsync(program));
    }

    [Fact]
    public async Task The_testing_kit_works_in_a_new_project_without_a_test_framework()
    {
        var program = await feed.BuildAsync(
            """
            using Enmesh.Processes;
            using Enmesh.Testing;

            await using var cluster = new TestCluster();
            var nodes = await cluster.StartNodesAsync("a", "b");
            var (here, there) = (nodes[0].CreateProbe(), nodes[1].CreateProbe());
            await here.MonitorAsync(there.Self);
            here.Context.SendAfter(TimeSpan.FromHours(1), there.Self, 42);
            await there.ExpectAsync(42, within: TimeSpan.FromHours(1));
            await nodes[1].CrashAsync();
            Console.WriteLine(await here.ExpectDownAsync(there.Self));
            try
            {
                await here.ExpectAnyAsync();
            }
            catch (TestFailureException e)
            {
                Console.WriteLine(e.Message.Split('\n')[0].TrimEnd());
            }
            """,
            "Enmesh.Testing");

        Assert.Equal("noconnection\nExpected a message, but none came.\n", await feed.RunAsync(program));
    }

    [Theory]
    [InlineData("Enmesh.Terms")]
    [InlineData("Enmesh.Hosting")] // what it depends on brings the generator along
    public async Task The_source_generator_comes_with_a_package(string package)
    {
        var program = await feed.BuildAsync(
            """
            using Enmesh.Terms.Serialization;

            Console.WriteLine(TermSerializer.ToTerm(new Order(7, "a"), ShopTerms.Default.Order));

            public sealed record Order(int Id, string Name);

            [TermSerializable(typeof(Order))]
            internal sealed partial class ShopTerms : TermSerializerContext;
            """,
            package);

        Assert.Equal("#{id => 7,name => <<\"a\">>}\n", await feed.RunAsync(program));
    }

    [Fact]
    public async Task Every_program_of_the_readme_compiles_and_runs_with_the_packages_it_names()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathTo("README.md"), TestContext.Current.CancellationToken);
        var packages = ReadmeCode.Packages(readme);
        var programs = ReadmeCode.Programs(readme);
        Assert.NotEmpty(packages);
        Assert.Contains(programs, static program => program.Runs);
        foreach (var program in programs)
        {
            var built = await feed.BuildAsync($"#line {program.Line + 1} \"README.md\"\n{program.Code}", packages);
            if (!program.Runs)
                continue;
            var output = await feed.RunAsync(built);
            if (program.Output is not null)
                Assert.Equal(program.Output, output);
        }
    }

    [Fact]
    public void Every_library_has_its_documentation_a_readme_and_a_licence()
    {
        foreach (var file in Directory.GetFiles(feed.Feed, "*.nupkg"))
        {
            using var package = ZipFile.OpenRead(file);
            using var stream = package.Entries
                .Single(static entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal))
                .Open();
            var metadata = XElement.Load(stream).Elements().Single();
            var values = metadata.Elements()
                .ToLookup(static element => element.Name.LocalName, static element => element.Value);

            Assert.Equal("Apache-2.0", values["license"].Single());
            Assert.Equal("README.md", values["readme"].Single());
            Assert.NotEmpty(values["description"].Single());
            Assert.NotNull(package.GetEntry("README.md"));
            var id = values["id"].Single();
            if (id != "Enmesh.Cli")
            {
                Assert.NotNull(package.GetEntry($"lib/net10.0/{id}.dll"));
                Assert.NotNull(package.GetEntry($"lib/net10.0/{id}.xml"));
            }
        }
    }
}
