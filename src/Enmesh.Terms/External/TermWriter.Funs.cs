namespace Enmesh.Terms.External;

// A local fun begins with the size of all that it is, which is known when it has been written: so what it holds is held
// back until the outermost one is complete.
public ref partial struct TermWriter
{
    // Not a frame, but where the fun ends that was opened below it.
    private static readonly Term[] EndOfFun = [Term.Nil];

    private bool IsEndOfFun(in WriteFrame frame)
    {
        if (!ReferenceEquals(frame.Terms, EndOfFun))
            return false;
        CloseFun(frame.Index);
        return true;
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
}
