using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Terms;
using Enmesh.Transport;

namespace Enmesh.Testing;

/// <summary>
/// A cluster for tests: real nodes in this process, joined without sockets, ports or files, on one clock that only the
/// test moves.
/// </summary>
/// <remarks>
/// <para>
/// Everything in it happens on one thread of its own, one thing after another: what works once works always. Any number
/// of clusters may live side by side, in tests that run in parallel; they share nothing. Code of a process that blocks
/// that thread until another process has done something waits for ever; the test then fails after
/// <see cref="TestClusterOptions.Guard"/>.
/// </para>
/// <para>
/// A cluster is <em>at rest</em> when nothing happens in it until a message comes from the test or time passes. What
/// moves the clock or changes the network waits for that, before and after. Its members are for one test at a time; all
/// else about thread safety is as with <see cref="ErlangNode"/>.
/// </para>
/// </remarks>
public sealed partial class TestCluster : IAsyncDisposable
{
    private const string Cookie = "the-cookie-of-all-test-clusters";

    private readonly TestClusterOptions _options;
    private readonly ClusterThread _thread = new();
    private readonly VirtualTime _time;
    private readonly ProcessBook _book;
    private readonly VirtualNetwork _network;
    private readonly KitLog _log;
    private readonly Rest _rest;
    private readonly SemaphoreSlim _clock = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<TestNode> _nodes = []; // under _gate
    private bool _disposed;

    /// <summary>Makes a cluster without any nodes.</summary>
    /// <param name="options">How it behaves; defaults when null.</param>
    public TestCluster(TestClusterOptions? options = null)
    {
        _options = options?.Copy() ?? new();
        _time = new(() => _thread.Caller);
        _book = new(_thread, _time);
        _network = new(_thread);
        _log = new(_time, _options.Logs);
        _rest = new(_thread, _network, _book, HasUnwritten, _options);
    }

    /// <summary>
    /// The clock of all nodes, for objects under test that want one. Timers made with it fire as the test moves it.
    /// </summary>
    public TimeProvider TimeProvider => _time;

    /// <summary>
    /// The time that has passed on the clock since the cluster was made, that in which its nodes have met included.
    /// </summary>
    public TimeSpan Elapsed => _time.Elapsed;

    /// <summary>The nodes that run.</summary>
    public IReadOnlyList<TestNode> Nodes
    {
        get
        {
            lock (_gate)
                return [.. _nodes];
        }
    }

    internal TestClusterOptions Options => _options;

    internal VirtualNetwork Network => _network;

    internal KitLog Log => _log;

    internal ClusterThread Thread => _thread;

    /// <summary>
    /// Starts a node, connected with those that run already unless <see cref="TestClusterOptions.ConnectNodes"/> says
    /// otherwise.
    /// </summary>
    /// <remarks>
    /// Published nodes agree on the global names then, for which they take a second or so of the clock, as real ones
    /// do.
    /// </remarks>
    /// <param name="name">
    /// Its name: <c>orders</c> stands for <c>orders@test</c>. A name may be used again once its node has ended.
    /// </param>
    /// <param name="configure">
    /// Changes its settings: <see cref="ErlangNodeOptions.Hidden"/>, <see cref="ErlangNodeOptions.PgScopes"/> and the
    /// like. Those that say where it listens, how peers are found and which cookie it has do not matter here.
    /// </param>
    /// <exception cref="FormatException">It is no name for a node.</exception>
    /// <exception cref="InvalidOperationException">There is a node of that name.</exception>
    /// <exception cref="ArgumentException">
    /// The settings are wrong; the message lists every problem by its key.
    /// </exception>
    public async Task<TestNode> StartNodeAsync(string name, Action<ErlangNodeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var full = NodeName.Parse(name.Contains('@', StringComparison.Ordinal) ? name : $"{name}@test");
        // Its own name is settled; what holds for names that are dialled over a network does not for this one.
        const string PlaceHolder = "node@127.0.0.1";
        var options = new ErlangNodeOptions { Name = PlaceHolder };
        configure?.Invoke(options);
        (options.Name, options.NameFrom, options.ShortNames) = (PlaceHolder, null, false);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(configure));
        var history = new ProcessHistory(_time);
        var node = new TestNode(
            this, full, new ErlangNode(PlanOf(options, full, history), _log.For(full), _time), history);
        TestNode[] others;
        lock (_gate)
        {
            if (_nodes.Exists(other => other.Name == full))
                throw new InvalidOperationException($"There is a node {full} in this cluster already.");
            others = [.. _nodes];
            _nodes.Add(node);
        }
        await node.Node.StartAsync().ConfigureAwait(false);
        node.HasBegun();
        if (_options.ConnectNodes)
            await ConnectAsync(node, others).ConfigureAwait(false);
        await SettleAsync().ConfigureAwait(false);
        return node;
    }

    /// <summary>Starts several nodes, one after another.</summary>
    /// <returns>The nodes, in the order of their names.</returns>
    /// <inheritdoc cref="StartNodeAsync(string, Action{ErlangNodeOptions})"/>
    public async Task<IReadOnlyList<TestNode>> StartNodesAsync(params IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var nodes = new List<TestNode>();
        foreach (var name in names)
            nodes.Add(await StartNodeAsync(name).ConfigureAwait(false));
        return nodes;
    }

    /// <summary>Ends all nodes, with their processes.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        _network.ShutDown();
        await FinishAsync(Task.WhenAll(Nodes.Select(node => node.Node.DisposeAsync().AsTask()))).ConfigureAwait(false);
        _thread.Dispose();
        _clock.Dispose();
    }

    internal void Remove(TestNode node)
    {
        lock (_gate)
            _nodes.Remove(node);
    }

    /// <summary>Why a probe has not been told of the end of a process, as far as that can be said.</summary>
    internal string WhyNoExit(TestProbe probe, Pid process)
    {
        var home = Nodes.FirstOrDefault(node => node.Name.Atom == process.Node);
        if (home is not null && !home.Node.IsAlive(process))
            return "none came; it is not alive any more";
        return probe.Context.LinkedPids.Contains(process) ? "it is alive" : "the probe is not linked with it";
    }

    private async Task ConnectAsync(TestNode node, TestNode[] others)
    {
        foreach (var other in others.Where(other => !_network.IsCut(node.Name, other.Name)))
            await node.Node.ConnectAsync(other.Name).ConfigureAwait(false);
        var published = Nodes.Where(static one => one.Node.IsPublished).ToList();
        if (node.Node.IsPublished && published.Count > 1)
            await FinishAsync(Task.WhenAll(published.Select(static one => one.Node.Global.SyncAsync())))
                .ConfigureAwait(false);
    }

    private NodePlan PlanOf(ErlangNodeOptions options, NodeName name, ProcessHistory history)
    {
        var cookies = new PeerCookies(Cookie);
        // Who sees whom is up to the test; asking around would only disturb its rest.
        var membership = options.Cluster.Copy();
        membership.CompareViewsEvery = TimeSpan.Zero;
        PeerLocator locate = (peer, host, _) => _network.LocateAsync(peer, host);
        return NodePlan.Of(options, name, cookies, _ => locate) with
        {
            Transport = (_, _) => _network.PortOf(name),
            Cluster = membership,
            Listen = ListenAddress.Loopback(),
            Thread = _thread,
            ProcessBegins = _book.Begins,
            ProcessEnded = (process, reason) =>
            {
                _book.Ended(process);
                history.Ended(process, reason);
            },
        };
    }

    // What is silenced may wait for ever.
    private bool HasUnwritten() => Nodes.Any(node => node.HasUnwritten);
}
