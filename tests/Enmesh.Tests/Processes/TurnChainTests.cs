using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Processes;

/// <summary>Processes that wake each other share a thread, and nobody's code holds anybody up by that.</summary>
[Trait("Ring", "loopback")]
public sealed class TurnChainTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly LoopbackCluster _cluster = new();
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await _cluster.StartAsync("node@127.0.0.1");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Two_processes_that_talk_to_each_other_stay_on_one_thread_most_of_the_time()
    {
        const int Rounds = 10_000;
        var same = new TaskCompletionSource<int>();
        var echo = _node.Spawn(static async context =>
        {
            while (true)
            {
                var message = await context.ReceiveAsync();
                await context.SendAsync(message.TupleElements[0].Pid!, Environment.CurrentManagedThreadId);
            }
        });
        _node.Spawn(async context =>
        {
            var count = 0;
            for (var i = 0; i < Rounds; i++)
            {
                var here = Environment.CurrentManagedThreadId;
                await context.SendAsync(echo, Term.Tuple(context.Self, i));
                count += (await context.ReceiveAsync()).Int32 == here ? 1 : 0;
            }
            same.SetResult(count);
        });
        Assert.InRange(await same.Task.WaitAsync(Patience), Rounds / 2, Rounds);
    }

    [Fact]
    public async Task A_turn_that_blocks_after_a_send_does_not_hold_the_receiver_back()
    {
        using var answered = new ManualResetEventSlim();
        var done = new TaskCompletionSource<bool>();
        var receiver = _node.Spawn(async context =>
        {
            await context.ReceiveAsync();
            answered.Set();
        });
        _node.Spawn(async context =>
        {
            await context.SendAsync(receiver, 1);
            // As bad as code can be: its turn does not end before the other one has run.
            done.SetResult(answered.Wait(Patience));
        });
        Assert.True(await done.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_turn_that_sends_on_and_on_gets_help()
    {
        var received = 0;
        using var enough = new ManualResetEventSlim();
        var done = new TaskCompletionSource<bool>();
        var receiver = _node.Spawn(async context =>
        {
            while (++received < 5000)
                await context.ReceiveAsync();
            enough.Set();
        });
        _node.Spawn(async context =>
        {
            for (var i = 0; i < 5000; i++)
                await context.SendAsync(receiver, i);
            done.SetResult(enough.Wait(Patience));
        });
        Assert.True(await done.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_process_that_wakes_many_has_them_all_run()
    {
        const int Count = 1000;
        using var left = new CountdownEvent(Count);
        var receivers = Enumerable.Range(0, Count).Select(_ => _node.Spawn(async context =>
        {
            await context.ReceiveAsync();
            left.Signal();
        })).ToList();
        _node.Spawn(async context =>
        {
            foreach (var receiver in receivers)
                await context.SendAsync(receiver, 1);
            Assert.True(left.Wait(Patience));
        });
        Assert.True(await Task.Run(() => left.Wait(Patience)));
    }

    [Fact]
    public async Task Pairs_that_talk_without_end_leave_the_pool_to_others()
    {
        using var over = new CancellationTokenSource();
        for (var i = 0; i < Environment.ProcessorCount * 2; i++)
        {
            var one = _node.Spawn(TalkAsync);
            var other = _node.Spawn(TalkAsync);
            await _node.SendAsync(one, other);
        }
        // Each needs a thread of the pool in the midst of all that.
        for (var i = 0; i < 100; i++)
            await Task.Run(static () => { }).WaitAsync(Patience);
        await over.CancelAsync();

        async Task TalkAsync(ProcessContext context)
        {
            while (!over.IsCancellationRequested)
                await context.SendAsync((await context.ReceiveAsync()).Pid!, context.Self);
        }
    }

    [Fact]
    public async Task What_a_process_leaves_in_the_threads_context_is_not_the_next_ones()
    {
        // What is awaited while the flow is suppressed goes on in whatever context the thread has, and leaves its own
        // there.
        var local = new AsyncLocal<int>();
        var seen = new SemaphoreSlim(0);
        var leaks = 0;
        var looker = _node.Spawn(async context =>
        {
            while (true)
            {
                await ReceiveWithoutFlowAsync(context);
                leaks += local.Value;
                seen.Release();
            }
        });
        var setter = _node.Spawn(async context =>
        {
            while (true)
            {
                await ReceiveWithoutFlowAsync(context);
                local.Value = 1;
                await context.SendAsync(looker, 1);
            }
        });
        for (var i = 0; i < 1000; i++)
        {
            await _node.SendAsync(setter, 1);
            Assert.True(await seen.WaitAsync(Patience));
        }
        Assert.Equal(0, leaks);

        static ValueTask<Term> ReceiveWithoutFlowAsync(ProcessContext context)
        {
            if (!ExecutionContext.IsFlowSuppressed())
                ExecutionContext.SuppressFlow();
            return context.ReceiveAsync();
        }
    }
}
