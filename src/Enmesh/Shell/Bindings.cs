using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>Variables and their values; those outside are seen, and new ones stay inside until they are handed out.</summary>
internal sealed class Bindings(Bindings? outer = null)
{
    private readonly Dictionary<string, Term> _own = new(StringComparer.Ordinal);

    /// <summary>The names bound here, not those outside.</summary>
    internal IReadOnlyCollection<string> Own => _own.Keys;

    /// <summary>All names that have a value.</summary>
    internal IEnumerable<string> All => outer is null ? _own.Keys : _own.Keys.Union(outer.All, StringComparer.Ordinal);

    internal bool TryGet(string name, out Term value)
    {
        for (var at = this; at is not null; at = at.Outer)
        {
            if (at._own.TryGetValue(name, out value))
                return true;
        }
        value = default;
        return false;
    }

    internal bool TryGetOwn(string name, out Term value) => _own.TryGetValue(name, out value);

    internal void Set(string name, Term value) => _own[name] = value;

    internal void Forget(string name) => _own.Remove(name);

    internal void Clear() => _own.Clear();

    /// <summary>Hands what was bound here to those outside.</summary>
    internal void Commit()
    {
        if (outer is null)
            return;
        foreach (var (name, value) in _own)
            outer.Set(name, value);
    }

    /// <summary>The same variables, apart from these.</summary>
    internal Bindings Copy()
    {
        var copy = new Bindings();
        foreach (var name in All)
        {
            if (TryGet(name, out var value))
                copy.Set(name, value);
        }
        return copy;
    }

    private Bindings? Outer => outer;
}

/// <summary>The code of a fun that was typed, with the variables it has caught.</summary>
internal sealed class Closure(Syntax.FunExpression code, Bindings captured)
{
    internal Syntax.FunExpression Code => code;

    internal Bindings Captured => captured;
}
