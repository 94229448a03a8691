using System.IO.Compression;
using System.Text.RegularExpressions;
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

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/first-node.md")]
    public async Task Every_program_of_a_page_compiles_and_runs_with_the_packages_it_names(string page)
    {
        var text = await File.ReadAllTextAsync(Repository.PathTo(page), TestContext.Current.CancellationToken);
        var packages = ReadmeCode.Packages(text);
        var programs = ReadmeCode.Programs(text);
        Assert.NotEmpty(packages);
        Assert.NotEmpty(programs);
        // The newest of other people's packages may be newer than what it depends on, wherever they come from.
        Assert.Contains(
            $"dotnet add package Microsoft.Extensions.Hosting --version {feed.Version("Microsoft.Extensions.Hosting")}\n",
            text, StringComparison.Ordinal);
        foreach (var program in programs)
        {
            var built = await feed.BuildAsync($"#line {program.Line + 1} \"{page}\"\n{program.Code}", packages);
            if (!program.Runs)
                continue;
            var output = await feed.RunAsync(built);
            if (program.Output is not null)
                Assert.Equal(program.Output, output);
        }
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/first-node.md")]
    public async Task The_first_program_of_a_page_is_called_from_an_erl_and_an_iex_as_shown_there(string page)
    {
        var text = await File.ReadAllTextAsync(Repository.PathTo(page), TestContext.Current.CancellationToken);
        var program = await feed.BuildAsync(ReadmeCode.Programs(text)[0].Code, ReadmeCode.Packages(text));
        var directory = Path.GetDirectoryName(program)!;
        if (ReadmeCode.Settings(text) is { } settings)
        {
            await File.WriteAllTextAsync(
                Path.Combine(directory, "appsettings.json"), settings, TestContext.Current.CancellationToken);
        }
        foreach (var release in Otp.Releases.Select(row => row.Data).Where(release => release is 25 or 27))
        {
            var epmdPort = BeamEpmd.FreePort();
            await using var running = feed.Start(program, epmdPort, directory);
            await running.WaitForLineAsync("Application started");
            await ShowsAsync("erl", ["erl", "-name", "me@127.0.0.1"], "halt().");
            await ShowsAsync("iex", ["iex", "--dot-iex", "", "--name", "me2@127.0.0.1"], "System.halt()");

            async Task ShowsAsync(string title, IReadOnlyList<string> command, string end)
            {
                var session = ReadmeCode.Session(text, title);
                Assert.NotEmpty(session);
                var lines = string.Concat(session.Select(static line => $"{line.Typed}\n"));
                var shell = await Otp.RunAsync(release, command, feed.Cookie, epmdPort, $"{lines}{end}\n");
                for (var i = 0; i < session.Count; i++)
                {
                    var (typed, said) = session[i];
                    Assert.True(
                        shell.Output.Contains($"{i + 1}> {said}\n", StringComparison.Ordinal),
                        $"OTP {release}: {typed} did not show {said} but:\n{shell}");
                }
            }
        }
    }

    [Fact]
    public async Task A_program_is_published_trimmed_without_warnings_and_meets_a_BEAM()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathTo("README.md"), TestContext.Current.CancellationToken);
        var program = await feed.PublishTrimmedAsync(PublishedProgram.Code(readme), ReadmeCode.Packages(readme));
        Assert.True(new FileInfo(program).Length < 60 << 20, "It is not trimmed.");

        await PublishedProgram.MeetsABeamAsync(feed, program);
    }

    [Fact]
    public async Task A_program_is_compiled_to_native_code_without_warnings_meets_a_BEAM_and_is_looked_into()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathTo("README.md"), TestContext.Current.CancellationToken);
        var port = BeamEpmd.FreePort();
        var program = await feed.PublishNativeAsync(PublishedProgram.CodeWithMetrics(readme, port));
        Assert.False(File.Exists($"{program}.dll"), "It is not native.");

        await PublishedProgram.MeetsABeamAsync(feed, program, async () =>
        {
            using var client = new HttpClient();
            var metrics = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
            // One while the BEAM has not brought the two nodes together, then two.
            Assert.Matches("""connected_node_count\{node="more@127\.0\.0\.1"\} [12]\n""", metrics);
        });
    }

    [Fact]
    public async Task The_command_is_a_tool_that_starts_clusters_wherever_it_is_installed()
    {
        var version = feed.Version("Enmesh.Cli");
        var enmesh = await feed.InstallToolAsync("Enmesh.Cli", "enmesh");

        var shown = await feed.RunToolAsync(enmesh, "--version");
        Assert.Matches($@"^{Regex.Escape(version)}(\+[0-9a-f]+)?\n$", shown.Successful);
        var encoded = await feed.RunToolAsync(enmesh, "term", "encode", "{ok, 42}");
        Assert.Equal("836802" + "77026f6b" + "612a\n", encoded.Successful);
        var up = await feed.RunToolAsync(enmesh, "up", "--nodes", "2", "--once");
        Assert.Contains("The mesh is complete: the 2 nodes see each other.", up.Successful, StringComparison.Ordinal);
    }

    [Fact]
    public void All_packages_have_the_same_version_and_depend_on_each_other_by_it()
    {
        var version = feed.Version("Enmesh.Cli");
        foreach (var file in Directory.GetFiles(feed.Feed, "*.nupkg"))
        {
            Assert.EndsWith($".{version}.nupkg", file, StringComparison.Ordinal);
            using var package = ZipFile.OpenRead(file);
            using var stream = package.Entries.Single(static entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
            var ours = XElement.Load(stream).Descendants().Where(static element =>
                element.Name.LocalName == "dependency" && element.Attribute("id")!.Value.StartsWith("Enmesh", StringComparison.Ordinal));
            Assert.All(ours, dependency => Assert.Equal(version, dependency.Attribute("version")!.Value));
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
