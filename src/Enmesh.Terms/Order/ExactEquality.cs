using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Order;

/// <summary>Erlang's <c>=:=</c> and a hash to go with it, without recursion.</summary>
internal static class ExactEquality
{
    internal static bool AreEqual(Term left, Term right)
    {
        if (!left.HasTermsWithin || !right.HasTermsWithin)
            return AreEqualLeaves(left, right);
        var stack = new FrameStack<Frame>();
        try
        {
            return AreEqual(left, right, ref stack);
        }
        finally
        {
            stack.Dispose();
        }
    }

    /// <summary>Right whenever at least one of the two has no terms within.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool AreEqualLeaves(Term left, Term right) =>
        ReferenceEquals(left.Object, right.Object) ? left.Bits == right.Bits : AreEqualObjects(left, right);

    internal static int HashLeaf(Term term)
    {
        switch (term.ShapeOf)
        {
            case Term.Shape.Integer:
                return Mix((int)TermKind.Integer, (int)term.Bits ^ ((int)(term.Bits >> 32) * -0x61C88647));
            case Term.Shape.Float:
                return Mix((int)TermKind.Float, term.Bits.GetHashCode());
            case Term.Shape.Atom:
                return Unsafe.As<Atom>(term.Object!).GetHashCode();
            case Term.Shape.Binary or Term.Shape.BitString:
                return term.BitString.GetValueOrDefault().GetHashCode();
            case Term.Shape.ByteList:
                return HashByteList(Unsafe.As<byte[]>(term.Object!));
            case Term.Shape.BigInteger:
                return new BitString(Unsafe.As<byte[]>(term.Object!)).GetHashCode();
            case Term.Shape.Nil:
            case Term.Shape.Tuple:
            case Term.Shape.Map:
                return (int)term.Kind * -0x61C88647;
            case Term.Shape.Fun:
                return HashCode.Combine(
                    term.Fun!.Module, term.Fun.Arity, term.Fun.Function, term.Fun.Id.Unique, term.Fun.Id.Index);
            case Term.Shape.Record:
                return HashCode.Combine(term.Record!.Module, term.Record.Name, term.Record.IsExported);
            default:
                return term.Object!.GetHashCode();
        }
    }

    internal static int Hash(Term term)
    {
        if (!term.HasTermsWithin)
            return HashLeaf(term);
        var stack = new FrameStack<HashFrame>();
        try
        {
            return Hash(term, ref stack);
        }
        finally
        {
            stack.Dispose();
        }
    }

    private static bool AreEqualObjects(Term left, Term right)
    {
        var shape = left.ShapeOf;
        if (shape != right.ShapeOf)
        {
            return (shape is Term.Shape.Binary or Term.Shape.BitString
                    && right.ShapeOf is Term.Shape.Binary or Term.Shape.BitString
                    && left.BitString.GetValueOrDefault() == right.BitString.GetValueOrDefault())
                || AreEqualBytes(left, right) || AreEqualBytes(right, left);
        }
        return shape switch
        {
            Term.Shape.Integer or Term.Shape.Float => left.Bits == right.Bits,
            Term.Shape.Nil => true,
            Term.Shape.Atom => Unsafe.As<Atom>(left.Object!).Equals(Unsafe.As<Atom>(right.Object)),
            Term.Shape.Binary or Term.Shape.ByteList or Term.Shape.BigInteger =>
                Unsafe.As<byte[]>(left.Object).AsSpan().SequenceEqual(Unsafe.As<byte[]>(right.Object)),
            Term.Shape.BitString => left.BitString.GetValueOrDefault() == right.BitString.GetValueOrDefault(),
            Term.Shape.Fun => left.Fun!.IsSameCode(right.Fun!),
            Term.Shape.Record => left.Record!.IsSameDefinition(right.Record!),
            Term.Shape.Tuple or Term.Shape.Map => !left.HasTermsWithin && !right.HasTermsWithin,
            Term.Shape.List or Term.Shape.ImproperList => false,
            _ => left.Object!.Equals(right.Object),
        };
    }

