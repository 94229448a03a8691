using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;

namespace Enmesh;

// The other nodes: which there are, which may be, and how long they may be silent.
public sealed partial class ErlangNode
{
    /// <summary>
    /// Silence after which a peer counts as lost, or what it is being changed to (<see cref="SetNetTickTime"/>).
    /// </summary>
    public TimeSpan NetTickTime => Running.Ticks.NetTickTime;

    /// <summary>The nodes and hosts that may be connected; empty when all may.</summary>
    public IReadOnlyCollection<string> AllowedNodes => Running.AllowList.Allowed;

    /// <summary>The nodes of some kinds, each once: <c>erlang:nodes/1</c>.</summary>
    public IReadOnlyCollection<NodeName> Nodes(NodeKinds kinds = NodeKinds.Visible)
    {
        var nodes = new SortedSet<NodeName>();
        if ((kinds & (NodeKinds.This | NodeKinds.Known)) != NodeKinds.None)
            nodes.Add(Name);
        if ((kinds & NodeKinds.Known) != NodeKinds.None)
            nodes.UnionWith(Cluster.View.Members.Select(member => member.Name));
        foreach (var link in Peers.Links)
        {
            if ((kinds & KindsOf(link)) != NodeKinds.None)
                nodes.Add(link.Peer);
        }
        return nodes;
    }

    /// <summary>
    /// The nodes that come and go, in order: first those that are connected as coming, then every change until the
    /// reading ends or the node does. It is never told that a node went before all its messages have arrived, nor
    /// its first message before it came.
    /// </summary>
    /// <remarks>A slow reader misses nothing; what it has not read yet waits in memory.</remarks>
    /// <param name="types">Which nodes; the visible ones unless told otherwise.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<NodeChange> WatchNodesAsync(
        NodeTypes types = NodeTypes.Visible, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var changes = Channel.CreateBounded<NodeChange>(
            new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Spawn(context => FollowNodesAsync(context, types, changes.Writer, done.Token));
        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return change;
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Adds to the nodes that may be connected: <c>net_kernel:allow/1</c>. From the first entry on nobody else may,
    /// whoever dials; links that are up stay.
    /// </summary>
    /// <param name="nodesOrHosts">Names of nodes, as <c>orders@10.0.0.7</c>, and hosts, as <c>10.0.0.7</c>.</param>
    /// <exception cref="ArgumentException">An entry is neither; nothing was changed.</exception>
    public void Allow(params IReadOnlyCollection<string> nodesOrHosts)
    {
        ArgumentNullException.ThrowIfNull(nodesOrHosts);
        foreach (var entry in nodesOrHosts)
        {
            if (AllowList.Problem(entry) is { } problem)
                throw new ArgumentException($"{problem}.", nameof(nodesOrHosts));
        }
        Running.AllowList.Allow(nodesOrHosts);
    }

    /// <summary>
    /// Changes the silence after which a peer counts as lost: <c>net_kernel:set_net_ticktime/2</c>. Do it on all
    /// nodes within the transition period, in which this node ticks for the shorter of the two times and is patient
    /// for the longer one.
    /// </summary>
    /// <param name="netTickTime">The new time, 4 s to 1 h.</param>
    /// <param name="transition">The transition period; 60 s when null, at most a day.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time is out of bounds.</exception>
    public NetTickTimeChange SetNetTickTime(TimeSpan netTickTime, TimeSpan? transition = null)
    {
        var period = transition ?? TimeSpan.FromSeconds(60);
        ArgumentOutOfRangeException.ThrowIfLessThan(netTickTime, TimeSpan.FromSeconds(4));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(netTickTime, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero, nameof(transition));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(period, TimeSpan.FromDays(1), nameof(transition));
        return Running.Ticks.Change(netTickTime, period);
    }

    private void StartNetKernel(Life life, NodePlan plan)
    {
        var settings = new NetKernelSettings
        {
            AllowList = life.AllowList,
            Ticks = life.Ticks,
            Connect = async (
                peer, token) => await life.Peers.ConnectAsync(peer.Atom, token).ConfigureAwait(false) is not null,
            Disconnect = DisconnectAsync,
            ShortNames = plan.ShortNames,
            HasDynamicName = plan.NameFrom is not null,
            ManagedByPeers = plan.ManagedByPeers,
        };
        var service = new NetKernel(life.Runtime, settings);
        if (plan.ManagedByPeers)
            service.Export(Functions);
        service.Start(_logs.CreateLogger("Enmesh.Services"));
    }

    private static async Task FollowNodesAsync(
        ProcessContext context, NodeTypes types, ChannelWriter<NodeChange> changes, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var node in context.MonitorNodes(new NodeMonitorOptions { Types = types, Info = true }))
                await changes.WriteAsync(new(node, IsUp: true, null), cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var message = await context.ReceiveAsync(cancellationToken).ConfigureAwait(false);
                if (NodeChange.TryRead(message, out var change))
                    await changes.WriteAsync(change, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            changes.TryComplete();
        }
    }

    private NodeKinds KindsOf(PeerLink link) =>
        NodeKinds.Connected | NodeKinds.Known | (IsPublished && link.PeerIsPublished
            ? NodeKinds.Visible
            : NodeKinds.Hidden);
}
