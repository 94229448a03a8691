using System.Numerics;
using Enmesh.Terms.Order;

namespace Enmesh.Terms;

/// <summary>
/// What a map has beyond its pairs, once there are many of them or somebody asked for more than a look-up.
/// </summary>
internal sealed class MapIndex
{
    // So many keys in one place of the table are no chance: somebody has chosen them. Sorting is immune to that.
    private const int MaxProbes = 64;

    // Where a key stands in the pairs, plus 1. Only for maps none of whose keys has terms within.
    private int[]? _slots;

    /// <summary>
    /// Whether the pairs stand in the order of their keys. They do when a key has terms within, so that neither a
    /// look-up nor a comparison ever needs to sort keys that are maps with keys that are maps.
    /// </summary>
    internal bool IsSorted { get; private set; }

    /// <summary>The keys in their order, then the values of the same pairs, once somebody wanted them.</summary>
    internal Term[]? InOrder { get; set; }

    /// <summary>The hash of the whole map once somebody wanted it, else 0.</summary>
    internal int Hash { get; set; }

    /// <summary>An index by hash, or by order when the hashes are of no use.</summary>
    /// <returns>Null when a key stands twice.</returns>
    internal static MapIndex? CreateTable(Term[] pairs)
    {
        var slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)pairs.Length)];
        for (var i = 0; i < pairs.Length; i += 2)
        {
            var at = ExactEquality.HashLeaf(pairs[i]) & (slots.Length - 1);
            for (var probes = 0; slots[at] != 0; probes++)
            {
                if (ExactEquality.AreEqualLeaves(pairs[slots[at] - 1], pairs[i]))
                    return null;
                if (probes == MaxProbes)
                    return CreateSorted(pairs);
                at = (at + 1) & (slots.Length - 1);
            }
            slots[at] = i + 1;
        }
        return new() { _slots = slots };
    }

    /// <summary>Puts the pairs into the order of their keys.</summary>
    /// <returns>Null when a key stands twice.</returns>
    internal static MapIndex? CreateSorted(Term[] pairs)
    {
        var inOrder = Sort(pairs);
        var count = pairs.Length / 2;
        for (var i = 0; i < count; i++)
        {
            if (i > 0 && TermOrder.CompareExactly(inOrder[i - 1], inOrder[i]) == 0)
                return null;
            (pairs[2 * i], pairs[(2 * i) + 1]) = (inOrder[i], inOrder[count + i]);
        }
        return new() { IsSorted = true };
    }

    /// <summary>The keys in their order, then the values of the same pairs.</summary>
    internal static Term[] Sort(Term[] pairs)
    {
        var inOrder = new Term[pairs.Length];
        var keys = inOrder.AsSpan(0, pairs.Length / 2);
        var values = inOrder.AsSpan(keys.Length);
        for (var i = 0; i < keys.Length; i++)
            (keys[i], values[i]) = (pairs[2 * i], pairs[(2 * i) + 1]);
        keys.Sort(values, TermOrder.CompareExactly);
        return inOrder;
    }

    /// <summary>The same, for pairs that equal those it was made for.</summary>
    internal MapIndex ForEqual() => new() { _slots = _slots, IsSorted = IsSorted, Hash = Hash };

    /// <returns>Where in the pairs the key stands, or -1.</returns>
    internal int Find(Term[] pairs, Term key) =>
        IsSorted ? FindSorted(pairs, key)
        : _slots is not null ? FindInTable(_slots, pairs, key)
        : MapTerm.FindFromFront(pairs, key);

    private static int FindInTable(int[] slots, Term[] pairs, Term key)
    {
        // No key has terms within; but a list of bytes that is kept as terms equals the one that is kept as bytes.
        if (key.HasTermsWithin && key.ShapeOf != Term.Shape.List)
            return -1;
        var at = ExactEquality.Hash(key) & (slots.Length - 1);
        for (var probes = 0; probes <= MaxProbes && slots[at] != 0; probes++)
        {
            if (ExactEquality.AreEqualLeaves(pairs[slots[at] - 1], key))
                return slots[at] - 1;
            at = (at + 1) & (slots.Length - 1);
        }
        return -1;
    }

    private static int FindSorted(Term[] pairs, Term key)
    {
        var (low, high) = (0, (pairs.Length / 2) - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = TermOrder.CompareExactly(pairs[2 * middle], key);
            if (order == 0)
                return 2 * middle;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
    }
}
