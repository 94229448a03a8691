namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    /// <summary>Reads a pid.</summary>
    public Pid ReadPid()
    {
        var tag = PeekTag();
        if (tag is not (TermTag.Pid or TermTag.OldPid))
            throw Unexpected("a pid");
        _at++;
        var node = ReadAtom();
        return new Pid(node, ReadUInt32(), ReadUInt32(), ReadCreation(tag == TermTag.OldPid));
    }

    /// <summary>Reads a pid's numbers without making an object of it.</summary>
    /// <param name="ours">The node to compare with.</param>
    internal RawPid ReadRawPid(Atom ours)
    {
        var tag = PeekTag();
        if (tag is not (TermTag.Pid or TermTag.OldPid))
            throw Unexpected("a pid");
        _at++;
        var isOurs = ReadAtom() == ours;
        return new RawPid(ReadUInt32(), ReadUInt32(), ReadCreation(tag == TermTag.OldPid), isOurs);
    }

    /// <summary>Reads a port.</summary>
    public PortId ReadPort()
    {
        var tag = PeekTag();
        if (tag is not (TermTag.Port or TermTag.WidePort or TermTag.OldPort))
            throw Unexpected("a port");
        _at++;
        var node = ReadAtom();
        var id = tag == TermTag.WidePort ? ReadUInt64() : ReadUInt32();
        return new PortId(node, id, ReadCreation(tag == TermTag.OldPort));
    }

    /// <summary>Reads a reference.</summary>
    public Reference ReadReference()
    {
        var start = _at;
        var tag = PeekTag();
        if (tag is not (TermTag.Reference or TermTag.MiddleReference or TermTag.OldReference))
            throw Unexpected("a reference");
        _at++;
        var count = tag == TermTag.OldReference ? 1 : ReadUInt16();
        if (count > Enmesh.Terms.Reference.MaxWords)
            Throw($"A reference has at most {Enmesh.Terms.Reference.MaxWords} words; here are {count}", start + 1);
        var node = ReadAtom();
        Span<uint> words = stackalloc uint[Enmesh.Terms.Reference.MaxWords];
        if (tag == TermTag.OldReference)
        {
            words[0] = ReadUInt32();
            return new Reference(node, ReadCreation(isByte: true), words[..1]);
        }
        var creation = ReadCreation(tag == TermTag.MiddleReference);
        for (var i = 0; i < count; i++)
            words[i] = ReadUInt32();
        return new Reference(node, creation, words[..count]);
    }

    private uint ReadCreation(bool isByte) => isByte ? ReadByte() : ReadUInt32();
}

/// <summary>The numbers of a pid, and whether it is one of the node that was asked for.</summary>
internal readonly record struct RawPid(uint Id, uint Serial, uint Creation, bool IsOurs);
