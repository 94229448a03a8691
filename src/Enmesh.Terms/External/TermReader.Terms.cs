using Enmesh.Terms.Order;

namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    /// <summary>Reads a whole term, however deep within the limit.</summary>
    public Term ReadTerm()
    {
        if (_bytesLeft > 0)
            return _bytesLeft == 1 ? FinishBytes() : ReadSmallInteger();
        var start = _at;
        if (!Open(default, out var leaf, out var frame))
            return leaf;
        if (_options.MaxDepth == 0)
            Throw("Terms are nested more than 0 deep", start);
        var stack = new FrameStack<ReadFrame>();
        try
        {
            return ReadTerms(ref frame, ref stack);
        }
        finally
        {
            stack.Dispose();
        }
    }

    private Term ReadTerms(ref ReadFrame frame, ref FrameStack<ReadFrame> stack)
    {
        while (true)
        {
            while (frame.Index < frame.End)
            {
                var start = _at;
                if (!Open(frame, out frame.Terms[frame.Index], out var inner))
                {
                    frame.Index++;
                    continue;
                }
                if (stack.Count + 1 >= _options.MaxDepth)
                    Throw($"Terms are nested more than {_options.MaxDepth} deep", start);
                stack.Push(frame);
                frame = inner;
            }
            if (frame.Kind == TermKind.List && !CloseList(ref frame))
                continue;
            var value = Finish(ref frame);
            if (!stack.TryPop(out frame))
                return value;
            frame.Terms[frame.Index++] = value;
        }
    }

    /// <summary>Reads a term without terms within, or the beginning of one with such.</summary>
    /// <returns>Whether terms within follow.</returns>
    private bool Open(in ReadFrame outer, out Term leaf, out ReadFrame frame)
    {
        leaf = default;
        frame = default;
        var start = _at;
        var tag = PeekTag();
        switch (tag)
        {
            case TermTag.Nil:
                _at++;
                return false;
            case TermTag.SmallInteger:
                _at++;
                leaf = (int)ReadByte();
                return false;
            case TermTag.Integer:
                _at++;
                leaf = (int)ReadUInt32();
                return false;
            case TermTag.Float or TermTag.TextFloat:
                leaf = new(Term.FloatMarker, BitConverter.DoubleToInt64Bits(ReadFloat()));
                return false;
            case TermTag.SmallAtom or TermTag.AtomReference or TermTag.Atom or TermTag.Latin1Atom or TermTag.SmallLatin1Atom:
                leaf = new(ReadAtom(), Term.Shape.Atom);
                return false;
            case TermTag.Binary or TermTag.BitString:
                leaf = ReadBitString();
                return false;
            case TermTag.ByteList:
                _at++;
                var bytes = ReadBytes(ReadUInt16());
                leaf = bytes.IsEmpty ? default : new(bytes.ToArray(), Term.Shape.ByteList);
                return false;
            case TermTag.SmallTuple or TermTag.LargeTuple:
                var arity = ReadTupleHeader();
                leaf = Term.EmptyTuple;
                frame = new(arity == 0 ? [] : NewTerms(arity, outer), TermKind.Tuple, start) { Owed = outer.OwedByNext };
                return arity > 0;
            case TermTag.List:
                _at++;
                var count = ReadCount(bytesEach: 1);
                frame = new(NewTerms(count, outer), TermKind.List, start) { Owed = outer.OwedByNext + 1 };
                return true;
            case TermTag.Map:
                var pairs = ReadMapHeader();
                leaf = MapTerm.Empty;
                frame = new(pairs == 0 ? [] : NewTerms(pairs * 2, outer), TermKind.Map, start) { Owed = outer.OwedByNext };
                return pairs > 0;
            default:
                return OpenRare(tag, outer, out leaf, ref frame);
        }
    }

    private bool OpenRare(byte tag, in ReadFrame outer, out Term leaf, ref ReadFrame frame)
    {
        switch (tag)
        {
            case TermTag.SmallBig or TermTag.LargeBig:
                var magnitude = ReadBigHeader(out var isNegative);
                leaf = TryFold(magnitude, isNegative, out var small) ? small 
                    : new Term(BigNumber.Create(magnitude, isNegative), Term.Shape.BigInteger);
                return false;
            case TermTag.Pid or TermTag.OldPid:
                leaf = ReadPid();
                return false;
            case TermTag.Reference or TermTag.MiddleReference or TermTag.OldReference:
                leaf = ReadReference();
                return false;
            case TermTag.Port or TermTag.WidePort or TermTag.OldPort:
                leaf = ReadPort();
                return false;
            case TermTag.ExternalFun:
                _at++;
                leaf = new FunTerm(ReadAtom(), ReadAtom(), ReadArity());
                return false;
            case TermTag.Fun:
                return OpenFun(outer, out leaf, ref frame);
            case TermTag.Record:
                return OpenRecord(outer, out leaf, ref frame);
            default:
                throw NoTerm(tag);
        }
    }

    private bool OpenFun(in ReadFrame outer, out Term leaf, ref ReadFrame frame)
    {
        var start = _at++;
        Take(4); // the size, which nobody needs: what follows says how long it is
        var arity = ReadByte();
        var unique = new UInt128(ReadUInt64(), ReadUInt64());
        var index = ReadUInt32();
        var count = ReadCount(bytesEach: 1);
        var module = ReadAtom();
        var id = new LocalFunId(unique, index, ReadInt64(), ReadInt64());
        var creator = ReadPid();
        var fun = new FunTerm(module, arity, id, creator, count == 0 ? [] : NewTerms(count, outer));
        leaf = fun;
        frame = new(fun.FreeVariableArray, TermKind.Fun, start) { Whole = fun, Owed = outer.OwedByNext };
        return count > 0;
    }

    private bool OpenRecord(in ReadFrame outer, out Term leaf, ref ReadFrame frame)
    {
        var start = _at++;
        var count = ReadCount(bytesEach: 2);
        var isExported = (ReadByte() & 1) != 0;
        var (module, name) = (ReadAtom(), ReadAtom());
        var names = count == 0 ? [] : new Atom[count];
        for (var i = 0; i < count; i++)
            names[i] = ReadAtom();
        var record = new RecordTerm(module, name, isExported, names, count == 0 ? [] : NewTerms(count, outer));
        leaf = record;
        frame = new(record.Values, TermKind.Record, start) { Whole = record, Owed = outer.OwedByNext };
        return count > 0;
    }

    /// <summary>
    /// Room for so many terms. Each takes a byte at least, as do all that the terms around it still wait for, so that no
    /// input makes us allocate more than in proportion to its own length, whatever it announces.
    /// </summary>
    private readonly Term[] NewTerms(int count, in ReadFrame outer)
    {
        if (outer.OwedByNext + count > _input.Length - _at)
            Throw($"{outer.OwedByNext + count} terms are announced, but only {_input.Length - _at} bytes are left", _at);
        return new Term[count];
    }

    /// <summary>Reads what stands behind the last element so far.</summary>
    /// <returns>False when the list goes on; the frame has room for more then.</returns>
    private bool CloseList(ref ReadFrame frame)
    {
        if (frame.IsImproper)
            return true;
        switch (PeekTag())
        {
            case TermTag.Nil:
                _at++;
                return true;
            case TermTag.List:
                _at++;
                frame.MakeRoom(ReadCount(bytesEach: 1));
                return false;
            case TermTag.ByteList:
                _at++;
                var bytes = ReadBytes(ReadUInt16());
                frame.MakeRoom(bytes.Length);
                foreach (var b in bytes)
                    frame.Terms[frame.Index++] = (int)b;
                return true;
            default:
                frame.MakeRoom(1);
                frame.IsImproper = true;
                return false;
        }
    }

    private static Term Finish(ref ReadFrame frame)
    {
        switch (frame.Kind)
        {
            case TermKind.Tuple:
                return new(frame.Terms, Term.Shape.Tuple);
            case TermKind.List:
                var terms = frame.Terms.Length == frame.End ? frame.Terms : frame.Terms[..frame.End];
                return new(terms, frame.IsImproper ? Term.Shape.ImproperList : Term.Shape.List);
            case TermKind.Map:
                var map = new MapTerm(frame.Terms);
                if (!map.Seal())
                    Throw("A key stands twice in the map", frame.Start);
                return map;
            case TermKind.Fun:
                return (FunTerm)frame.Whole!;
            default:
                return (RecordTerm)frame.Whole!;
        }
    }

    private Term FinishBytes()
    {
        _bytesLeft = 0;
        return Term.Nil;
    }

    private int ReadArity()
    {
        var start = _at;
        var arity = ReadInt64();
        if (arity is < 0 or > byte.MaxValue)
            Throw($"A fun cannot take {arity} arguments", start);
        return (int)arity;
    }

    /// <summary>A term whose inner terms are being read.</summary>
    private struct ReadFrame(Term[] terms, TermKind kind, int start)
    {
        internal Term[] Terms = terms;
        internal int Index;
        internal int End = terms.Length;
        internal readonly int Start = start;
        internal readonly TermKind Kind = kind;
        internal bool IsImproper;

        /// <summary>How many terms all the frames outside of this one still wait for.</summary>
        internal long Owed;
        internal object? Whole;

        /// <summary>The same for a frame that is opened inside of this one now.</summary>
        internal readonly long OwedByNext => Owed + End - Index - 1;

        /// <summary>A list turns out to be longer than its header said.</summary>
        internal void MakeRoom(int count)
        {
            End = Index + count;
            if (End > Terms.Length)
                Array.Resize(ref Terms, Math.Max(End, Math.Min(Terms.Length, 1 << 20) * 2));
        }
    }
}
