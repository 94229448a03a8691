using Enmesh.Behaviours;
using Enmesh.Epmd;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>Servers and supervisors of a host's node.</summary>
[Trait("Ring", "loopback")]
[Collection(TestHost.OwnsExitCode)]
public sealed class HostedServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_server_has_a_scope_of_its_own_for_each_start()
    {
        var scopes = new List<Tally>();
        await using var host = Host(out var node);
        host.Builder.Services.AddSingleton(scopes).AddScoped<Tally>();
        node.AddGenServer<Counter>("counter");
        await host.StartAsync();
        Assert.Equal(1, await Next(host.Node));
        Assert.Equal(2, await Next(host.Node));
        var first = host.Node.WhereIs("counter");
        await host.Node.CastAsync("counter", new Atom("crash"));
        while (host.Node.WhereIs("counter") is not { } second || second == first)
            await Task.Yield();
        Assert.Equal(1, await Next(host.Node));
        Assert.Equal(2, scopes.Count);
        await scopes[0].Disposed.Task.WaitAsync(Patience);
        Assert.False(scopes[1].Disposed.Task.IsCompleted);
        await host.StopAsync();
        await scopes[1].Disposed.Task.WaitAsync(Patience);
        Assert.Equal("shutdown", scopes[1].TerminatedWith.ToString());
    }

    [Fact]
    public async Task A_server_that_cannot_be_made_keeps_the_host_from_starting()
    {
        await using var host = Host(out var node);
        node.AddGenServer<Counter>("counter");
        var failure = await Assert.ThrowsAsync<ServerStartException>(host.StartAsync);
        Assert.Contains(nameof(Tally), failure.Message, StringComparison.Ordinal);
        Assert.Contains("failed_to_start_child", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_stops_when_servers_crash_too_often()
    {
        await using var host = Host(out var node);
        host.Builder.Services.AddSingleton(new List<Tally>()).AddScoped<Tally>();
        node.AddGenServer<Counter>("counter").Supervise(options => options with { Intensity = 0 });
        await host.StartAsync();
        var stopping = new TaskCompletionSource();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        try
        {
            await host.Node.CastAsync("counter", new Atom("crash"));
            await stopping.Task.WaitAsync(Patience);
            Assert.Equal(1, Environment.ExitCode);
        }
        finally
        {
            Environment.ExitCode = 0;
        }
        Assert.Contains(host.Logs.Lines, line => line.Text.Contains("enmesh_sup, which was started with the node, has ended", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_host_stops_too_when_its_servers_give_up_before_it_has_started()
    {
        await using var host = Host(out var node);
        host.Builder.Services.AddSingleton(new List<Tally>()).AddScoped<Tally>();
        host.Builder.Services.AddHostedService<Breaker>();
        node.AddGenServer<Counter>("counter").Supervise(options => options with { Intensity = 0 });
        try
        {
            await host.StartAsync();
            var stopping = new TaskCompletionSource();
            host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
            await stopping.Task.WaitAsync(Patience);
            Assert.Equal(1, Environment.ExitCode);
        }
        finally
        {
            Environment.ExitCode = 0;
        }
    }

    [Fact]
    public async Task A_host_that_is_disposed_of_without_being_stopped_has_not_failed()
    {
        var code = Environment.ExitCode;
        var host = Host(out var node);
        host.Builder.Services.AddSingleton(new List<Tally>()).AddScoped<Tally>();
        node.AddGenServer<Counter>("counter");
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (host)
        {
            await host.StartAsync();
            // Whoever is told to stop is told after the code has been set, and at the latest by the host's own end.
            host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => told.TrySetResult(Environment.ExitCode));
        }

        Assert.Equal(code, Environment.ExitCode);
        Assert.False(told.Task.IsCompleted);
    }

    [Fact]
    public async Task Supervisors_make_their_children_by_the_container_too()
    {
        await using var host = Host(out var node);
        host.Builder.Services.AddSingleton(new List<Tally>()).AddScoped<Tally>();
        node.AddSupervisor("workers", services => new()
        {
            Strategy = SupervisorStrategy.SimpleOneForOne,
            Children = [services.ServerChild<Worker>("worker") with { Restart = ChildRestart.Temporary }],
        });
        await host.StartAsync();
        var workers = host.Node.SupervisorAt("workers");
        var worker = await workers.StartChildAsync(41);
        Assert.Equal(42, (await host.Node.CallAsync(worker!, new Atom("next"))).Int32);
        Assert.Equal(new ChildCounts(1, 1, 1, 0), await host.Node.SupervisorAt(ErlangNodeExtensions.SupervisorName).CountChildrenAsync());
    }

    [Fact]
    public async Task A_start_that_fails_leaves_neither_port_nor_name_behind()
    {
        await using var epmd = EpmdServer.Start(new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);
        await using var host = new TestHost().With("Enmesh", "failing").Set(("Enmesh:EpmdPort", $"{epmd.Port}"));
        host.Builder.AddErlangNode().AddGenServer<Counter>("counter");
        await Assert.ThrowsAsync<ServerStartException>(host.StartAsync);
        while (epmd.Entries.Count != 0)
            await Task.Yield();
        Assert.Throws<InvalidOperationException>(() => host.Node.Name);
    }

    [Fact]
    public async Task Servers_stop_while_their_node_is_still_one_of_the_cluster()
    {
        await using var epmd = EpmdServer.Start(new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);
        await using var host = new TestHost().With("Enmesh:Nodes:red", "red").With("Enmesh:Nodes:blue", "blue");
        host.Set(("Enmesh:Nodes:red:EpmdPort", $"{epmd.Port}"), ("Enmesh:Nodes:blue:EpmdPort", $"{epmd.Port}"));
        host.Builder.AddErlangNode("red");
        var last = new TaskCompletionSource<IReadOnlyCollection<NodeName>>();
        host.Builder.Services.AddSingleton(last);
        host.Builder.AddErlangNode("blue").AddGenServer<Leaving>("leaving"); // added later, and so ended first
        await host.StartAsync();
        var (red, blue) = (host.Services.GetRequiredKeyedService<ErlangNode>("red"), host.Services.GetRequiredKeyedService<ErlangNode>("blue"));
        await blue.ConnectAsync(red.Name);
        await host.StopAsync();
        Assert.Equal([red.Name], await last.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Names_are_given_once()
    {
        await using var host = Host(out var node);
        node.AddGenServer<Counter>("counter");
        Assert.Throws<ArgumentException>(() => node.AddGenServer<Counter>("counter"));
        Assert.Throws<ArgumentException>(() => node.AddSupervisor("counter", _ => new()));
        Assert.Throws<ArgumentException>(() => node.AddGenServer<Counter>(" "));
    }

    private static TestHost Host(out ErlangNodeBuilder node)
    {
        var host = new TestHost().With("Enmesh", $"hosted-{Guid.NewGuid():N}");
        host.Set(("Enmesh:Epmd", "off"), ("Enmesh:Port", null), ("Enmesh:Listen", "false"));
        node = host.Builder.AddErlangNode();
        return host;
    }

    private static async Task<int> Next(ErlangNode node) => (await node.CallAsync("counter", new Atom("next"))).Int32!.Value;

    public sealed class Tally : IAsyncDisposable
    {
        public Tally(List<Tally> all) => all.Add(this);

        public int Count { get; set; }

        public Term TerminatedWith { get; set; }

        public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask DisposeAsync()
        {
            Disposed.SetResult();
            return default;
        }
    }

    public sealed class Counter(Tally tally) : GenServer
    {
        protected override ValueTask<InitResult> InitAsync()
        {
            Context.TrapExit = true;
            return InitResult.Ok();
        }

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) => Reply(++tally.Count);

        protected override ValueTask<ServerResult> HandleCastAsync(Term request) => throw new InvalidOperationException("as told");

        protected override ValueTask TerminateAsync(Term reason)
        {
            tally.TerminatedWith = reason;
            return default;
        }
    }

    public sealed class Leaving([FromKeyedServices("blue")] ErlangNode node, TaskCompletionSource<IReadOnlyCollection<NodeName>> last) : GenServer
    {
        protected override ValueTask<InitResult> InitAsync()
        {
            Context.TrapExit = true;
            return InitResult.Ok();
        }

        protected override ValueTask TerminateAsync(Term reason)
        {
            last.SetResult(node.ConnectedNodes);
            return default;
        }
    }

    /// <summary>Crashes a server while the host is still starting, and waits until its supervisor has given up.</summary>
    private sealed class Breaker(ErlangNode node) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await node.CastAsync("counter", new Atom("crash"), cancellationToken);
            while (node.WhereIs(ErlangNodeExtensions.SupervisorName) is not null)
                await Task.Yield();
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    public sealed class Worker(IReadOnlyList<Term> arguments, Tally tally) : GenServer
    {
        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call) => Reply(arguments[0].Int32!.Value + ++tally.Count);
    }
}
