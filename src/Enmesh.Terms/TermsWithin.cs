using System.Runtime.CompilerServices;

namespace Enmesh.Terms;

public readonly partial struct Term
{
    /// <summary>Whether there are terms inside this one. Lists that are kept as bytes have none.</summary>
    internal bool HasTermsWithin
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !ReferenceEquals(Object, IntegerMarker) && !ReferenceEquals(Object, FloatMarker)
            && (MayHaveTermsWithin >> (int)Bits & 1) != 0 && TermsWithin.Length > 0;
    }

    /// <summary>
    /// The terms inside: elements, an improper tail at the end, key, value, key, value, fields, or what a fun caught.
    /// </summary>
    internal Term[] TermsWithin => ShapeOf switch
    {
        Shape.Tuple or Shape.List or Shape.ImproperList => Unsafe.As<Term[]>(Object!),
        Shape.Map => Unsafe.As<MapTerm>(Object!).Pairs,
        Shape.Fun => Unsafe.As<FunTerm>(Object!).FreeVariableArray,
        Shape.Record => Unsafe.As<RecordTerm>(Object!).Values,
        _ => [],
    };

    private const int MayHaveTermsWithin = (1 << (int)Shape.Tuple) | (1 << (int)Shape.List) | (
        1 << (int)Shape.ImproperList)
        | (1 << (int)Shape.Map) | (1 << (int)Shape.Fun) | (1 << (int)Shape.Record);
}
