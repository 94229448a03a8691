using System.Runtime.CompilerServices;

namespace Enmesh.Terms.External;

// Every tag there is, each field checked.
public ref partial struct TermReader
{
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

    private Term KeepBinary(int length)
    {
        if (length >= IReferencingBufferWriter.Threshold && !_owner.IsEmpty)
            return new BitString(Keep(length));
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        ReadBytes(length).CopyTo(bytes);
        return new(bytes, Term.Shape.Binary);
    }

    private int ReadArity()
    {
        var start = _at;
        var arity = ReadInt64();
        if (arity is < 0 or > byte.MaxValue)
            Throw($"A fun cannot take {arity} arguments", start);
        return (int)arity;
    }
}
