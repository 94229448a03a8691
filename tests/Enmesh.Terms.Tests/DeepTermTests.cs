using Enmesh.Terms.External;
using Enmesh.Terms.Order;
using Xunit;

namespace Enmesh.Terms.Tests;

[Trait("Ring", "pure")]
public sealed class DeepTermTests
{
    private const int Depth = 100_000;

    private static readonly Atom Name = new("a");

    /// <summary>One way each to put a term into another.</summary>
    public static TheoryData<string> Nests { get; } =
        [.. new[] { "tuple", "first of tuple", "list", "improper tail", "map value", "map key", "one of many map keys", "record", "fun" }];

    [Theory]
    [MemberData(nameof(Nests))]
    public void Everything_works_on_terms_as_deep_as_allowed(string nest)
    {
        var term = Build(nest, Depth, 1);
        var same = Build(nest, Depth, 1);
        var other = Build(nest, Depth, 2);
        var bytes = ExternalTermFormat.Encode(term);

        var decoded = ExternalTermFormat.Decode(bytes);

        Assert.True(decoded == same);
        Assert.Equal(same.GetHashCode(), decoded.GetHashCode());
        Assert.Equal(0, TermOrder.Compare(decoded, same));
        Assert.False(decoded == other);
        Assert.True(TermOrder.Compare(decoded, other) < 0);
        Assert.True(TermOrder.Compare(other, decoded) > 0);
        Assert.True(decoded.Detach() == same);
        var reader = new TermReader(bytes.AsSpan(1));
        reader.Skip();
        Assert.True(reader.IsAtEnd);
    }

    [Theory]
    [MemberData(nameof(Nests))]
    public void One_level_more_than_allowed_is_refused(string nest)
    {
        var allowed = ExternalTermFormat.Encode(Build(nest, Depth, 1));
        var tooDeep = ExternalTermFormat.Encode(Build(nest, Depth + 1, 1));

        ExternalTermFormat.Decode(allowed);
        var error = Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(tooDeep));
        Assert.Contains("100000 deep", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Offset, 1, tooDeep.Length);
    }

    [Theory]
    [InlineData(0, new byte[] { 131, 97, 1 }, true)]
    [InlineData(0, new byte[] { 131, 104, 0 }, true)]
    [InlineData(0, new byte[] { 131, 104, 1, 97, 1 }, false)]
    [InlineData(1, new byte[] { 131, 104, 1, 97, 1 }, true)]
    [InlineData(1, new byte[] { 131, 104, 1, 104, 1, 97, 1 }, false)]
    [InlineData(2, new byte[] { 131, 104, 1, 104, 1, 97, 1 }, true)]
    [InlineData(1, new byte[] { 131, 104, 2, 104, 0, 106 }, true)]
    public void The_limit_of_depth_is_exact(int limit, byte[] input, bool isAllowed)
    {
        var options = new TermDecodeOptions { MaxDepth = limit };
        if (isAllowed)
            ExternalTermFormat.Decode(input, options);
        else
            Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(input, options));
    }

    [Fact]
    public void Millions_of_levels_are_refused_in_a_moment()
    {
        var input = new byte[10_000_001];
        for (var i = 1; i + 1 < input.Length; i += 2)
            (input[i], input[i + 1]) = (104, 1);
        input[0] = 131;
        Assert.Throws<TermFormatException>(() => ExternalTermFormat.Decode(input));
    }

    [Fact]
    public void A_list_written_element_by_element_is_one_list_and_not_deep()
    {
        byte[] element = [108, 0, 0, 0, 1, 98, 0, 0, 1, 0];
        byte[] input = [131, .. Enumerable.Repeat(element, 2 * Depth).SelectMany(bytes => bytes), 106];

        var list = ExternalTermFormat.Decode(input).AsList;

        Assert.Equal(2 * Depth, list!.Value.Count);
        Assert.True(list.Value.IsProper);
        Assert.All(list.Value, element => Assert.Equal(256, element.Int32));
    }

    private static Term Build(string nest, int depth, int innermost)
    {
        // The fun of a vector, with room for one value.
        var fun = ExternalTermFormat.Decode(
            [131, 112, 0, 0, 0, 0, 0, .. new byte[16], 0, 0, 0, 1, 0, 0, 0, 1, 119, 1, 97, 97, 1, 97, 1,
            88, 119, 1, 97, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 106]).Fun!;
        Term term = Term.Tuple(innermost);
        for (var i = 1; i < depth; i++)
        {
            term = nest switch
            {
                "tuple" => Term.Tuple(term),
                "first of tuple" => Term.Tuple(term, Name, 256),
                "list" => Term.List(term),
                "improper tail" => i % 2 == 1 ? Term.Tuple(term) : Term.ListWithTail([Name], term),
                "map value" => Term.Map((Name, term)),
                "map key" => Term.Map((term, Name)),
                "one of many map keys" => Term.Map((term, 1), (1, 2), (Name, 3)),
                "record" => new RecordTerm(Name, Name, true, [KeyValuePair.Create(Name, term)]),
                _ => fun.With([term]),
            };
        }
        return term;
    }
}
