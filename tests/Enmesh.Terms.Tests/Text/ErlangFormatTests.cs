using System.Text.Json;
using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

/// <summary><c>io_lib:format/2</c>; the vectors were made by real nodes (tests/vectors/README.md).</summary>
[Trait("Ring", "pure")]
public sealed class ErlangFormatTests
{
    [Fact]
    public void Everything_is_formatted_as_Erlang_formats_it()
    {
        var compared = 0;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "format.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var format = json.RootElement.GetProperty("format").GetString()!;
            var arguments = json.RootElement.GetProperty("arguments").GetString()!;
            Assert.True(
                json.RootElement.GetProperty("text").GetString() == TryFormat(format, arguments),
                line + "\nActual:\n" + TryFormat(format, arguments));
            compared++;
        }
        Assert.True(compared > 1400);
    }

    [Fact]
    public void A_program_formats_terms_in_one_line_of_code() =>
        Assert.Equal(
            "orders: 3 open, [{id,1}]\n",
            ErlangText.Format("~s: ~b open, ~p~n", Term.Binary("orders"), 3, ErlangText.Parse("[{id,1}]")));

    [Theory]
    [InlineData("~p", "There are fewer arguments than the format takes.")]
    [InlineData("~s~s~s~s~s", "1 is no text.")]
    [InlineData("", "There are more arguments than the format takes.")]
    [InlineData("~z", "There is no control sequence '~z'.")]
    [InlineData("~1000000000c", "The text is too long.")]
    public void What_is_wrong_is_said(string format, string problem) =>
        Assert.Equal(
            problem,
            Assert.Throws<FormatException>(() => ErlangText.Format(
                format, format == "~p" ? [] : [(Term)1, 1, 1, 1, 1])).Message);

    [Fact]
    public void A_text_is_never_longer_than_the_limit()
    {
        var options = new ErlangFormatOptions { MaxLength = 100 };
        var list = Term.List([.. Enumerable.Range(0, 1000).Select(n => (Term)n)]);
        Assert.InRange(ErlangText.Format("~0p", Term.List(list).AsList!.Value, options).Length, 90, 100);
        Assert.Throws<FormatException>(() => ErlangText.Format("~101c", Term.List((Term)65).AsList!.Value, options));
        Assert.Throws<FormatException>(
            () => ErlangText.Format("~s", Term.List(Term.Binary(new string('x', 101))).AsList!.Value, options));
    }

    [Fact]
    public void Formats_out_of_messages_are_text_in_any_form()
    {
        var arguments = Term.List(Term.AtomOf("a"));
        Assert.Equal("x a", ErlangText.Format(Term.CharList("x ~p"), arguments));
        Assert.Equal("x a", ErlangText.Format(Term.Binary("x ~p"), arguments));
        Assert.Equal("x a", ErlangText.Format(Term.AtomOf("x ~p"), arguments));
        Assert.Equal(
            "~pé a", ErlangText.Format(Term.List(Term.CharList("~pé"), (int)' ', (int)'~', (int)'p'), arguments));
        Assert.Throws<FormatException>(() => ErlangText.Format(Term.AtomOf("x"), Term.AtomOf("a")));
        Assert.Throws<FormatException>(() => ErlangText.Format(1.5, Term.Nil));
    }

    private static string? TryFormat(string format, string arguments)
    {
        try
        {
            return ErlangText.Format(format, ErlangText.Parse(arguments).AsList!.Value);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
