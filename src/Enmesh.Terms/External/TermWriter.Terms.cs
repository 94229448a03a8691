using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Enmesh.Terms.Order;

namespace Enmesh.Terms.External;

public ref partial struct TermWriter
{
    // No common term is longer; room is made for so much before each.
    private const int CommonBytes = 32;

    /// <summary>The shapes without terms within that are written by a call, as a set of bits.</summary>
    private const long FlatShapes =
        IdentifierShapes | (1L << (int)Term.Shape.Binary) | (1L << (int)Term.Shape.ByteList)
        | (1L << (int)Term.Shape.BigInteger) | (1L << (int)Term.Shape.BitString);

    private const long IdentifierShapes =
        (1L << (int)Term.Shape.Pid) | (1L << (int)Term.Shape.Reference) | (1L << (int)Term.Shape.Port);

    /// <summary>Writes a whole term.</summary>
    /// <exception cref="NotSupportedException">The peer's release cannot take what the term holds.</exception>
    public void WriteTerm(Term term)
    {
        if (WriteRun(new ReadOnlySpan<Term>(in term), 0) == 1)
            return;
        if (!term.HasTermsWithin && term.ShapeOf != Term.Shape.Fun)
        {
            WriteLeaf(term);
            return;
        }
        var stack = new FrameStack<WriteFrame>();
        try
        {
            WriteTerms(term, ref stack);
        }
        finally
        {
            stack.Dispose();
            StopHolding();
        }
    }

    private void WriteTerms(Term root, ref FrameStack<WriteFrame> stack)
    {
        var frame = new WriteFrame([], 0, 0);
        Open(root, ref frame, ref stack);
        var (terms, index, nils) = (frame.Terms, 0, frame.Nils);
        while (true)
        {
            while (index < terms.Length)
            {
                if (TryOpenCommon(terms[index], out var inner, out var innerNils))
                {
                    index++;
                    // Most are done at once, and need no place on the stack.
                    var written = WriteRun(inner, 0);
                    if (written == inner.Length)
                    {
                        if (innerNils > 0)
                            WriteNil();
                        continue;
                    }
                    if (index < terms.Length)
                        stack.Push(new(terms, index, nils));
                    else
                        innerNils += nils;
                    (terms, index, nils) = (inner, written, innerNils);
                    continue;
                }
                var start = index;
                index = WriteRun(terms, start);
                if (index > start)
                    continue;
                ref readonly var term = ref terms[index++];
                if (!term.HasTermsWithin && term.ShapeOf != Term.Shape.Fun)
                {
                    WriteLeaf(term);
                    continue;
                }
                var other = new WriteFrame(terms, index, nils);
                Open(term, ref other, ref stack);
                (terms, index, nils) = (other.Terms, other.Index, other.Nils);
            }
            if (nils > 0)
                WriteNils(nils);
            do
            {
                if (!stack.TryPop(out frame))
                    return;
            }
            while (IsEndOfFun(frame));
            (terms, index, nils) = (frame.Terms, frame.Index, frame.Nils);
        }
    }

    /// <summary>Writes the beginning of a term with terms within, if it is one of the usual kinds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryOpenCommon(in Term term, out Term[] inner, out int nils)
    {
        inner = [];
        nils = 0;
        if (ReferenceEquals(term.Object, Term.IntegerMarker) || ReferenceEquals(term.Object, Term.FloatMarker))
            return false;
        if (term.Bits == (long)Term.Shape.Tuple)
        {
            inner = Unsafe.As<Term[]>(term.Object!);
            if (inner.Length > byte.MaxValue)
                return false;
            WriteTagAndByte(TermTag.SmallTuple, (byte)inner.Length);
            return true;
        }
        if (term.Bits == (long)Term.Shape.List)
        {
            inner = Unsafe.As<Term[]>(term.Object!);
            if (ReferenceEquals(inner[0].Object, Term.IntegerMarker) && (ulong)inner[0].Bits <= byte.MaxValue)
                return false;
            WriteTagAndLength(TermTag.List, inner.Length);
            nils = 1;
            return true;
        }
        if (term.Bits != (long)Term.Shape.Map)
            return false;
        inner = Unsafe.As<MapTerm>(term.Object!).Pairs;
        WriteTagAndLength(TermTag.Map, inner.Length / 2);
        return true;
    }

    /// <summary>
    /// Goes from the frame into a term in it. A frame that is done but for the ends of lists is not kept.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Open(in Term term, ref WriteFrame frame, ref FrameStack<WriteFrame> stack)
    {
        var terms = term.TermsWithin;
        var shape = term.ShapeOf;
        if (shape == Term.Shape.List && TryWriteAsBytes(terms))
            return;
        var nils = shape == Term.Shape.List ? 1 : 0;
        if (frame.Index < frame.Terms.Length || shape == Term.Shape.Fun)
            stack.Push(frame);
        else
            nils += frame.Nils;
        frame = new(terms, 0, nils);
        switch (shape)
        {
            case Term.Shape.Tuple:
                WriteTupleHeader(terms.Length);
                break;
            case Term.Shape.List:
                WriteTagAndLength(TermTag.List, terms.Length);
                break;
            case Term.Shape.ImproperList:
                WriteTagAndLength(TermTag.List, terms.Length - 1);
                break;
            case Term.Shape.Map:
                WriteTagAndLength(TermTag.Map, terms.Length / 2);
                break;
            case Term.Shape.Record:
                WriteRecordHeader(term.Record!);
                break;
            default:
                if (WriteFunHeader(term.Fun!) is var start and >= 0)
                    stack.Push(new(EndOfFun, start, 0));
                break;
        }
    }

    /// <summary>
    /// Writes what most messages consist of, until there is something else. A method of its own, so that all it works
    /// with stays in registers.
    /// </summary>
    /// <returns>The first term that is not written.</returns>
    private int WriteRun(scoped ReadOnlySpan<Term> terms, int index)
    {
        var used = _used;
        ref var start = ref MemoryMarshal.GetReference(_span);
        var limit = _span.Length - CommonBytes;
        for (; (uint)index < (uint)terms.Length; index++)
        {
            if (used > limit)
            {
                _used = used;
                Refill(CommonBytes);
                used = 0;
                start = ref MemoryMarshal.GetReference(_span);
                limit = _span.Length - CommonBytes;
            }
            ref var at = ref Unsafe.Add(ref start, used);
            var (value, bits) = (terms[index].Object, terms[index].Bits);
            if (ReferenceEquals(value, Term.IntegerMarker))
            {
                if ((ulong)bits <= byte.MaxValue)
                {
                    at = TermTag.SmallInteger;
                    Unsafe.Add(ref at, 1) = (byte)bits;
                    used += 2;
                    continue;
                }
                if (bits != (int)bits)
                    break;
                at = TermTag.Integer;
                Store(ref at, 1, (uint)bits);
                used += 5;
            }
            else if (ReferenceEquals(value, Term.FloatMarker))
            {
                at = TermTag.Float;
                Store(ref at, 1, (ulong)bits);
                used += 9;
            }
            else if (bits == (long)Term.Shape.Atom)
            {
                var length = _atoms is null
                    ? WriteShortAtom(ref at, Unsafe.As<Atom>(value!))
                    : WriteAtomReference(ref at, Unsafe.As<Atom>(value!));
                if (length == 0)
                    break;
                used += length;
            }
            else if (value is null)
            {
                at = TermTag.Nil;
                used++;
            }
            else if ((FlatShapes >> (int)bits & 1) != 0)
            {
                _used = used;
                var next = (IdentifierShapes >> (int)bits & 1) != 0 ? WriteIdentifiers(terms, index) : index;
                if (next == index)
                    WriteLeaf(terms[index]);
                else
                    index = next - 1;
                used = _used;
                start = ref MemoryMarshal.GetReference(_span);
                limit = _span.Length - CommonBytes;
            }
            else
            {
                break;
            }
        }
        _used = used;
        return index;
    }

    /// <returns>How many bytes it took; 0 when it was too long to be written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteShortAtom(ref byte at, Atom atom)
    {
        var utf8 = atom.Utf8;
        if (utf8.Length > CommonBytes - 2)
            return 0;
        at = TermTag.SmallAtom;
        Unsafe.Add(ref at, 1) = (byte)utf8.Length;
        // The first eight bytes are at hand in the atom; there is room for more than it has.
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref at, 2), atom.FirstBytes);
        if (utf8.Length > sizeof(ulong))
            utf8.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref at, 2), CommonBytes - 2));
        return 2 + utf8.Length;
    }

    private readonly int WriteAtomReference(ref byte at, Atom atom)
    {
        var index = _atoms!.IndexOf(atom);
        if (index < 0)
            return WriteShortAtom(ref at, atom);
        at = TermTag.AtomReference;
        Unsafe.Add(ref at, 1) = (byte)index;
        return 2;
    }

    private void WriteNils(int count)
    {
        while (count > 0)
        {
            var some = Math.Min(count, MinimumChunk);
            Space(some).Fill(TermTag.Nil);
            count -= some;
        }
    }

    private void WriteLeaf(Term term)
    {
        switch (term.ShapeOf)
        {
            case Term.Shape.Nil:
                WriteNil();
                break;
            case Term.Shape.Integer:
                WriteInteger(term.Bits);
                break;
            case Term.Shape.Float:
                ref var at = ref Take(9);
                at = TermTag.Float;
                Store(ref at, 1, (ulong)term.Bits);
                break;
            case Term.Shape.Atom:
                WriteAtom(Unsafe.As<Atom>(term.Object!));
                break;
            case Term.Shape.Binary:
                WriteBinaryOver(Unsafe.As<byte[]>(term.Object!));
                break;
            case Term.Shape.BitString:
                WriteBitString(term.BitString.GetValueOrDefault());
                break;
            case Term.Shape.ByteList:
                WriteByteList(Unsafe.As<byte[]>(term.Object!));
                break;
            case Term.Shape.Pid:
                WritePid(Unsafe.As<Pid>(term.Object!));
                break;
            case Term.Shape.Reference:
                WriteReference(Unsafe.As<Reference>(term.Object!));
                break;
            case Term.Shape.Port:
                WritePort(Unsafe.As<PortId>(term.Object!));
                break;
            case Term.Shape.BigInteger:
                WriteBig(Unsafe.As<byte[]>(term.Object!));
                break;
            case Term.Shape.Tuple:
                WriteTupleHeader(0);
                break;
            case Term.Shape.Map:
                WriteMapHeader(0);
                break;
            default:
                WriteRecordHeader(term.Record!);
                break;
        }
    }

    // As a BEAM does it: half the size when all elements happen to be bytes.
    private bool TryWriteAsBytes(Term[] elements)
    {
        if (elements.Length > ushort.MaxValue)
            return false;
        foreach (ref var element in elements.AsSpan())
        {
            if (element.ShapeOf != Term.Shape.Integer || (ulong)element.Bits > byte.MaxValue)
                return false;
        }
        WriteByteListHeader(elements.Length);
        var bytes = Space(elements.Length);
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)elements[i].Bits;
        return true;
    }

    private void WriteBig(byte[] number)
    {
        var magnitude = BigNumber.Magnitude(number);
        if (magnitude.Length <= byte.MaxValue)
            WriteTagAndByte(TermTag.SmallBig, (byte)magnitude.Length);
        else
            WriteTagAndLength(TermTag.LargeBig, magnitude.Length);
        WriteRaw(number); // the sign, then the magnitude: as it stands
    }

    private void WriteRecordHeader(RecordTerm record)
    {
        if (!Allows(TermDialect.NativeRecords))
            throw new NotSupportedException($"The peer cannot take the native record {record.Module}:{record.Name}: it has not said that it knows them (OTP 29).");
        WriteTagAndLength(TermTag.Record, record.FieldNames.Length);
        Take(1) = record.IsExported ? (byte)1 : (byte)0;
        WriteAtom(record.Module);
        WriteAtom(record.Name);
        foreach (var name in record.FieldNames)
            WriteAtom(name);
    }

    /// <param name="terms">The terms being written.</param>
    /// <param name="index">The next of them.</param>
    /// <param name="nils">How many lists end with the last of them.</param>
    private readonly struct WriteFrame(Term[] terms, int index, int nils)
    {
        internal readonly Term[] Terms = terms;
        internal readonly int Index = index;
        internal readonly int Nils = nils;
    }
}
