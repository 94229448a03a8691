using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>The questions under way, and what is to be done with each answer.</summary>
internal sealed class Questions
{
    private readonly Dictionary<long, Action<Term?>> _open = [];
    private long _last;

    internal int Count => _open.Count;

    internal long Add(Action<Term?> then)
    {
        _open.Add(++_last, then);
        return _last;
    }

    internal void Answered(long question, Term? answer)
    {
        if (_open.Remove(question, out var then))
            then(answer);
    }
}

/// <summary>One question to many nodes: goes on when each has answered, or will not any more.</summary>
internal sealed class Round(int nodes, Action<IReadOnlyList<(Atom Node, Term Answer)>> then)
{
    private readonly List<(Atom, Term)> _answers = [];
    private int _missing = nodes;

    /// <summary>
    /// Takes a node's answer; null when it is out of reach, which leaves it out of those that have answered.
    /// </summary>
    internal void Take(Atom node, Term? answer)
    {
        if (answer is { } given)
            _answers.Add((node, given));
        if (--_missing == 0)
            then(_answers);
    }
}
