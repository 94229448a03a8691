using Enmesh.Discovery;
using Enmesh.Epmd;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>Nodes begin and end with their host.</summary>
[Trait("Ring", "loopback")]
[Collection(TestHost.OwnsExitCode)]
public sealed class LifeTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly EpmdServer _epmd =
        EpmdServer.Start(new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);

    private readonly TestHost _host = new();

    private (string Key, string? Value) EpmdPort(string section = "Enmesh") => ($"{section}:EpmdPort", $"{_epmd.Port}");

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _epmd.DisposeAsync();
    }

    [Fact]
    public async Task A_node_starts_and_ends_with_the_host()
    {
        _host.With("Enmesh", "orders").Set(EpmdPort()).Builder.AddErlangNode();

        await _host.StartAsync();
        var node = _host.Node;
        Assert.Equal("orders@127.0.0.1", node.Name.Text);
        Assert.Equal([node.Port!.Value], _epmd.Entries.Select(entry => entry.Port));

        await _host.StopAsync();
        await UntilAsync(() => _epmd.Entries.Count == 0);
        await Assert.ThrowsAsync<PeerUnreachableException>(() =>
            new TcpTransport().ConnectAsync("127.0.0.1", node.Port!.Value, CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task A_peer_that_may_stop_the_node_stops_the_program()
    {
        _host.With("Enmesh", "orders")
            .Set(EpmdPort(), ("Enmesh:StopByPeers", "true"), ("Enmesh:UserOutput", "None")).Builder
            .AddErlangNode();
        await _host.StartAsync();
        var stopping = new TaskCompletionSource();
        _host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        var code = Environment.ExitCode;

        Assert.Equal("ok", (await _host.Node.RpcAsync(_host.Node.Name, "init", "stop", [])).AtomText);

        await stopping.Task.WaitAsync(Patience);
        Assert.Equal(0, await _host.Node.StopRequested);
        Environment.ExitCode = code;
        await _host.StopAsync();
    }

    [Fact]
    public async Task Processes_run_before_the_services_of_the_host_start_and_get_its_services()
    {
        var seen = new SeenAtStart();
        _host.Builder.Services.AddSingleton(new Greeting("hello"));
        _host.Builder.Services.AddSingleton(seen);
        _host.Builder.Services.AddHostedService<LooksAtStart>();
        _host.With("Enmesh", "orders").Set(EpmdPort()).Builder.AddErlangNode()
            .AddProcess("greeter", async (services, context) =>
            {
                while (true)
                {
                    if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                        context.Reply(call, Term.Binary(services.GetRequiredService<Greeting>().Text));
                }
            })
            .Export((services, functions) => functions.Export(
                "greet", "greeting", 0, (_, _) => new(Term.Binary(services.GetRequiredService<Greeting>().Text))));

        await _host.StartAsync();

        Assert.True(seen.Greeter);
        Assert.Equal(
            "<<\"hello\">>", (await _host.Node.CallAsync(("greeter", _host.Node.Name), new Atom("hi"))).ToString());
    }

    [Fact]
    public async Task Two_nodes_of_one_host_have_sections_of_their_own_and_talk()
    {
        _host.With("Enmesh:Nodes:red", "red")
            .With("Enmesh:Nodes:blue", "blue")
            .Set(EpmdPort("Enmesh:Nodes:red"), EpmdPort("Enmesh:Nodes:blue"));
        _host.Builder.AddErlangNode("red");
        _host.Builder.AddErlangNode("blue").AddProcess("echo", async context =>
        {
            while (true)
            {
                if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                    context.Reply(call, call.Request);
            }
        });
        await _host.StartAsync();

        var red = _host.Services.GetRequiredKeyedService<ErlangNode>("red");
        var blue = _host.Services.GetRequiredKeyedService<ErlangNode>("blue");

        Assert.Equal(("red@127.0.0.1", "blue@127.0.0.1"), (red.Name.Text, blue.Name.Text));
        Assert.Equal("42", (await red.CallAsync(("echo", blue.Name), 42)).ToString());
        Assert.Equal([red.Name], blue.ConnectedNodes);
        Assert.Null(_host.Services.GetService<ErlangNode>());
    }

    [Fact]
    public async Task The_services_of_a_host_start_when_the_node_has_joined()
    {
        var seen = new SeenAtStart();
        // Each waits for the other, whichever of them the host starts first.
        _host.With("Enmesh:Nodes:red", "red").With("Enmesh", "blue").Set(
            EpmdPort("Enmesh:Nodes:red"), EpmdPort(), ("Enmesh:Cluster:Join:MinMembers", "2"),
            ("Enmesh:Cluster:Join:FirstNode", "Wait"), ("Enmesh:Cluster:Join:TimeoutFails", "true"),
            ("Enmesh:Discovery:list:Strategy", "static"), ("Enmesh:Discovery:list:Peers", "red@127.0.0.1"),
            ("Enmesh:Nodes:red:Cluster:Join:MinMembers", "2"), ("Enmesh:Nodes:red:Cluster:Join:FirstNode", "Wait"),
            ("Enmesh:Nodes:red:Cluster:Join:TimeoutFails", "true"));
        _host.Builder.AddErlangNode("red");
        _host.Builder.AddErlangNode();
        _host.Builder.Services.AddSingleton(seen);
        _host.Builder.Services.AddHostedService<LooksAtStart>();

        await _host.StartAsync();

        Assert.Equal(1, seen.Connected);
        Assert.Equal(Enmesh.Cluster.JoinState.Joined, _host.Node.Cluster.View.Join);
    }

    [Fact]
    public async Task A_host_whose_node_does_not_join_in_time_does_not_start_if_that_is_a_failure()
    {
        _host.With("Enmesh", "alone").Set(
            EpmdPort(), ("Enmesh:Cluster:Join:MinMembers", "2"), ("Enmesh:Cluster:Join:Timeout", "1"),
            ("Enmesh:Cluster:Join:TimeoutFails", "true"));
        _host.Builder.AddErlangNode();

        var failure = await Assert.ThrowsAsync<Enmesh.Cluster.JoinTimeoutException>(_host.StartAsync);

        Assert.StartsWith("alone@127.0.0.1 found 1 of 2 members within 1 s", failure.Message, StringComparison.Ordinal);
        await UntilAsync(() => _epmd.Entries.Count == 0);
    }

    [Fact]
    public async Task A_host_that_stops_drains_its_node_before_its_services_stop()
    {
        var seen = new SeenAtStart();
        _host.With("Enmesh", "orders").Set(EpmdPort(), ("Enmesh:DrainDelay", "0.2"));
        _host.Builder.AddErlangNode();
        _host.Builder.Services.AddSingleton(seen);
        _host.Builder.Services.AddHostedService<LooksAtStart>();
        await _host.StartAsync();
        Assert.False(_host.Node.Cluster.View.IsDraining);

        await _host.StopAsync();

        Assert.True(seen.IsDraining);
    }

    [Fact]
    public async Task A_node_without_a_name_and_a_named_one_live_side_by_side()
    {
        _host.With("Enmesh", "main").With("Enmesh:Nodes:side", "side").Set(EpmdPort(), EpmdPort("Enmesh:Nodes:side"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangNode("side");

        await _host.StartAsync();

        Assert.Equal("main@127.0.0.1", _host.Node.Name.Text);
        await _host.Node.PingAsync(_host.Services.GetRequiredKeyedService<ErlangNode>("side").Name);
    }

    [Fact]
    public void The_same_node_twice_is_refused_at_once()
    {
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangNode("red");

        Assert.Contains(
            "already", Assert.Throws<InvalidOperationException>(() => _host.Builder.AddErlangNode()).Message);
        Assert.Contains(
            "'red'", Assert.Throws<InvalidOperationException>(() => _host.Builder.AddErlangNode("red")).Message);
    }

    [Fact]
    public async Task What_code_configures_wins_over_the_configuration_and_later_changes_do_not_count()
    {
        ErlangNodeOptions? kept = null;
        _host.With("Enmesh", "file").Set(EpmdPort()).Builder.AddErlangNode(node =>
        {
            node.Name = "code@127.0.0.1";
            kept = node;
        });
        await _host.StartAsync();

        kept!.Name = "later@127.0.0.1";
        kept.Discovery.Add(new DiscoverySource("later", new Found(NodeName.Parse("nobody@127.0.0.1"), 1)));

        Assert.Equal("code@127.0.0.1", _host.Node.Name.Text);
        Assert.Empty(_host.Node.Cluster.View.Sources);
    }

    [Fact]
    public async Task Sources_of_the_configuration_ask_the_epmd_of_the_node_and_bring_nodes_together()
    {
        _host.With("Enmesh:Nodes:red", "red").With("Enmesh:Nodes:blue", "blue").Set(
            EpmdPort("Enmesh:Nodes:red"),
            EpmdPort("Enmesh:Nodes:blue"),
            ("Enmesh:Nodes:red:Discovery:here:Strategy", "epmd"),
            ("Enmesh:Nodes:red:Discovery:here:Interval", "0.1"));
        _host.Builder.AddErlangNode("red");
        _host.Builder.AddErlangNode("blue");

        await _host.StartAsync();

        var red = _host.Services.GetRequiredKeyedService<ErlangNode>("red");
        await UntilAsync(() => red.ConnectedNodes.Any(node => node.Text == "blue@127.0.0.1"));
    }

    [Fact]
    public async Task A_strategy_of_ones_own_is_made_of_the_hosts_services()
    {
        _host.With("Enmesh:Nodes:red", "red")
            .With("Enmesh:Nodes:blue", "blue")
            .Set(EpmdPort("Enmesh:Nodes:red"), EpmdPort("Enmesh:Nodes:blue"));
        _host.Builder.Services.AddKeyedSingleton("wanted", NodeName.Parse("blue@127.0.0.1"));
        _host.Builder.AddErlangNode("blue");
        _host.Builder.AddErlangNode("red").AddDiscovery(
            "mine",
            services => new Found(services.GetRequiredKeyedService<NodeName>("wanted"), null),
            new DiscoveryPolling { Interval = TimeSpan.FromSeconds(0.1) });

        await _host.StartAsync();

        var red = _host.Services.GetRequiredKeyedService<ErlangNode>("red");
        await UntilAsync(() => red.ConnectedNodes.Any(node => node.Text == "blue@127.0.0.1"));
        Assert.Equal(["mine"], red.Cluster.View.Sources.Select(source => source.Name));
    }

    [Fact]
    public async Task The_node_logs_through_the_host()
    {
        _host.With("Enmesh:Nodes:red", "red")
            .With("Enmesh:Nodes:blue", "blue")
            .Set(EpmdPort("Enmesh:Nodes:red"), EpmdPort("Enmesh:Nodes:blue"));
        _host.Builder.AddErlangNode("red");
        _host.Builder.AddErlangNode("blue");
        await _host.StartAsync();

        await _host.Services.GetRequiredKeyedService<ErlangNode>("red").PingAsync(NodeName.Parse("blue@127.0.0.1"));

        Assert.Contains(_host.Logs.Lines, line => line.Category.StartsWith("Enmesh.", StringComparison.Ordinal)
            && line.Level == LogLevel.Information && line.Text.Contains("blue@127.0.0.1", StringComparison.Ordinal));
        Assert.DoesNotContain(
            _host.Logs.Lines, line => line.Text.Contains(File.ReadAllText(_host.CookieFile), StringComparison.Ordinal));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(10, deadline.Token);
    }

    private sealed record Greeting(string Text);

    private sealed class SeenAtStart
    {
        internal bool Greeter { get; set; }

        internal int Connected { get; set; }

        internal bool IsDraining { get; set; }
    }

    private sealed class LooksAtStart(ErlangNode node, SeenAtStart seen) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            seen.Greeter = node.WhereIs("greeter") is not null;
            seen.Connected = node.Cluster.View.Connected;
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            var view = await node.Cluster.WaitForAsync(view => view.IsDraining, cancellationToken).WaitAsync(Patience, cancellationToken);
            seen.IsDraining = view.IsDraining;
        }
    }

    private sealed class Found(NodeName name, int? port) : IPeerDiscovery
    {
        public ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken) =>
            new(new PeerSnapshot.Complete([new DiscoveredPeer(name, Port: port)]));
    }
}
