namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    /// <summary>Leaves out a term's own bytes.</summary>
    /// <returns>How many terms stand within it and come next.</returns>
    private long SkipHead()
    {
        var tag = PeekTag();
        switch (tag)
        {
            case TermTag.Nil:
                _at++;
                return 0;
            case TermTag.SmallInteger or TermTag.AtomReference:
                Take(2);
                return 0;
            case TermTag.Integer:
                Take(5);
                return 0;
            case TermTag.Float:
                Take(9);
                return 0;
            case TermTag.TextFloat:
                Take(1 + TextFloatBytes);
                return 0;
            case TermTag.SmallAtom or TermTag.SmallLatin1Atom:
                _at++;
                ReadBytes(ReadByte());
                return 0;
            case TermTag.Atom or TermTag.Latin1Atom or TermTag.ByteList:
                _at++;
                ReadBytes(ReadUInt16());
                return 0;
            case TermTag.Binary:
                _at++;
                ReadBytes(ReadLength());
                return 0;
            case TermTag.BitString:
                _at++;
                var length = ReadUInt32();
                Take(1);
                if (length > (uint)(_input.Length - _at))
                    Throw($"{Counted.Bytes(length)} should follow, but only {_input.Length - _at} do", _at - 5);
                ReadBytes((int)length);
                return 0;
            case TermTag.SmallBig or TermTag.LargeBig:
                ReadBigHeader(out _);
                return 0;
            case TermTag.SmallTuple or TermTag.LargeTuple:
                return ReadTupleHeader();
            case TermTag.List:
                _at++;
                return ReadCount(bytesEach: 1) + 1L;
            case TermTag.Map:
                return ReadMapHeader() * 2L;
            default:
                return SkipRare(tag);
        }
    }

    private long SkipRare(byte tag)
    {
        var start = _at++;
        switch (tag)
        {
            case TermTag.Pid or TermTag.WidePort:
                return SkipNodeAnd(12);
            case TermTag.OldPid:
                return SkipNodeAnd(9);
            case TermTag.Port:
                return SkipNodeAnd(8);
            case TermTag.OldPort or TermTag.OldReference:
                return SkipNodeAnd(5);
            case TermTag.Reference:
                return SkipNodeAnd((4 * ReadUInt16()) + 4);
            case TermTag.MiddleReference:
                return SkipNodeAnd((4 * ReadUInt16()) + 1);
            case TermTag.ExternalFun:
                return 3;
            case TermTag.Fun:
                Take(4 + 1 + FunTerm.UniqueBytes + 4);
                return 4L + ReadUInt32(); // module, two integers, pid, free variables
            case TermTag.Record:
                var fields = ReadCount(bytesEach: 2);
                Take(1);
                return 2L + (2L * fields);
            default:
                _at = start;
                throw NoTerm(tag);
        }
    }

    private long SkipNodeAnd(int count)
    {
        SkipHead();
        Take(count);
        return 0;
    }
}
