using System.Globalization;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Syntax;

/// <summary>What was typed, cut into forms that each end in a dot.</summary>
internal static class Tokens
{
    private const int ShownCharacters = 16;

    /// <summary>Cuts the first form off.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="node">The node that short identifiers belong to.</param>
    /// <param name="end">Where the form ends.</param>
    /// <returns>Its words, the dot being the last; null when there is no dot yet.</returns>
    /// <exception cref="ShellSyntaxException">What was typed are no words of Erlang.</exception>
    internal static IReadOnlyList<Token>? ReadForm(string text, LocalNode? node, out int end)
    {
        var lexer = new ErlangLexer(text, new ErlangParseOptions { LocalNode = node, MaxIntegerBits = Limits.MaxIntegerBits });
        var tokens = new List<Token>();
        try
        {
            while (true)
            {
                var token = lexer.Next();
                end = token.End;
                if (token.Kind == TokenKind.End)
                    return null;
                tokens.Add(token);
                if (token.Kind == TokenKind.Dot)
                    return tokens;
            }
        }
        catch (TermSyntaxException e)
        {
            end = text.Length;
            var at = new Place(e.Line, e.Column);
            if (IsUnfinished(e, text))
                return null;
            var problem = Problem(e, text);
            if (problem.StartsWith("illegal ", StringComparison.Ordinal))
                at = PlaceOf(text, StartOfWord(text, e.Offset));
            throw new ShellSyntaxException(at, problem);
        }
    }

    /// <summary>Where something lies in the text.</summary>
    internal static Place PlaceOf(string text, int offset) => PlaceOf(text, offset, 0, new(1, 1));

    /// <summary>The same, counted on from a place before it.</summary>
    internal static Place PlaceOf(string text, int offset, int from, Place at)
    {
        var (line, column) = (at.Line, at.Column);
        from = Math.Min(from, text.Length);
        foreach (var c in text.AsSpan(from, Math.Min(offset, text.Length) - from))
        {
            if (c == '\n')
                (line, column) = (line + 1, 1);
            else if (!char.IsLowSurrogate(c))
                column++;
        }
        return new(line, column);
    }

    /// <summary>A word as a message of the parser shows it.</summary>
    internal static string Show(in Token token) => token.Kind switch
    {
        TokenKind.Dot or TokenKind.End => "'.'",
        TokenKind.Atom => ErlangText.Print(new Atom(token.Text), ErlangPrintOptions.WriteUnicode),
        TokenKind.Variable => token.Text,
        TokenKind.Word or TokenKind.Symbol => $"'{token.Text}'",
        TokenKind.String => ErlangText.Print(Term.CharList(token.Text), ErlangPrintOptions.PrettyUnicode with { LineLength = 0 }),
        _ => token.Value.ToString(),
    };

    // A string, atom or sigil that goes on on the next line.
    private static bool IsUnfinished(TermSyntaxException e, string text) =>
        e.Problem.Contains("has no end", StringComparison.Ordinal)
            || (e.Offset >= text.TrimEnd().Length - 1 && e.Problem.Contains("is missing", StringComparison.Ordinal));

    private static int StartOfWord(string text, int offset)
    {
        while (offset > 0 && (char.IsAsciiLetterOrDigit(text[offset - 1]) || text[offset - 1] is '#' or '.' or '_'))
            offset--;
        return offset;
    }

    private static string Problem(TermSyntaxException e, string text)
    {
        var problem = e.Problem;
        if (problem.StartsWith("This is no integer", StringComparison.Ordinal)
            || problem.Contains("base from", StringComparison.Ordinal) || problem.Contains("digit of base", StringComparison.Ordinal))
            return "illegal integer";
        if (problem.Contains("float", StringComparison.Ordinal))
            return "illegal float";
        if (problem.Contains("quotes", StringComparison.Ordinal) || problem.Contains("no such character", StringComparison.Ordinal))
            return "illegal character";
        return problem.TrimEnd('.') is { Length: > 0 } words ? char.ToLower(words[0], CultureInfo.InvariantCulture) + words[1..] : text;
    }

    /// <summary>What is said of input that ends within quotes.</summary>
    internal static ShellSyntaxException? Unterminated(string text)
    {
        try
        {
            var lexer = new ErlangLexer(text, new ErlangParseOptions());
            while (lexer.Next().Kind != TokenKind.End)
            {
                // Only what is wrong with it is of interest.
            }
            return null;
        }
        catch (TermSyntaxException e)
        {
            var rest = text[Math.Min(e.Offset + 1, text.Length)..];
            var what = text.AsSpan(e.Offset).StartsWith("'", StringComparison.Ordinal) ? "atom" : "string";
            var shown = ErlangText.Print(
                Term.CharList(rest.Length > ShownCharacters ? rest[..ShownCharacters] : rest), ErlangPrintOptions.PrettyUnicode with { LineLength = 0 });
            return new(new(e.Line, e.Column), $"unterminated {what} starting with {shown}");
        }
    }
}
