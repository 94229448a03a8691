using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

[Trait("Ring", "pure")]
public sealed class ErlangTextLimitTests
{
    private const int Deep = 100_000;

    public static TheoryData<string, string, string> Nests { get; } = new()
    {
        { "[", "x", "]" },
        { "{", "x", "}" },
        { "#{", "#{}", "=>x}" },
        { "#{x=>", "x", "}" },
        { "#m:r{f = ", "x", "}" },
        { "(", "x", ")" },
        { "<<(", "<<>>", ")/binary>>" },
    };

    [Theory]
    [MemberData(nameof(Nests))]
    public void A_deep_term_is_read_without_a_deep_stack(string open, string middle, string close)
    {
        var text = Nest(open, middle, close, Deep / 2);
        var term = ErlangText.Parse(text);
        if (!open.Contains('('))
            Assert.Equal(
                text, ErlangText.Print(term, ErlangPrintOptions.Write).Replace(" => ", "=>", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Nests))]
    public void What_is_too_deep_is_refused(string open, string middle, string close)
    {
        Assert.Contains("deep", Refuse(Nest(open, middle, close, Deep + 1)), StringComparison.Ordinal);
        Assert.Contains(
            "3 deep", Refuse(Nest(open, middle, close, 4), new() { MaxDepth = 3 }), StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_within_tails_are_one_list_and_need_no_depth()
    {
        var list = ErlangText.Parse(Nest("[1|", "[]", "]", 3 * Deep)).AsList!.Value;
        Assert.Equal(3 * Deep, list.Count);
        Assert.True(list.IsProper);
        var other = ErlangText.Parse(Nest("[1|([2|", "x", "])]", 2 * Deep)).AsList!.Value;
        Assert.Equal((4 * Deep, Term.AtomOf("x")), (other.Count, other.Tail));
    }

    [Theory]
    [InlineData("<<0:99999999999>>")]
    [InlineData("<<0:99999999999999999999999999999/unit:256>>")]
    [InlineData("<<0:536870913>>")]
    [InlineData("[<<0:268435456>>,<<0:268435457>>]")]
    [InlineData("<<0:268435456,(<<0:268435457>>)/binary>>")]
    [InlineData("<<\"aa\":268435457>>")]
    public void Binaries_have_a_limit_together(string text) =>
        Assert.Contains("larger than the limit", Refuse(text), StringComparison.Ordinal);

    [Fact]
    public void The_limit_of_binaries_can_be_chosen()
    {
        var options = new ErlangParseOptions { MaxBinaryBytes = 4 };
        Assert.Equal(Term.Binary("abcd"), ErlangText.Parse("<<\"abcd\">>", options));
        Assert.Contains("larger", Refuse("<<\"abcde\">>", options), StringComparison.Ordinal);
        Assert.Contains("larger", Refuse("<<1,2,3,(<<4>>)/binary,5>>", options), StringComparison.Ordinal);
        Assert.Contains("larger", Refuse("{<<\"abc\">>,<<\"中\"/utf8>>}", options), StringComparison.Ordinal);
    }

    [Fact]
    public void Integers_have_a_limit()
    {
        var most = (System.Numerics.BigInteger.One << 4_194_303) - 1;
        Assert.Equal(most, ErlangText.Parse("16#7" + new string('f', (4_194_303 - 3) / 4)).Integer);
        Assert.Contains(
            "more than 4,194,303 bits", Refuse("16#8" + new string('0', (4_194_303 - 3) / 4)),
            StringComparison.Ordinal);
        Assert.Contains("bits", Refuse("36#" + new string('z', 10_000_000)), StringComparison.Ordinal);
        Assert.Contains("bits", Refuse(new string('9', 10_000_000)), StringComparison.Ordinal);
        Assert.Equal(0, ErlangText.Parse(new string('0', 10_000_000)));
    }

    [Fact]
    public void Large_integers_take_no_quadratic_time_and_come_back()
    {
        var digits = string.Concat(Enumerable.Repeat("1234567890", 20_000));
        Assert.Equal(
            System.Numerics.BigInteger.Parse(digits, System.Globalization.CultureInfo.InvariantCulture),
            ErlangText.Parse(digits).Integer);
        Assert.Equal("{...}", ErlangText.Print(Term.Tuple(ErlangText.Parse(digits)), new() { MaxLength = 100 }));
    }

    private static string Nest(string open, string middle, string close, int depth) =>
        string.Concat(Enumerable.Repeat(open, depth)) + middle + string.Concat(Enumerable.Repeat(close, depth));

    private static string Refuse(string text, ErlangParseOptions? options = null) =>
        Assert.Throws<TermSyntaxException>(() => ErlangText.Parse(text, options)).Message;
}
