using System.Numerics;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Order;

/// <summary>Erlang's order of all terms, and its <c>==</c>, for which <c>1</c> and <c>1.0</c> are the same.</summary>
/// <remarks>
/// number &lt; atom &lt; reference &lt; fun &lt; port &lt; pid &lt; tuple &lt; map &lt; [] &lt; list &lt; bit string.
/// Exact equality (<c>=:=</c>) is <see cref="Term.Equals(Term)"/> and C#'s own <c>==</c>.
/// Maps whose keys are or hold maps stand as OTP 23 and 25 put them; for OTP 27 and 29 such an order depends on
/// which atoms the node has heard of first, so that no two nodes need to agree.
/// </remarks>
public static class TermOrder
{
    /// <summary>Compares as Erlang's <c>&lt;</c> and <c>==</c> do, for use by sorted collections.</summary>
    public static IComparer<Term> Comparer { get; } = Comparer<Term>.Create(Compare);

    /// <summary>Compares as Erlang's <c>&lt;</c> and <c>==</c> do.</summary>
    /// <returns>Less than 0, 0 or more than 0.</returns>
    public static int Compare(Term left, Term right) => Compare(left, right, exactly: false);

    /// <summary>Erlang's <c>==</c>.</summary>
    public static bool AreEqual(Term left, Term right) => Compare(left, right, exactly: false) == 0;

    /// <summary>
    /// The order of map keys, where integers stand before floats; 0 only for terms that are exactly equal.
    /// </summary>
    internal static int CompareExactly(Term left, Term right) => Compare(left, right, exactly: true);

    private static int Compare(Term left, Term right, bool exactly)
    {
        if (!left.HasTermsWithin || !right.HasTermsWithin)
            return CompareHeads(left, right, exactly);
        var stack = new FrameStack<OrderFrame>();
        try
        {
            return Compare(left, right, exactly, ref stack);
        }
        finally
        {
            stack.Dispose();
        }
    }

    private static int Compare(Term left, Term right, bool exactly, ref FrameStack<OrderFrame> stack)
    {
        if (OrderFrame.Open(left, right, exactly, out var frame) is var first and not 0)
            return first;
        while (true)
        {
            while (frame.TryNext(out left, out right, out var compareExactly))
            {
                if (!left.HasTermsWithin || !right.HasTermsWithin)
                {
                    if (CompareHeads(left, right, compareExactly) is var order and not 0)
                        return order;
                }
                else if (!ReferenceEquals(left.Object, right.Object))
                {
                    stack.Push(frame);
                    if (OrderFrame.Open(left, right, compareExactly, out frame) is var order and not 0)
                        return order;
                }
            }
            if (frame.Remaining is var remaining and not 0)
                return remaining;
            if (!stack.TryPop(out frame))
                return 0;
        }
    }

    /// <summary>Compares all that can be told without looking at terms within both.</summary>
    internal static int CompareHeads(Term left, Term right, bool exactly)
    {
        var (kind, other) = (left.Kind, right.Kind);
        if (IsNumber(kind) && IsNumber(other))
            return CompareNumbers(left, right, exactly);
        if (kind != other)
            return Rank(kind).CompareTo(Rank(other));
        return kind switch
        {
            TermKind.Nil => 0,
            TermKind.Atom => left.Atom!.CompareTo(right.Atom),
            TermKind.Reference => IdentifierOrder.Compare(left.Reference!, right.Reference!),
            TermKind.Port => IdentifierOrder.Compare(left.Port!, right.Port!),
            TermKind.Pid => IdentifierOrder.Compare(left.Pid!, right.Pid!),
            TermKind.Fun => CompareFuns(left.Fun!, right.Fun!, exactly),
            TermKind.Tuple => left.TupleElements.Length.CompareTo(right.TupleElements.Length),
            TermKind.Map => left.AsMap!.Count.CompareTo(right.AsMap!.Count),
            TermKind.List => CompareLists(left.AsList.GetValueOrDefault(), right.AsList.GetValueOrDefault(), exactly),
            TermKind.BitString => CompareBits(left.BitString.GetValueOrDefault(), right.BitString.GetValueOrDefault()),
            _ => CompareRecords(left.Record!, right.Record!),
        };
    }

    // By `==` neither the version of the module nor the arity matters; by `=:=` they do.
    private static int CompareFuns(FunTerm left, FunTerm right, bool exactly)
    {
        if (left.IsExternal != right.IsExternal)
            return left.IsExternal ? 1 : -1;
        var order = left.Module.CompareTo(right.Module);
        if (left.IsExternal)
        {
            order = order != 0 ? order : left.Function!.CompareTo(right.Function);
            return order != 0 ? order : left.Arity.CompareTo(right.Arity);
        }
        order = order != 0 ? order : left.Id.Index.CompareTo(right.Id.Index);
        order = order != 0 ? order : left.Id.OldUnique.CompareTo(right.Id.OldUnique);
        order = order != 0 ? order : left.FreeVariables.Length.CompareTo(right.FreeVariables.Length);
        if (order != 0 || !exactly)
            return order;
        order = left.Arity.CompareTo(right.Arity);
        return order != 0 ? order : left.Id.Unique.CompareTo(right.Id.Unique);
    }

