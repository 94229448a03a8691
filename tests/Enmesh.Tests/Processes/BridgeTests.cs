using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Processes;

/// <summary>Processes beside streams, cancellation and tasks of C#.</summary>
[Trait("Ring", "pure")]
public sealed class BridgeTests : IAsyncLifetime
{
    private static readonly Atom Stop = new("stop");
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly TestCluster _cluster = new();
    private TestNode _node = null!;
    private TestProbe _probe = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartNodeAsync("here");
        _probe = _node.CreateProbe();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_mailbox_is_a_stream()
    {
        var summer = _node.Node.Spawn(async context =>
        {
            var sum = 0;
            await foreach (var message in context.ReadAllAsync())
            {
                if (message.Int32 is not { } number)
                    break;
                sum += number;
            }
            await context.SendAsync(_probe.Self, sum);
            await context.SendAsync(_probe.Self, await context.ReceiveAsync());
        });
        foreach (var message in new Term[] { 1, 2, 3, Stop, 4 })
            await _probe.SendAsync(summer, message);
        await _probe.ExpectAsync(6);
        await _probe.ExpectAsync(4); // what came after stays in the mailbox
    }

    [Fact]
    public async Task A_filtered_stream_leaves_the_others_in_their_order()
    {
        var reader = _node.Node.Spawn(async context =>
        {
            await foreach (var number in context.ReadAllAsync(message => message.Int32 is not null))
            {
                await context.SendAsync(_probe.Self, number);
                if (number == 2)
                    break;
            }
            await context.SendAsync(_probe.Self, Term.List(await context.ReceiveAsync(), await context.ReceiveAsync()));
        });
        foreach (var message in new Term[] { new Atom("a"), 1, new Atom("b"), 2 })
            await _probe.SendAsync(reader, message);
        await _cluster.SettleAsync();
        Assert.Equal([1, 2, Term.List(new Atom("a"), new Atom("b"))], _probe.Messages);
    }

