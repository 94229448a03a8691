namespace Enmesh.Testing;

// Faults of the network.
public sealed partial class TestCluster
{
    /// <summary>
    /// Breaks the connection of two nodes: links and monitors between them see <c>noconnection</c>. They may connect
    /// again at once.
    /// </summary>
    /// <remarks>
    /// As in a real cluster, published nodes leave each other altogether when two of them lose each other, unless
    /// <see cref="ErlangNodeOptions.PreventOverlappingPartitions"/> is off.
    /// </remarks>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public Task DisconnectAsync(TestNode one, TestNode other) =>
        ChangeAsync(() => _network.Break(Name(one), Name(other)));

    /// <summary>
    /// Breaks the connection of two nodes and keeps them from connecting again until <see cref="HealAsync"/>.
    /// </summary>
    /// <inheritdoc cref="DisconnectAsync"/>
    public Task CutAsync(TestNode one, TestNode other) => ChangeAsync(() => _network.Cut(Name(one), Name(other)));

    /// <summary>
    /// Parts the cluster: nodes on different sides lose each other, and cannot connect until <see cref="HealAsync"/>.
    /// Nodes that are on no side are not affected.
    /// </summary>
    /// <param name="sides">The sides; at least two.</param>
    /// <exception cref="ArgumentException">There are fewer than two sides.</exception>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public Task PartitionAsync(params IReadOnlyList<IReadOnlyCollection<TestNode>> sides)
    {
        ArgumentNullException.ThrowIfNull(sides);
        if (sides.Count < 2)
            throw new ArgumentException("A partition has two sides or more.", nameof(sides));
        return ChangeAsync(() =>
        {
            for (var i = 0; i < sides.Count; i++)
            {
                foreach (var one in sides[i])
                {
                    foreach (var other in sides.Skip(i + 1).SelectMany(static side => side))
                        _network.Cut(Name(one), Name(other));
                }
            }
        });
    }

    /// <summary>
    /// Lets nothing through between two nodes, without either of them noticing: after
    /// <see cref="ErlangNodeOptions.NetTickTime"/> without a tick they give each other up. <see cref="HealAsync"/> lets
    /// through what was held back, if they are still connected then.
    /// </summary>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public Task SilenceAsync(TestNode one, TestNode other) =>
        ChangeAsync(() => _network.Silence(Name(one), Name(other)));

    /// <summary>
    /// Takes all faults of the network back. Nodes that have lost each other connect again when one calls or sends to
    /// the other.
    /// </summary>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public Task HealAsync() => ChangeAsync(_network.Heal);

    private async Task ChangeAsync(Action change)
    {
        await SettleAsync().ConfigureAwait(false);
        // In one piece: nobody sees a part of it.
        _thread.Queue(change);
        await SettleAsync().ConfigureAwait(false);
    }

    private NodeName Name(TestNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Cluster == this
            ? node.Name
            : throw new ArgumentException($"{node.Name} belongs to another cluster.", nameof(node));
    }
}