    // The same list may be kept as bytes here and as terms there.
    private static bool AreEqualBytes(Term left, Term right)
    {
        if (left.ShapeOf != Term.Shape.ByteList || right.ShapeOf != Term.Shape.List)
            return false;
        var bytes = Unsafe.As<byte[]>(left.Object!);
        var terms = Unsafe.As<Term[]>(right.Object!);
        if (bytes.Length != terms.Length)
            return false;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (terms[i].Int64 != bytes[i])
                return false;
        }
        return true;
    }

    private static bool AreEqual(Term left, Term right, ref FrameStack<Frame> stack)
    {
        var frame = default(Frame);
        if (!TryOpen(left, right, ref frame))
            return false;
        while (true)
        {
            while (frame.TryNext(out left, out right, out var missing))
            {
                if (missing)
                    return false;
                if (!left.HasTermsWithin || !right.HasTermsWithin)
                {
                    if (!AreEqualLeaves(left, right))
                        return false;
                }
                else if (!ReferenceEquals(left.Object, right.Object))
                {
                    if (frame.HasMore)
                        stack.Push(frame);
                    if (!TryOpen(left, right, ref frame))
                        return false;
                }
            }
            if (!stack.TryPop(out frame))
                return true;
        }
    }

    /// <summary>Sets the frame on the terms within the two.</summary>
    /// <returns>False when the two differ in what can be seen without looking at those.</returns>
    private static bool TryOpen(Term left, Term right, ref Frame frame)
    {
        if (left.ShapeOf != right.ShapeOf)
            return false;
        if (left.ShapeOf == Term.Shape.Map)
        {
            var (map, other) = (Unsafe.As<MapTerm>(left.Object!), Unsafe.As<MapTerm>(right.Object!));
            frame = new(map.Pairs, other.Pairs, map.IsSorted && other.IsSorted ? null : other);
            return map.Count == other.Count;
        }
        if (left.ShapeOf == Term.Shape.Fun && !left.Fun!.IsSameCode(right.Fun!))
            return false;
        if (left.ShapeOf == Term.Shape.Record && !left.Record!.IsSameDefinition(right.Record!))
            return false;
        frame = new(left.TermsWithin, right.TermsWithin, null);
        return frame.IsOfSameLength;
    }

    private static int Hash(Term term, ref FrameStack<HashFrame> stack)
    {
        var frame = new HashFrame(term);
        while (true)
        {
            int hash;
            if (frame.TryNext(out var inner))
            {
                if (inner.HasTermsWithin && inner.AsMap is not { CachedHash: not 0 })
                {
                    stack.Push(frame);
                    frame = new(inner);
                    continue;
                }
                hash = inner.AsMap?.CachedHash is { } cached and not 0 ? cached : HashLeaf(inner);
                frame.Add(hash);
                continue;
            }
            hash = frame.Finish();
            if (!stack.TryPop(out frame))
                return hash;
            frame.Add(hash);
        }
    }

    private static int HashByteList(byte[] bytes)
    {
        var hash = (int)TermKind.List;
        foreach (var b in bytes)
            hash = Mix(hash, HashLeaf((int)b));
        return hash;
    }

    private static int Mix(int hash, int value) =>
        (int)(System.Numerics.BitOperations.RotateLeft((uint)hash * 0x9E3779B1u, 13) ^ ((uint)value * 0x85EBCA77u));

    /// <summary>Two arrays of terms being compared, from an index on.</summary>
    private struct Frame(Term[] left, Term[] right, MapTerm? lookup)
    {
        private int _index;

        internal readonly bool HasMore => _index < left.Length;

        internal readonly bool IsOfSameLength => left.Length == right.Length;

        /// <summary>The next two terms; of a map whose pairs stand in any order, the values of one key.</summary>
        internal bool TryNext(out Term one, out Term other, out bool isMissing)
        {
            isMissing = false;
            (one, other) = (default, default);
            if (_index >= left.Length)
                return false;
            if (lookup is null)
            {
                (one, other) = (left[_index], right[_index]);
                _index++;
                return true;
            }
            var at = lookup.Find(left[_index]);
            isMissing = at < 0;
            if (!isMissing)
                (one, other) = (left[_index + 1], right[at + 1]);
            _index += 2;
            return true;
        }
    }

    private struct HashFrame(Term term)
    {
        private readonly Term[] _terms = term.TermsWithin;
        private int _hash = term.AsMap is { } map ? map.Count : HashHead(term);
        private int _index;
        private int _keyHash;

        internal bool TryNext(out Term inner)
        {
            inner = _index < _terms.Length ? _terms[_index] : default;
            return _index < _terms.Length;
        }

        internal void Add(int hash)
        {
            if (term.ShapeOf != Term.Shape.Map)
                _hash = Mix(_hash, hash);
            else if (_index % 2 == 0)
                _keyHash = hash;
            else
                _hash += Mix(_keyHash, hash); // in any order: maps are equal whatever theirs is
            _index++;
        }

        internal readonly int Finish()
        {
            if (term.AsMap is not { } map)
                return _hash;
            map.CachedHash = _hash == 0 ? 1 : _hash;
            return map.CachedHash;
        }

        private static int HashHead(Term term) => term.ShapeOf switch
        {
            Term.Shape.List => (int)TermKind.List,
            Term.Shape.ImproperList => (int)TermKind.List + 256,
            Term.Shape.Tuple => (int)TermKind.Tuple + 512,
            _ => HashLeaf(term),
        };
    }
}
