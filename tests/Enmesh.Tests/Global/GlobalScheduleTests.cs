using Enmesh.Global;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>
/// Clusters of up to five nodes under random joins, leaves, crashes, splits, merges and changes of names, while messages are on
/// their way: whatever has happened, they come to rest, and then all agree.
/// </summary>
[Trait("Ring", "pure")]
public sealed class GlobalScheduleTests
{
    private const int Nodes = 5;
    private const int Names = 4;

    // A node that goes down while it takes a name from another process, or back from its own, leaves the change half done: as on
    // the BEAM. Of those, only new names are tried here.
    [Fact]
    public void Whatever_nodes_do_all_agree_in_the_end()
    {
        for (var seed = 0; seed < RandomTests.Count(300); seed++)
            Try(seed, new Life(seed, Trouble.NodesGo).Live);
    }

    // Names that change in partitions that overlap, before these have come apart, need not agree afterwards: as on the BEAM.
    [Fact]
    public void Whatever_links_do_all_know_each_other_in_the_end()
    {
        for (var seed = 0; seed < RandomTests.Count(300); seed++)
            Try(seed, new Life(seed, Trouble.LinksBreak).Live);
    }

    [Fact]
    public void Nodes_of_version_5_among_them_agree_as_well()
    {
        for (var seed = 0; seed < RandomTests.Count(150); seed++)
            Try(seed, new Life(seed, Trouble.None) { HasOldNodes = true }.Live);
    }

    [Fact]
    public void No_partitions_overlap_when_links_were_cut()
    {
        for (var seed = 0; seed < RandomTests.Count(300); seed++)
            Try(seed, () => CutSome(seed));
    }

    [Fact]
    public void Names_registered_at_the_same_time_everywhere_belong_to_one_each()
    {
        for (var seed = 0; seed < RandomTests.Count(100); seed++)
            Try(seed, () => RegisterEverywhere(seed));
    }

    private static void Try(int seed, Action run)
    {
        try
        {
            run();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
        }
    }

    private static void CutSome(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        var random = new Random(seed);
        for (var i = 0; i < Nodes; i++)
            cluster.Start(NameOf(i));
        cluster.Settle();
        for (var cuts = random.Next(1, 4); cuts > 0; cuts--)
        {
            var one = random.Next(Nodes);
            cluster.Cut(NameOf(one), NameOf((one + random.Next(1, Nodes)) % Nodes));
            cluster.Run(random.Next(60));
        }
        cluster.Run();
        SimulatedChecks.NoPartitionsOverlap(cluster);
        SimulatedChecks.AllAgree(cluster);
    }

    private static void RegisterEverywhere(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        for (var i = 0; i < Nodes; i++)
            cluster.Start(NameOf(i));
        cluster.Settle();
        var tokens = cluster.Nodes.ToDictionary(node => node, node => node.Want(
            new GlobalCommand.Register(new Atom("one"), node.Spawn(), SimulatedNode.RandomExit)));
        cluster.Run();

        Assert.Single(tokens, token => token.Key.Done[token.Value].IsAtom(GlobalAtoms.Yes));
        SimulatedChecks.AllAgree(cluster);
    }

    private enum Trouble
    {
        /// <summary>Nodes join and names change.</summary>
        None,

        /// <summary>Nodes crash, leave and come back as well.</summary>
        NodesGo,

        /// <summary>Links between nodes that go on are lost as well, and cannot be made.</summary>
        LinksBreak,
    }

    private static string NameOf(int node) => $"n{node}@{(node < 2 ? "near" : "far")}";

    /// <summary>One cluster's life, drawn from a seed.</summary>
    private sealed class Life(int seed, Trouble trouble)
    {
        private readonly SimulatedCluster _cluster = new(seed);
        private readonly Random _random = new(~seed);

        /// <summary>Every other node speaks version 5, and doesn't keep partitions from overlapping.</summary>
        internal bool HasOldNodes { get; init; }

        internal void Live()
        {
            for (var i = 0; i < Nodes; i++)
                _cluster.Start(NameOf(i), VersionOf(i));
            for (var i = 0; i < 40; i++)
            {
                Act();
                _cluster.Run(_random.Next(80));
            }
            for (var i = 0; i < Nodes; i++)
            {
                if (!IsUp(i))
                    _cluster.Start(NameOf(i), VersionOf(i));
            }
            _cluster.Mend();
            _cluster.Settle();
            Assert.Equal(Nodes * (Nodes - 1) / 2, _cluster.LinkCount);
            SimulatedChecks.AllAgree(_cluster, names: trouble != Trouble.LinksBreak);
            Assert.All(_cluster.Nodes, node => Assert.Equal(Atoms.Ok, node.Done[node.Want(new GlobalCommand.Sync(null))].Atom));
        }

        private int VersionOf(int node) => HasOldNodes && node % 2 == 1 ? GlobalMessages.OldestVersion : GlobalMessages.OwnVersion;

        private bool IsUp(int node) => _cluster.Nodes.Any(one => one.Name.Text == NameOf(node));

        private void Act()
        {
            var (one, other) = (_random.Next(Nodes), _random.Next(Nodes));
            switch (_random.Next(12))
            {
                case 0 or 1 or 2 when one != other && IsUp(one) && IsUp(other):
                    _cluster.Connect(NameOf(one), NameOf(other));
                    break;
                case 3 when trouble >= Trouble.NodesGo && _random.Next(3) == 0 && IsUp(one):
                    _cluster.Crash(NameOf(one));
                    break;
                case 4 when !IsUp(one):
                    _cluster.Start(NameOf(one), VersionOf(one));
                    break;
                case 5 when trouble >= Trouble.LinksBreak && one != other && IsUp(one) && IsUp(other):
                    _cluster.Cut(NameOf(one), NameOf(other));
                    break;
                case 6:
                    _cluster.Mend();
                    break;
                case 7 when trouble >= Trouble.NodesGo && _random.Next(3) == 0 && IsUp(one):
                    _cluster[NameOf(one)].Want(new GlobalCommand.Disconnect());
                    break;
                case 8 when IsUp(one):
                    KillOne(_cluster[NameOf(one)]);
                    break;
                default:
                    if (IsUp(one))
                        _cluster[NameOf(one)].Want(Change(_cluster[NameOf(one)]));
                    break;
            }
        }

        private void KillOne(SimulatedNode node)
        {
            var killable = node.Alive.Where(pid => pid != node.Pid).ToArray();
            if (killable.Length > 0)
                node.Kill(killable[_random.Next(killable.Length)]);
        }

        private GlobalCommand Change(SimulatedNode node)
        {
            var name = new Atom($"name{_random.Next(Names)}");
            return _random.Next(trouble == Trouble.NodesGo ? 1 : 4) switch
            {
                1 => new GlobalCommand.Unregister(name),
                2 => new GlobalCommand.ReRegister(name, node.Spawn(), SimulatedNode.RandomExit),
                _ => new GlobalCommand.Register(name, node.Spawn(), SimulatedNode.RandomExit),
            };
        }
    }
}
