using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Packages;

/// <summary>
/// The README's first program, and a second node in it with what is written at compile time: a typed server, a module, serializers.
/// </summary>
internal static class PublishedProgram
{
    private const string Start = "await builder.Build().RunAsync();";

    private const string More = """
        builder.Services.AddSingleton(new Discount(10));
        builder.AddErlangNode("more", node =>
                (node.Name, node.Port, node.Epmd) = ("more@127.0.0.1", 0, EpmdMode.Register))
            .AddGenServer<Stock>("stock")
            .AddErlangModule<Prices>();

        """;

    private const string Types = """

        public abstract record Request
        {
            [ErlangTag] public sealed record Add(string Sku, int Count) : Request;
            [ErlangTag] public sealed record All : Request;
        }

        public sealed record Item(string Sku, int Count);
        public sealed record Discount(int Percent);

        [TermSerializable(typeof(Request))]
        [TermSerializable(typeof(IReadOnlyList<Item>))]
        internal sealed partial class StockTerms : TermSerializerContext;

        public sealed class Stock() : GenServer<Request, IReadOnlyList<Item>>(
            StockTerms.Default.Request, StockTerms.Default.IReadOnlyListItem)
        {
            private readonly List<Item> _items = [];

            protected override ValueTask<CallResult> HandleCallAsync(Request request, CallRequest call)
            {
                if (request is Request.Add(var sku, var count))
                    _items.Add(new(sku, count));
                return Reply(_items);
            }
        }

        /// <summary>What things cost.</summary>
        [ErlangModule]
        public sealed partial class Prices(Discount discount)
        {
            /// <summary>What so many cost together.</summary>
            [ErlangFunction]
            public Result<decimal, string> Sum(IReadOnlyList<Item> items, decimal each) => items.Count == 0
                ? Result.Error("nothing")
                : items.Sum(item => item.Count) * each * (100 - discount.Percent) / 100;
        }
        """;

    private const string Usings = """
        using Enmesh.Behaviours;
        using Enmesh.Modules;
        using Enmesh.Terms;
        using Enmesh.Terms.Serialization;
        using Microsoft.Extensions.DependencyInjection;

        """;

    internal static string Code(string readme)
    {
        var first = ReadmeCode.Programs(readme)[0].Code;
        Assert.Contains(Start, first, StringComparison.Ordinal);
        return Usings + first.Replace(Start, More + Start, StringComparison.Ordinal) + Types;
    }

    internal static string CodeWithMetrics(string readme, int port) => "using Enmesh.Web;\n" + Code(readme).Replace(
        Start,
        $"""
        builder.AddErlangEndpoints(at => (at.Metrics, at.Probes, at.Page) = (new(System.Net.IPAddress.Loopback, {port}), null, null));
        {Start}
        """,
        StringComparison.Ordinal);

    /// <param name="feed">Where it was made.</param>
    /// <param name="program">What was made.</param>
    /// <param name="meanwhile">What is to hold while the BEAM is connected.</param>
    internal static async Task MeetsABeamAsync(PackageFeed feed, string program, Func<Task>? meanwhile = null)
    {
        await using var epmd = await BeamEpmd.StartAsync(Otp.Newest);
        await using var running = feed.Start(program, epmd.Port);
        await running.WaitForLineAsync("Application started");
        await using var beam = await BeamNode.StartAsync(Otp.Newest, new() { Cookie = feed.Cookie, Epmd = epmd });
        Assert.Equal("1", await beam.EvalAsync("gen_server:call({counter, 'orders@127.0.0.1'}, next)"));
        Assert.Equal(
            "[#{count => 3,sku => <<\"bolt\">>}]",
            await beam.EvalAsync("gen_server:call({stock, 'more@127.0.0.1'}, {add, \"bolt\", 3})"));
        Assert.Equal(
            "{ok,<<\"5.40\">>}",
            await beam.EvalAsync(
                """
                Items = gen_server:call({stock, 'more@127.0.0.1'}, all),
                erpc:call('more@127.0.0.1', prices, sum, [Items, <<"2.00">>])
                """));
        var wrong = await beam.EvalAsync("catch erpc:call('more@127.0.0.1', prices, sum, [[], free])");
        Assert.Contains("Each: expected a decimal", wrong, StringComparison.Ordinal);
        Assert.Equal(
            "['more@127.0.0.1','orders@127.0.0.1']", await beam.EvalAsync("lists:sort(nodes())"));
        if (meanwhile is not null)
            await meanwhile();
    }
}
