using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Processes;

[Trait("Ring", "loopback")]
public sealed class MailboxTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoopbackCluster _cluster = new();
    private readonly VirtualTime _time = new();
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync() =>
        _node = await _cluster.StartAsync("node@127.0.0.1", timeProvider: _time);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Messages_come_in_the_order_they_were_sent()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            for (var i = 0; i < 5000; i++)
                await context.SendAsync(context.Self, i);
            for (var i = 0; i < 5000; i++)
                result.Add(await context.ReceiveAsync());
        });
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (Term)i), seen);
    }

    [Fact]
    public async Task A_filter_skips_and_what_it_skipped_keeps_its_order()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            foreach (var message in new Term[] { 1, Atoms.Ok, 2, Atoms.Error, 3 })
                await context.SendAsync(context.Self, message);
            result.Add(await context.ReceiveAsync(message => message.IsAtom("error")));
            result.Add(await context.ReceiveAsync(message => message.Int32 is > 1));
            for (var i = 0; i < 3; i++)
                result.Add(await context.ReceiveAsync());
        });
        Assert.Equal([Atoms.Error, 2, 1, Atoms.Ok, 3], seen);
    }

    [Fact]
    public async Task A_filter_sees_each_message_once()
    {
        var looks = 0;
        var ready = new TaskCompletionSource();
        var process = _node.Spawn(async context =>
        {
            ready.SetResult();
            await context.ReceiveAsync(message =>
            {
                looks++;
                return message.IsAtom("last");
            });
            ready = new();
        });
        await ready.Task.WaitAsync(Patience);
        for (var i = 0; i < 100; i++)
            await _node.SendAsync(process, i);
        await _node.SendAsync(process, new Atom("last"));
        await EndOfAsync(process);
        Assert.Equal(101, looks);
    }

    [Fact]
    public async Task Skipped_messages_are_found_again_in_the_midst_of_thousands()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            for (var i = 0; i < 3000; i++)
                await context.SendAsync(context.Self, i);
            for (var i = 2999; i >= 0; i -= 3)
                result.Add(await context.ReceiveAsync(message => message.Int32 == i));
            for (var i = 0; i < 2000; i++)
                result.Add(await context.ReceiveAsync());
        });
        var picked = Enumerable.Range(0, 1000).Select(i => 2999 - (3 * i));
        var rest = Enumerable.Range(0, 3000).Where(i => i % 3 != 2);
        Assert.Equal(picked.Concat(rest).Select(i => (Term)i), seen);
    }

    [Fact]
    public async Task A_time_out_gives_null_and_takes_nothing()
    {
        var waiting = new TaskCompletionSource();
        var done = new TaskCompletionSource<(Term?, Term)>();
        _node.Spawn(async context =>
        {
            await context.SendAsync(context.Self, 1);
            var receive = context.ReceiveAsync(message => message.IsAtom("never"), TimeSpan.FromSeconds(5));
            waiting.SetResult();
            var nothing = await receive;
            done.SetResult((nothing, await context.ReceiveAsync()));
        });
        await waiting.Task.WaitAsync(Patience);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(done.Task.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        var (timedOut, message) = await done.Task.WaitAsync(Patience);
        Assert.Null(timedOut);
        Assert.Equal(1, message);
    }

    [Fact]
    public async Task A_time_out_of_zero_only_looks()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            result.Add(await context.ReceiveAsync(TimeSpan.Zero) ?? new Atom("nothing"));
            await context.SendAsync(context.Self, 7);
            result.Add(await context.ReceiveAsync(TimeSpan.Zero) ?? new Atom("nothing"));
        });
        Assert.Equal([new Atom("nothing"), 7], seen);
    }

    [Fact]
    public async Task A_cancelled_receive_takes_nothing()
    {
        using var source = new CancellationTokenSource();
        var waiting = new TaskCompletionSource();
        var seen = new TaskCompletionSource<Term>();
        var process = _node.Spawn(async context =>
        {
            var receive = context.ReceiveAsync(source.Token);
            waiting.SetResult();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await receive);
            seen.SetResult(await context.ReceiveAsync());
        });
        await waiting.Task.WaitAsync(Patience);
        await source.CancelAsync();
        await _node.SendAsync(process, 5);
        Assert.Equal(5, await seen.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_second_receive_beside_the_first_is_refused()
    {
        var refused = await RunAsync(async (context, result) =>
        {
            var first = context.ReceiveAsync();
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => context.ReceiveAsync().AsTask());
            result.Add(Term.Binary(error.Message));
            await context.SendAsync(context.Self, 1);
            result.Add(await first);
        });
        Assert.Contains(
            "already awaits", refused[0].BitString is { } text ? System.Text.Encoding.UTF8.GetString(text.Span) : "");
        Assert.Equal(1, refused[1]);
    }

    [Fact]
    public async Task The_context_of_an_ended_process_is_of_no_use()
    {
        ProcessContext? kept = null;
        var process = _node.Spawn(context =>
        {
            kept = context;
            return Task.CompletedTask;
        });
        await EndOfAsync(process);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => kept!.ReceiveAsync().AsTask());
        Assert.Contains("has ended", error.Message);
    }

    [Fact]
    public async Task A_flooded_process_does_not_keep_others_from_running()
    {
        var flooded = _node.Spawn(async context =>
        {
            while (true)
            {
                await context.ReceiveAsync();
                await context.SendAsync(context.Self, 1); // never idle
            }
        });
        for (var i = 0; i < Environment.ProcessorCount * 2; i++)
            await _node.SendAsync(flooded, 1);
        for (var i = 0; i < 20; i++)
            Assert.Single(await RunAsync((_, result) => { result.Add(1); return Task.CompletedTask; }));
    }

    [Fact]
    public async Task A_name_is_unique_until_its_process_ends()
    {
        var process = _node.Spawn(async context => await context.ReceiveAsync(), "unique");
        Assert.Equal(process, _node.WhereIs("unique"));
        Assert.Throws<InvalidOperationException>(() => _node.Spawn(_ => Task.CompletedTask, "unique"));
        await _node.SendAsync("unique", 1);
        await EndOfAsync(process);
        Assert.Null(_node.WhereIs("unique"));
        Assert.DoesNotContain(new Atom("unique"), _node.RegisteredNames);
    }

    [Fact]
    public async Task A_call_without_an_answer_times_out_and_a_late_answer_is_dropped()
    {
        var asked = new TaskCompletionSource();
        var server = _node.Spawn(async context =>
        {
            Assert.True(CallRequest.TryRead(await context.ReceiveAsync(), out var call));
            asked.SetResult();
            await context.ReceiveAsync();
            context.Reply(call, 1);
        });
        var seen = new TaskCompletionSource<Term>();
        var timedOut = new TaskCompletionSource();
        var caller = _node.Spawn(async context =>
        {
            await Assert.ThrowsAsync<TimeoutException>(
                () => context.CallAsync(server, 0, TimeSpan.FromSeconds(5)).AsTask());
            timedOut.SetResult();
            seen.SetResult(await context.ReceiveAsync());
        });
        await asked.Task.WaitAsync(Patience);
        _time.Advance(TimeSpan.FromSeconds(6));
        await timedOut.Task.WaitAsync(Patience);
        await _node.SendAsync(server, 0);
        await EndOfAsync(server);
        await _node.SendAsync(caller, new Atom("only_this"));
        Assert.Equal(new Atom("only_this"), await seen.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_monitor_tells_the_reason_once_and_noproc_for_nobody()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var victim = _node.Spawn(
                async inner => throw new InvalidOperationException((await inner.ReceiveAsync()).ToString()));
            var reference = await context.MonitorAsync(victim);
            await context.SendAsync(victim, 42);
            var down = await context.ReceiveAsync();
            result.Add(down.TupleElements[1] == reference);
            result.Add(down.TupleElements[4].TupleElements[2]);
            await context.MonitorAsync("nobody");
            result.Add((await context.ReceiveAsync()).TupleElements[4]);
            var kept = await context.MonitorAsync(context.Self);
            context.Demonitor(kept);
            result.Add(await context.ReceiveAsync(TimeSpan.Zero) is null);
        });
        Assert.Equal([true, Term.Binary("42"), new Atom("noproc"), true], seen);
    }

    [Fact]
    public async Task The_end_of_the_node_ends_its_processes()
    {
        var waiting = new TaskCompletionSource();
        var exit = new TaskCompletionSource<Term>();
        _node.Spawn(async context =>
        {
            try
            {
                waiting.SetResult();
                await context.ReceiveAsync();
            }
            catch (ProcessExitException e)
            {
                exit.SetResult(e.Reason);
                throw;
            }
        });
        await waiting.Task.WaitAsync(Patience);
        await _node.DisposeAsync();
        Assert.Equal(new Atom("shutdown"), await exit.Task.WaitAsync(Patience));
    }

    private async Task<List<Term>> RunAsync(Func<ProcessContext, List<Term>, Task> body)
    {
        var done = new TaskCompletionSource<List<Term>>();
        _node.Spawn(async context =>
        {
            var result = new List<Term>();
            try
            {
                await body(context, result);
                done.SetResult(result);
            }
#pragma warning disable CA1031 // handed to the test
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        return await done.Task.WaitAsync(Patience);
    }

    private async Task EndOfAsync(Pid process) => await RunAsync(async (context, _) =>
    {
        await context.MonitorAsync(process);
        await context.ReceiveAsync();
    });
}
