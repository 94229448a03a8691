using System.Collections;
using Enmesh.Terms.Order;

namespace Enmesh.Terms;

/// <summary>A map. Immutable; keys are compared exactly, as <c>=:=</c>.</summary>
/// <remarks>Pairs keep the order in which they came, which means nothing; equal maps may differ in it.</remarks>
public sealed class MapTerm : IReadOnlyCollection<KeyValuePair<Term, Term>>, IEquatable<MapTerm>
{
    // Up to this many pairs a search from front to back beats a table.
    private const int MaxLinear = 8;

    private readonly Term[] _pairs; // key, value, key, value
    private MapIndex? _index;

    /// <summary>For a decoder, which fills in the pairs and then calls <see cref="Seal"/>.</summary>
    internal MapTerm(Term[] pairs) => _pairs = pairs;

    /// <summary>The map without pairs.</summary>
    public static MapTerm Empty { get; } = new([]);

    /// <summary>The number of pairs.</summary>
    public int Count => _pairs.Length / 2;

    /// <summary>The value under a key.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key.</exception>
    public Term this[Term key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException("The map has no such key.");

    /// <summary>Key, value, key, value.</summary>
    internal Term[] Pairs => _pairs;

    /// <inheritdoc cref="MapIndex.IsSorted"/>
    internal bool IsSorted => _index is { IsSorted: true };

    /// <inheritdoc cref="MapIndex.Hash"/>
    internal int CachedHash
    {
        get => _index?.Hash ?? 0;
        set => Index.Hash = value;
    }

    /// <summary>The keys in their order, then the values of the same pairs.</summary>
    internal Term[] InOrder => Index.InOrder ??= MapIndex.Sort(_pairs);

    private MapIndex Index => _index ?? Interlocked.CompareExchange(ref _index, new(), null) ?? _index;

    internal static MapTerm Create(ReadOnlySpan<KeyValuePair<Term, Term>> pairs)
    {
        var flat = new Term[pairs.Length * 2];
        for (var i = 0; i < pairs.Length; i++)
            (flat[2 * i], flat[(2 * i) + 1]) = (pairs[i].Key, pairs[i].Value);
        return Create(flat);
    }

    internal static MapTerm Create(ReadOnlySpan<(Term Key, Term Value)> pairs)
    {
        var flat = new Term[pairs.Length * 2];
        for (var i = 0; i < pairs.Length; i++)
            (flat[2 * i], flat[(2 * i) + 1]) = pairs[i];
        return Create(flat);
    }

    /// <summary>Looks a key up.</summary>
    public bool TryGetValue(Term key, out Term value)
    {
        var index = Find(key);
        value = index < 0 ? default : _pairs[index + 1];
        return index >= 0;
    }

    /// <summary>Whether there is a pair with this key.</summary>
    public bool ContainsKey(Term key) => Find(key) >= 0;

    /// <summary>The map with this pair added, or in place of the one with the same key.</summary>
    public MapTerm With(Term key, Term value)
    {
        var at = Find(key);
        Term[] pairs = at < 0 ? [.. _pairs, key, value] : [.. _pairs];
        if (at >= 0)
            pairs[at + 1] = value;
        return Create(pairs);
    }

    /// <summary>The map without the pair of this key; the map itself when there is none.</summary>
    public MapTerm Without(Term key)
    {
        var at = Find(key);
        return at < 0 ? this : Create([.. _pairs.AsSpan(0, at), .. _pairs.AsSpan(at + 2)]);
    }

    /// <summary>Goes through the pairs, in no order that means anything.</summary>
    public Enumerator GetEnumerator() => new(_pairs);

    IEnumerator<KeyValuePair<Term, Term>> IEnumerable<KeyValuePair<Term, Term>>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Exact equality, as <c>=:=</c>.</summary>
    public bool Equals(MapTerm? other) => other is not null && ExactEquality.AreEqual(this, other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MapTerm);

    /// <inheritdoc/>
    public override int GetHashCode() => ExactEquality.Hash(this);

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();

    /// <summary>Makes the map ready for use once its pairs are there. Nobody else may have seen it yet.</summary>
    /// <returns>False when a key stands twice.</returns>
    internal bool Seal()
    {
        if (_pairs.Length <= 2 * MaxLinear && HasDistinctAtomKeys())
            return true;
        var hasTermsWithin = false;
        for (var i = 0; i < _pairs.Length; i += 2)
            hasTermsWithin |= _pairs[i].HasTermsWithin;
        if (!hasTermsWithin && Count <= MaxLinear)
            return HasDistinctLeafKeys();
        _index = hasTermsWithin ? MapIndex.CreateSorted(_pairs) : MapIndex.CreateTable(_pairs);
        return _index is not null;
    }

    /// <summary>The same map over other terms that equal its own.</summary>
    internal MapTerm WithEqual(Term[] pairs) => new(pairs) { _index = _index?.ForEqual() };

    /// <summary>Where in <see cref="Pairs"/> the key stands, or -1.</summary>
    internal int Find(Term key) => _index is null ? FindFromFront(_pairs, key) : _index.Find(_pairs, key);

    internal static int FindFromFront(Term[] pairs, Term key)
    {
        for (var i = 0; i < pairs.Length; i += 2)
        {
            if (ExactEquality.AreEqualLeaves(pairs[i], key))
                return i;
        }
        return -1;
    }

    private static MapTerm Create(Term[] pairs)
    {
        var map = new MapTerm(pairs);
        return map.Seal() ? map : throw new ArgumentException("A key stands twice in the map.", nameof(pairs));
    }

    // One bit for each key's hash: mostly none is set twice, and nothing needs to be compared.
    private bool HasDistinctAtomKeys()
    {
        var seen = 0UL;
        for (var i = 0; i < _pairs.Length; i += 2)
        {
            if (_pairs[i].Atom is not { } atom)
                return false;
            var bit = 1UL << atom.GetHashCode();
            if ((seen & bit) != 0)
                return false;
            seen |= bit;
        }
        return true;
    }

    private bool HasDistinctLeafKeys()
    {
        for (var i = 2; i < _pairs.Length; i += 2)
        {
            for (var j = 0; j < i; j += 2)
            {
                if (ExactEquality.AreEqualLeaves(_pairs[i], _pairs[j]))
                    return false;
            }
        }
        return true;
    }

    /// <summary>Goes through the pairs of a map.</summary>
    public struct Enumerator : IEnumerator<KeyValuePair<Term, Term>>
    {
        private readonly Term[] _pairs;
        private int _index;

        internal Enumerator(Term[] pairs)
        {
            _pairs = pairs;
            _index = -2;
        }

        /// <inheritdoc/>
        public readonly KeyValuePair<Term, Term> Current => new(_pairs[_index], _pairs[_index + 1]);

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext() => (_index += 2) < _pairs.Length;

        /// <inheritdoc/>
        public void Reset() => _index = -2;

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
