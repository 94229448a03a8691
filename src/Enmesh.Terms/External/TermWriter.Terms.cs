using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Enmesh.Terms.Order;

namespace Enmesh.Terms.External;

public ref partial struct TermWriter
{
    // No common term is longer; room is made for so much before each.
    private const int CommonBytes = 32;

    // Not a frame, but where the fun ends that was opened below it.
    private static readonly Term[] EndOfFun = [Term.Nil];

    /// <summary>Writes a whole term.</summary>
    /// <exception cref="NotSupportedException">The peer's release cannot take what the term holds.</exception>
    public void WriteTerm(Term term)
    {
        if (TryWriteCommon(term))
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
        var frame = new WriteFrame { Terms = [] };
        Open(root, ref frame, ref stack);
        while (true)
        {
            var terms = frame.Terms;
            var index = frame.Index;
            while (index < terms.Length)
            {
                ref readonly var term = ref terms[index++];
                if (TryWriteCommon(term))
                    continue;
                if (!term.HasTermsWithin && term.ShapeOf != Term.Shape.Fun)
                {
                    WriteLeaf(term);
                    continue;
                }
                frame.Index = index;
                Open(term, ref frame, ref stack);
                terms = frame.Terms;
                index = frame.Index;
            }
            if (frame.Nils > 0)
                Space(frame.Nils).Fill(TermTag.Nil);
            while (true)
            {
                if (!stack.TryPop(out frame))
                    return;
                if (!ReferenceEquals(frame.Terms, EndOfFun))
                    break;
                CloseFun(frame.Index);
            }
        }
    }

    /// <summary>Goes from the frame into a term in it. A frame that is done but for the ends of lists is not kept.</summary>
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
        frame = new() { Terms = terms, Nils = nils };
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
                    stack.Push(new() { Terms = EndOfFun, Index = start });
                break;
        }
    }

    /// <summary>Writes what most messages consist of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryWriteCommon(in Term term)
    {
        var used = _used;
        if (_span.Length - used < CommonBytes)
        {
            Refill(CommonBytes);
            used = 0;
        }
        ref var at = ref Unsafe.Add(ref MemoryMarshal.GetReference(_span), used);
        var bits = term.Bits;
        if (ReferenceEquals(term.Object, Term.IntegerMarker))
        {
            if ((ulong)bits <= byte.MaxValue)
            {
                at = TermTag.SmallInteger;
                Unsafe.Add(ref at, 1) = (byte)bits;
                _used = used + 2;
                return true;
            }
            if (bits == (int)bits)
            {
                at = TermTag.Integer;
                Store(ref at, 1, (uint)bits);
                _used = used + 5;
                return true;
            }
            return false;
        }
        if (ReferenceEquals(term.Object, Term.FloatMarker))
        {
            at = TermTag.Float;
            Store(ref at, 1, (ulong)bits);
            _used = used + 9;
            return true;
        }
        if (bits == (long)Term.Shape.Atom && _atoms is null)
        {
            var utf8 = Unsafe.As<Atom>(term.Object!).Utf8;
            if ((uint)utf8.Length > CommonBytes - 2)
                return false;
            at = TermTag.SmallAtom;
            Unsafe.Add(ref at, 1) = (byte)utf8.Length;
            utf8.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref at, 2), CommonBytes - 2));
            _used = used + 2 + utf8.Length;
            return true;
        }
        return false;
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

    /// <returns>Where a local fun's size has to be put, or -1.</returns>
    private int WriteFunHeader(FunTerm fun)
    {
        if (fun.Function is { } function)
        {
            Take(1) = TermTag.ExternalFun;
            WriteAtom(fun.Module);
            WriteAtom(function);
            WriteInteger(fun.Arity);
            return -1;
        }
        HoldBack();
        Flush();
        var start = _held!.Written.Length + 1;
        WriteTagAndLength(TermTag.Fun, 0);
        ref var at = ref Take(1 + FunTerm.UniqueBytes + 8);
        at = (byte)fun.Arity;
        Store(ref at, 1, (ulong)(fun.Id.Unique >> 64));
        Store(ref at, 9, (ulong)fun.Id.Unique);
        Store(ref at, 17, fun.Id.Index);
        Store(ref at, 21, (uint)fun.FreeVariables.Length);
        WriteAtom(fun.Module);
        WriteInteger(fun.Id.OldIndex);
        WriteInteger(fun.Id.OldUnique);
        WritePid(fun.Creator!);
        return start;
    }

    private void HoldBack()
    {
        if (_held is not null)
            return;
        Flush();
        _held = new PooledBuffer(1024);
        _outer = _output;
        _output = _held;
    }

    private void CloseFun(int start)
    {
        Flush();
        var written = _held!.Written;
        Store(ref written[start], 0, (uint)(written.Length - start));
        if (start != 1)
            return;
        _output = _outer!;
        _flushed -= written.Length;
        WriteRaw(written);
        StopHolding();
    }

    private void StopHolding()
    {
        if (_held is null)
            return;
        _held.Dispose();
        _held = null;
        _output = _outer!;
        _span = default;
        _used = 0;
    }

    private struct WriteFrame
    {
        internal Term[] Terms;
        internal int Index;

        /// <summary>How many lists end with this frame.</summary>
        internal int Nils;
    }
}
