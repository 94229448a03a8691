namespace Enmesh.Terms.Order;

/// <summary>The terms within two terms of one kind, to be compared one after the other.</summary>
internal struct OrderFrame
{
    private readonly Term[] _left;
    private readonly Term[] _right;
    private readonly int _keys; // the first of them are keys of maps, compared exactly
    private readonly bool _exactly;
    private int _index;

    private OrderFrame(Term[] left, Term[] right, int keys, int remaining, bool exactly)
    {
        (_left, _right, _keys, Remaining, _exactly) = (left, right, keys, remaining, exactly);
    }

    /// <summary>The order when no pair of terms within differs.</summary>
    internal int Remaining { get; }

    /// <summary>Opens two terms that both have terms within.</summary>
    /// <returns>Their order when it can be told without looking at those; else 0.</returns>
    internal static int Open(Term left, Term right, bool exactly, out OrderFrame frame)
    {
        frame = default;
        if (left.Kind != right.Kind)
            return TermOrder.CompareHeads(left, right, exactly);
        switch (left.Kind)
        {
            case TermKind.List:
                frame = OpenLists(left, right, exactly);
                return 0;
            case TermKind.Map:
                if (left.AsMap!.Count.CompareTo(right.AsMap!.Count) is var bySize and not 0)
                    return bySize;
                frame = new(left.AsMap.InOrder, right.AsMap.InOrder, left.AsMap.Count, 0, exactly);
                return 0;
            default:
                frame = new(left.TermsWithin, right.TermsWithin, 0, 0, exactly);
                return TermOrder.CompareHeads(left, right, exactly);
        }
    }

    internal bool TryNext(out Term left, out Term right, out bool exactly)
    {
        (left, right, exactly) = (default, default, _exactly);
        if (_index >= Math.Min(_left.Length, _right.Length))
            return false;
        exactly |= _index < _keys;
        (left, right) = (_left[_index], _right[_index]);
        _index++;
        return true;
    }

    // [a | b] against [a, c]: b meets the list [c], not c. Kinds decide that, which makes it the frame's last word.
    private static OrderFrame OpenLists(Term left, Term right, bool exactly)
    {
        var (one, other) = (left.TermsWithin, right.TermsWithin);
        var (count, otherCount) = (left.AsList!.Value.Count, right.AsList!.Value.Count);
        if (count == otherCount && left.AsList.Value.IsProper == right.AsList.Value.IsProper)
            return new(one, other, 0, 0, exactly);
        var common = Math.Min(count, otherCount);
        var remaining = TermOrder.CompareHeads(Rest(left, common), Rest(right, common), exactly);
        return new(one.Length == common ? one : one[..common], other, 0, remaining, exactly);
    }

    // A stand-in with the kind of what follows after so many elements.
    private static Term Rest(Term list, int from) =>
        list.AsList!.Value.Count > from ? Term.ByteList(0) : list.AsList.Value.Tail;
}
