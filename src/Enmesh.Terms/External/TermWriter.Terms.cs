using System.Runtime.CompilerServices;
using Enmesh.Terms.Order;

namespace Enmesh.Terms.External;

public ref partial struct TermWriter
{
    /// <summary>Writes a whole term.</summary>
    /// <exception cref="NotSupportedException">The peer's release cannot take what the term holds.</exception>
    public void WriteTerm(Term term)
    {
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
            _held?.Dispose();
            _held = null;
        }
    }

    private void WriteTerms(Term term, ref FrameStack<WriteFrame> stack)
    {
        var frame = Open(term);
        while (true)
        {
            while (frame.Index < frame.Terms.Length)
            {
                term = frame.Terms[frame.Index++];
                if (!term.HasTermsWithin && term.ShapeOf != Term.Shape.Fun)
                {
                    WriteLeaf(term);
                    continue;
                }
                stack.Push(frame);
                frame = Open(term);
            }
            if (frame.EndsInNil)
                WriteNil();
            if (frame.FunStart >= 0)
                CloseFun(frame.FunStart);
            if (!stack.TryPop(out frame))
                return;
        }
    }

    private WriteFrame Open(Term term)
    {
        var terms = term.TermsWithin;
        switch (term.ShapeOf)
        {
            case Term.Shape.Tuple:
                WriteTupleHeader(terms.Length);
                return new(terms);
            case Term.Shape.List when TryWriteAsBytes(terms):
                return new([]);
            case Term.Shape.List:
                WriteListHeader(terms.Length);
                return new(terms) { EndsInNil = true };
            case Term.Shape.ImproperList:
                WriteListHeader(terms.Length - 1);
                return new(terms);
            case Term.Shape.Map:
                WriteMapHeader(terms.Length / 2);
                return new(terms);
            case Term.Shape.Fun:
                return new(terms) { FunStart = WriteFunHeader(term.Fun!) };
            default:
                WriteRecordHeader(term.Record!);
                return new(terms);
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
                WriteInteger(term.Integer.GetValueOrDefault());
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
        _held.Dispose();
        _held = null;
    }

    private struct WriteFrame(Term[] terms)
    {
        internal readonly Term[] Terms = terms;
        internal int Index;
        internal int FunStart = -1;
        internal bool EndsInNil;
    }
}
