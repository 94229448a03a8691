using System.Collections.Immutable;
using Enmesh.Cluster;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>Who has no link to whom, told from what everybody sees.</summary>
[Trait("Ring", "pure")]
public sealed class ViewComparisonTests
{
    private static PartedPair Pair(int one, int other) => new(Name(one), Name(other));

    private static ImmutableSortedSet<PartedPair> Compare(params (int Viewer, int[] Seen)[] views) =>
        ViewComparison.Compare(views.ToDictionary(
            view => Name(view.Viewer),
            view => (IReadOnlyCollection<Enmesh.NodeName>)[.. view.Seen.Select(Name)]));

    [Fact]
    public void In_a_whole_mesh_there_is_no_pair()
    {
        Assert.Empty(Compare());
        Assert.Empty(Compare((1, [2, 3]), (2, [1, 3]), (3, [1, 2])));
    }

    [Fact]
    public void A_missing_link_is_one_pair_whoever_misses_it()
    {
        Assert.Equal([Pair(1, 2)], Compare((1, [3]), (2, [3]), (3, [1, 2])));
        Assert.Equal([Pair(1, 2)], Compare((1, [3]), (2, [1, 3]), (3, [1, 2])));
    }

    [Fact]
    public void A_node_that_others_see_and_this_one_does_not_is_found_though_it_cannot_be_asked()
    {
        Assert.Equal([Pair(1, 9)], Compare((1, [2]), (2, [1, 9])));
    }

    [Fact]
    public void Who_has_not_told_misses_nobody()
    {
        Assert.Empty(Compare((1, [2, 3]), (2, [1, 3])));
    }

    [Fact]
    public void Two_halves_with_a_bridge_are_all_the_pairs_across()
    {
        Assert.Equal(
            [Pair(1, 3), Pair(1, 4), Pair(2, 3), Pair(2, 4)],
            Compare((1, [2, 5]), (2, [1, 5]), (3, [4, 5]), (4, [3, 5]), (5, [1, 2, 3, 4])));
    }

    [Fact]
    public void A_member_that_makes_names_up_gives_no_endless_list()
    {
        var made = Enumerable.Range(0, ViewComparison.MaxNames).Select(i => Enmesh.NodeName.Parse($"x{i}@10.0.0.1")).ToArray();
        var views = new Dictionary<Enmesh.NodeName, IReadOnlyCollection<Enmesh.NodeName>>
        {
            [Name(1)] = made,
            [Name(2)] = [Name(1)],
        };
        Assert.Equal(ViewComparison.MaxPairs, ViewComparison.Compare(views).Count);
    }

    [Fact]
    public void What_two_looks_in_a_row_show_is_told_once_and_once_more_when_it_is_over()
    {
        var bench = new ReconcilerBench();
        var parted = ImmutableSortedSet.Create(Pair(1, 2));
        Assert.Empty(Look(parted));
        var told = Look(parted.Add(Pair(3, 4)));
        Assert.Equal([Pair(1, 2)], Assert.IsType<ClusterEvent.PartitionChanged>(Assert.Single(told.Events())).Parted);
        Assert.Equal([Pair(1, 2)], bench.View.Parted);
        Assert.Empty(Look(parted).Events());
        Assert.Empty(Assert.IsType<ClusterEvent.PartitionChanged>(Assert.Single(Look([]).Events())).Parted);
        Assert.Empty(bench.View.Parted);
        Assert.Empty(Look(parted).Events());
        Assert.Empty(Look([]).Events());

        IReadOnlyList<ReconcilerEffect> Look(ImmutableSortedSet<PartedPair> seen) =>
            bench.Do(new ReconcilerEvent.Compared(seen));
    }
}
