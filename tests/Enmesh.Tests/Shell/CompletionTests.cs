using Enmesh.Shell;
using Xunit;

namespace Enmesh.Tests.Shell;

/// <summary>How a line may go on.</summary>
[Trait("Ring", "pure")]
public sealed class CompletionTests
{
    private static readonly CompletionNames Names = new()
    {
        Modules = ["lists", "logger", "Elixir.Shop"],
        FunctionsOf = module => module switch
        {
            "lists" => ["reverse", "reverse", "member"],
            "Elixir.Shop" => ["add"],
            _ => [],
        },
        Commands = ["length", "link"],
        Registered = ["logger_proxy", "my name"],
        Nodes = ["orders@10.0.0.7"],
        Variables = ["Long", "X"],
    };

    [Theory]
    [InlineData("", 0, "")]
    [InlineData("li", 2, "link( lists:")]
    [InlineData("X = lists:re", 2, "reverse(")]
    [InlineData("lists:", 0, "member( reverse(")]
    [InlineData("'Elixir.Shop':", 0, "add(")]
    [InlineData("'Elix", 5, "'Elixir.Shop'")]
    [InlineData("ping('or", 3, "'orders@10.0.0.7'")]
    [InlineData("log", 3, "logger: logger_proxy")]
    [InlineData("Lo", 2, "Long")]
    [InlineData("foo(X", 1, "X")]
    [InlineData("{a, ", 0, "")]
    [InlineData("nosuch:", 0, "")]
    public void A_word_goes_on_as_names_do(string text, int length, string words)
    {
        var found = Completion.Find(text, Names);

        Assert.Equal((length, words), (found.Length, string.Join(' ', found.Words)));
    }

    [Theory]
    [InlineData("lists: link(", "li")]
    [InlineData("reverse(", "reverse(")]
    [InlineData("a b", "")]
    public void Words_agree_up_to_where_they_part(string words, string common)
    {
        Assert.Equal(common, Completion.CommonPrefix(words.Split(' ')));
    }
}