    [Fact]
    public async Task A_stream_ends_with_its_token_and_with_its_process()
    {
        var reader = _probe.Context.SpawnLink(async context =>
        {
            using var limit = new CancellationTokenSource(5 * Second, context.TimeProvider);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var message in context.ReadAllAsync(limit.Token))
                    await context.SendAsync(_probe.Self, message);
            });
            await foreach (var message in context.ReadAllAsync())
                await context.SendAsync(_probe.Self, message);
        });
        await _probe.SendAsync(reader, 1);
        await _probe.ExpectAsync(1);
        await _cluster.AdvanceAsync(5 * Second);
        await _probe.SendAsync(reader, 2);
        await _probe.ExpectAsync(2);
        _probe.SendExit(reader, Stop);
        await _probe.ExpectExitAsync(reader, Stop);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_watch_cancels_its_token_when_the_process_ends(bool isRemote)
    {
        var there = isRemote ? await _cluster.StartNodeAsync("there") : _node;
        var other = there.CreateProbe();
        using var watch = _node.Node.Watch(other.Self);
        await _cluster.SettleAsync();
        Assert.False(watch.Token.IsCancellationRequested);
        await other.ExitAsync(Stop);
        Assert.Equal(Stop, (await watch.Ended).Atom);
        await _cluster.SettleAsync();
        Assert.True(watch.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task A_watch_knows_lost_nodes_and_processes_that_never_were()
    {
        var there = await _cluster.StartNodeAsync("there");
        using var lost = _probe.Context.Watch(there.CreateProbe().Self);
        using var nobody = _node.Node.Watch("nobody");
        Assert.Equal(ExitReason.NoProc, await nobody.Ended);
        await there.CrashAsync();
        Assert.Equal(ExitReason.NoConnection, await lost.Ended);
    }

    [Fact]
    public async Task A_watch_that_is_taken_back_cancels_nothing_and_leaves_nothing()
    {
        var other = _node.CreateProbe();
        var before = _node.Node.State.Remembered;
        var watch = _node.Node.Watch(other.Self);
        await _cluster.SettleAsync();
        Assert.Equal(before + 1, _node.Node.State.Remembered);
        watch.Dispose();
        await other.ExitAsync(Stop);
        Assert.False(watch.Token.IsCancellationRequested);
        Assert.False(watch.Ended.IsCompleted);
        Assert.Equal(before, _node.Node.State.Remembered);
        watch.Dispose();
    }

    [Fact]
    public async Task A_process_ends_with_the_token_it_was_started_with()
    {
        using var stop = new CancellationTokenSource();
        var process = _probe.Context.SpawnLink(
            async context =>
            {
                await foreach (var _ in context.ReadAllAsync())
                    continue;
            },
            new() { EndWhen = stop.Token });
        await _cluster.SettleAsync();
        await stop.CancelAsync();
        await _probe.ExpectExitAsync(process, ExitReason.Shutdown);

        var stillborn = _probe.Context.SpawnLink(
            _ => throw new InvalidOperationException("it ran"), new() { EndWhen = stop.Token });
        await _probe.ExpectExitAsync(stillborn, ExitReason.Shutdown);
    }

    [Fact]
    public async Task Linked_work_gives_its_result_and_no_message()
    {
        var result = _probe.Context.RunLinkedAsync(async cancellationToken =>
        {
            await Task.Delay(3 * Second, _cluster.TimeProvider, cancellationToken);
            return 42;
        });
        await _probe.ExpectNoMessageAsync(2.9 * Second);
        Assert.False(result.IsCompleted);
        await _cluster.AdvanceAsync(Second);
        Assert.Equal(42, await result);
        await _probe.ExpectNoMessageAsync();
        await _probe.Context.RunLinkedAsync(_ => Task.CompletedTask);
        await _probe.ExpectNoMessageAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Linked_work_that_fails_ends_its_process(bool atOnce)
    {
        Task<int>? result = null;
        var owner = _probe.Context.SpawnLink(async context =>
        {
            result = context.RunLinkedAsync<int>(async _ =>
            {
                if (!atOnce)
                    await Task.Yield();
                throw new InvalidOperationException("no such file");
            });
            await context.ReceiveAsync();
        });
        var reason = await _probe.ExpectExitAsync(owner);
        Assert.Equal(Term.Binary("no such file"), reason.TupleElements[2]);
        Assert.Equal("no such file", (await Assert.ThrowsAsync<InvalidOperationException>(() => result!)).Message);
    }

    [Fact]
    public async Task Linked_work_that_fails_is_a_message_to_one_that_traps_exits()
    {
        _ = _probe.Context.RunLinkedAsync<int>(_ => throw new ProcessExitException(Stop));
        var message = await _probe.ExpectAnyAsync();
        Assert.Equal("EXIT", message.TupleElements[0].AtomText);
        Assert.Equal(Stop, message.TupleElements[2].Atom);
    }

    [Theory]
    [InlineData("normal")]
    [InlineData("enough")]
    public async Task Work_is_cancelled_when_its_process_ends_however_that_comes(string reason)
    {
        var stopped = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>? linked = null;
        async Task<int> WorkAsync(string kind, CancellationToken cancellationToken)
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _cluster.TimeProvider, cancellationToken);
                return 0;
            }
            catch (OperationCanceledException) when (kind == "monitored")
            {
                stopped.SetResult(kind);
                throw;
            }
        }
        var before = _node.Node.Runtime.ProcessCount;
        var owner = _node.Node.Spawn(async context =>
        {
            linked = context.RunLinkedAsync(token => WorkAsync("linked", token));
            context.RunMonitored(async token => await WorkAsync("monitored", token));
            await context.ReceiveAsync();
            throw new ProcessExitException(new Atom(reason));
        });
        await _cluster.SettleAsync();
        Assert.Equal(before + 3, _node.Node.Runtime.ProcessCount);
        await _probe.SendAsync(owner, 1);
        await _cluster.SettleAsync();
        Assert.Equal("monitored", await stopped.Task);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => linked!);
        Assert.Equal(before, _node.Node.Runtime.ProcessCount);
    }

    [Fact]
    public async Task Monitored_work_sends_its_result_or_its_end_and_never_both()
    {
        var (_, good) = _probe.Context.RunMonitored(_ => Task.FromResult<Term>(42));
        await _probe.ExpectAsync(Term.Tuple(good, 42));
        var (process, bad) = _probe.Context.RunMonitored(_ => throw new ProcessExitException(Stop));
        await _probe.ExpectDownAsync(bad, Stop);
        Assert.False(_node.Node.IsAlive(process));

        var (unwanted, taken) = _probe.Context.RunMonitored(async token =>
        {
            await Task.Delay(Second, _cluster.TimeProvider, token);
            return 1;
        });
        Assert.True(_probe.Context.Demonitor(taken));
        await _probe.ExpectNoMessageAsync(2 * Second);
        Assert.False(_node.Node.IsAlive(unwanted));

        var (slow, stopped) = _probe.Context.RunMonitored(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _cluster.TimeProvider, token);
            return 1;
        });
        _probe.SendExit(slow, Stop);
        await _probe.ExpectDownAsync(stopped, Stop);
    }

    [Fact]
    public async Task Many_tasks_beside_each_other_all_give_their_result()
    {
        var before = _node.Node.State.Remembered;
        _node.Node.Spawn(async context =>
        {
            var all = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => context.RunLinkedAsync(async _ =>
            {
                await Task.Yield();
                return i;
            })));
            await context.SendAsync(_probe.Self, all.Sum());
        });
        await _probe.ExpectAsync(199 * 100);
        await _cluster.SettleAsync();
        Assert.Equal(before, _node.Node.State.Remembered);
    }

    [Fact]
    public void Every_snippet_of_the_page_stands_in_a_test()
    {
        var document = Repository.PathTo("docs", "bridges.md");
        Assert.Equal(5, DocSnippets.Count(document));
        Assert.Empty(
            DocSnippets.NotIn(document, Repository.PathTo("tests", "Enmesh.Tests", "Processes", "BridgeExamples.cs")));
    }
}
