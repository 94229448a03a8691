using Enmesh.Processes;
using Enmesh.Shell.Syntax;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>The last commands of a shell and their results: <c>h()</c>, <c>v(N)</c>, <c>e(N)</c>.</summary>
internal sealed class ShellHistory
{
    private const int Kept = 20;

    private static readonly Atom ExitTag = new("EXIT");

    private readonly List<Entry> _entries = [];

    /// <summary>The number of the next command.</summary>
    internal int Next { get; private set; } = 1;

    internal IReadOnlyList<Entry> Entries => _entries;

    internal void Add(string source, Expression[] expressions, Term? value)
    {
        _entries.Add(new(Next++, source, expressions, value));
        if (_entries.Count > Kept)
            _entries.RemoveAt(0);
    }

    /// <summary>What <c>v(N)</c> gives for a command that has failed.</summary>
    internal static Term Failure(ErlangException error) => error.Class == ErlangExceptionClass.Error
        ? Term.Tuple(ExitTag, Term.Tuple(error.Reason, error.Stack ?? Term.Nil))
        : Term.Tuple(ExitTag, error.Reason);

    /// <summary>Puts former commands in the place of <c>e(N)</c>; a command by itself is often just that.</summary>
    /// <exception cref="ShellSyntaxException">There is no such command.</exception>
    internal Expression[] Expand(Expression[] expressions)
    {
        var expanded = new List<Expression>();
        foreach (var expression in expressions)
        {
            switch (expression)
            {
                case CallExpression { Module: null, Function: Literal { Value.AtomText: "e" }, Arguments: [var which] }:
                    expanded.AddRange(Find(which).Expressions);
                    break;
                case CallExpression { Module: null, Function: Literal { Value.AtomText: "v" }, Arguments: [var which] }:
                    Find(which); // what is not there is said before anything is evaluated
                    expanded.Add(expression);
                    break;
                default:
                    expanded.Add(expression);
                    break;
            }
        }
        return [.. expanded];
    }

    /// <summary>The value of a command.</summary>
    internal Term? ValueOf(Term number) => Find(number) is { } entry ? entry.Value : null;

    private Entry Find(Expression which)
    {
        if (which is Literal { Value: var number } && Find(number) is { } found)
            return found;
        var shown = which is Literal { Value: var asked } ? asked.ToString() : "";
        throw new ShellSyntaxException(which.At, $"{shown}: command not found");
    }

    // A negative number counts from the end.
    private Entry? Find(Term number) =>
        number.Int32 is { } n ? _entries.Find(entry => entry.Number == (n < 0 ? Next + n : n)) : null;

    /// <summary>A command.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Source">What was typed.</param>
    /// <param name="Expressions">The expressions.</param>
    /// <param name="Value">Its result; null for one that was wrong.</param>
    internal sealed record Entry(int Number, string Source, Expression[] Expressions, Term? Value);
}
