using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

// The expected texts were printed by io_lib:format/2 of OTP 25 and 29.
[Trait("Ring", "pure")]
public sealed class ErlangPrintTests
{
    private static Term Thousands => Term.List([.. Enumerable.Range(1000, 31).Select(i => (Term)i)]);

    [Fact]
    public void Plain_prints_text_as_numbers() =>
        Assert.Equal("{ok,[1,2,3],<<97,98,99>>,#{a => 1}}", Print(Sample(), ErlangPrintOptions.Write));

    [Fact]
    public void Pretty_finds_text() =>
        Assert.Equal(
            "{ok,[1,2,3],<<\"abc\">>,#{a => 1},\"abc\"}",
            Print(Term.Tuple([.. Sample().TupleElements, Term.CharList("abc")])));

    [Fact]
    public void Long_lists_go_on_in_the_next_line() => Assert.Equal(
        """
        [1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,1013,1014,
         1015,1016,1017,1018,1019,1020,1021,1022,1023,1024,1025,1026,1027,1028,1029,
         1030]
        """,
        Print(Thousands));

    [Fact]
    public void Elements_stand_behind_a_short_tag() => Assert.Equal(
        """
        {some_quite_long_tag,[1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,
                              1011,1012,1013,1014,1015,1016,1017,1018,1019,1020,1021,
                              1022,1023,1024,1025,1026,1027,1028,1029,1030],
                             {inner,[1000,1001,1002,1003,1004,1005,1006,1007,1008,
                                     1009,1010,1011,1012,1013,1014,1015,1016,1017,
                                     1018,1019,1020,1021,1022,1023,1024,1025,1026,
                                     1027,1028,1029,1030]}}
        """,
        Print(Term.Tuple(Term.AtomOf("some_quite_long_tag"), Thousands, Term.Tuple(Term.AtomOf("inner"), Thousands))));

    [Fact]
    public void Elements_stand_below_a_long_tag() => Assert.Equal(
        """
        {a_tag_that_is_really_long_and_goes_beyond_the_middle_of_the_line_for_sure,
            {another_very_long_tag_indeed,
                {and_a_third_one_to_be_sure,
                    [1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,
                     1013,1014,1015,1016,1017,1018,1019,1020,1021,1022,1023,1024,1025,
                     1026,1027,1028,1029,1030]}}}
        """,
        Print(Term.Tuple(
            Term.AtomOf("a_tag_that_is_really_long_and_goes_beyond_the_middle_of_the_line_for_sure"),
            Term.Tuple(
                Term.AtomOf("another_very_long_tag_indeed"),
                Term.Tuple(Term.AtomOf("and_a_third_one_to_be_sure"), Thousands)))));

    [Fact]
    public void Values_of_a_map_are_indented() => Assert.Equal(
        """
        #{config =>
              [1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,1013,
               1014,1015,1016,1017,1018,1019,1020,1021,1022,1023,1024,1025,1026,1027,
               1028,1029,1030],
          name => <<"node">>,
          {a,tuple} =>
              #{nested =>
                    [1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,
                     1013,1014,1015,1016,1017,1018,1019,1020,1021,1022,1023,1024,1025,
                     1026,1027,1028,1029,1030]}}
        """,
        Print(Term.Map(
            (Term.AtomOf("config"), Thousands),
            (Term.AtomOf("name"), Term.Binary("node")),
            (Term.Tuple(Term.AtomOf("a"), Term.AtomOf("tuple")), Term.Map((Term.AtomOf("nested"), Thousands))))));

    [Fact]
    public void Long_binaries_are_broken_behind_a_comma() => Assert.Equal(
        """
        {tag,<<128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,
               145,146,147,148,149,150,151,152,153,154,155,156,157,158,159,160,161,
               162,163,164,165,166,167,168,169,170,171,172,173,174,175,176,177,178,
               179,180,181,182,183,184,185,186,187,188,189,190>>}
        """,
        Print(Term.Tuple(Term.AtomOf("tag"), Term.Binary([.. Enumerable.Range(128, 63).Select(i => (byte)i)]))));

    [Fact]
    public void An_improper_tail_stands_behind_a_bar() => Assert.Equal(
        """
        [a,1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,1013,1014,
         1015,1016,1017,1018,1019,1020,1021,1022,1023,1024,1025,1026,1027,1028,1029,
         1030|b]
        """,
        Print(Term.ListWithTail([Term.AtomOf("a"), .. Thousands.AsList!.Value], Term.AtomOf("b"))));

    [Fact]
    public void ToString_takes_one_line_and_has_an_end()
    {
        Assert.Equal("{ok,[1,2,3],<<\"abc\">>,#{a => 1}}", Sample().ToString());
        var text = Term.List([.. Enumerable.Repeat(Sample(), 1000)]).ToString();
        Assert.InRange(text.Length, 1000, 1024);
        Assert.EndsWith("|...]", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(25)]
    [InlineData(40)]
    public void Nothing_gets_longer_than_the_limit(int limit)
    {
        foreach (var term in
            (Term[])[Sample(), Term.Tuple(Sample(), Sample()), Thousands, Term.Binary(new string('x', 100))])
        {
            foreach (var plain in (bool[])[true, false])
                Assert.InRange(Print(term, new() { Plain = plain, MaxLength = limit }).Length, 1, limit);
        }
    }

    [Fact]
    public void A_deep_term_is_printed_without_a_deep_stack()
    {
        Term list = default, tuple = default, map = default;
        for (var i = 0; i < 100_000; i++)
        {
            list = Term.List(list);
            tuple = Term.Tuple(Term.AtomOf("a"), tuple);
            map = Term.Map((Term.AtomOf("a"), map));
        }
        Assert.Equal(new string('[', 100_001) + new string(']', 100_001), Print(list));
        Assert.Equal(300_000 + 2 + 100_000, Print(tuple, ErlangPrintOptions.Write).Length);
        Assert.Equal(1_000_000, Print(tuple, new() { MaxLength = 1_000_000 }).Length);
        Assert.Equal(1_000_000, Print(map, new() { MaxLength = 1_000_000 }).Length);
        Assert.InRange(map.ToString().Length, 600, 1024);
    }

    private static string Print(Term term, ErlangPrintOptions? options = null) => ErlangText.Print(term, options);

    private static Term Sample() => Term.Tuple(
        Atoms.Ok, Term.List(1, 2, 3), Term.Binary("abc"), Term.Map((Term.AtomOf("a"), 1)));
}
