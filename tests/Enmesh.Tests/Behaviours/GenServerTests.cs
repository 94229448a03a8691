using System.Text;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Behaviours;

/// <summary>Servers called from this node and another one.</summary>
[Trait("Ring", "loopback")]
public sealed partial class GenServerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly LoopbackCluster _cluster = new();
    private readonly LogKeeper _logs = new();
    private readonly VirtualTime _time = new();
    private ErlangNode _node = null!;
    private ErlangNode _caller = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartAsync("node@127.0.0.1", logs: _logs, timeProvider: _time, published: true, with: plan => plan with { PgScopes = ["pg"] });
        _caller = await _cluster.StartAsync("caller@127.0.0.1", published: true, with: plan => plan with { PgScopes = ["pg"] });
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Calls_are_answered_and_casts_handled_one_after_another()
    {
        var server = await _node.StartServerAsync(() => new Counter(), new() { Name = "counter" });
        Assert.Equal(server, _node.WhereIs("counter"));
        await _caller.CastAsync(("counter", _node.Name), Term.Tuple(new Atom("add"), 5));
        Assert.Equal(6, await Next(_caller, ("counter", _node.Name)));
        Assert.Equal(7, await Next(_node, "counter"));
        var many = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Next(_caller, server)));
        Assert.Equal(Enumerable.Range(8, 100), many.Order());
    }

    [Fact]
    public async Task An_answer_can_be_given_later_by_another_message()
    {
        var server = await _node.StartServerAsync(() => new Counter());
        var later = _caller.CallAsync(server, new Atom("later")).AsTask();
        Assert.Equal(1, await Next(_caller, server)); // it goes on meanwhile
        await _caller.SendAsync(server, new Atom("now"));
        Assert.Equal(1, (await later.WaitAsync(Patience)).Int32);
    }

    [Fact]
    public async Task A_start_waits_for_init_and_fails_with_it()
    {
        var reason = await Assert.ThrowsAsync<ServerStartException>(
            () => _node.StartServerAsync(() => new Counter { OnInit = () => InitResult.Stop(new Atom("no_disk")) }, new() { Name = "counter" }).AsTask());
        Assert.Equal("no_disk", reason.Reason.AtomText);
        Assert.Null(_node.WhereIs("counter"));
        var ignored = await Assert.ThrowsAsync<ServerStartException>(() => _node.StartServerAsync(() => new Counter { OnInit = InitResult.Ignore }).AsTask());
        Assert.Equal("ignore", ignored.Reason.AtomText);
        var crashed = await Assert.ThrowsAsync<ServerStartException>(
            () => _node.StartServerAsync(() => new Counter { OnInit = () => throw new IOException("the disk is gone") }).AsTask());
        Assert.Contains("the disk is gone", crashed.Message, StringComparison.Ordinal);
        var unmade = await Assert.ThrowsAsync<ServerStartException>(
            () => _node.StartServerAsync(() => throw new InvalidOperationException("no such service")).AsTask());
        Assert.Contains("no such service", unmade.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        var first = await _node.StartServerAsync(() => new Counter(), new() { Name = "counter" });
        var taken = await Assert.ThrowsAsync<ServerStartException>(() => _node.StartServerAsync(() => new Counter(), new() { Name = "counter" }).AsTask());
        Assert.Equal(Term.Tuple(new Atom("already_started"), first), taken.Reason);
        Assert.Throws<ArgumentException>(() => new ServerOptions { Name = first });
        Assert.Throws<ArgumentException>(() => new ServerOptions { Name = ("counter", _caller.Name) });
    }

    [Fact]
    public async Task A_start_that_takes_too_long_is_given_up_and_its_server_ended()
    {
        var begun = new TaskCompletionSource();
        var starting = _node.StartServerAsync(
            () => new Counter
            {
                Beginning = async context =>
                {
                    begun.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.Exiting);
                },
            },
            new() { Name = "counter", StartTimeout = TimeSpan.FromSeconds(3) }).AsTask();
        await begun.Task.WaitAsync(Patience);
        Assert.NotNull(_node.WhereIs("counter"));
        await _time.TimerDueInAsync(TimeSpan.FromSeconds(3));
        _time.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<TimeoutException>(() => starting.WaitAsync(Patience));
        Assert.Null(_node.WhereIs("counter"));
    }

    [Fact]
    public async Task A_server_that_exits_in_init_did_not_start()
    {
        var starting = _node.StartServerAsync(
            () => new Counter { Beginning = context => throw new ProcessExitException(new Atom("gave_up")) }).AsTask();
        Assert.Equal("gave_up", (await Assert.ThrowsAsync<ServerStartException>(() => starting.WaitAsync(Patience))).Reason.AtomText);
    }

    [Fact]
    public async Task An_exception_ends_the_server_after_terminate_and_its_caller_exits_with_the_reason()
    {
        var counter = new Counter();
        var server = await _node.StartServerAsync(() => counter);
        var failure = await Assert.ThrowsAsync<CallExitException>(() => _caller.CallAsync(server, new Atom("crash")).AsTask());
        Assert.Equal("System.InvalidOperationException", Text(failure.Reason.TupleElements[1]));
        Assert.Equal("exception", counter.TerminatedWith!.Value.TupleElements[0].AtomText);
        Assert.True(await counter.Disposed.Task.WaitAsync(Patience));
        Assert.False(_node.IsAlive(server));
    }

    [Fact]
    public async Task A_stop_answers_when_terminate_is_done()
    {
        var counter = new Counter();
        var server = await _node.StartServerAsync(() => counter);
        var answer = await _caller.CallAsync(server, new Atom("stop"));
        Assert.Equal("stopped", answer.AtomText);
        Assert.Equal("normal", counter.TerminatedWith!.Value.AtomText);
    }

    [Fact]
    public async Task A_refused_call_ends_the_caller_and_not_the_server()
    {
        var server = await _node.StartServerAsync(() => new Counter());
        foreach (var node in new[] { _node, _caller })
        {
            var refused = await Assert.ThrowsAsync<CallExitException>(() => node.CallAsync(server, new Atom("what")).AsTask());
            Assert.Equal(Term.Tuple(new Atom("badarg"), Term.Binary("what is no request")), refused.Reason);
        }
        Assert.Equal(1, await Next(_caller, server));
    }

    [Fact]
    public async Task A_bare_server_refuses_calls_and_drops_the_rest()
    {
        var server = await _node.StartServerAsync(() => new Bare());
        var refused = await Assert.ThrowsAsync<CallExitException>(() => _caller.CallAsync(server, 1).AsTask());
        Assert.Equal("Bare takes no calls", Text(refused.Reason.TupleElements[1]));
        await _caller.CastAsync(server, 1);
        await _logs.UntilAsync("dropped a cast");
        await _caller.SendAsync(server, 1);
        await _logs.UntilAsync("dropped a message");
        Assert.True(_node.IsAlive(server));
    }

    [Fact]
    public async Task Continuing_comes_before_the_next_message()
    {
        var server = await _node.StartServerAsync(() => new Counter { OnInit = () => InitResult.Ok().AndContinue(100) });
        Assert.Equal(101, await Next(_caller, server));
    }

    [Fact]
    public async Task A_time_out_is_a_message_when_no_other_comes()
    {
        var counter = new Counter();
        var server = await _node.StartServerAsync(() => counter);
        await _caller.CastAsync(server, Term.Tuple(new Atom("wait"), 1234));
        await _time.TimerDueInAsync(TimeSpan.FromMilliseconds(1234));
        _time.Advance(TimeSpan.FromMilliseconds(1234));
        await counter.TimedOut.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Exits_from_outside_end_it_without_terminate_but_dispose_it()
    {
        var counter = new Counter();
        var server = await _node.StartServerAsync(() => counter);
        _node.Spawn(context =>
        {
            context.SendExit(server, new Atom("enough"));
            return Task.CompletedTask;
        });
        Assert.True(await counter.Disposed.Task.WaitAsync(Patience));
        Assert.Null(counter.TerminatedWith);
    }

    [Fact]
    public async Task The_exit_of_the_parent_ends_a_server_that_traps_exits_by_way_of_terminate()
    {
        var counter = new Counter { Traps = true };
        _node.Spawn(async parent =>
        {
            await parent.StartServerAsync(() => counter);
            throw new ProcessExitException(new Atom("parent_done"));
        });
        Assert.True(await counter.Disposed.Task.WaitAsync(Patience));
        Assert.Equal("parent_done", counter.TerminatedWith!.Value.AtomText);
    }

    [Fact]
    public async Task A_linked_server_takes_its_parent_along()
    {
        var ended = new TaskCompletionSource<Term>();
        _node.Spawn(async watcher =>
        {
            var (_, monitor) = watcher.SpawnMonitor(async parent =>
            {
                await parent.StartServerAsync(() => new Counter(), new() { Name = "child" });
                await parent.ReceiveAsync();
            });
            ended.SetResult((await watcher.ReceiveAsync()).TupleElements[4]);
        });
        while (_node.WhereIs("child") is null)
            await Task.Yield();
        await _caller.CastAsync(("child", _node.Name), new Atom("crash"));
        Assert.Equal("exception", (await ended.Task.WaitAsync(Patience)).TupleElements[0].AtomText);
    }

    [Fact]
    public async Task Servers_are_registered_globally_in_groups_and_in_registries_of_the_programs_own()
    {
        var registry = new Table();
        var global = await _node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Global("counter") });
        var member = await _node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Group("counters") });
        var via = await _node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Via(registry, 7) });
        Assert.Equal(via, registry.WhereIs(7));
        Assert.Equal([member], _node.Pg.LocalMembers(new Atom("counters")));
        // Not before: a lock that is taken is asked for again after a while, on the node's clock, which stands still.
        await _caller.ConnectAsync(_node.Name);
        await _caller.Global.SyncAsync().WaitAsync(Patience);
        Assert.Equal(1, await Next(_caller, ProcessAddress.Global("counter")));
        Assert.Equal(global, _caller.Global.WhereIs("counter"));
        while (_caller.Pg.Members(new Atom("counters")).Count == 0)
            await Task.Yield();
        Assert.Equal(1, await Next(_caller, ProcessAddress.Group("counters")));
        Assert.Equal(1, await Next(_node, ProcessAddress.Via(registry, 7)));
        var taken = await Assert.ThrowsAsync<ServerStartException>(
            () => _node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Via(registry, 7) }).AsTask());
        Assert.Equal(Term.Tuple(new Atom("already_started"), via), taken.Reason);
    }

    [Fact]
    public async Task A_name_in_a_registry_is_free_when_its_server_has_ended_or_did_not_begin()
    {
        var table = new Table();
        foreach (var name in new[] { ProcessAddress.Via(table, 7), ProcessAddress.Global("counter"), ProcessAddress.Group("counters") })
        {
            await Assert.ThrowsAsync<ServerStartException>(
                () => _node.StartServerAsync(() => new Counter { OnInit = () => InitResult.Stop(new Atom("no")) }, new() { Name = name }).AsTask());
            Assert.Equal("noproc", (await Assert.ThrowsAsync<CallExitException>(() => Next(_node, name))).Reason.AtomText);
            await _node.StartServerAsync(() => new Counter(), new() { Name = name });
            Assert.Equal(1, await Next(_node, name));
        }
        Assert.Equal("stopped", (await _node.CallAsync(ProcessAddress.Via(table, 7), new Atom("stop"))).AtomText);
        while (table.WhereIs(7) is not null)
            await Task.Yield();
        await _node.StartServerAsync(() => new Counter(), new() { Name = ProcessAddress.Via(table, 7) });
    }

    [Fact]
    public async Task Nobody_under_a_registered_name_is_noproc_and_a_message_to_nobody_is_no_error()
    {
        foreach (var nobody in new[] { ProcessAddress.Global("nobody"), ProcessAddress.Group("nobody"), ProcessAddress.Via(new Table(), 1) })
        {
            var failure = await Assert.ThrowsAsync<CallExitException>(() => _node.CallAsync(nobody, 1).AsTask());
            Assert.Equal("noproc", failure.Reason.AtomText);
            Assert.Contains(nobody.ToString(), failure.Message, StringComparison.Ordinal);
            await _node.SendAsync(nobody, 1);
            Assert.True(_node.TrySend(nobody, 1));
        }
        var unknown = Assert.Throws<InvalidOperationException>(() => { _node.TrySend(ProcessAddress.Group("g", "no_scope"), 1); });
        Assert.Contains("no_scope", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_are_called_at_once_and_those_that_fail_are_named()
    {
        await _node.StartServerAsync(() => new Counter(), new() { Name = "counter" });
        var absent = NodeName.Parse("absent@127.0.0.1");
        var result = await _caller.MultiCallAsync([_node.Name, _caller.Name, absent], "counter", new Atom("next"));
        Assert.Equal(1, Assert.Single(result.Replies).Value.Int32);
        Assert.Equal("noproc", result.Failed[_caller.Name].AtomText);
        Assert.Equal("noconnection", result.Failed[absent].AtomText);
        await _caller.AbcastAsync([_node.Name, absent], "counter", Term.Tuple(new Atom("add"), 10));
        Assert.Equal(12, await Next(_caller, ("counter", _node.Name)));
        Assert.Equal(13, (await _caller.MultiCallAsync(null, "counter", new Atom("next"))).Replies[_node.Name].Int32);
    }

    [Fact]
    public async Task An_object_serves_one_process()
    {
        var counter = new Counter();
        await _node.StartServerAsync(() => counter);
        var again = await Assert.ThrowsAsync<ServerStartException>(() => _node.StartServerAsync(() => counter).AsTask());
        Assert.Contains("an object of its own", again.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_typed_server_answers_types_and_refuses_what_is_none()
    {
        var server = await _node.StartServerAsync(() => new TypedAdder());
        Assert.Equal(5, await _caller.CallAsync(server, new AddRequest(2, 3), ServerTestTerms.Default.AddRequest, ServerTestTerms.Default.Int32));
        var refused = await Assert.ThrowsAsync<CallExitException>(() => _caller.CallAsync(server, Term.Tuple(new Atom("add"), 1, new Atom("x"))).AsTask());
        Assert.Contains("x", Text(refused.Reason.TupleElements[1]), StringComparison.Ordinal);
        await _caller.CastAsync(server, new Atom("nonsense"));
        await _logs.UntilAsync("dropped a cast");
        await _caller.CastAsync(server, new AddRequest(10, 0), ServerTestTerms.Default.AddRequest);
        Assert.Equal(15, await _caller.CallAsync(server, new AddRequest(2, 3), ServerTestTerms.Default.AddRequest, ServerTestTerms.Default.Int32));
    }

    private static string Text(Term binary) => binary.TryGetBinary(out var bytes) ? Encoding.UTF8.GetString(bytes.Span) : binary.ToString()!;

    private static async Task<int> Next(ErlangNode node, ProcessAddress server) => (await node.CallAsync(server, new Atom("next"), Patience)).Int32!.Value;
}
