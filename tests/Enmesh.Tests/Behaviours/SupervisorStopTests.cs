using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Behaviours;

/// <summary>How supervisors stop their children, and what becomes of them when somebody dies out of turn.</summary>
[Trait("Ring", "loopback")]
public sealed class SupervisorStopTests : IAsyncLifetime
{
    private static readonly Term Boom = new Atom("boom");
    private readonly SemaphoreSlim _deaf = new(0);
    private SupervisedNode _test = null!;

    private ErlangNode Node => _test.Node;

    public async ValueTask InitializeAsync() => _test = await SupervisedNode.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _test.DisposeAsync();
        _deaf.Dispose();
    }

    [Fact]
    public async Task Children_of_a_simple_supervisor_stop_together_within_one_shutdown_time()
    {
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Strategy = SupervisorStrategy.SimpleOneForOne,
            Children = [ChildSpec.Process("deaf", (context, _) => DeafAsync(context)) with { Shutdown = ChildShutdown.After(TimeSpan.FromSeconds(7)) }],
        });
        var children = new List<Pid>();
        for (var i = 0; i < 3; i++)
            children.Add((await supervisor.StartChildAsync())!);
        await UntilDeaf(children.Count);
        var stopping = supervisor.StopAsync().AsTask();
        await _test.Time.TimerDueInAsync(TimeSpan.FromSeconds(7));
        Assert.All(children, child => Assert.True(Node.IsAlive(child)));
        _test.Time.Advance(TimeSpan.FromSeconds(7));
        await stopping.WaitAsync(SupervisedNode.Patience);
        Assert.All(children, child => Assert.False(Node.IsAlive(child)));
        Assert.Equal(Enumerable.Repeat("shutdown_error", 3), _test.Reports());
    }

    [Fact]
    public async Task A_child_that_does_not_stop_in_time_is_killed_and_reported()
    {
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Children = [_test.Child("first"), ChildSpec.Process("deaf", DeafAsync) with { Shutdown = ChildShutdown.After(TimeSpan.FromSeconds(3)) }],
        });
        await UntilDeaf(1);
        var stopping = supervisor.StopAsync().AsTask();
        await _test.Time.TimerDueInAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(["+first"], _test.Events);
        _test.Time.Advance(TimeSpan.FromSeconds(3));
        await stopping.WaitAsync(SupervisedNode.Patience);
        Assert.Equal(["+first", "-first"], _test.Events);
        var report = Assert.Single(_test.Logs.Lines, line => line.Text.Contains("shutdown_error", StringComparison.Ordinal)).Text;
        Assert.Contains("deaf", report, StringComparison.Ordinal);
        Assert.EndsWith("killed.", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_brutal_kill_asks_nobody_and_is_no_error()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Children = [ChildSpec.Process("deaf", DeafAsync) with { Shutdown = ChildShutdown.BrutalKill }] });
        var child = await SupervisedNode.PidOf(supervisor, "deaf");
        var reason = await _test.WatchAsync(child);
        await supervisor.TerminateChildAsync("deaf");
        Assert.Equal("killed", (await reason).AtomText);
        Assert.Empty(_test.Reports());
    }

    [Fact]
    public async Task A_child_that_has_taken_its_link_back_is_stopped_all_the_same()
    {
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Name = "sup",
            Children = [ChildSpec.Process("naughty", async context =>
        {
            context.Unlink((await context.ReceiveAsync()).Pid!);
            context.Register(new Atom("naughty"));
            await context.ReceiveAsync();
        })]
        });
        await Node.SendAsync(await SupervisedNode.PidOf(supervisor, "naughty"), supervisor.Pid!);
        while (Node.WhereIs("naughty") is null)
            await Task.Yield();
        await supervisor.TerminateChildAsync("naughty");
        Assert.Null(Node.WhereIs("naughty"));
    }

    [Fact]
    public async Task A_killed_supervisor_takes_its_linked_children_along()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Children = [_test.Bare("a"), _test.Child("b")] });
        var ends = new List<Task<Term>>();
        foreach (var id in new[] { "a", "b" })
            ends.Add(await _test.WatchAsync(await SupervisedNode.PidOf(supervisor, id)));
        _test.Exit(supervisor.Pid!, ExitReason.Kill);
        Assert.All(await Task.WhenAll(ends), reason => Assert.Equal("killed", reason.AtomText));
        Assert.Empty(_test.Reports());
    }

    [Fact]
    public async Task A_supervisor_that_is_killed_while_a_child_starts_leaves_none_behind()
    {
        var begun = new TaskCompletionSource<Pid>(TaskCreationOptions.RunContinuationsAsynchronously);
        var starting = Node.StartSupervisorAsync(new()
        {
            Name = "sup",
            Children = [_test.Bare("a"), ChildSpec.Server("slow", () => new Slow(begun))],
        }).AsTask();
        var slow = await begun.Task.WaitAsync(SupervisedNode.Patience);
        var ended = await _test.WatchAsync(slow);
        _test.Exit(Node.WhereIs("sup")!, ExitReason.Kill);
        Assert.Equal("killed", (await ended).AtomText);
        Assert.Equal("killed", (await Assert.ThrowsAsync<ServerStartException>(() => starting.WaitAsync(SupervisedNode.Patience))).Reason.AtomText);
    }

    [Fact]
    public async Task A_child_that_dies_while_it_starts_has_not_started()
    {
        var supervisor = await Node.StartSupervisorAsync(new() { Children = [_test.Child("a")] });
        var begun = new TaskCompletionSource<Pid>(TaskCreationOptions.RunContinuationsAsynchronously);
        var adding = supervisor.StartChildAsync(ChildSpec.Server("slow", () => new Slow(begun))).AsTask();
        _test.Exit(await begun.Task.WaitAsync(SupervisedNode.Patience), ExitReason.Kill);
        Assert.StartsWith("{killed,{child,", (await Assert.ThrowsAsync<SupervisorException>(() => adding)).Reason.ToString(), StringComparison.Ordinal);
        Assert.Equal("a:runs", await SupervisedNode.Which(supervisor));
        Assert.Empty(_test.Reports());
    }

    [Fact]
    public async Task A_parent_elsewhere_takes_the_supervisor_and_its_children_along()
    {
        var other = await _test.StartOtherAsync("other@127.0.0.1");
        var parent = other.Spawn(async context => throw new ProcessExitException(await context.ReceiveAsync()));
        var supervisor = await Node.StartSupervisorAsync(new() { Parent = parent, Children = [_test.Child("a")] });
        var ended = await _test.WatchAsync(supervisor.Pid!);
        await Node.SendAsync(parent, ExitReason.Shutdown); // behind the link
        Assert.Equal("shutdown", (await ended).AtomText);
        Assert.Equal(["+a", "-a"], _test.Events);
        var failure = await Assert.ThrowsAsync<ServerStartException>(() => Node.StartServerAsync(() => new Slow(new()), new() { Parent = parent }).AsTask());
        Assert.Equal("noproc", failure.Reason.AtomText);
    }

    [Fact]
    public async Task A_server_of_another_node_that_has_begun_too_late_for_its_supervisor_is_ended()
    {
        var other = await _test.StartOtherAsync("other@127.0.0.1");
        var (begun, mayStart) = (NewSignal(), NewSignal());
        var ended = new TaskCompletionSource<Task<Term>>(TaskCreationOptions.RunContinuationsAsynchronously);
        other.Functions.Export("server", "start", 0, async (_, _) =>
        {
            begun.SetResult();
            await mayStart.Task;
            var server = await other.StartServerAsync(() => new Slow(null));
            // Over the link by which it is ended, and so before that.
            ended.SetResult(await _test.WatchAsync(server));
            return Term.Tuple(Atoms.Ok, server);
        });
        var starting = Node.StartSupervisorAsync(new()
        {
            Name = "sup",
            Children = [ChildSpec.RemoteServer("s", other.Name, "server", "start")],
        }).AsTask();
        await begun.Task.WaitAsync(SupervisedNode.Patience);
        _test.Exit(Node.WhereIs("sup")!, ExitReason.Kill);
        await Assert.ThrowsAsync<ServerStartException>(() => starting.WaitAsync(SupervisedNode.Patience));
        mayStart.SetResult();
        var reason = await await ended.Task.WaitAsync(SupervisedNode.Patience);
        Assert.Equal("killed", reason.AtomText);

        static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Fact]
    public async Task Processes_and_servers_of_another_node_are_children_through_links()
    {
        var other = await _test.StartOtherAsync("other@127.0.0.1");
        other.Functions.ExportProcess("worker", "run", 1, async (context, arguments) =>
        {
            context.Register(arguments[0].Atom!);
            throw new ProcessExitException(await context.ReceiveAsync());
        });
        other.Functions.Export("server", "start", 1, async (_, arguments) =>
            Term.Tuple(Atoms.Ok, await other.StartServerAsync(() => new Slow(null), new() { Name = arguments[0].Atom! })));
        var supervisor = await Node.StartSupervisorAsync(new()
        {
            Intensity = 5,
            Children =
            [
                ChildSpec.RemoteProcess("p", other.Name, "worker", "run", new Atom("remote_p")),
                ChildSpec.RemoteServer("s", other.Name, "server", "start", new Atom("remote_s")),
            ],
        });
        var server = other.WhereIs("remote_s")!;
        Assert.Equal(server, await SupervisedNode.PidOf(supervisor, "s"));
        await other.SendAsync("remote_s", Boom);
        await other.SendAsync(await SupervisedNode.PidOf(supervisor, "p"), Boom);
        while ((await supervisor.WhichChildrenAsync()).Any(child => child.Pid == server) || _test.Reports().Count < 2)
            await Task.Yield();
        Assert.Equal(new ChildCounts(2, 2, 0, 2), await supervisor.CountChildrenAsync());
        await supervisor.StopAsync();
        Assert.Null(other.WhereIs("remote_s"));
        Assert.Equal(["child_terminated", "child_terminated"], _test.Reports());
    }

    private async Task DeafAsync(ProcessContext context)
    {
        context.TrapExit = true;
        _deaf.Release();
        while (true)
            await context.ReceiveAsync();
    }

    // One that has not begun would be ended by the first signal.
    private async Task UntilDeaf(int children)
    {
        for (var i = 0; i < children; i++)
            Assert.True(await _deaf.WaitAsync(SupervisedNode.Patience));
    }

    private sealed class Slow(TaskCompletionSource<Pid>? begun) : GenServer
    {
        protected override async ValueTask<InitResult> InitAsync()
        {
            begun?.SetResult(Context.Self);
            if (begun is not null)
                await Task.Delay(Timeout.InfiniteTimeSpan, Context.Exiting);
            return InitResult.Ok();
        }

        protected override ValueTask<ServerResult> HandleInfoAsync(Term message) => Stop(message);
    }
}
