using Xunit;

namespace Enmesh.SystemTests.Packages;

[Trait("Ring", "pure")]
public sealed class ReadmeCodeTests
{
    [Fact]
    public void Programs_their_output_and_packages_are_found()
    {
        const string Markdown = """
            # Title
            ```
            dotnet add package Enmesh.Hosting
            dotnet add package Microsoft.Extensions.Hosting --version 10
            ```
            ```csharp run
            Console.WriteLine(1);
            Console.WriteLine(2);
            ```
            prints
            ```output
            1
            2
            ```
            ```erlang
            ok.
            ```
            ```csharp compile
            while (true);
            ```
            """;

        Assert.Equal(
            [
                new(6, Runs: true, "Console.WriteLine(1);\nConsole.WriteLine(2);\n", "1\n2\n"),
                new(18, Runs: false, "while (true);\n", Output: null),
            ],
            ReadmeCode.Programs(Markdown));
        Assert.Equal(["Enmesh.Hosting", "Microsoft.Extensions.Hosting"], ReadmeCode.Packages(Markdown));
    }

    [Fact]
    public void Sessions_in_shells_are_found()
    {
        const string Markdown = """
            From a terminal:

                $ erl -name me
                1> net_adm:ping(x).
                pong

                $ iex --name me
                iex(me)1> [1,
                 2]
                iex(me)2> :ok
                :ok

            and so on.
            """;

        Assert.Equal([("net_adm:ping(x).", "pong")], ReadmeCode.Session(Markdown, "erl"));
        Assert.Equal([("[1,", " 2]"), (":ok", ":ok")], ReadmeCode.Session(Markdown, "iex"));
        Assert.Empty(ReadmeCode.Session(Markdown, "gleam"));
    }

    [Theory]
    [InlineData("```csharp\nvar x = 1;\n```", "Line 1: say ```csharp run")]
    [InlineData("text\n```output\n1\n```", "Line 2: there is no")]
    [InlineData("```csharp run\nvar x = 1;\n", "Line 1: this block is not closed")]
    public void Code_that_would_not_be_tested_is_an_error(string markdown, string message)
    {
        var error = Assert.Throws<FormatException>(() => ReadmeCode.Programs(markdown));

        Assert.StartsWith(message, error.Message);
    }
}
