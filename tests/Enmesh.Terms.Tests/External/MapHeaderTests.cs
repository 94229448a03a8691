using Enmesh.Terms.External;
using Xunit;

namespace Enmesh.Terms.Tests.External;

[Trait("Ring", "pure")]
public sealed class MapHeaderTests
{
    [Theory]
    [InlineData(0x80000001u)] // twice this is 2 in 32 bits
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(2u)]
    public void A_map_that_announces_more_pairs_than_follow_is_refused(uint count)
    {
        // One pair of SMALL_INTEGER_EXT follows, and enough bytes besides that the end is not near.
        byte[] bytes =
        [
            131, 104, 2, 116, (byte)(count >> 24), (byte)(count >> 16), (byte)(count >> 8), (byte)count, 97, 1, 97, 2,
            107, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(bytes));
    }
}
