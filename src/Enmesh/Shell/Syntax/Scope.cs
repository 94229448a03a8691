namespace Enmesh.Shell.Syntax;

/// <summary>Which variables are bound at a place, and which only on some of the ways that lead there.</summary>
internal sealed class Scope
{
    // The value says why a variable is unsafe; null for one that is bound.
    private readonly Dictionary<string, string?> _variables;

    internal Scope(IEnumerable<string> bound) => _variables = bound.ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);

    private Scope(Dictionary<string, string?> variables) => _variables = variables;

    internal IEnumerable<string> Names => _variables.Keys;

    internal Scope Copy() => new(new Dictionary<string, string?>(_variables, StringComparer.Ordinal));

    internal bool IsBound(string name) => _variables.TryGetValue(name, out var why) && why is null;

    /// <summary>Why a variable cannot be used although it occurs before; null for others.</summary>
    internal string? WhyUnsafe(string name) => _variables.GetValueOrDefault(name);

    internal void Bind(string name) => _variables[name] = null;

    internal void Forget(string name) => _variables.Remove(name);

    /// <summary>What another expression beside this one has bound is bound afterwards.</summary>
    internal void Merge(Scope other)
    {
        foreach (var (name, why) in other._variables)
        {
            if (!_variables.TryGetValue(name, out var known) || known is not null)
                _variables[name] = why;
        }
    }

    /// <summary>What some clauses bind is unsafe afterwards, unless all of them do.</summary>
    internal void MergeClauses(IReadOnlyList<Scope> clauses, string construct, Place at, bool isSafe)
    {
        foreach (var name in clauses.SelectMany(clause => clause.Names).Distinct(StringComparer.Ordinal).ToArray())
        {
            if (IsBound(name))
                continue;
            var everywhere = isSafe && clauses.All(clause => clause.IsBound(name));
            _variables[name] = everywhere ? null : $"'{construct}' (line {at.Line}, column {at.Column})";
        }
    }
}
