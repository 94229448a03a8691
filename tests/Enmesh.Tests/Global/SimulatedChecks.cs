using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>What holds for a cluster at rest, whatever has happened to it.</summary>
internal static class SimulatedChecks
{
    /// <summary>Every node knows all that it is connected to, has the same names, and nothing is left of what went on.</summary>
    internal static void AllAgree(SimulatedCluster cluster, bool names = true)
    {
        foreach (var node in cluster.Nodes)
        {
            var peers = cluster.Nodes.Where(peer => peer != node && cluster.IsLinked(node.Name.Text, peer.Name.Text)).Select(peer => peer.Name).ToArray();
            Assert.Equal(peers.Order(), node.Machine.Known.Keys.Order());
            Assert.Equal(peers.Order(), node.Machine.Synced.Order());
            Assert.Equal(0, node.Machine.Unfinished);
            Assert.Equal(0, node.Machine.Locks.Count);
            Assert.Null(node.Machine.NextWake);
            foreach (var peer in cluster.Nodes.Where(peer => names && peers.Contains(peer.Name)))
                Assert.Equal(NamesOf(node), NamesOf(peer));
            foreach (var name in node.Machine.Names.Names)
            {
                var pid = node.Machine.Names.Find(name)!.Pid;
                Assert.Contains(pid, cluster[pid.Node.Text].Alive);
            }
        }
    }

    /// <summary>Who is connected to one of two connected nodes is connected to the other.</summary>
    internal static void NoPartitionsOverlap(SimulatedCluster cluster)
    {
        var names = cluster.Nodes.Select(node => node.Name.Text).ToArray();
        foreach (var a in names)
        {
            foreach (var b in names.Where(b => b != a && cluster.IsLinked(a, b)))
                Assert.All(names.Where(c => c != a && c != b && cluster.IsLinked(b, c)), c => Assert.True(cluster.IsLinked(a, c), $"{a} {b} {c}"));
        }
    }

    private static IEnumerable<string> NamesOf(SimulatedNode node) =>
        node.Machine.Names.Names.Select(name => $"{name} {node.Machine.Names.Find(name)!.Pid}").Order(StringComparer.Ordinal);
}
