using System.Runtime.InteropServices;
using Enmesh.Terms.Order;

namespace Enmesh.Terms;

public readonly partial struct Term
{
    /// <summary>
    /// The same term with bytes of its own wherever it has only a part of a larger array, which it would keep alive:
    /// large binaries out of a message, or out of <see cref="BinaryOver"/>.
    /// </summary>
    /// <returns>The term itself when there is nothing to copy.</returns>
    public Term Detach()
    {
        if (!HasTermsWithin)
            return DetachLeaf(this);
        var stack = new FrameStack<DetachFrame>();
        try
        {
            return Detach(this, ref stack);
        }
        finally
        {
            stack.Dispose();
        }
    }

    private static Term Detach(Term root, ref FrameStack<DetachFrame> stack)
    {
        var frame = new DetachFrame(root);
        while (true)
        {
            while (frame.TryPeek(out var inner))
            {
                if (inner.HasTermsWithin)
                {
                    stack.Push(frame);
                    frame = new(inner);
                }
                else
                {
                    frame.Put(DetachLeaf(inner));
                }
            }
            var whole = frame.ToTerm();
            if (!stack.TryPop(out frame))
                return whole;
            frame.Put(whole);
        }
    }

    private static Term DetachLeaf(Term term) =>
        term.ShapeOf != Shape.BitString || IsWholeArray(term.BitString.GetValueOrDefault().Memory)
            ? term
            : FromBitString(new BitString(
                term.BitString.GetValueOrDefault().Span.ToArray(), term.BitString.GetValueOrDefault().BitsInLastByte));

    private static bool IsWholeArray(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var part) && part.Offset == 0 && part.Count == part.Array!.Length;

    /// <summary>A term being gone through, which is copied once something in it turns out to be another.</summary>
    private struct DetachFrame(Term term)
    {
        private readonly Term[] _terms = term.TermsWithin;
        private Term[]? _copy;
        private int _index;

        internal readonly bool TryPeek(out Term inner)
        {
            inner = _index < _terms.Length ? _terms[_index] : default;
            return _index < _terms.Length;
        }

        internal void Put(Term inner)
        {
            if (_copy is null && !ReferenceEquals(inner.Object, _terms[_index].Object))
                _copy = [.. _terms];
            if (_copy is not null)
                _copy[_index] = inner;
            _index++;
        }

        internal readonly Term ToTerm() => _copy is null
            ? term
            : term.ShapeOf switch
            {
                Shape.Map => term.AsMap!.WithEqual(_copy),
                Shape.Fun => term.Fun!.With(_copy),
                Shape.Record => term.Record!.With(_copy),
                var shape => new(_copy, shape),
            };
    }
}
