using System.Collections;
using Enmesh.Terms.Order;

namespace Enmesh.Terms;

/// <summary>A map. Immutable; keys are compared exactly, as <c>=:=</c>.</summary>
/// <remarks>Pairs keep the order in which they came, which means nothing; equal maps may differ in it.</remarks>
public sealed class MapTerm : IReadOnlyCollection<KeyValuePair<Term, Term>>, IEquatable<MapTerm>
{
    // Up to this many pairs a search from front to back beats a table.
    private const int MaxLinear = 8;

    // So many keys in one place of the table are no chance: somebody has chosen them. Sorting is immune to that.
    private const int MaxProbes = 64;

    private readonly Term[] _pairs; // key, value, key, value
    private int[]? _slots; // position of the key in _pairs, plus 1
    private bool _isSorted;

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

    /// <summary>
    /// Whether the pairs stand in the order of their keys. They do when a key has terms within, so that neither a look-up
    /// nor a comparison ever needs to sort keys that are maps with keys that are maps.
    /// </summary>
    internal bool IsSorted => _isSorted;

    /// <summary>The hash of the whole map once somebody wanted it, else 0.</summary>
    internal int CachedHash { get; set; }

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
        if (hasTermsWithin && _pairs.Length > 2)
            return Sort();
        _isSorted = hasTermsWithin;
        return Count > MaxLinear ? BuildTable() : HasDistinctLeafKeys();
    }

    /// <summary>The same map over other terms that equal its own.</summary>
    internal MapTerm WithEqual(Term[] pairs) => new(pairs) { _slots = _slots, _isSorted = _isSorted, CachedHash = CachedHash };

    /// <summary>Where in <see cref="Pairs"/> the key stands, or -1.</summary>
    internal int Find(Term key)
    {
        if (_isSorted)
            return FindSorted(key);
        if (_slots is { } slots)
            return key.HasTermsWithin ? -1 : FindInTable(slots, key);
        for (var i = 0; i < _pairs.Length; i += 2)
        {
            if (ExactEquality.AreEqualLeaves(_pairs[i], key))
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

    private bool BuildTable()
    {
        var slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Count * 2)];
        for (var i = 0; i < _pairs.Length; i += 2)
        {
            var at = ExactEquality.HashLeaf(_pairs[i]) & (slots.Length - 1);
            for (var probes = 0; slots[at] != 0; probes++)
            {
                if (ExactEquality.AreEqualLeaves(_pairs[slots[at] - 1], _pairs[i]))
                    return false;
                if (probes == MaxProbes)
                    return Sort();
                at = (at + 1) & (slots.Length - 1);
            }
            slots[at] = i + 1;
        }
        _slots = slots;
        return true;
    }

    private int FindInTable(int[] slots, Term key)
    {
        var at = ExactEquality.HashLeaf(key) & (slots.Length - 1);
        for (var probes = 0; probes <= MaxProbes && slots[at] != 0; probes++)
        {
            if (ExactEquality.AreEqualLeaves(_pairs[slots[at] - 1], key))
                return slots[at] - 1;
            at = (at + 1) & (slots.Length - 1);
        }
        return -1;
    }

    private bool Sort()
    {
        var (keys, values) = (new Term[Count], new Term[Count]);
        for (var i = 0; i < keys.Length; i++)
            (keys[i], values[i]) = (_pairs[2 * i], _pairs[(2 * i) + 1]);
        keys.AsSpan().Sort(values.AsSpan(), TermOrder.CompareExactly);
        for (var i = 0; i < keys.Length; i++)
        {
            if (i > 0 && TermOrder.CompareExactly(keys[i - 1], keys[i]) == 0)
                return false;
            (_pairs[2 * i], _pairs[(2 * i) + 1]) = (keys[i], values[i]);
        }
        _isSorted = true;
        return true;
    }

    private int FindSorted(Term key)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = TermOrder.CompareExactly(_pairs[2 * middle], key);
            if (order == 0)
                return 2 * middle;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
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
