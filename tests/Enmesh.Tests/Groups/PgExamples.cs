using Enmesh.Groups;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>The code of docs/pg.md.</summary>
[Trait("Ring", "loopback")]
public sealed class PgExamples
{
    [Fact]
    public async Task The_code_of_the_document_is_compiled_and_runs()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync(
            "shop@127.0.0.1", with: plan => plan with { IsPublished = true, PgScopes = ["pg"] });
        var received = new TaskCompletionSource<Term>();
        Task RunWorkerAsync(ProcessContext context) => ReceiveOneAsync(context, received);

        var worker = node.Spawn(RunWorkerAsync);
        await node.Pg.JoinAsync(new Atom("workers"), worker);
        foreach (var member in node.Pg.Members(new Atom("workers")))
            await node.SendAsync(member, new Atom("work"));

        Assert.Equal("work", (await received.Task).AtomText);
        Assert.Empty(DocSnippets.NotIn(
            Repository.PathTo("docs", "pg.md"), Repository.PathTo("tests", "Enmesh.Tests", "Groups", "PgExamples.cs")));
        Assert.Equal(4, DocSnippets.Count(Repository.PathTo("docs", "pg.md")));
    }

    private static async Task ReceiveOneAsync(ProcessContext context, TaskCompletionSource<Term> received) =>
        received.SetResult(await context.ReceiveAsync());

    // Compiled, and run where their results are looked at: in ProcessGroupsTests and against real nodes.
#pragma warning disable IDE0051, xUnit1013, CA2016
    private static async Task MonitorAsync(ErlangNode node, ProcessContext context)
    {
        var monitor = await node.Pg.MonitorAsync(context, new Atom("workers"));
        while (GroupChange.TryRead(await context.ReceiveAsync(), monitor.Id, out var change))
            Console.WriteLine($"{change.Members.Count} {(change.HaveJoined ? "joined" : "left")}");
    }

    private static async Task WatchAsync(ErlangNode node, CancellationToken stop)
    {
        await foreach (var change in node.Pg.WatchAsync(new Atom("workers"), stop))
            Console.WriteLine($"{string.Join(", ", change.Members)} {(change.HaveJoined ? "in" : "out")}");
    }

    private static async Task BroadcastAsync(ErlangNode node, CancellationToken stop)
    {
        var pubSub = await node.StartPhoenixPubSubAsync(new PhoenixPubSubOptions("MyApp.PubSub"));
        await pubSub.BroadcastAsync("room:1", Term.Tuple(new Atom("new_message"), Term.Binary("hello")));
        await foreach (var message in pubSub.ReadAsync("room:1", stop))
            Console.WriteLine(message);
    }
#pragma warning restore IDE0051, xUnit1013, CA2016
}
