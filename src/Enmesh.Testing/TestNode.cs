using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Testing;

/// <summary>A node of a <see cref="TestCluster"/>.</summary>
public sealed class TestNode
{
    private readonly ProcessHistory _history;
    private HashSet<Pid> _furniture = [];

    internal TestNode(TestCluster cluster, NodeName name, ErlangNode node, ProcessHistory history)
    {
        Cluster = cluster;
        Name = name;
        Node = node;
        _history = history;
    }

    /// <summary>The cluster it belongs to.</summary>
    public TestCluster Cluster { get; }

    /// <summary>Its name.</summary>
    public NodeName Name { get; }

    /// <summary>
    /// The node itself: what the code under test uses in production, down to the bytes between nodes.
    /// </summary>
    public ErlangNode Node { get; }

    internal ProcessHistory History => _history;

    /// <summary>The processes of the program: those that the node did not begin with.</summary>
    internal IReadOnlyList<ProcessContext> Processes =>
        Node.HasStarted
            ? [.. Node.Runtime.AllProcesses.Where(process => !process.IsSystem && !_furniture.Contains(process.Self))]
            : [];

    internal bool HasUnwritten =>
        Node.HasStarted && Node.State.Links.Any(
            link => link.PendingBytes > 0 && link.IsUp && !Cluster.Network.IsSilent(Name, link.Peer));

    /// <summary>Starts a probe: a process whose mailbox is in the test's hands.</summary>
    /// <param name="name">
    /// A name to register it under, so that it can stand for a process that the code under test looks for.
    /// </param>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public TestProbe CreateProbe(string? name = null) => TestProbe.Start(this, name);

    /// <summary>
    /// Ends the node in good order: it leaves the cluster, then its processes get the exit signal <c>shutdown</c>.
    /// Those that take no notice are given 5 s on the clock, which is moved if need be.
    /// </summary>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public async Task StopAsync()
    {
        await Cluster.SettleAsync().ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the node as a crash of its host does: its connections break first, without a farewell. What is left of it
    /// in this process is then ended; a new node of the same name may be started.
    /// </summary>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public async Task CrashAsync()
    {
        await Cluster.SettleAsync().ConfigureAwait(false);
        Cluster.Thread.Queue(() => Cluster.Network.Unplug(Name));
        await Cluster.SettleAsync().ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    internal void HasBegun() => _furniture = [.. Node.Runtime.AllProcesses.Select(static process => process.Self)];

    /// <summary>Its name.</summary>
    public override string ToString() => Name.Text;

    private async Task EndAsync()
    {
        await Cluster.FinishAsync(Node.DisposeAsync().AsTask()).ConfigureAwait(false);
        Cluster.Remove(this);
        await Cluster.SettleAsync().ConfigureAwait(false);
    }
}
