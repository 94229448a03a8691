using Enmesh.Cluster;
using Xunit;

namespace Enmesh.Tests.Cluster;

[Trait("Ring", "pure")]
public sealed class ClusterOptionsTests
{
    [Fact]
    public void Defaults_are_those_in_the_documentation()
    {
        var options = new ClusterOptions();
        Assert.Equal(
            (5.0, 16, 30.0, 0.5, 30.0, null, 3, 30.0, 600.0, 30.0, 600.0),
            (options.TickInterval.TotalSeconds, options.MaxParallelDials, options.DialTimeout.TotalSeconds, options.MinBackoff.TotalSeconds,
                options.MaxBackoff.TotalSeconds, options.ExpectedPeers, options.EmptyConfirmations,
                options.EmptyAge.TotalSeconds,
                options.ForgetAfter.TotalSeconds, options.WarnAfter.TotalSeconds, options.RemindEvery.TotalSeconds));
        Assert.Empty(options.Validate());
    }

    [Fact]
    public void Values_out_of_bounds_are_refused_where_they_are_set()
    {
        var options = new ClusterOptions();
        Assert.Throws<ArgumentOutOfRangeException>(() => options.TickInterval = TimeSpan.FromMilliseconds(99));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxParallelDials = 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxParallelDials = 1025);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.DialTimeout = TimeSpan.FromMilliseconds(999));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MinBackoff = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.MaxBackoff = TimeSpan.FromDays(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.ExpectedPeers = -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.EmptyConfirmations = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.EmptyAge = TimeSpan.FromSeconds(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.ForgetAfter = TimeSpan.FromSeconds(9));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.WarnAfter = TimeSpan.FromDays(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.RemindEvery = TimeSpan.FromSeconds(59));
    }

    [Fact]
    public void The_shortest_pause_leaves_room_below_the_longest()
    {
        Assert.Empty(new ClusterOptions { MinBackoff = TimeSpan.FromSeconds(15) }.Validate());
        Assert.StartsWith(
            "MinBackoff: ", Assert.Single(new ClusterOptions { MinBackoff = TimeSpan.FromSeconds(16) }.Validate()),
            StringComparison.Ordinal);
    }
}
