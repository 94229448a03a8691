namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    // There were two bits for it.
    private const int MaxOldCreation = 3;

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
    internal RawPid ReadRawPid(out Atom node)
    {
        var tag = PeekTag();
        if (tag is not (TermTag.Pid or TermTag.OldPid))
            throw Unexpected("a pid");
        _at++;
        node = ReadAtom();
        return new RawPid(ReadUInt32(), ReadUInt32(), ReadCreation(tag == TermTag.OldPid));
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
    public Reference ReadReference() => ReadRawReference(out var node).ToReference(node);

    /// <summary>Reads a reference's numbers without making an object of it.</summary>
    internal RawReference ReadRawReference(out Atom node)
    {
        var start = _at;
        var tag = PeekTag();
        if (tag is not (TermTag.Reference or TermTag.MiddleReference or TermTag.OldReference))
            throw Unexpected("a reference");
        _at++;
        var count = tag == TermTag.OldReference ? 1 : ReadUInt16();
        if (count > Enmesh.Terms.Reference.MaxWords)
            Throw($"A reference has at most {Enmesh.Terms.Reference.MaxWords} words; here are {count}", start + 1);
        node = ReadAtom();
        if (tag == TermTag.OldReference)
        {
            var id = ReadUInt32();
            return new(1, ReadCreation(isByte: true), id, 0, 0, 0, 0);
        }
        return new(
            count,
            ReadCreation(tag == TermTag.MiddleReference),
            count > 0 ? ReadUInt32() : 0,
            count > 1 ? ReadUInt32() : 0,
            count > 2 ? ReadUInt32() : 0,
            count > 3 ? ReadUInt32() : 0,
            count > 4 ? ReadUInt32() : 0);
    }

    private uint ReadCreation(bool isByte)
    {
        if (!isByte)
            return ReadUInt32();
        var creation = ReadByte();
        if (creation > MaxOldCreation)
            Throw($"A creation of one byte is at most {MaxOldCreation}; here is {creation}", _at - 1);
        return creation;
    }
}

/// <summary>The numbers of a pid.</summary>
internal readonly record struct RawPid(uint Id, uint Serial, uint Creation);

/// <summary>The numbers of a reference.</summary>
internal readonly record struct RawReference(
    int WordCount, uint Creation, uint Word0, uint Word1, uint Word2, uint Word3, uint Word4)
{
    internal Reference ToReference(Atom node) =>
        new(node, Creation, ((ReadOnlySpan<uint>)[Word0, Word1, Word2, Word3, Word4])[..WordCount]);
}
