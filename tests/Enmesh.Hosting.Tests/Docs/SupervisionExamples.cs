using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Hosting;
using Xunit;

// Every C# block of docs/supervision.md stands in this file.
namespace Enmesh.Hosting.Tests.Docs;

/// <summary>What docs/supervision.md shows, compiled; what a single node can show of it is run.</summary>
[Trait("Ring", "loopback")]
public sealed class SupervisionExamples
{
    [Fact]
    public async Task A_supervisor_and_children_that_come_and_go()
    {
        await using var host = new TestHost().With("Enmesh", $"supervision-{Guid.NewGuid():N}").Set(("Enmesh:Epmd", "off"), ("Enmesh:Port", null), ("Enmesh:Listen", "false"));
        host.Builder.AddErlangNode();
        await host.StartAsync();
        var node = host.Node;

        var shop = await node.StartSupervisorAsync(new()
        {
            Name = "shop",
            Strategy = SupervisorStrategy.RestForOne,
            Intensity = 3,
            Period = TimeSpan.FromSeconds(10),
            Children =
            [
                ChildSpec.Server("stock", () => new Stock(), new() { Name = "stock" }),
                ChildSpec.Process("ticker", TickAsync) with { Restart = ChildRestart.Transient },
                ChildSpec.Server("till", () => new Till()) with { Shutdown = ChildShutdown.After(TimeSpan.FromSeconds(30)) },
            ],
        });
        Assert.Equal(new ChildCounts(3, 3, 0, 3), await shop.CountChildrenAsync());

        var carts = await node.StartSupervisorAsync(new()
        {
            Strategy = SupervisorStrategy.SimpleOneForOne,
            Children = [ChildSpec.Server("cart", arguments => new Cart(arguments[0])) with { Restart = ChildRestart.Temporary }],
        });
        var cart = await carts.StartChildAsync(Term.Binary("customer 7"));
        Assert.True(node.IsAlive(cart!));
    }

    [Fact]
    public void Every_block_of_the_document_stands_in_this_file()
    {
        var document = Repository.PathTo("docs", "supervision.md");
        Assert.Equal(5, DocSnippets.Count(document));
        Assert.Empty(DocSnippets.NotIn(document, Repository.PathTo("tests", "Enmesh.Hosting.Tests", "Docs", "SupervisionExamples.cs")));
    }

    // Compiled; SupervisionSessionTests does it with real nodes.
    internal static async Task ElsewhereAsync(ErlangNode node, NodeName beam)
    {
        await node.StartSupervisorAsync(new()
        {
            Children =
            [
                // spawn_link(Node, worker, run, [1])
                ChildSpec.RemoteProcess("worker", beam, "worker", "run", 1),
                // {ok, Pid} = erpc:call(Node, stock, start, []), link(Pid)
                ChildSpec.RemoteServer("stock", beam, "stock", "start"),
            ],
        });
        var theirs = node.SupervisorAt(("their_sup", beam));
        await theirs.TerminateChildAsync("cache");

        node.Functions.Export("stock", "start_link", 1, async (_, arguments) =>
            Term.Tuple(Atoms.Ok, await node.StartServerAsync(() => new Stock(), new() { Parent = arguments[0].Pid })));
    }

    // Compiled; HostedServerTests looks at what it does.
    internal static void Configure(IHostApplicationBuilder builder)
    {
        builder.AddErlangNode(node => node.Name = "shop@10.0.0.7")
            .AddGenServer<Stock>("stock")
            .AddSupervisor("carts", services => new()
            {
                Strategy = SupervisorStrategy.SimpleOneForOne,
                Children = [services.ServerChild<Cart>("cart") with { Restart = ChildRestart.Temporary }],
            })
            .Supervise(options => options with { Intensity = 3 });
    }

    private static async Task TickAsync(ProcessContext context) => await context.ReceiveAsync();

    private sealed class Stock : GenServer;

    private sealed class Till : GenServer;

    private sealed class Cart(Term customer) : GenServer
    {
        public Cart(IReadOnlyList<Term> arguments)
            : this(arguments[0])
        {
        }

        protected override Term FormatState() => customer;
    }
}
