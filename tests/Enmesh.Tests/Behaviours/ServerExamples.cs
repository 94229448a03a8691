using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Behaviours;

/// <summary>The examples of <c>docs/genserver.md</c> and <c>docs/calling.md</c>, compiled and run.</summary>
[Trait("Ring", "loopback")]
public sealed class ServerExamples
{
    [Theory]
    [InlineData("genserver.md", 4)]
    [InlineData("calling.md", 2)]
    public void The_documents_show_this_code(string document, int count)
    {
        var path = Repository.PathTo("docs", document);
        Assert.Equal(count, DocSnippets.Count(path));
        Assert.Empty(DocSnippets.NotIn(path, Repository.PathTo("tests", "Enmesh.Tests", "Behaviours", "ServerExamples.cs")));
    }

    [Fact]
    public async Task Servers_work_as_shown()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("shop@127.0.0.1", published: true);

        await node.StartServerAsync(() => new Counter(), new() { Name = "counter" });

        await node.CastAsync("counter", Term.Tuple(new Atom("add"), 10));
        Assert.Equal(11, (await node.CallAsync("counter", new Atom("next"))).Int32);

        await node.StartServerAsync(() => new Stock(), new() { Name = "stock" });

        var left = await node.CallAsync<StockRequest, int>(
            "stock", new StockRequest.Put("A1", 3), StockTerms.Default.StockRequest, StockTerms.Default.Int32);

        Assert.Equal(3, left);
        Assert.Equal(1, (await node.CallAsync("stock", Term.Tuple(new Atom("take"), Term.Binary("A1"), 2))).Int32);
        await Assert.ThrowsAsync<CallExitException>(() => node.CallAsync("stock", Term.Tuple(new Atom("take"), Term.Binary("A1"), 2)).AsTask());
    }

    [Fact]
    public async Task Calls_work_as_shown()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("front@127.0.0.1", published: true);
        var other = await cluster.StartAsync("shop@127.0.0.1", published: true);
        var shop = other.Name;
        await other.StartServerAsync(() => new Echo(), new() { Name = "echo" });

        var answer = await node.CallAsync(("echo", shop), Term.Tuple(new Atom("echo"), 7));
        await node.CastAsync(("echo", shop), new Atom("reset"));
        await node.SendAsync(("echo", shop), new Atom("hello"));

        Assert.Equal("{echo,7}", answer.ToString());
        Assert.Equal("noproc", await FailAsync(node));
    }

    private static async Task<string> FailAsync(ErlangNode node)
    {
        using var Console = new StringWriter();

        try
        {
            await node.CallAsync(ProcessAddress.Global("nobody"), new Atom("next"), TimeSpan.FromSeconds(2));
        }
        catch (CallExitException e)
        {
            Console.WriteLine(e.Reason); // noproc, noconnection, or what the other side exited with
        }
        catch (TimeoutException)
        {
            Console.WriteLine("No answer within two seconds.");
        }

        return Console.ToString().Trim();
    }

    private sealed class Echo : GenServer
    {
        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) => Reply(request);
    }

    public sealed class Counter : GenServer
    {
        private int _count;

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            if (request.AtomText == "next")
                return Reply(++_count);
            Refuse(call, $"{request} is no request: next is the only one");
            return NoReply();
        }

        protected override ValueTask<ServerResult> HandleCastAsync(Term request)
        {
            if (request.TupleElements is [{ AtomText: "add" }, { Int32: { } step }])
                _count += step;
            return NoReply();
        }

        protected override Term FormatState() => Term.Map((new Atom("count"), _count));
    }
}

public abstract record StockRequest
{
    [ErlangTag("take")]
    public sealed record Take(string Sku, int Count) : StockRequest;

    [ErlangTag("put")]
    public sealed record Put(string Sku, int Count) : StockRequest;
}

[TermSerializable(typeof(StockRequest))]
[TermSerializable(typeof(int))]
internal sealed partial class StockTerms : TermSerializerContext;

internal sealed class Stock() : GenServer<StockRequest, int>(StockTerms.Default.StockRequest, StockTerms.Default.Int32)
{
    private readonly Dictionary<string, int> _left = [];

    protected override ValueTask<CallResult> HandleCallAsync(StockRequest request, CallRequest call)
    {
        switch (request)
        {
            case StockRequest.Take take when _left.GetValueOrDefault(take.Sku) >= take.Count:
                return Reply(_left[take.Sku] -= take.Count);
            case StockRequest.Put put:
                return Reply(_left[put.Sku] = _left.GetValueOrDefault(put.Sku) + put.Count);
            default:
                Refuse(call, "there is not enough");
                return NoReply();
        }
    }
}
