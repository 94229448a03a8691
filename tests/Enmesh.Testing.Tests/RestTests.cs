using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.TestingTests;

/// <summary>When a cluster is at rest, and what a test is told when it is not what it expects.</summary>
[Trait("Ring", "pure")]
public sealed class RestTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Messages_that_go_round_are_over_before_an_expectation_looks()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartNodesAsync("a", "b");
        var probe = nodes[0].CreateProbe();
        var echo = nodes[1].Node.Spawn(async context =>
        {
            while (await context.ReceiveAsync() is { TupleElements: [{ Pid: { } from }, var message] })
                await context.SendAsync(from, Term.Tuple(context.Self, message));
        });
        nodes[0].Node.Spawn(async context =>
        {
            for (var i = 0; i < 500; i++)
            {
                await context.SendAsync(echo, Term.Tuple(context.Self, i));
                await context.ReceiveAsync();
            }
            await context.SendAsync(probe.Self, 500);
        });
        await cluster.SettleAsync();
        Assert.Equal([500], probe.Messages);
    }

    [Fact]
    public async Task Work_that_a_process_leaves_to_the_pool_is_waited_for()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartNodeAsync("a");
        var probe = node.CreateProbe();
        for (var i = 0; i < 100; i++)
        {
            node.Node.Spawn(async context =>
            {
                var sum = 0;
                await Task.Run(() => sum = Enumerable.Range(0, 100_000).Sum(n => n % 7));
                await Task.Yield();
                await context.SendAsync(probe.Self, sum);
            });
            await cluster.SettleAsync();
            Assert.Single(probe.Messages);
            await probe.ExpectAnyAsync();
        }
    }

    [Fact]
    public async Task What_nobody_can_see_coming_is_waited_for_a_little()
    {
        await using var cluster = new TestCluster(new() { Patience = TimeSpan.FromSeconds(25) });
        var node = await cluster.StartNodeAsync("a");
        var probe = node.CreateProbe();
        var outside = new TaskCompletionSource();
        node.Node.Spawn(async context =>
        {
            await outside.Task;
            await context.SendAsync(probe.Self, 1);
        });
        var expectation = probe.ExpectAsync(1);
        outside.SetResult();
        await expectation;
    }

    [Fact]
    public async Task Delays_and_cancellations_on_the_clock_of_the_cluster_follow_it()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartNodeAsync("a");
        var probe = node.CreateProbe();
        node.Node.Spawn(async context =>
        {
            await Task.Delay(3 * Second, context.TimeProvider);
            await context.SendAsync(probe.Self, 1);
            using var limit = new CancellationTokenSource(2 * Second, context.TimeProvider);
            await Assert.ThrowsAsync<OperationCanceledException>(() => context.ReceiveAsync(limit.Token).AsTask());
            await context.SendAsync(probe.Self, 2);
            Assert.Null(await context.ReceiveAsync(Second));
            await context.SendAsync(probe.Self, 3);
        });
        await cluster.AdvanceAsync(4 * Second);
        Assert.Equal([1], probe.Messages);
        await probe.ExpectAsync(3, within: 10 * Second);
        Assert.Equal(6 * Second, cluster.Elapsed);
    }

    [Fact]
    public async Task A_failure_says_what_was_expected_what_came_and_who_is_alive()
    {
        await using var cluster = new TestCluster(new() { Patience = TimeSpan.Zero });
        var node = await cluster.StartNodeAsync("a");
        var probe = node.CreateProbe("tester");
        node.Node.Spawn(context => context.ReceiveAsync(message => message == 1).AsTask(), "worker");
        node.Node.Spawn(_ => throw new InvalidOperationException("the disk is gone"), "writer");
        await probe.SendAsync("worker", 2);
        await probe.SendAsync(probe.Self, Term.Tuple(new Atom("price"), 41));
        probe.Context.SendAfter(3 * Second, "worker", 1);

        var failure = await Assert.ThrowsAsync<TestFailureException>(() => probe.ExpectAsync(message => message.TupleElements is [_, { Int32: 42 }], within: Second));
        Assert.StartsWith("Expected a message that fits message => message.TupleElements is [_, { Int32: 42 }] within 1 s, but none came.", failure.Message);
        Assert.Contains("Mailbox of the probe tester of a@test: \n  {price,41}\n", failure.Message.ReplaceLineEndings("\n"));
        Assert.Contains("The clock stands at 1 s; the next timer of the program is due in 2 s.", failure.Message);
        Assert.Contains("worker: awaits a message; 1 message that it does not take", failure.Message);
        Assert.Matches(@"ended at 0 s: #Pid<[^>]+> writer: \{exception,<<""System.InvalidOperationException"">>,<<""the disk is gone"">>", failure.Message);
        Assert.Contains("Process writer crashed. InvalidOperationException: the disk is gone", failure.Message);

        var unwanted = await Assert.ThrowsAsync<TestFailureException>(() => probe.ExpectNoMessageAsync());
        Assert.StartsWith("Expected no message, but one came.", unwanted.Message);
        var noExit = await Assert.ThrowsAsync<TestFailureException>(() => probe.ExpectExitAsync(node.Node.WhereIs("worker")!, ExitReason.Normal));
        Assert.Contains("with reason normal, but the probe is not linked with it", noExit.Message);
    }

    [Fact]
    public async Task Processes_that_never_rest_fail_the_test_by_name()
    {
        await using var cluster = new TestCluster(new() { Guard = TimeSpan.FromSeconds(2) });
        var node = await cluster.StartNodeAsync("a");
        var stop = new ManualResetEventSlim();
        node.Node.Spawn(
            _ =>
            {
                stop.Wait();
                return Task.CompletedTask;
            },
            "blocker");
        var failure = await Assert.ThrowsAsync<TestFailureException>(() => cluster.SettleAsync());
        Assert.Contains("blocker of a@test has the thread; does it block", failure.Message);
        stop.Set();
    }

    [Fact]
    public async Task A_message_that_goes_round_for_ever_fails_the_test()
    {
        await using var cluster = new TestCluster(new() { Guard = TimeSpan.FromSeconds(2) });
        var node = await cluster.StartNodeAsync("a");
        var round = node.Node.Spawn(async context =>
        {
            while ((await context.ReceiveAsync()).IsAtom(new Atom("again")))
                await context.SendAsync(context.Self, new Atom("again"));
        });
        await node.Node.SendAsync(round, new Atom("again"));
        var failure = await Assert.ThrowsAsync<TestFailureException>(() => cluster.SettleAsync());
        Assert.StartsWith("The processes did not come to rest within 2 s of real time", failure.Message);
        await node.Node.SendAsync(round, new Atom("stop"));
    }

    [Fact]
    public async Task A_process_that_takes_no_notice_of_its_end_does_not_hold_up_the_cluster()
    {
        var cluster = new TestCluster();
        var node = await cluster.StartNodeAsync("a");
        node.Node.Spawn(_ => Task.Delay(Timeout.InfiniteTimeSpan));
        await node.StopAsync();
        Assert.Equal(5 * Second, cluster.Elapsed);
        await cluster.DisposeAsync();
    }

    [Fact]
    public async Task Clusters_that_run_beside_each_other_share_nothing()
    {
        await Task.WhenAll(Enumerable.Range(1, 16).Select(number => Task.Run(async () =>
        {
            await using var cluster = new TestCluster();
            var nodes = await cluster.StartNodesAsync("a", "b");
            var (near, far) = (nodes[0].CreateProbe(), nodes[1].CreateProbe("far"));
            var begun = cluster.Elapsed;
            for (var i = 0; i < 20; i++)
            {
                near.Context.SendAfter(number * Second, ("far", nodes[1].Name), i);
                await far.ExpectNoMessageAsync(number * Second - TimeSpan.FromMilliseconds(1));
                await far.ExpectAsync(i, within: TimeSpan.FromMilliseconds(1));
            }
            Assert.Equal(20 * number * Second, cluster.Elapsed - begun);
        })));
    }

    [Fact]
    public async Task An_exit_of_the_probe_reaches_those_linked_with_it()
    {
        await using var cluster = new TestCluster();
        var nodes = await cluster.StartNodesAsync("a", "b");
        var (one, other) = (nodes[0].CreateProbe(), nodes[1].CreateProbe());
        await one.LinkAsync(other.Self);
        await other.ExitAsync(new Atom("enough"));
        await one.ExpectExitAsync(other.Self, new Atom("enough"));
    }
}
