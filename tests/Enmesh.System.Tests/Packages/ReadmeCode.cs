using System.Text.RegularExpressions;

namespace Enmesh.SystemTests.Packages;

/// <summary>
/// A program shown in a Markdown file: a fenced block <c>```csharp run</c> is a whole program that ends by itself, and
/// what it prints is in the block <c>```output</c> that follows, if there is one. <c>```csharp compile</c> is a program
/// that runs for ever, or needs what the reader has and we don't; it only has to compile.
/// </summary>
internal sealed record ReadmeProgram(int Line, bool Runs, string Code, string? Output);

internal static partial class ReadmeCode
{
    private const string Fence = "```";

    /// <summary>
    /// All programs of the text; <see cref="FormatException"/> for C# that is neither to run nor to compile.
    /// </summary>
    internal static IReadOnlyList<ReadmeProgram> Programs(string markdown)
    {
        List<ReadmeProgram> programs = [];
        foreach (var (line, language, body) in Blocks(markdown.ReplaceLineEndings("\n").Split('\n')))
        {
            switch (language.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                case ["csharp", "run"]:
                    programs.Add(new(line, Runs: true, body, Output: null));
                    break;
                case ["csharp", "compile"]:
                    programs.Add(new(line, Runs: false, body, Output: null));
                    break;
                case ["csharp" or "cs" or "c#", ..]:
                    throw new FormatException(
                        $"Line {line}: say ```csharp run or ```csharp compile, so that it is tested.");
                case ["output"] when programs is [.., { Runs: true, Output: null } last]:
                    programs[^1] = last with { Output = body };
                    break;
                case ["output"]:
                    throw new FormatException($"Line {line}: there is no ```csharp run before this output.");
            }
        }

        return programs;
    }

    /// <summary>The packages that the text tells its reader to add.</summary>
    internal static IReadOnlyList<string> Packages(string markdown)
    {
        const string Command = "dotnet add package ";
        return
        [
            .. markdown.Split('\n')
                .Select(static line => line.Trim())
                .Where(static line => line.StartsWith(Command, StringComparison.Ordinal))
                .Select(static line => line[Command.Length..].Split(' ')[0])
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>What the reader is to write into appsettings.json; null for nothing.</summary>
    internal static string? Settings(string markdown) =>
        Blocks(markdown.ReplaceLineEndings("\n").Split('\n'))
            .Where(static block => block.Language == "json")
            .Select(static block => block.Body)
            .SingleOrDefault();

    /// <summary>
    /// The session in a shell that begins with a command, an indented line <c>$ iex ...</c>: what is typed, and what the
    /// shell says to it.
    /// </summary>
    internal static IReadOnlyList<(string Typed, string Said)> Session(string markdown, string command)
    {
        List<(string Typed, string Said)> session = [];
        var lines = markdown.ReplaceLineEndings("\n").Split('\n')
            .SkipWhile(line => !line.StartsWith($"    $ {command}", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(static line => line.StartsWith("    ", StringComparison.Ordinal) && line[4] != '$');
        foreach (var line in lines.Select(static line => line[4..]))
        {
            if (Prompt().Match(line) is { Success: true } prompt)
                session.Add((line[prompt.Length..], ""));
            else if (session is [.., var (typed, said)])
                session[^1] = (typed, said.Length == 0 ? line : $"{said}\n{line}");
        }
        return session;
    }

    // 1> of erl, iex(me@127.0.0.1)1> of iex
    [GeneratedRegex(@"^(iex(\([^)]*\))?)?[0-9]*> ")]
    private static partial Regex Prompt();

    private static IEnumerable<(int Line, string Language, string Body)> Blocks(string[] lines)
    {
        for (var at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith(Fence, StringComparison.Ordinal))
                continue;
            var end = Array.FindIndex(lines, at + 1, static line => line.StartsWith(Fence, StringComparison.Ordinal));
            if (end < 0)
                throw new FormatException($"Line {at + 1}: this block is not closed.");
            yield return (at + 1, lines[at][Fence.Length..].Trim(), string.Concat(
                lines[(at + 1)..end].Select(static line => $"{line}\n")));
            at = end;
        }
    }
}
