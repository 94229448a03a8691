namespace Enmesh.Terms.Text;

internal enum TokenKind : byte
{
    /// <summary>There is no more text.</summary>
    End,

    /// <summary>The dot that ends a term or an expression.</summary>
    Dot,
    Atom,
    Variable,

    /// <summary>A word such as <c>fun</c> or <c>end</c>.</summary>
    Word,

    /// <summary>An integer, or a character in the form <c>$a</c>.</summary>
    Integer,
    Float,
    String,

    /// <summary>A sigil that makes a binary.</summary>
    Binary,

    /// <summary>A pid, port or reference.</summary>
    Identifier,

    /// <summary>Brackets, separators and operators.</summary>
    Symbol,
}

/// <summary>A word of Erlang text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Text">The name of an atom, variable, word or symbol; the characters of a string.</param>
/// <param name="Value">The value of a number, an identifier or a sigil.</param>
internal readonly record struct Token(TokenKind Kind, int Offset, int End, string Text, Term Value)
{
    internal bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    internal bool IsWord(string word) => Kind == TokenKind.Word && Text == word;

    /// <summary>What it is, in words for a message.</summary>
    internal string Describe() => Kind switch
    {
        TokenKind.End => "the end of the text",
        TokenKind.Dot => "the final '.'",
        TokenKind.Atom => $"the atom {(Term)new Atom(Text)}",
        TokenKind.Variable => $"the variable {Text}",
        TokenKind.Word => $"the reserved word '{Text}'",
        TokenKind.String => "a string",
        TokenKind.Symbol => $"'{Text}'",
        TokenKind.Integer or TokenKind.Float => "a number",
        TokenKind.Binary => "a binary",
        _ => "an identifier",
    };
}
