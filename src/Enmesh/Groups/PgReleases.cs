using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>
/// Finds the pairs of releases that break each other: a scope of OTP 29 greets every node with a message that a
/// scope of OTP 23 to 25 crashes at, again and again, until its node gives up after about two seconds.
/// </summary>
internal sealed class PgReleases
{
    /// <summary>The last release whose scope crashes at the greeting of OTP 29.</summary>
    internal const int LastFragile = 25;

    /// <summary>The first release that greets so.</summary>
    internal const int FirstVersioned = 29;

    /// <summary>Pairs beyond which the oldest findings are forgotten, so that changing names cost no memory.</summary>
    private const int MaxReported = 256;

    private readonly Dictionary<Atom, int?> _plain = []; // node to release, null until it is known
    private readonly HashSet<Atom> _asked = [];
    private readonly HashSet<Atom> _versioned = [];
    private readonly HashSet<(Atom Old, Atom New)> _reported = [];

    /// <summary>A node's scope has greeted us in one of the two forms.</summary>
    internal void Seen(Atom node, bool versioned, List<PgEffect> effects)
    {
        if (versioned)
        {
            _plain.Remove(node);
            _versioned.Add(node);
        }
        else
        {
            _plain.TryAdd(node, null);
        }
        Look(effects);
    }

    /// <summary>A node has said what it is.</summary>
    internal void Known(Atom node, int release, List<PgEffect> effects)
    {
        if (!_plain.ContainsKey(node))
            return;
        _plain[node] = release;
        Look(effects);
    }

    /// <summary>A scope has ended. A fragile one that was greeted gives itself away by how it ends.</summary>
    internal void Ended(Atom node, bool versioned, Term reason, List<PgEffect> effects)
    {
        if (versioned || _versioned.Count == 0 || !IsGreetingCrash(reason))
            return;
        foreach (var other in _versioned)
            Report(node, _plain.GetValueOrDefault(node), other, effects);
    }

    /// <summary>A node is gone; it may come back as another release.</summary>
    internal void Gone(Atom node)
    {
        _plain.Remove(node);
        _asked.Remove(node);
        _versioned.Remove(node);
    }

    // {badarg | function_clause, [{pg, handle_info, _, _}, ...]}
    private static bool IsGreetingCrash(Term reason) =>
        reason.TupleElements is [{ Atom: not null }, { AsList: { Count: > 0 } stack }]
        && stack[0].TupleElements is [{ Atom: { } module }, { Atom: { } function }, ..]
        && module.Text == "pg" && function.Text == "handle_info";

    private void Look(List<PgEffect> effects)
    {
        if (_versioned.Count == 0)
            return;
        foreach (var (node, release) in _plain)
        {
            if (release is null && _asked.Add(node))
                effects.Add(new PgEffect.AskRelease(node));
            if (release is null or > LastFragile)
                continue;
            foreach (var other in _versioned)
                Report(node, release, other, effects);
        }
    }

    private void Report(Atom node, int? release, Atom other, List<PgEffect> effects)
    {
        if (_reported.Count >= MaxReported)
            _reported.Clear();
        if (_reported.Add((node, other)))
            effects.Add(new PgEffect.Conflict(node, release, other));
    }
}
