using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Behaviours;

/// <summary>Supervisors with children of this node, under a clock that only the test moves.</summary>
[Trait("Ring", "loopback")]
public sealed class SupervisorTests : IAsyncLifetime
{
    private static readonly Term Boom = new Atom("boom");
    private SupervisedNode _test = null!;

    private ErlangNode Node => _test.Node;

    public async ValueTask InitializeAsync() => _test = await SupervisedNode.StartAsync();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task Children_start_in_order_and_stop_in_the_opposite_one()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Children = [_test.Child("a"), _test.Child("b"), _test.Child("c")] });
        Assert.Equal(["+a", "+b", "+c"], _test.TakeEvents());
        Assert.Equal("a:runs b:runs c:runs", await SupervisedNode.Which(supervisor));
        await supervisor.StopAsync();
        Assert.Equal(["-c", "-b", "-a"], _test.TakeEvents());
        Assert.Empty(_test.Reports());
        Assert.Equal("noproc", (await Assert.ThrowsAsync<CallExitException>(() => supervisor.StopAsync().AsTask())).Reason.AtomText);
    }

    [Theory]
    [InlineData(SupervisorStrategy.OneForOne, "-b +b")]
    [InlineData(SupervisorStrategy.RestForOne, "-b -c +b +c")]
    [InlineData(SupervisorStrategy.OneForAll, "-b -c -a +a +b +c")]
    public async Task A_crash_concerns_whom_the_strategy_says(SupervisorStrategy strategy, string events)
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Strategy = strategy, Children = [_test.Child("a"), _test.Child("b"), _test.Child("c")] });
        _test.TakeEvents();
        await Node.CastAsync(await SupervisedNode.PidOf(supervisor, "b"), Boom);
        while (_test.Events.Count < events.Split(' ').Length)
            await Task.Yield();
        Assert.Equal(events, string.Join(' ', _test.Events));
        Assert.Equal("a:runs b:runs c:runs", await SupervisedNode.Which(supervisor));
        Assert.Equal(["child_terminated"], _test.Reports());
    }

    [Fact]
    public async Task The_type_of_restart_and_the_reason_decide_whether_a_child_comes_back()
    {
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Intensity = 100,
            Children = [_test.Bare("p"), _test.Bare("t", ChildRestart.Transient), _test.Bare("x", ChildRestart.Temporary)],
        });
        foreach (var reason in new Term[] { ExitReason.Normal, ExitReason.Shutdown, Term.Tuple(ExitReason.Shutdown, 1), Boom })
        {
            var before = await SupervisedNode.PidOf(supervisor, "p");
            await _test.EndAsync(before, reason);
            Assert.NotEqual(before, await SupervisedNode.PidOf(supervisor, "p"));
        }
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "t"), Boom);
        Assert.Equal("p:runs t:runs x:runs", await SupervisedNode.Which(supervisor));
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "t"), Term.Tuple(ExitReason.Shutdown, 1));
        Assert.Equal("p:runs t:stopped x:runs", await SupervisedNode.Which(supervisor));
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "x"), Boom);
        Assert.Equal("p:runs t:stopped", await SupervisedNode.Which(supervisor));
        Assert.Equal(new ChildCounts(2, 1, 0, 2), await supervisor.CountChildrenAsync());
        // Each permanent end, and each crash, once.
        Assert.Equal(Enumerable.Repeat("child_terminated", 6), _test.Reports());
    }

    [Fact]
    public async Task More_restarts_than_the_intensity_within_the_period_end_it_with_shutdown()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Intensity = 2, Period = TimeSpan.FromSeconds(5), Children = [_test.Child("first"), _test.Bare("a")] });
        var ended = await _test.WatchAsync(supervisor.Pid!);
        await CrashAsync();
        await CrashAsync();
        // One more would be too many now; those two are forgotten a moment after five seconds.
        _test.Time.Advance(TimeSpan.FromSeconds(5.001));
        await CrashAsync();
        await CrashAsync();
        _test.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(Node.IsAlive(supervisor.Pid!));
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "a"), Boom);
        Assert.Equal("shutdown", (await ended).AtomText);
        Assert.Equal(["+first", "-first"], _test.Events);
        Assert.Equal([.. Enumerable.Repeat("child_terminated", 5), "shutdown"], _test.Reports());

        async Task CrashAsync()
        {
            await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "a"), Boom);
            await supervisor.CountChildrenAsync(); // it has counted the crash before the clock moves on
        }
    }

    [Fact]
    public async Task Intensity_zero_takes_no_restart()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Intensity = 0, Children = [_test.Bare("a")] });
        var ended = await _test.WatchAsync(supervisor.Pid!);
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "a"), Boom);
        Assert.Equal("shutdown", (await ended).AtomText);
    }

    [Theory]
    [InlineData(SupervisorStrategy.OneForOne)]
    [InlineData(SupervisorStrategy.OneForAll)]
    [InlineData(SupervisorStrategy.RestForOne)]
    public async Task A_restart_that_fails_counts_and_is_tried_again_until_there_were_too_many(SupervisorStrategy strategy)
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Strategy = strategy, Intensity = 3, Children = [_test.Child("first"), _test.Bare("a"), _test.Child("last")] });
        var (ended, child) = (await _test.WatchAsync(supervisor.Pid!), await SupervisedNode.PidOf(supervisor, "a"));
        _test.Fail("a", new Atom("no_disk"));
        await _test.EndAsync(child, Boom);
        Assert.Equal("shutdown", (await ended).AtomText);
        Assert.Equal(["child_terminated", "start_error", "start_error", "start_error", "shutdown"], _test.Reports());
        Assert.Equal("-first", _test.Events[^1]);
    }

    [Fact]
    public async Task A_child_that_does_not_start_takes_the_supervisor_and_those_before_it_along()
    {
        _test.Fail("b", new Atom("no_disk"));
        var failure = await Assert.ThrowsAsync<ServerStartException>(
            () => Node.StartSupervisorAsync(new() { Name = "sup", Children = [_test.Child("a"), _test.Child("b"), _test.Child("c")] }).AsTask());
        Assert.Equal("{shutdown,{failed_to_start_child,b,no_disk}}", failure.Reason.ToString());
        Assert.Equal(["+a", "-a"], _test.Events);
        Assert.Equal(["start_error"], _test.Reports());
        Assert.Null(Node.WhereIs("sup"));
    }

    [Fact]
    public async Task A_child_whose_making_throws_did_not_start()
    {
        var failure = await Assert.ThrowsAsync<ServerStartException>(() => Node.StartSupervisorAsync(new()
        {
            Children = [ChildSpec.Server<GenServer>("a", () => throw new InvalidOperationException("no such service"))],
        }).AsTask());
        Assert.Contains("no such service", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<ServerStartException>(() => Node.StartSupervisorAsync(new()
        {
            Children = [ChildSpec.From("a", (_, _) => throw new InvalidOperationException("no such thing"))],
        }).AsTask());
        Assert.Contains("no such thing", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_that_need_not_start_is_kept_unless_it_is_temporary()
    {
        var ignoring = ChildSpec.From("i", (_, _) => new(new Atom("ignore")));
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Children = [ignoring, ignoring with { Id = "t", Restart = ChildRestart.Temporary }, _test.Bare("a")],
        });
        Assert.Equal("i:stopped a:runs", await SupervisedNode.Which(supervisor));
        Assert.Null(await supervisor.RestartChildAsync("i"));
        Assert.Null(await supervisor.StartChildAsync(ignoring with { Id = "t", Restart = ChildRestart.Temporary }));
        Assert.Equal(new ChildCounts(2, 1, 0, 2), await supervisor.CountChildrenAsync());
    }

    [Fact]
    public async Task Children_are_added_stopped_started_and_removed_while_it_runs()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Name = "sup", Children = [_test.Child("a")] });
        var b = await supervisor.StartChildAsync(_test.Child("b"));
        Assert.Equal(b, await SupervisedNode.PidOf(supervisor, "b"));
        Assert.Equal($"{{already_started,{(Term)b!}}}", await Refused(() => supervisor.StartChildAsync(_test.Child("b")).AsTask()));
        Assert.Equal("running", await Refused(() => supervisor.RestartChildAsync("b").AsTask()));
        Assert.Equal("running", await Refused(() => supervisor.DeleteChildAsync("b").AsTask()));
        await supervisor.TerminateChildAsync("b");
        Assert.Equal("a:runs b:stopped", await SupervisedNode.Which(supervisor));
        Assert.Equal("already_present", await Refused(() => supervisor.StartChildAsync(_test.Child("b")).AsTask()));
        Assert.NotEqual(b, await supervisor.RestartChildAsync("b"));
        await supervisor.TerminateChildAsync("b");
        await supervisor.DeleteChildAsync("b");
        Assert.Equal("not_found", await Refused(() => supervisor.TerminateChildAsync("b").AsTask()));
        Assert.Equal("not_found", await Refused(() => supervisor.DeleteChildAsync("b").AsTask()));
        Assert.Equal("not_found", await Refused(() => supervisor.RestartChildAsync("b").AsTask()));
        Assert.Equal("not_found", await Refused(async () => await supervisor.GetChildSpecAsync("b")));
        _test.Fail("c", new Atom("no_disk"));
        Assert.StartsWith("{no_disk,{child,undefined,c,{", await Refused(() => supervisor.StartChildAsync(_test.Child("c")).AsTask()), StringComparison.Ordinal);
        Assert.Equal(["+a", "+b", "-b", "+b", "-b"], _test.Events);
        Assert.Empty(_test.Reports());
    }

    [Fact]
    public async Task A_simple_supervisor_makes_all_children_from_one_specification()
    {
        var made = new List<string>();
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Strategy = SupervisorStrategy.SimpleOneForOne,
            Intensity = 10,
            Children = [ChildSpec.Process("worker", async (context, arguments) =>
            {
                lock (made)
                    made.Add(arguments[0].ToString()!);
                throw new ProcessExitException(await context.ReceiveAsync());
            })],
        });
        Assert.Empty(await supervisor.WhichChildrenAsync());
        var one = await supervisor.StartChildAsync(1);
        var two = await supervisor.StartChildAsync(2);
        Assert.Equal(new ChildCounts(1, 2, 0, 2), await supervisor.CountChildrenAsync());
        await Node.SendAsync(one!, Boom);
        while ((await supervisor.WhichChildrenAsync()).Any(child => child.Pid == one))
            await Task.Yield();
        Assert.Equal(new ChildCounts(1, 2, 0, 2), await supervisor.CountChildrenAsync());
        Assert.All(await supervisor.WhichChildrenAsync(), child => Assert.Equal("undefined", child.Id.ToString()));
        await supervisor.TerminateChildAsync(two!);
        await supervisor.TerminateChildAsync(two!); // dead, and might have been one
        Assert.Equal("not_found", await Refused(() => supervisor.TerminateChildAsync(supervisor.Pid!).AsTask()));
        foreach (var forbidden in new Func<Task>[]
        {
            () => supervisor.TerminateChildAsync("worker").AsTask(), () => supervisor.DeleteChildAsync("worker").AsTask(),
            () => supervisor.RestartChildAsync("worker").AsTask(),
        })
        {
            Assert.Equal("simple_one_for_one", await Refused(forbidden));
        }
        while (made.Count < 3)
            await Task.Yield();
        Assert.Equal(["1", "1", "2"], made.Order());
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task Trees_stop_from_the_leaves_and_a_subtree_that_gives_up_is_a_crash_of_its_supervisor()
    {
        var inner = new SupervisorOptions { Intensity = 0, Children = [_test.Child("x"), _test.Bare("y")] };
        var supervisor = await Node.StartSupervisorAsync(new() { Children = [_test.Child("a"), ChildSpec.Supervisor("inner", inner)] });
        Assert.Equal(new ChildCounts(2, 2, 1, 1), await supervisor.CountChildrenAsync());
        var first = await SupervisedNode.PidOf(supervisor, "inner");
        await _test.EndAsync(await SupervisedNode.PidOf(Node.SupervisorAt(first), "y"), Boom);
        while ((await supervisor.WhichChildrenAsync()).Any(child => child.Pid == first))
            await Task.Yield();
        Assert.Equal(["+a", "+x", "-x", "+x"], _test.TakeEvents());
        await supervisor.StopAsync();
        Assert.Equal(["-x", "-a"], _test.TakeEvents());
        Assert.Equal(["child_terminated", "shutdown", "child_terminated"], _test.Reports());
    }

    [Theory]
    [InlineData(AutoShutdown.AnySignificant, 1)]
    [InlineData(AutoShutdown.AllSignificant, 2)]
    public async Task The_end_of_significant_children_ends_it(AutoShutdown autoShutdown, int ends)
    {
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            AutoShutdown = autoShutdown,
            Children =
            [
                _test.Bare("a", ChildRestart.Transient) with { Significant = true },
                _test.Bare("b", ChildRestart.Temporary) with { Significant = true },
                _test.Bare("c", ChildRestart.Temporary),
            ],
        });
        var ended = await _test.WatchAsync(supervisor.Pid!);
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "c"), ExitReason.Normal);
        if (ends == 2)
        {
            await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "b"), Boom);
            Assert.Equal("a:runs", await SupervisedNode.Which(supervisor));
        }
        await _test.EndAsync(await SupervisedNode.PidOf(supervisor, "a"), ExitReason.Normal);
        Assert.Equal("shutdown", (await ended).AtomText);
    }

    [Fact]
    public async Task Wrong_options_are_refused_before_anything_starts()
    {
        await Wrong(new() { Children = [_test.Child("a"), _test.Child("a")] }, "two children a");
        await Wrong(new() { Strategy = SupervisorStrategy.SimpleOneForOne }, "one child specification");
        await Wrong(new() { Children = [_test.Child("a", ChildRestart.Transient) with { Significant = true }] }, "AutoShutdown");
        await Wrong(
            new() { AutoShutdown = AutoShutdown.AnySignificant, Children = [_test.Child("a") with { Significant = true }] }, "significant and permanent");
        Assert.Throws<ArgumentOutOfRangeException>(() => new SupervisorOptions { Intensity = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SupervisorOptions { Period = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => ChildShutdown.After(TimeSpan.FromSeconds(-1)));
        Assert.Empty(_test.Events);

        async Task Wrong(SupervisorOptions options, string why) => Assert.Contains(
            why, (await Assert.ThrowsAsync<ArgumentException>(() => Node.StartSupervisorAsync(options).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_messages_signals_and_calls_change_nothing()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Children = [_test.Bare("a")] });
        _test.Exit(supervisor.Pid!, Boom);
        await Node.SendAsync(supervisor.Pid!, 1);
        await Node.CastAsync(supervisor.Pid!, Term.Tuple(new Atom("try_again_restart"), new Atom("a")));
        await Node.CastAsync(supervisor.Pid!, 1);
        Assert.Equal("badarg", (await Assert.ThrowsAsync<CallExitException>(() => Node.CallAsync(supervisor.Pid!, 1).AsTask())).Reason.TupleElements[0].AtomText);
        Assert.Equal("a:runs", await SupervisedNode.Which(supervisor));
    }

    private static async Task<string> Refused(Func<Task> request) => (await Assert.ThrowsAsync<SupervisorException>(request)).Reason.ToString()!;
}
