using System.Globalization;
using Enmesh.Tests.Modules;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary><c>enmesh functions</c>, asked of a node with a module, of one without, and of a BEAM.</summary>
[Trait("Ring", "system")]
public sealed class FunctionsTests : IAsyncLifetime
{
    private readonly CommandHome _home = new();
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await ErlangNode.StartAsync(new ErlangNodeOptions
    {
        Name = "shop@127.0.0.1",
        CookieFile = _home.CookieFile,
        Port = BeamEpmd.FreePort(),
    });

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task A_node_lists_what_its_program_exports()
    {
        var nothing = await AskAsync("functions", "shop@127.0.0.1");
        Assert.Equal((0, ""), (nothing.ExitCode, nothing.Output));
        Assert.Contains("shop@127.0.0.1 exports no functions.", nothing.Errors, StringComparison.Ordinal);

        _node.Export(new SampleModule());
        _node.Functions.Export("by_hand", "first", 1, (_, _) => new(Terms.Atoms.Ok));
        var all = await AskAsync("functions", "shop@127.0.0.1");
        Assert.True(all.ExitCode == 0, all.ToString());
        const string Begin = """
            by_hand
              first/1

            sample
              What can be called, of every kind there is.
              add(A :: integer(), B :: integer()) -> integer()
                  Adds two numbers.
              add(A :: integer(), B :: integer(), C :: integer()) -> integer()
              cheapest(Items :: [
            """;
        Assert.StartsWith(Begin, all.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("module_info", all.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_that_is_named_is_told_of_with_all_its_documentation()
    {
        _node.Export(new SampleModule());
        var text = await AskAsync("functions", "shop@127.0.0.1", "sample");
        Assert.Contains(
            "      Adds two numbers.\n      A: One.\n      B: The other.\n", text.Output, StringComparison.Ordinal);
        var json = await AskAsync("functions", "shop@127.0.0.1", "sample", "--json");
        Assert.StartsWith(
            """{"node":"shop@127.0.0.1","modules":[{"name":"sample","doc":"What can be called, of every kind there is.","functions":[{"name":"add","arity":2,"""
                + "\"signature\":\"add(A :: integer(), B :: integer()) -> integer()\",\"doc\":\"Adds two numbers.\\n\\nA: One.\\n\\nB: The other.\"}",
            json.Output,
            StringComparison.Ordinal);
        var builtIn = await AskAsync("functions", "shop@127.0.0.1", "code");
        Assert.Contains("  get_doc/1\n      The documentation of a module", builtIn.Output, StringComparison.Ordinal);
        var missing = await AskAsync("functions", "shop@127.0.0.1", "sample", "no_such_module");
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains(
            "There is no module 'no_such_module' on shop@127.0.0.1.", missing.Errors, StringComparison.Ordinal);
        Assert.StartsWith("sample\n", missing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_BEAM_tells_of_modules_that_are_named()
    {
        await using var beam = await BeamNode.StartAsync(
            Otp.Newest, new BeamOptions { Cookie = await File.ReadAllTextAsync(_home.CookieFile) });
        string[] where = ["--port", beam.Port.ToString(CultureInfo.InvariantCulture), "--cookie-file", _home.CookieFile];
        var lists = await _home.RunAsync(["functions", beam.Name, "lists", .. where]);
        Assert.True(lists.ExitCode == 0, lists.ToString());
        Assert.Matches(@"\n  zip3(/3|\(List1, List2, List3\))\n", lists.Output); // as far as its root has the documentation
        var all = await _home.RunAsync(["functions", beam.Name, .. where]);
        Assert.Equal((2, ""), (all.ExitCode, all.Output));
        Assert.Contains(
            "is a BEAM, whose modules are mostly Erlang's own. Say which ones you mean.", all.Errors,
            StringComparison.Ordinal);
    }

    private Task<CommandResult> AskAsync(params string[] words) => _home.RunAsync(
        [.. words, "--port", _node.Port!.Value.ToString(CultureInfo.InvariantCulture), "--cookie-file", _home.CookieFile]);
}
