using System.Collections.Concurrent;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Tests.Behaviours;

/// <summary>A node with a clock of its own, and children whose life the test knows of and decides on.</summary>
internal sealed class SupervisedNode : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoopbackCluster _cluster = new();
    private readonly ConcurrentDictionary<Pid, TaskCompletionSource> _ends = [];
    private readonly ConcurrentDictionary<string, Term> _failures = [];
    private readonly ConcurrentQueue<string> _events = [];

    internal LogKeeper Logs { get; } = new();

    internal VirtualTime Time { get; } = new();

    internal ErlangNode Node { get; private set; } = null!;

    /// <summary>What the children did, in order: <c>+a</c> for a start, <c>-a</c> for a stop.</summary>
    internal IReadOnlyList<string> Events => [.. _events];

    internal static async Task<SupervisedNode> StartAsync()
    {
        var test = new SupervisedNode();
        test.Node = await test._cluster.StartAsync("sup@127.0.0.1", logs: test.Logs, timeProvider: test.Time, published: true);
        return test;
    }

    internal Task<ErlangNode> StartOtherAsync(string name) => _cluster.StartAsync(name, published: true);

    internal IReadOnlyList<string> TakeEvents()
    {
        var events = Events;
        _events.Clear();
        return events;
    }

    /// <summary>Has starts of a child fail from now on; null lets them succeed again.</summary>
    internal void Fail(string id, Term? reason)
    {
        if (reason is { } why)
            _failures[id] = why;
        else
            _failures.TryRemove(id, out _);
    }

    /// <summary>A server that traps exits, and so tells of its end.</summary>
    internal ChildSpec Child(string id, ChildRestart restart = ChildRestart.Permanent) =>
        ChildSpec.Server(id, () => new Worker(this, id)) with { Restart = restart };

    /// <summary>A process that ends with what it is sent.</summary>
    internal ChildSpec Bare(string id, ChildRestart restart = ChildRestart.Permanent) => ChildSpec.From(id, (context, _) =>
    {
        if (_failures.TryGetValue(id, out var reason))
            return new(Term.Tuple(Atoms.Error, reason));
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pid = context.SpawnLink(
            async child => throw new ProcessExitException(await child.ReceiveAsync()),
            new() { Ended = _ => ended.SetResult() });
        _ends[pid] = ended;
        return new(Term.Tuple(Atoms.Ok, pid));
    }) with
    { Restart = restart };

    /// <summary>Ends a <see cref="Bare"/> child; its supervisor has the exit signal when this completes.</summary>
    internal async Task EndAsync(Pid child, Term reason)
    {
        await Node.SendAsync(child, reason);
        await _ends[child].Task.WaitAsync(Patience);
    }

    internal static async Task<Pid> PidOf(Supervisor supervisor, ChildId id) =>
        (await supervisor.WhichChildrenAsync()).Single(child => child.Id == id).Pid ?? throw new InvalidOperationException($"{id} does not run.");

    /// <summary>The children as <c>id:state</c>, in the order of their start.</summary>
    internal static async Task<string> Which(Supervisor supervisor) => string.Join(' ', (await supervisor.WhichChildrenAsync()).Reverse().Select(
        child => $"{child.Id}:{(child.IsRestarting ? "restarting" : child.Pid is null ? "stopped" : "runs")}"));

    /// <summary>Monitors a process, and gives the reason of its end when that comes.</summary>
    internal async Task<Task<Term>> WatchAsync(Pid process)
    {
        var reason = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        var watching = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Node.Spawn(async context =>
        {
            await context.MonitorAsync(process);
            watching.SetResult();
            reason.SetResult((await context.ReceiveAsync()).TupleElements[4]);
        });
        await watching.Task.WaitAsync(Patience);
        return reason.Task.WaitAsync(Patience);
    }

    internal void Exit(Pid process, Term reason) => Node.Spawn(context =>
    {
        context.SendExit(process, reason);
        return Task.CompletedTask;
    });

    /// <summary>The names of the reports that supervisors logged.</summary>
    internal IReadOnlyList<string> Reports() => [.. Logs.Lines
        .Where(line => line.Level >= LogLevel.Error && line.Text.StartsWith("Supervisor ", StringComparison.Ordinal))
        .Select(line => line.Text.Split(": ")[1].Split(' ')[0])];

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private sealed class Worker(SupervisedNode test, string id) : GenServer
    {
        protected override ValueTask<InitResult> InitAsync()
        {
            if (test._failures.TryGetValue(id, out var reason))
                return InitResult.Stop(reason);
            Context.TrapExit = true;
            test._events.Enqueue($"+{id}");
            return InitResult.Ok();
        }

        protected override ValueTask<ServerResult> HandleCastAsync(Term request) => Stop(request);

        protected override ValueTask TerminateAsync(Term reason)
        {
            test._events.Enqueue($"-{id}");
            return default;
        }
    }
}
