using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    /// <summary>Reads a whole term, however deep within the limit.</summary>
    public Term ReadTerm()
    {
        if (_bytesLeft > 0)
            return _bytesLeft == 1 ? FinishBytes() : ReadSmallInteger();
        _owed = 0;
        var leaf = default(Term);
        if (ReadRun(new Span<Term>(ref leaf), 0) == 1)
            return leaf;
        return TryOpenCommon(0, out var frame) || ReadOther(ref leaf, 0, out frame) ? ReadTerms(frame) : leaf;
    }

    // While a term is read, the slot that waits for it holds the frame around the one it stands in. So there is no
    // stack to grow or to clear; what is half done when an exception ends the reading has never been seen by anybody.
    private Term ReadTerms(ReadFrame frame)
    {
        var maxDepth = _options.MaxDepth;
        var depth = 1;
        var outer = default(ReadFrame);
        var terms = frame.Terms;
        var index = 0;
        if (depth > maxDepth)
            ThrowTooDeep();
        while (true)
        {
            while (index < terms.Length)
            {
                var waiting = terms.Length - index - 1;
                if (!TryOpenCommon(waiting, out var inner))
                {
                    var start = index;
                    index = ReadRun(terms, start);
                    if (index > start)
                        continue;
                    if (!ReadOther(ref terms[index], waiting, out var other))
                    {
                        index++;
                        continue;
                    }
                    inner = other;
                }
                if (++depth > maxDepth)
                    ThrowTooDeep();
                terms[index] = outer.ToLink();
                _owed += waiting;
                outer = frame.At(index);
                frame = inner;
                terms = inner.Terms;
                index = 0;
            }
            if (!TryFinishCommon(frame, out var value))
            {
                var ending = frame;
                if (!Finish(ref ending, out var whole))
                {
                    frame = ending;
                    terms = frame.Terms;
                    index = 0;
                    continue;
                }
                value = whole;
            }
            if (--depth == 0)
                return value;
            frame = outer;
            terms = frame.Terms;
            index = frame.Index;
            ref var awaited = ref terms[index++];
            outer = ReadFrame.FromLink(awaited);
            awaited = value;
            _owed -= terms.Length - index;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFinishCommon(in ReadFrame frame, out Term value)
    {
        if (frame.Kind == ReadKind.Tuple)
        {
            value = new(frame.Container, Term.Shape.Tuple);
            return true;
        }
        value = new(frame.Container, Term.Shape.List);
        if (frame.Kind != ReadKind.List || _at >= _input.Length || _input[_at] != TermTag.Nil)
            return false;
        _at++;
        return true;
    }

    /// <summary>Makes a term of a frame whose terms are all there.</summary>
    /// <returns>False when a list turns out to go on; the frame waits for more then.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Finish(ref ReadFrame frame, out Term value)
    {
        value = default;
        switch (frame.Kind)
        {
            case ReadKind.Map:
                var map = new MapTerm(Unsafe.As<Term[]>(frame.Container));
                if (!map.Seal())
                    Throw("A key stands twice in the map that ends here", _at);
                value = new(map, Term.Shape.Map);
                return true;
            case ReadKind.List:
                frame = new(new ListRuns(frame.Terms), ReadKind.ListInRuns);
                return FinishRuns(Unsafe.As<ListRuns>(frame.Container), out value);
            case ReadKind.ListInRuns:
                return FinishRuns(Unsafe.As<ListRuns>(frame.Container), out value);
            case ReadKind.Fun:
                value = new(frame.Container, Term.Shape.Fun);
                return true;
            default:
                value = new(frame.Container, Term.Shape.Record);
                return true;
        }
    }

    // [1, 2 | [3 | [4]]] is the list [1, 2, 3, 4], however deep it was written; an improper tail is a run of its own.
    private bool FinishRuns(ListRuns list, out Term value)
    {
        value = default;
        if (list.IsImproper)
        {
            value = list.ToTerm();
            return true;
        }
        switch (PeekTag())
        {
            case TermTag.Nil:
                _at++;
                value = list.ToTerm();
                return true;
            case TermTag.List:
                _at++;
                list.Add(NewTerms(ReadCount(bytesEach: 1), 0));
                return false;
            case TermTag.ByteList:
                _at++;
                list.Add(ReadBytes(ReadUInt16()));
                value = list.ToTerm();
                return true;
            default:
                list.Add(NewTerms(1, 0));
                list.IsImproper = true;
                return false;
        }
    }

    /// <summary>
    /// Room for so many terms. Each takes a byte at least, as do all that the terms around it still wait for, so that
    /// no input makes us allocate more than in proportion to its own length, whatever it announces.
    /// </summary>
    private readonly Term[] NewTerms(int count, int waiting)
    {
        if (_owed + waiting + count > _input.Length - _at)
            ThrowTooMany(_owed + waiting + count);
        return new Term[count];
    }

    private Term FinishBytes()
    {
        _bytesLeft = 0;
        return Term.Nil;
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ThrowTooDeep() => Throw($"Terms are nested more than {_options.MaxDepth} deep", _at);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ThrowTooMany(long count) =>
        Throw($"{Counted.Of(count, "term")} should follow, but only {Counted.Bytes(_input.Length - _at)} do", _at);
}
