using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.TestingTests.Docs;

/// <summary>What docs/testing.md shows, compiled and run.</summary>
[Trait("Ring", "pure")]
public sealed class TestingExamples
{
    [Fact]
    public async Task A_session_ends_after_half_an_hour_without_a_request()
    {
        await using var cluster = new TestCluster();
        var web = await cluster.StartNodeAsync("web");
        var probe = web.CreateProbe();
        var session = await probe.Context.StartServerAsync(() => new Session());

        await probe.CallAsync(session, new Atom("touch"));
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(29));
        await probe.CallAsync(session, new Atom("touch"));
        await probe.ExpectNoMessageAsync(during: TimeSpan.FromMinutes(29));
        await probe.ExpectExitAsync(session, reason: ExitReason.Normal, within: TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_probe_is_a_server()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartNodesAsync("shop", "bank");
        var (shop, bank) = (nodes[0], nodes[1]);
        var teller = bank.CreateProbe("teller");
        var customer = shop.CreateProbe();
        var till = await shop.Node.StartServerAsync(() => new Till(("teller", bank.Name)));

        var answer = customer.CallAsync(till, Term.Tuple(new Atom("pay"), 30));
        var call = await teller.ExpectCallAsync(request => request.TupleElements is [{ AtomText: "debit" }, { Int32: 30 }]);
        await call.ReplyAsync(new Atom("ok"));
        Assert.Equal("paid", (await answer).AtomText);
    }

    [Fact]
    public async Task What_happens_when_the_other_node_is_gone()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartNodesAsync("shop", "bank");
        var (shop, bank) = (nodes[0], nodes[1]);
        var teller = bank.CreateProbe("teller");
        var customer = shop.CreateProbe();
        var till = await shop.Node.StartServerAsync(() => new Till(("teller", bank.Name)));

        var answer = customer.CallAsync(till, Term.Tuple(new Atom("pay"), 30));
        await teller.ExpectCallAsync();
        await bank.CrashAsync();
        Assert.Equal("try_later", (await answer).AtomText);
    }

    [Fact]
    public async Task Links_and_monitors()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartNodesAsync("a", "b");
        var (here, there) = (nodes[0].CreateProbe(), nodes[1].CreateProbe());

        await here.LinkAsync(there.Self);
        var monitor = await here.MonitorAsync(there.Self);
        await cluster.DisconnectAsync(nodes[0], nodes[1]);
        await here.ExpectExitAsync(there.Self, ExitReason.NoConnection);
        await here.ExpectDownAsync(monitor, ExitReason.NoConnection);
    }

    [Fact]
    public void Every_snippet_of_the_page_stands_here()
    {
        var document = Repository.PathTo("docs", "testing.md");
        Assert.Equal(4, DocSnippets.Count(document));
        Assert.Empty(DocSnippets.NotIn(document, Repository.PathTo("tests", "Enmesh.Testing.Tests", "Docs", "TestingExamples.cs")));
    }

    private sealed class Session : GenServer
    {
        private static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);
        private Reference? _timer;

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            if (_timer is { } timer)
                Context.CancelTimer(timer);
            _timer = Context.SendAfter(Idle, Context.Self, new Atom("idle"));
            return Reply(Atoms.Ok);
        }

        protected override ValueTask<ServerResult> HandleInfoAsync(Term message) => Stop(ExitReason.Normal);
    }

    private sealed class Till(ProcessAddress teller) : GenServer
    {
        protected override async ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            try
            {
                await Context.CallAsync(teller, Term.Tuple(new Atom("debit"), request.TupleElements[1]));
                return Reply(new Atom("paid"));
            }
            catch (CallExitException)
            {
                return Reply(new Atom("try_later"));
            }
        }
    }
}
