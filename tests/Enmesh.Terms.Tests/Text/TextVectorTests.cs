using System.Text.Json;
using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

/// <summary>Texts that real nodes printed (tests/vectors/README.md).</summary>
[Trait("Ring", "pure")]
public sealed class TextVectorTests
{
    [Fact]
    public void Terms_are_printed_as_Erlang_prints_them() => Assert.True(CompareAll(
        "text.jsonl",
        (term, way, _) => ErlangText.Print(term, TextFormats.Erlang(way, printableUnicode: true))) > 3000);

    [Fact]
    public void Terms_are_inspected_as_Elixir_does() => Assert.True(CompareAll(
        "inspect.jsonl",
        (term, way, line) =>
            ElixirText.Inspect(
                term, TextFormats.Elixir(way, Version.Parse(line.GetProperty("elixir").GetString()!)))) > 4000);

    [Fact]
    public void Every_text_of_Erlang_that_is_complete_is_read_as_the_term()
    {
        foreach (var line in Lines("text.jsonl"))
        {
            var term = ErlangText.Parse(line.GetProperty("term").GetString()!);
            foreach (var way in (string[])["~w", "~tw", "~p", "~tp", "~lp", "~0p", "~20p", "~40tp", "~60.20p"])
                Assert.Equal(term, ErlangText.Parse(line.GetProperty("prints").GetProperty(way).GetString()!));
        }
    }

    private static int CompareAll(string file, Func<Term, string, JsonElement, string> print)
    {
        var compared = 0;
        foreach (var line in Lines(file))
        {
            var text = line.GetProperty("term").GetString()!;
            var term = ErlangText.Parse(text);
            foreach (var way in line.GetProperty("prints").EnumerateObject())
            {
                var printed = print(term, way.Name, line);
                Assert.True(
                    way.Value.GetString() == printed,
                    $"{way.Name} of {text}\nExpected:\n{way.Value}\nActual:\n{printed}");
                compared++;
            }
        }
        return compared;
    }

    private static IEnumerable<JsonElement> Lines(string file)
    {
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", file)))
        {
            using var json = JsonDocument.Parse(line);
            yield return json.RootElement;
        }
    }
}
