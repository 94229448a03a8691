using Enmesh.Transport;
using Xunit;

namespace Enmesh.Tests.Transport;

[Trait("Ring", "pure")]
public sealed class BackoffTests
{
    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 1)]
    [InlineData(5, 16)]
    [InlineData(6, 30)]
    [InlineData(1_000_000, 30)]
    public void A_pause_is_half_to_all_of_what_has_doubled(int failures, double full)
    {
        var pauses = Enumerable.Range(0, 1000).Select(_ => Backoff.Default.After(failures).TotalSeconds).ToList();

        Assert.All(pauses, p => Assert.InRange(p, full / 2, full));
        Assert.True(pauses.Max() - pauses.Min() > full / 4);
    }
}
