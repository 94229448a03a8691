using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh;

/// <summary>A node of an Erlang cluster in this process. Several may live side by side.</summary>
/// <remarks>
/// The node is <em>published</em>, one of those in everybody's <c>nodes()</c>, and does what peers expect of such a
/// node: <c>global</c>, <c>pg</c>, <c>rpc</c>. With <see cref="ErlangNodeOptions.Hidden"/> it stays out of that, and
/// talks only to whom it calls or is called by. Everything here may be used from any thread.
/// </remarks>
public sealed partial class ErlangNode : IAsyncDisposable
{
    /// <summary>The node's name.</summary>
    /// <exception cref="InvalidOperationException">The node has not started; so for most members.</exception>
    public NodeName Name => Running.Name;

    /// <summary>
    /// Whether the node is one of the cluster's visible ones, those of <c>nodes()</c>; else it is hidden.
    /// </summary>
    public bool IsPublished => Runtime.IsPublished;

    /// <summary>Which start of the node this is; part of every pid and reference it makes.</summary>
    public long Creation => Runtime.Creation;

    /// <summary>Who belongs to the cluster, as discovery and the links tell.</summary>
    public ClusterMembership Cluster => Running.Cluster;

    /// <summary>The port calls are taken on; null for a node that only dials.</summary>
    public int? Port => Running.Listener?.Port;

    /// <summary>The names registered on this node.</summary>
    public IReadOnlyCollection<Atom> RegisteredNames => Runtime.RegisteredNames;

    /// <summary>The nodes that are connected, hidden ones included.</summary>
    public IReadOnlyCollection<NodeName> ConnectedNodes => [.. Peers.Links.Select(link => link.Peer)];

    /// <summary>Callers that have not yet proved that they know the cookie.</summary>
    internal int HandshakesUnderWay => Peers.HandshakesUnderWay;

    /// <summary>Whether it has started; also true when it has ended.</summary>
    internal bool HasStarted => _life is not null;

    /// <summary>
    /// For tests: the links that are up, and what the runtime still remembers of processes elsewhere.
    /// </summary>
    internal (IReadOnlyCollection<PeerLink> Links, int Remembered) State => (Peers.Links, Runtime.RememberedCount);

    /// <summary>For tests: starts a process elsewhere and gives the reason it ends with.</summary>
    internal ValueTask<Term> SpawnAndAwaitExitAsync(NodeName node, SpawnTarget target) =>
        Runtime.SpawnAndAwaitExitAsync(null, node, target, null, null, CancellationToken.None);

    /// <summary>Starts a process.</summary>
    /// <param name="body">What it does; when that ends, the process does. An exception is its exit reason.</param>
    /// <param name="name">A name to register it under, before it can miss a message.</param>
    /// <returns>Its pid.</returns>
    /// <exception cref="InvalidOperationException">The name is taken, and nothing was started; or the node has not
    /// started.</exception>
    public Pid Spawn(Func<ProcessContext, Task> body, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Runtime.Spawn(body, name is null ? null : new Atom(name)).Self;
    }

    /// <summary>Has a process started together with the node, before any peer can reach it.</summary>
    /// <exception cref="InvalidOperationException">The node has started; use <see cref="Spawn"/>.</exception>
    public void SpawnAtStart(Func<ProcessContext, Task> body, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (Volatile.Read(ref _started) != 0)
            throw new InvalidOperationException("The node has started; use Spawn.");
        _beforeStart.Add((name is null ? null : new Atom(name), body));
    }

    /// <summary>The process that has a name on this node; null when none has.</summary>
    public Pid? WhereIs(string name) => Runtime.WhereIs(new Atom(name));

    /// <summary>Takes a name back from its process.</summary>
    /// <returns>Whether there was such a name.</returns>
    public bool Unregister(string name) => Runtime.Unregister(new Atom(name));

    /// <summary>Whether a process of this node is alive.</summary>
    public bool IsAlive(Pid pid)
    {
        ArgumentNullException.ThrowIfNull(pid);
        return Runtime.IsAlive(pid);
    }

    /// <inheritdoc cref="ProcessWatch"/>
    /// <param name="target">Which process, here or on another node.</param>
    public ProcessWatch Watch(ProcessAddress target) => ProcessWatch.Begin(Runtime, target);

    /// <summary>Sends a message, from no process in particular. Sending to nobody is no error.</summary>
    /// <inheritdoc cref="ProcessContext.SendAsync"/>
    public ValueTask SendAsync(ProcessAddress to, Term message, CancellationToken cancellationToken = default) =>
        Runtime.SendAsync(null, to, message, cancellationToken);

    /// <summary>Sends a message if that takes no waiting.</summary>
    /// <returns>False when the node is not connected or its link is full; the message was not sent.</returns>
    public bool TrySend(ProcessAddress to, Term message) => Runtime.TrySend(null, to, message);

    /// <inheritdoc cref="ProcessContext.CallAsync"/>
    public ValueTask<Term> CallAsync(
        ProcessAddress to, Term request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Runtime.CallAsync(null, to, request, timeout, cancellationToken);

    /// <summary>Casts to a gen_server: <c>{'$gen_cast', Request}</c>.</summary>
    public ValueTask CastAsync(ProcessAddress to, Term request, CancellationToken cancellationToken = default) =>
        Runtime.CastAsync(null, to, request, cancellationToken);

    /// <summary>Connects to a node, if that is not done already.</summary>
    /// <exception cref="PeerUnreachableException">Nobody answers there.</exception>
    /// <exception cref="HandshakeException">It was reached and the handshake came to nothing; says at which step and
    /// why.</exception>
    public async Task ConnectAsync(NodeName node, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        await Peers.DialAsync(node, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for one that discovery has found, at the place it says.</summary>
    internal Task ConnectAsync(DiscoveredPeer peer, CancellationToken cancellationToken) =>
        Peers.DialAsync(peer.Name, new PeerHint(peer.Address, peer.Port), cancellationToken);

    /// <summary>Calls somebody with every step of every call from now on, those that are made and those that come.</summary>
    internal IDisposable FollowHandshakes(Action<HandshakeNotice> follower) => Peers.Journal.Follow(follower);

    /// <summary>Ends the link to a node.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> DisconnectAsync(NodeName node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (Peers.Find(node.Atom) is not { } link)
            return false;
        await link.CloseAndWaitAsync(
            new LinkEnd(LinkEndCause.ClosedHere, "this node disconnected it")).ConfigureAwait(false);
        return true;
    }

    /// <summary>Asks a node whether it is there, connecting first: <c>net_adm:ping/1</c>.</summary>
    /// <exception cref="PeerUnreachableException">Nobody answers there.</exception>
    /// <exception cref="HandshakeException">It was reached and the handshake came to nothing.</exception>
    /// <exception cref="TimeoutException">It is connected and does not answer.</exception>
    /// <exception cref="CallExitException">It is connected and has no <c>net_kernel</c>, or the link was
    /// lost.</exception>
    public async Task PingAsync(NodeName node, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (node == Name)
            return;
        await ConnectAsync(node, cancellationToken).ConfigureAwait(false);
        var answer = await CallAsync(
            (NetKernel.Name, node), NetKernel.PingRequest(Name), timeout, cancellationToken).ConfigureAwait(false);
        if (!NetKernel.IsYes(answer))
            throw new DistributionProtocolException($"{node} answered a ping with something else than 'yes'.");
    }
}
