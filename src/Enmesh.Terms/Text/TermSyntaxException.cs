using System.Diagnostics.CodeAnalysis;

namespace Enmesh.Terms.Text;

/// <summary>Text that is no Erlang term. Says where, and what was expected there.</summary>
public sealed class TermSyntaxException : FormatException
{
    private TermSyntaxException(string problem, int line, int column, int offset)
        : base($"Line {line}, column {column}: {problem}")
    {
        Problem = problem;
        Line = line;
        Column = column;
        Offset = offset;
    }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>The line, counted from 1.</summary>
    public int Line { get; }

    /// <summary>The column, counted from 1 in characters (Unicode code points).</summary>
    public int Column { get; }

    /// <summary>The place in the text, counted from 0 in <see cref="char"/>s.</summary>
    public int Offset { get; }

    [DoesNotReturn]
    internal static void Throw(string text, int offset, string problem)
    {
        int line = 1, column = 1;
        foreach (var c in text.AsSpan(0, offset))
        {
            if (c == '\n')
                (line, column) = (line + 1, 1);
            else if (!char.IsLowSurrogate(c))
                column++;
        }
        throw new TermSyntaxException(problem, line, column, offset);
    }
}
