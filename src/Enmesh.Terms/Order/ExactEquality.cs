namespace Enmesh.Terms.Order;

internal static class ExactEquality
{
    internal static bool AreEqual(Term left, Term right)
    {
        if (left.Bits != right.Bits)
            return false;
        return ReferenceEquals(left.Object, right.Object) || left.ShapeOf switch
        {
            Term.Shape.Tuple or Term.Shape.List => ((Term[])left.Object!).AsSpan().SequenceEqual((Term[])right.Object!),
            Term.Shape.Binary => left.BitString == right.BitString,
            _ => left.Object!.Equals(right.Object),
        };
    }

    internal static int Hash(Term term) => HashCode.Combine(term.Bits, term.ShapeOf == Term.Shape.Atom ? term.Object : null);
}
