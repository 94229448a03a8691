using System.Text.Json;
using Enmesh.Terms.External;
using Enmesh.Terms.Tests.External;
using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

[Trait("Ring", "pure")]
public sealed class ErlangParseTests
{
    private static readonly LocalNode Here = new(new Atom("here@10.0.0.1"), 7);

    [Fact]
    public void Snippets_mean_what_they_mean_to_Erlang()
    {
        var count = 0;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "parse.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var text = json.RootElement.GetProperty("text").GetString()!;
            if (json.RootElement.TryGetProperty("hex", out var hex))
            {
                var expected = ExternalTermFormat.Decode(Convert.FromHexString(hex.GetString()!));
                var parsed = Record.Exception(() => Assert.Equal(expected, ErlangText.Parse(text)));
                Assert.True(parsed is null, $"{text}\n{parsed?.Message}");
                count++;
            }
            else
            {
                var thrown = Record.Exception(() => ErlangText.Parse(text));
                Assert.True(thrown is TermSyntaxException, $"{text}\n{thrown}");
            }
        }
        Assert.True(count > 150);
    }

    [Fact]
    public void Literals_of_the_vectors_are_the_terms_they_stand_for()
    {
        var count = 0;
        foreach (var vector in TermVector.Portable)
        {
            Term parsed;
            try
            {
                parsed = ErlangText.Parse(vector.Expression);
            }
            catch (TermSyntaxException)
            {
                // A function call; the other vectors' text is a literal of ours.
                continue;
            }
            // Releases up to 25 read -0.0 as 0.0, and the oldest way of writing floats rounds.
            if (parsed.Float is not null && (vector.Bytes[1] == 99 || !vector.MadeBy.Any(made => made.StartsWith("29", StringComparison.Ordinal))))
                continue;
            Assert.True(parsed == ExternalTermFormat.Decode(vector.Bytes), vector.ToString());
            count++;
        }
        Assert.True(count > 120, $"only {count}");
    }

    [Theory]
    [InlineData("", 1, 1, "Expected a term, found the end of the text.")]
    [InlineData("{a,\n  [1, 2}", 2, 8, "Expected ',', '|' or ']', found '}'.")]
    [InlineData("[1|2,3]", 1, 5, "Expected ']', found ','.")]
    [InlineData("{a, B}", 1, 5, "Expected a term, found the variable B.")]
    [InlineData("'😀', x", 1, 4, "Expected the end of the text, found ','.")]
    [InlineData("#{a := 1}", 1, 5, "Expected '=>', found ':='.")]
    [InlineData("% \n\n  'abc", 3, 3, "The atom that begins here has no end: a ' is missing.")]
    [InlineData("\"a\\x{110000}\"", 1, 3, "There is no character of this number.")]
    [InlineData("[1, 2中]", 1, 6, "The character '中' (U+4E2D) can stand only between quotes.")]
    [InlineData("1.5e400", 1, 1, "This float is too large.")]
    [InlineData("{1, 2#12}", 1, 5, "This is no integer: '2' (U+0032) cannot follow it.")]
    [InlineData("<<1, <<2>> >>", 1, 6, "A binary within a binary needs the type /binary or /bitstring.")]
    [InlineData("fun lists:map/256", 1, 15, "Expected a number of arguments from 0 to 255, found a number.")]
    [InlineData("fun() -> ok end", 1, 4, "Expected the module of a fun, found '('.")]
    [InlineData("#Fun<lists.1.2>", 1, 1, "A local fun cannot be read from text: only its own node knows its code.")]
    [InlineData("\"\"\"\n  a\n b\n  \"\"\"", 3, 1, "This line is not indented as the one with the closing quotes is.")]
    [InlineData("#m:r{a = 1, a = 2}", 1, 13, "The field a stands twice.")]
    public void Errors_say_where_and_what(string text, int line, int column, string problem)
    {
        var error = Assert.Throws<TermSyntaxException>(() => ErlangText.Parse(text));
        Assert.Equal((problem, line, column), (error.Problem, error.Line, error.Column));
        Assert.Equal($"Line {line}, column {column}: {problem}", error.Message);
    }

    [Fact]
    public void Consult_reads_terms_that_end_in_a_dot()
    {
        Assert.Equal(
            [Atoms.Ok, Term.Tuple(1, 2.5), Term.Nil], ErlangText.Consult("\uFEFF%% a file\nok.\n{1,2.5}. [].%end"));
        Assert.Empty(ErlangText.Consult(" % nothing"));
        var error = Assert.Throws<TermSyntaxException>(() => ErlangText.Consult("ok.\nerror\n"));
        Assert.Equal("Line 3, column 1: Expected the '.' that ends a term, found the end of the text.", error.Message);
    }

    [Theory]
    [InlineData("#Pid<a@127.0.0.1 97.0/6b003654>")]
    [InlineData("#Pid<'odd name@h' 4294967295.4294967295/ffffffff>")]
    [InlineData("#Port<a@127.0.0.1 18446744073709551615/4>")]
    [InlineData("#Ref<a@127.0.0.1 262143.4294967295.4294967295/6b003654>")]
    [InlineData("#Ref<a@127.0.0.1 1.2.3.4.5/0>")]
    public void Identifiers_of_any_node_can_be_read_in_full(string text) =>
        Assert.Equal(text, ErlangText.Parse(text).ToString());

    [Fact]
    public void Identifiers_of_the_vectors_have_the_text_of_the_vectors()
    {
        var seen = TermVector.Portable.Where(vector => vector.Text.StartsWith("#P", StringComparison.Ordinal)
            || vector.Text.StartsWith("#Ref", StringComparison.Ordinal)).ToList();
        Assert.True(seen.Count > 20);
        foreach (var vector in seen)
        {
            var term = ExternalTermFormat.Decode(vector.Bytes);
            Assert.Equal(vector.Text, term.ToString());
            Assert.Equal(term, ErlangText.Parse(vector.Text));
        }
    }

    [Fact]
    public void Identifiers_of_the_node_itself_are_short()
    {
        var pid = new Pid(Here.Name, 97, 2, 7);
        Term reference = new Reference(Here.Name, 7, 3, 2, 1);
        var all = Term.List(pid, reference, new PortId(Here.Name, 5, 7), pid with { Creation = 8 });
        const string Text = "[<0.97.2>,#Ref<0.1.2.3>,#Port<0.5>,#Pid<here@10.0.0.1 97.2/8>]";
        Assert.Equal(Text, ErlangText.Print(all, new() { LocalNode = Here }));
        Assert.Equal(all, ErlangText.Parse(Text, new() { LocalNode = Here }));
        Assert.Contains(
            "only on its own node", Assert.Throws<TermSyntaxException>(() => ErlangText.Parse("<0.1.2>")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "of another node",
            Assert.Throws<TermSyntaxException>(() => ErlangText.Parse(
                "<8764.1.2>", new() { LocalNode = Here })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Atoms_come_out_of_the_given_table()
    {
        var table = new AtomTable();
        var parsed = ErlangText.Parse("{abc,'x y',abc}", new() { Atoms = table });
        Assert.Same(parsed.TupleElements[0].Atom, table.Intern("abc"u8));
        Assert.Equal(2, table.Count);
    }
}
