using System.Globalization;
using Enmesh.SystemTests.Command;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests;

/// <summary>What a peer says of itself is shown on the terminal, and not done there.</summary>
[Trait("Ring", "system")]
public sealed class HostilePeerTests : IAsyncDisposable
{
    private const string Name = "hostile@127.0.0.1";
    private const string Cookie = "cookie-of-a-hostile-peer";

    private static readonly (Term Key, Term Value)[] NoPairs = [];

    private readonly CommandHome _home = new();
    private readonly LoopbackCluster _cluster = new();

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Names_and_documentation_of_a_peer_move_no_cursor()
    {
        var node = await _cluster.StartAsync(Name, cookie: Cookie);
        node.Functions.Export("erlang", "nodes", 1, static (_, _) => ValueTask.FromResult(Term.List([new Atom("a@b\u001b[2J")])));
        node.Functions.Export("hostile", "run", 0, static (_, _) => ValueTask.FromResult<Term>(Atoms.Ok));
        node.Functions.Export("code", "get_doc", 1, static (_, _) => ValueTask.FromResult(Documentation));

        string[] options = ["--port", _cluster.PortOf(node).ToString(CultureInfo.InvariantCulture), "--cookie-file", _home.WriteCookie("own", Cookie)];

        var nodes = await _home.RunAsync(["nodes", Name, .. options]);
        Assert.Equal((0, @"a@b\x{1B}[2J" + "\n"), (nodes.ExitCode, nodes.Output));
        var functions = await _home.RunAsync(["functions", Name, "hostile", .. options]);
        Assert.Equal(0, functions.ExitCode);
        Assert.DoesNotContain('\u001b', functions.Output);
        Assert.Contains(@"of the module \x{1B}[31m", functions.Output, StringComparison.Ordinal);
        Assert.Contains(@"run() \x{1B}]0;title\x{7}", functions.Output, StringComparison.Ordinal);
    }

    // {ok, {docs_v1, _, _, _, ModuleDoc, _, [{{function, Name, Arity}, _, Signature, Doc, _}]}}
    private static Term Documentation => Term.Tuple(
        Atoms.Ok,
        Term.Tuple(
            new Atom("docs_v1"), 1, new Atom("erlang"), Term.Binary("text/markdown"), Text("of the module \u001b[31m"), Term.Map(NoPairs),
            Term.List(
            [
                Term.Tuple(
                    Term.Tuple(new Atom("function"), new Atom("run"), 0), 1, Term.List([Term.Binary("run() \u001b]0;title\u0007")]), Text("\u001b[2J"), Term.Map(NoPairs)),
            ])));

    private static Term Text(string english) => Term.Map((Term.Binary("en"), Term.Binary(english)));
}
