using System.Collections;

namespace Enmesh.Terms;

/// <summary>A map. Immutable; keys are compared exactly, as <c>=:=</c>.</summary>
public sealed class MapTerm : IReadOnlyCollection<KeyValuePair<Term, Term>>
{
    private readonly Term[] _keys;
    private readonly Term[] _values;

    private MapTerm(Term[] keys, Term[] values)
    {
        _keys = keys;
        _values = values;
    }

    /// <summary>The number of pairs.</summary>
    public int Count => _keys.Length;

    /// <summary>The value under a key.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key.</exception>
    public Term this[Term key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException();

    internal static Term Create(ReadOnlySpan<KeyValuePair<Term, Term>> pairs)
    {
        var keys = new Term[pairs.Length];
        var values = new Term[pairs.Length];
        for (var i = 0; i < pairs.Length; i++)
            (keys[i], values[i]) = (pairs[i].Key, pairs[i].Value);
        return new MapTerm(keys, values);
    }

    internal static Term Create(ReadOnlySpan<(Term Key, Term Value)> pairs)
    {
        var keys = new Term[pairs.Length];
        var values = new Term[pairs.Length];
        for (var i = 0; i < pairs.Length; i++)
            (keys[i], values[i]) = pairs[i];
        return new MapTerm(keys, values);
    }

    /// <summary>Looks a key up.</summary>
    public bool TryGetValue(Term key, out Term value)
    {
        for (var i = 0; i < _keys.Length; i++)
        {
            if (_keys[i] == key)
            {
                value = _values[i];
                return true;
            }
        }
        value = default;
        return false;
    }

    /// <summary>Whether there is a pair with this key.</summary>
    public bool ContainsKey(Term key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<Term, Term>> GetEnumerator()
    {
        for (var i = 0; i < _keys.Length; i++)
            yield return new(_keys[i], _values[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
