using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>How a line may go on.</summary>
/// <param name="Length">How many characters at its end are the beginning of a word.</param>
/// <param name="Words">The words that begin so, in their order, as they are typed.</param>
public sealed record ShellCompletion(int Length, IReadOnlyList<string> Words);

/// <summary>Finds how a line may go on: modules and their functions, commands, registered names, nodes, variables.</summary>
internal static class Completion
{
    /// <param name="text">What stands before the cursor.</param>
    /// <param name="names">What there is to name.</param>
    internal static ShellCompletion Find(string text, CompletionNames names)
    {
        var quote = OpenQuote(text);
        if (quote >= 0)
            return Matching(text[quote..], names.Nodes.Concat(names.Registered).Concat(names.Modules).Select(Quoted));
        var start = text.Length;
        while (start > 0 && IsPartOfName(text[start - 1]))
            start--;
        var word = text[start..];
        if (start > 0 && text[start - 1] == ':' && ModuleBefore(text, start - 1) is { } module)
            return Matching(word, names.FunctionsOf(module).Select(function => $"{Shown(function)}("));
        if (word.Length == 0)
            return new(0, []);
        return char.IsAsciiLetterUpper(word[0]) || word[0] == '_'
            ? Matching(word, names.Variables)
            : Matching(word, names.Modules.Select(name => $"{Shown(name)}:").Concat(names.Commands.Select(name => $"{name}("))
                .Concat(names.Registered.Select(Shown)).Concat(names.Nodes.Select(Quoted)));
    }

    /// <summary>What all of the words begin with.</summary>
    internal static string CommonPrefix(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
            return "";
        var length = words[0].Length;
        foreach (var word in words)
        {
            length = Math.Min(length, word.Length);
            while (!word.AsSpan(0, length).SequenceEqual(words[0].AsSpan(0, length)))
                length--;
        }
        return words[0][..length];
    }

    private static ShellCompletion Matching(string begun, IEnumerable<string> words) => new(begun.Length, [.. words
        .Where(word => word.StartsWith(begun, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);

    private static bool IsPartOfName(char c) => char.IsLetterOrDigit(c) || c is '_' or '@';

    // Where a quote begins that has no end yet.
    private static int OpenQuote(string text)
    {
        var open = -1;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'' && (i == 0 || text[i - 1] != '$'))
                open = open < 0 ? i : -1;
        }
        return open;
    }

    private static string? ModuleBefore(string text, int colon)
    {
        if (colon > 0 && text[colon - 1] == '\'')
        {
            var open = text.LastIndexOf('\'', colon - 2 < 0 ? 0 : colon - 2);
            return open < 0 ? null : text[(open + 1)..(colon - 1)];
        }
        var start = colon;
        while (start > 0 && IsPartOfName(text[start - 1]))
            start--;
        return start == colon || !char.IsLower(text[start]) ? null : text[start..colon];
    }

    private static string Shown(string name) => ErlangText.Print(new Atom(name), ErlangPrintOptions.WriteUnicode);

    private static string Quoted(string name) => Shown(name) is var shown && shown.StartsWith('\'') ? shown : $"'{shown}'";
}

/// <summary>What there is to name where a line is evaluated.</summary>
internal sealed record CompletionNames
{
    internal IReadOnlyCollection<string> Modules { get; init; } = [];

    internal Func<string, IEnumerable<string>> FunctionsOf { get; init; } = static _ => [];

    internal IReadOnlyCollection<string> Commands { get; init; } = [];

    internal IReadOnlyCollection<string> Registered { get; init; } = [];

    internal IReadOnlyCollection<string> Nodes { get; init; } = [];

    internal IReadOnlyCollection<string> Variables { get; init; } = [];
}
