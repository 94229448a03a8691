using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    // So many bytes are looked for once, before each common term, instead of once per field.
    private const int CommonBytes = 9;

    private const int MaxCommonCount = 1 << 24;
    private const ulong FloatExponent = 0x7FF0_0000_0000_0000;

    private enum ReadKind
    {
        Tuple, // Term[]
        List, // Term[]
        Map, // Term[]: key, value, key, value
        ListInRuns, // ListRuns
        Fun, // FunTerm
        Record, // RecordTerm
    }

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

    // While a term is read, the slot that waits for it holds the frame around the one it stands in. So there is no stack to
    // grow or to clear; what is half done when an exception ends the reading has never been seen by anybody.
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

    /// <summary>
    /// Fills slots with what most messages consist of, until there is something else or the end of the input is near. A method
    /// of its own, so that all it works with stays in registers.
    /// </summary>
    /// <returns>The first slot that is not filled.</returns>
    private int ReadRun(scoped Span<Term> slots, int index)
    {
        var at = _at;
        var limit = _input.Length - CommonBytes;
        ref var input = ref MemoryMarshal.GetReference(_input);
        for (; (uint)index < (uint)slots.Length && at <= limit; index++)
        {
            ref var tag = ref Unsafe.Add(ref input, at);
            switch (tag)
            {
                case TermTag.SmallInteger:
                    slots[index] = new(Term.IntegerMarker, Unsafe.Add(ref tag, 1));
                    at += 2;
                    continue;
                case TermTag.Integer:
                    slots[index] = new(Term.IntegerMarker, (int)Load<uint>(ref tag));
                    at += 5;
                    continue;
                case TermTag.Float when (Load<ulong>(ref tag) & FloatExponent) != FloatExponent:
                    slots[index] = new(Term.FloatMarker, (long)Load<ulong>(ref tag));
                    at += 9;
                    continue;
                case TermTag.Nil:
                    slots[index] = default;
                    at++;
                    continue;
                case TermTag.SmallAtom:
                    if (FindShortAtom(ref Unsafe.Add(ref tag, 2), at + 2, Unsafe.Add(ref tag, 1)) is not { } atom)
                        break;
                    slots[index] = new(atom, Term.Shape.Atom);
                    at += 2 + Unsafe.Add(ref tag, 1);
                    continue;
                case TermTag.Latin1Atom:
                    if (FindShortAtom(ref Unsafe.Add(ref tag, 3), at + 3, Load<ushort>(ref tag)) is not { } latin1)
                        break;
                    slots[index] = new(latin1, Term.Shape.Atom);
                    at += 3 + Load<ushort>(ref tag);
                    continue;
                case TermTag.AtomReference when Unsafe.Add(ref tag, 1) < _references.Length:
                    slots[index] = new(_references[Unsafe.Add(ref tag, 1)], Term.Shape.Atom);
                    at += 2;
                    continue;
            }
            break;
        }
        _at = at;
        return index;
    }

    /// <summary>Reads an atom of few letters that the table knows.</summary>
    private readonly Atom? FindShortAtom(ref byte text, int at, int length)
    {
        if (length > sizeof(ulong) || _input.Length - at < sizeof(ulong) || _atoms is null)
            return null;
        var head = Enmesh.Terms.Atom.Head(ref text, length);
        return (head & 0x8080_8080_8080_8080) != 0 ? null : _atoms.FindShort(head, length);
    }

    /// <summary>Reads the beginning of a term with terms within, if it is one of the usual kinds, while the end is not near.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryOpenCommon(int waiting, out ReadFrame frame)
    {
        frame = default;
        var at = _at;
        if (_input.Length - at < CommonBytes)
            return false;
        ref var tag = ref Unsafe.Add(ref MemoryMarshal.GetReference(_input), at);
        var kind = ReadKind.Tuple;
        uint count;
        switch (tag)
        {
            case TermTag.SmallTuple:
                count = Unsafe.Add(ref tag, 1);
                at += 2;
                break;
            case TermTag.List:
                kind = ReadKind.List;
                count = Load<uint>(ref tag);
                at += 5;
                break;
            case TermTag.Map:
                kind = ReadKind.Map;
                count = Load<uint>(ref tag);
                count = count < MaxCommonCount ? count * 2 : uint.MaxValue; // twice a large count would wrap around
                at += 5;
                break;
            default:
                return false;
        }
        // Whatever is odd about it is better told by the long way.
        if (count - 1 >= MaxCommonCount || _owed + waiting + count > _input.Length - at)
            return false;
        frame = new(new Term[count], kind);
        _at = at;
        return true;
    }

    /// <summary>Reads a term without terms within, or the beginning of one with such.</summary>
    /// <param name="slot">Where a term without terms within goes.</param>
    /// <param name="waiting">How many more terms the one around this one waits for.</param>
    /// <param name="frame">What is to be filled.</param>
    /// <returns>Whether there is something to be filled.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadOther(ref Term slot, int waiting, out ReadFrame frame)
    {
        frame = default;
        var tag = PeekTag();
        switch (tag)
        {
            case TermTag.SmallTuple or TermTag.LargeTuple:
                var arity = ReadTupleHeader();
                if (arity > 0)
                    return Fill(NewTerms(arity, waiting), ReadKind.Tuple, out frame);
                slot = Term.EmptyTuple;
                return false;
            case TermTag.List:
                _at++;
                return Fill(NewTerms(ReadCount(bytesEach: 1), waiting), ReadKind.List, out frame);
            case TermTag.Map:
                var pairs = ReadMapHeader();
                if (pairs > 0)
                    return Fill(NewTerms(pairs * 2, waiting), ReadKind.Map, out frame);
                slot = MapTerm.Empty;
                return false;
            case TermTag.SmallAtom or TermTag.AtomReference or TermTag.Atom or TermTag.Latin1Atom or TermTag.SmallLatin1Atom:
                slot = new(ReadAtom(), Term.Shape.Atom);
                return false;
            case TermTag.Binary:
                _at++;
                slot = KeepBinary(ReadLength());
                return false;
            case TermTag.ByteList:
                _at++;
                var bytes = ReadBytes(ReadUInt16());
                slot = bytes.IsEmpty ? default : new(bytes.ToArray(), Term.Shape.ByteList);
                return false;
            case TermTag.SmallBig or TermTag.LargeBig:
                var magnitude = ReadBigHeader(out var isNegative);
                slot = TryFold(magnitude, isNegative, out var small)
                    ? small
                    : new Term(BigNumber.Create(magnitude, isNegative), Term.Shape.BigInteger);
                return false;
            case TermTag.Fun:
                return OpenFun(ref slot, waiting, out frame);
            case TermTag.Record:
                return OpenRecord(ref slot, waiting, out frame);
            default:
                slot = ReadLeaf(tag);
                return false;
        }
    }

    private Term ReadLeaf(byte tag)
    {
        switch (tag)
        {
            case TermTag.SmallInteger or TermTag.Integer:
                return ReadInt64();
            case TermTag.Nil:
                _at++;
                return default;
            case TermTag.Float or TermTag.TextFloat:
                return new(Term.FloatMarker, BitConverter.DoubleToInt64Bits(ReadFloat()));
            case TermTag.BitString:
                return ReadBitString();
            case TermTag.Pid or TermTag.OldPid:
                return new(ReadPid(), Term.Shape.Pid);
            case TermTag.Reference or TermTag.MiddleReference or TermTag.OldReference:
                return new(ReadReference(), Term.Shape.Reference);
            case TermTag.Port or TermTag.WidePort or TermTag.OldPort:
                return new(ReadPort(), Term.Shape.Port);
            case TermTag.ExternalFun:
                _at++;
                return new FunTerm(ReadAtom(), ReadAtom(), ReadArity());
            default:
                throw NoTerm(tag);
        }
    }

    private static bool Fill(Term[] terms, ReadKind kind, out ReadFrame frame)
    {
        frame = new(terms, kind);
        return true;
    }

    private bool OpenFun(ref Term slot, int waiting, out ReadFrame frame)
    {
        _at++;
        Take(4); // the size, which nobody needs: what follows says how long it is
        var arity = ReadByte();
        var unique = new UInt128(ReadUInt64(), ReadUInt64());
        var index = ReadUInt32();
        var count = ReadCount(bytesEach: 1);
        var module = ReadAtom();
        var id = new LocalFunId(unique, index, ReadInt64(), ReadInt64());
        var creator = ReadPid();
        var fun = new FunTerm(module, arity, id, creator, count == 0 ? [] : NewTerms(count, waiting));
        slot = fun;
        frame = new(fun, ReadKind.Fun);
        return count > 0;
    }

    private bool OpenRecord(ref Term slot, int waiting, out ReadFrame frame)
    {
        _at++;
        var count = ReadCount(bytesEach: 2);
        var flags = ReadByte();
        if (flags > 1)
            Throw($"A native record has no flags but 1; here is {flags}", _at - 1);
        var (module, name) = (ReadAtom(), ReadAtom());
        var names = count == 0 ? [] : new Atom[count];
        for (var i = 0; i < count; i++)
            names[i] = ReadAtom();
        if (RecordTerm.HasRepeated(names))
            Throw("A field stands twice in the native record whose field names end here", _at);
        var record = new RecordTerm(module, name, flags == 1, names, count == 0 ? [] : NewTerms(count, waiting));
        slot = record;
        frame = new(record, ReadKind.Record);
        return count > 0;
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
    /// Room for so many terms. Each takes a byte at least, as do all that the terms around it still wait for, so that no
    /// input makes us allocate more than in proportion to its own length, whatever it announces.
    /// </summary>
    private readonly Term[] NewTerms(int count, int waiting)
    {
        if (_owed + waiting + count > _input.Length - _at)
            ThrowTooMany(_owed + waiting + count);
        return new Term[count];
    }

    private Term KeepBinary(int length)
    {
        if (length >= IReferencingBufferWriter.Threshold && !_owner.IsEmpty)
            return new BitString(Keep(length));
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        ReadBytes(length).CopyTo(bytes);
        return new(bytes, Term.Shape.Binary);
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

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ThrowTooDeep() => Throw($"Terms are nested more than {_options.MaxDepth} deep", _at);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ThrowTooMany(long count) =>
        Throw($"{Counted.Of(count, "term")} should follow, but only {Counted.Bytes(_input.Length - _at)} do", _at);

    /// <summary>The number behind a tag that is known to be there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T>(ref byte tag)
        where T : unmanaged
    {
        ref var at = ref Unsafe.Add(ref tag, 1);
        if (typeof(T) == typeof(ushort))
        {
            var value = Unsafe.ReadUnaligned<ushort>(ref at);
            return Unsafe.BitCast<ushort, T>(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
        }
        if (typeof(T) == typeof(uint))
        {
            var value = Unsafe.ReadUnaligned<uint>(ref at);
            return Unsafe.BitCast<uint, T>(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
        }
        var wide = Unsafe.ReadUnaligned<ulong>(ref at);
        return Unsafe.BitCast<ulong, T>(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(wide) : wide);
    }

    /// <summary>A term whose inner terms are being read.</summary>
    private readonly struct ReadFrame
    {
        private readonly long _indexAndKind;

        internal ReadFrame(object container, ReadKind kind)
            : this(container, (long)kind)
        {
        }

        private ReadFrame(object container, long indexAndKind)
        {
            Container = container;
            _indexAndKind = indexAndKind;
        }

        internal object Container { get; }

        internal ReadKind Kind => (ReadKind)(byte)_indexAndKind;

        /// <summary>Which of the terms is being read, in a frame that waits for one.</summary>
        internal int Index => (int)(_indexAndKind >> 8);

        internal Term[] Terms
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Kind <= ReadKind.Map ? Unsafe.As<Term[]>(Container) : TermsOf(Container, Kind);
        }

        internal static ReadFrame FromLink(Term link) => new(link.Object!, link.Bits);

        internal Term ToLink() => new((object?)Container, _indexAndKind);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Term[] TermsOf(object container, ReadKind kind) => kind switch
        {
            ReadKind.ListInRuns => Unsafe.As<ListRuns>(container).Last,
            ReadKind.Fun => Unsafe.As<FunTerm>(container).FreeVariableArray,
            _ => Unsafe.As<RecordTerm>(container).Values,
        };

        internal ReadFrame At(int index) => new(Container, ((long)index << 8) | (byte)_indexAndKind);
    }

    /// <summary>A list that came in several pieces.</summary>
    private sealed class ListRuns(Term[] first)
    {
        private readonly List<Term[]> _runs = [first];

        internal bool IsImproper { get; set; }

        internal Term[] Last => _runs[^1];

        internal void Add(Term[] run) => _runs.Add(run);

        internal void Add(ReadOnlySpan<byte> bytes)
        {
            var run = new Term[bytes.Length];
            for (var i = 0; i < run.Length; i++)
                run[i] = (int)bytes[i];
            Add(run);
        }

        internal Term ToTerm()
        {
            var all = _runs.Count == 1 ? Last : new Term[_runs.Sum(run => run.Length)];
            var at = 0;
            foreach (var run in _runs)
            {
                run.CopyTo(all, at);
                at += run.Length;
            }
            return new(all, IsImproper ? Term.Shape.ImproperList : Term.Shape.List);
        }
    }
}
