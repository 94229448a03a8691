using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Processes;

/// <summary>What docs/bridges.md shows, compiled and run.</summary>
[Trait("Ring", "pure")]
public sealed class BridgeExamples
{
    [Fact]
    public async Task Streams_tokens_and_tasks()
    {
        await using var cluster = new TestCluster();
        var (node, probe) = await StartAsync(cluster);

        var summer = node.Spawn(async context =>
        {
            var sum = 0;
            await foreach (var message in context.ReadAllAsync())
            {
                if (message.Int32 is not { } number)
                    break;
                sum += number;
            }
            Console.WriteLine(sum);
        });
        await probe.MonitorAsync(summer);
        await probe.SendAsync(summer, 1);
        await probe.SendAsync(summer, new Atom("stop"));
        await probe.ExpectDownAsync(summer, ExitReason.Normal);
    }

    [Fact]
    public async Task A_request_that_ends_with_its_process()
    {
        await using var cluster = new TestCluster();
        var (node, probe) = await StartAsync(cluster);
        var session = probe.Self;
        async Task SendUpdatesAsync(CancellationToken stop) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, cluster.TimeProvider, stop);
        async Task RunAsync()
        {
            using var watch = node.Watch(session);
            try
            {
                await SendUpdatesAsync(watch.Token);
            }
            catch (OperationCanceledException) when (watch.Token.IsCancellationRequested)
            {
                Console.WriteLine($"The session is over: {await watch.Ended}.");
            }
        }
        var running = RunAsync();
        await probe.ExitAsync(new Atom("logged_out"));
        await running;
    }

    [Fact]
    public async Task A_process_that_lives_as_long_as_the_application()
    {
        await using var cluster = new TestCluster();
        var (_, probe) = await StartAsync(cluster);
        var context = probe.Context;
        using var application = new CancellationTokenSource();
        var applicationStopping = application.Token;

        var worker = context.SpawnLink(WorkAsync, new SpawnOptions { EndWhen = applicationStopping });
        await application.CancelAsync();
        await probe.ExpectExitAsync(worker, ExitReason.Shutdown);
    }

    [Fact]
    public async Task Two_things_at_once_and_a_server_that_goes_on_meanwhile()
    {
        await using var cluster = new TestCluster();
        var (node, probe) = await StartAsync(cluster);
        var pages = await node.StartServerAsync(() => new Pages());
        Assert.Equal(3, (await probe.CallAsync(pages, new Atom("both"))).Int32);
        Assert.Equal(2, (await probe.CallAsync(pages, new Atom("one"))).Int32);
    }

    private static async Task<(ErlangNode Node, TestProbe Probe)> StartAsync(TestCluster cluster)
    {
        var node = await cluster.StartNodeAsync("web");
        return (node.Node, node.CreateProbe());
    }

    private static Task WorkAsync(ProcessContext context) => context.ReceiveAsync().AsTask();

    private sealed class Pages : GenServer
    {
        private readonly Dictionary<Reference, CallRequest> _waiting = [];

        protected override async ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            if (request.AtomText == "both")
                return Reply(await BothAsync(Context));
            var (_, reference) = Context.RunMonitored(async stop => await LoadAsync("page", stop));
            _waiting[reference] = call;
            return NoReply();
        }

        protected override ValueTask<ServerResult> HandleInfoAsync(Term message)
        {
            if (message.TupleElements is [{ Reference: { } done }, var page] && _waiting.Remove(done, out var call))
                Context.Reply(call, page);
            return NoReply();
        }

        private static async Task<int> BothAsync(ProcessContext context)
        {
            var user = context.RunLinkedAsync(stop => LoadAsync("user", stop));
            var orders = context.RunLinkedAsync(stop => LoadAsync("orders", stop));
            return await user + await orders;
        }

        private static async Task<int> LoadAsync(string what, CancellationToken stop)
        {
            await Task.Yield();
            stop.ThrowIfCancellationRequested();
            return what == "user" ? 1 : 2;
        }
    }
}
