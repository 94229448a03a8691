using Enmesh.Terms.External;
using Xunit;

namespace Enmesh.Terms.Tests;

[Trait("Ring", "pure")]
public sealed class MapTermTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(33)]
    [InlineData(5000)]
    public void Every_key_is_found_and_no_other(int count)
    {
        foreach (var makeKey in KeyMakers())
        {
            var map = Term.Map([.. Enumerable.Range(0, count).Select(i => (makeKey(i), (Term)i))]).AsMap!;
            Assert.Equal(count, map.Count);
            for (var i = 0; i < count; i++)
                Assert.Equal(i, map[makeKey(i)].Int32);
            Assert.False(map.TryGetValue(makeKey(count), out _));
            Assert.False(map.ContainsKey(Term.Tuple(makeKey(0), 1)));
            Assert.False(map.ContainsKey(Term.Nil));
            Assert.Throws<KeyNotFoundException>(() => map[makeKey(-1)]);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(500)]
    public void A_repeated_key_is_refused(int count)
    {
        foreach (var makeKey in KeyMakers())
        {
            (Term, Term)[] pairs = [.. Enumerable.Range(0, count).Select(i => (makeKey(i), (Term)i)), (makeKey(count / 2), 0)];
            Assert.Throws<ArgumentException>(() => Term.Map(pairs));
        }
    }

    [Fact]
    public void Keys_are_compared_exactly()
    {
        var map = Term.Map((1, 10), (1.0, 20), (Term.ByteList(1, 2), 30)).AsMap!;
        Assert.Equal(10, map[1]);
        Assert.Equal(20, map[1.0]);
        Assert.Equal(30, map[Term.List(1, 2)]);
        Assert.Throws<ArgumentException>(() => Term.Map((Term.ByteList(1), 1), (Term.List(1), 2)));
    }

    // 107 and 108 are two ways to write one list, and a node takes either for the same key.
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(40)]
    public void A_list_of_bytes_is_one_key_however_it_was_written(int count)
    {
        var others = string.Concat(Enumerable.Range(1, count - 1).Select(i => $"61{i:x2}6a"));
        var (one, other) = (Decode($"83740000{count:x4}{others}6b0002080961ff"), Decode(
            $"83740000{count:x4}{others}6c00000002610861096a61ff"));
        var (asBytes, asTerms) = (Decode("836b00020809"), Decode("836c00000002610861096a"));
        foreach (var map in new[] { one.AsMap!, other.AsMap! })
        {
            Assert.Equal(255, map[asBytes]);
            Assert.Equal(255, map[asTerms]);
            Assert.Equal(count - 1, map.Without(asTerms).Count);
            Assert.Equal(count, map.With(asTerms, 1).With(asBytes, 2).Count);
            Assert.False(map.ContainsKey(Decode("836c00000002610861056a")));
            Assert.False(map.ContainsKey(Decode("836c00000002610861096b000109")));
        }
        Assert.Equal(one, other);
        Assert.Equal(other, one);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
    }

    [Fact]
    public void Equal_maps_may_differ_in_the_order_of_their_pairs()
    {
        foreach (var makeKey in KeyMakers())
        {
            (Term, Term)[] pairs = [.. Enumerable.Range(0, 40).Select(i => (makeKey(i), (Term)i))];
            var (one, other) = (Term.Map(pairs), Term.Map([.. pairs.Reverse()]));
            Assert.Equal(one, other);
            Assert.Equal(one.GetHashCode(), other.GetHashCode());
            Assert.NotEqual(one, one.AsMap!.With(makeKey(3), 4));
            Assert.NotEqual(one, one.AsMap.Without(makeKey(3)));
            Assert.NotEqual(one, one.AsMap.Without(makeKey(3)).With(makeKey(100), 3));
        }
    }

    [Fact]
    public void Pairs_are_added_replaced_and_taken_away()
    {
        var map = MapTerm.Empty.With(1, 10).With(2, 20);
        Assert.Equal(10, map[1]);
        Assert.Equal(11, map.With(1, 11)[1]);
        Assert.Equal(2, map.With(1, 11).Count);
        Assert.Equal(10, map[1]);
        Assert.False(map.Without(1).ContainsKey(1));
        Assert.Same(map, map.Without(3));
        Assert.Equal([KeyValuePair.Create<Term, Term>(1, 10), KeyValuePair.Create<Term, Term>(2, 20)], map);
    }

    [Fact]
    public void Pairs_come_out_as_they_came_in()
    {
        var bytes = Convert.FromHexString("837400000003" + "7701626101" + "7701616102" + "61036103");
        Assert.Equal(bytes, ExternalTermFormat.Encode(ExternalTermFormat.Decode(bytes)));
    }

    private static Term Decode(string hex) => ExternalTermFormat.Decode(Convert.FromHexString(hex));

    // Integers whose hashes are all the same: whoever knows the hash can choose them.
    private static IEnumerable<Func<int, Term>> KeyMakers() =>
    [
        i => i * 7919,
        i => new Atom($"key{i}"),
        i => Term.Binary($"key {i}"),
        i => i / 8.0,
        i => ((long)i << 32) | (uint)-(int)(i * -0x61C88647L),
        i => Term.Tuple(i % 3, i),
        i => Term.Map((Atoms.Ok, i)),
        i => (i % 3) switch { 0 => i, 1 => Term.List(Atoms.Ok, i), _ => Term.Map((i, Term.List(i))) },
    ];
}