    private static int CompareRecords(RecordTerm left, RecordTerm right)
    {
        var order = left.Module.CompareTo(right.Module);
        order = order != 0 ? order : left.Name.CompareTo(right.Name);
        order = order != 0 ? order : left.IsExported.CompareTo(right.IsExported);
        order = order != 0 ? order : left.FieldNames.Length.CompareTo(right.FieldNames.Length);
        for (var i = 0; order == 0 && i < left.FieldNames.Length; i++)
            order = left.FieldNames[i].CompareTo(right.FieldNames[i]);
        return order;
    }

    private static bool IsNumber(TermKind kind) => kind is TermKind.Integer or TermKind.Float;

    private static int Rank(TermKind kind) => kind switch
    {
        TermKind.Integer or TermKind.Float => 0,
        TermKind.Atom => 1,
        TermKind.Reference => 2,
        TermKind.Fun => 3,
        TermKind.Port => 4,
        TermKind.Pid => 5,
        TermKind.Tuple => 6,
        TermKind.Record => 7,
        TermKind.Map => 8,
        TermKind.Nil => 9,
        TermKind.List => 10,
        _ => 11,
    };

    private static int CompareNumbers(Term left, Term right, bool exactly)
    {
        if (left.Int64 is { } small && right.Int64 is { } other)
            return small.CompareTo(other);
        if (left.Float is not { } real)
        {
            if (right.Float is not { } otherReal)
                return CompareIntegers(left, right);
            return exactly ? -1 : -CompareMixed(otherReal, right: left);
        }
        if (right.Float is { } second)
        {
            // 0.0 and -0.0 are equal by == only.
            return real < second ? -1 : real > second ? 1 : exactly ? left.Bits.CompareTo(right.Bits) : 0;
        }
        return exactly ? 1 : CompareMixed(real, right);
    }

    // At least one of the two is beyond 64 bits.
    private static int CompareIntegers(Term left, Term right)
    {
        if (left.ShapeOf == Term.Shape.Integer)
            return BigNumber.IsNegative(Unsafe.As<byte[]>(right.Object!)) ? 1 : -1;
        return right.ShapeOf == Term.Shape.Integer
            ? BigNumber.IsNegative(Unsafe.As<byte[]>(left.Object!)) ? -1 : 1
            : BigNumber.Compare(Unsafe.As<byte[]>(left.Object!), Unsafe.As<byte[]>(right.Object!));
    }

    // Exact for all sizes: a float is a whole number or lies between two, and whole numbers compare as such.
    private static int CompareMixed(double left, Term right)
    {
        var whole = Math.Floor(left);
        var order = Math.Abs(whole) < 1L << 62 && right.Int64 is { } small
            ? ((long)whole).CompareTo(small)
            : new BigInteger(whole).CompareTo(right.Integer.GetValueOrDefault());
        return order != 0 || whole == left ? order : 1;
    }

    // At least one of the two is kept as bytes.
    private static int CompareLists(ListTerm left, ListTerm right, bool exactly)
    {
        if (left.TryGetBytes(out var bytes) && right.TryGetBytes(out var others))
            return bytes.SequenceCompareTo(others);
        var common = Math.Min(left.Count, right.Count);
        for (var i = 0; i < common; i++)
        {
            if (CompareHeads(left[i], right[i], exactly) is var order and not 0)
                return order;
        }
        return CompareTails(left, right, common, exactly);
    }

    // One of the two ends here, the other may go on: what follows is [], an improper tail, or a list.
    private static int CompareTails(ListTerm left, ListTerm right, int common, bool exactly)
    {
        if (left.Count > common)
            return right.Tail.Kind == TermKind.BitString ? -1 : 1;
        if (right.Count > common)
            return left.Tail.Kind == TermKind.BitString ? 1 : -1;
        return CompareHeads(left.Tail, right.Tail, exactly);
    }

    private static int CompareBits(BitString left, BitString right)
    {
        if (left.IsBinary && right.IsBinary)
            return left.Span.SequenceCompareTo(right.Span);
        var bits = Math.Min(left.BitLength, right.BitLength);
        var whole = (int)(bits / 8);
        var order = left.Span[..whole].SequenceCompareTo(right.Span[..whole]);
        if (order == 0 && bits % 8 != 0)
        {
            var unused = 8 - (int)(bits % 8);
            order = (left.Span[whole] >> unused).CompareTo(right.Span[whole] >> unused);
        }
        return order != 0 ? order : left.BitLength.CompareTo(right.BitLength);
    }
}
