namespace Enmesh.Terms.External;

public ref partial struct TermWriter
{
    private const uint MaxNarrowPort = (1u << 28) - 1;
    private const uint MaxNarrowId = (1u << 15) - 1;
    private const uint MaxNarrowSerial = (1u << 13) - 1;
    private const int MaxNarrowWords = 3;

    /// <summary>Writes a pid.</summary>
    public void WritePid(Pid pid)
    {
        ArgumentNullException.ThrowIfNull(pid);
        if (!Allows(TermDialect.WideIdentifiers) && (pid.Id > MaxNarrowId || pid.Serial > MaxNarrowSerial))
            throw TooWide($"the pid {pid.Id}.{pid.Serial} of {pid.Node}");
        Take(1) = TermTag.Pid;
        WriteAtom(pid.Node);
        ref var at = ref Take(12);
        Store(ref at, 0, pid.Id);
        Store(ref at, 4, pid.Serial);
        Store(ref at, 8, pid.Creation);
    }

    /// <summary>Writes a port.</summary>
    public void WritePort(PortId port)
    {
        ArgumentNullException.ThrowIfNull(port);
        // The wide tag only where it has to be: every release reads the other one.
        var isWide = port.Id > MaxNarrowPort;
        if (isWide && !Allows(TermDialect.WideIdentifiers))
            throw TooWide($"the port {port.Id} of {port.Node}");
        Take(1) = isWide ? TermTag.WidePort : TermTag.Port;
        WriteAtom(port.Node);
        ref var at = ref Take(isWide ? 12 : 8);
        if (isWide)
            Store(ref at, 0, port.Id);
        else
            Store(ref at, 0, (uint)port.Id);
        Store(ref at, isWide ? 8 : 4, port.Creation);
    }

    /// <summary>Writes a reference.</summary>
    public void WriteReference(Reference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (!Allows(TermDialect.WideIdentifiers) && reference.WordCount > MaxNarrowWords)
            throw TooWide($"a reference of {Counted.Of(reference.WordCount, "word")} of {reference.Node}");
        ref var head = ref Take(3);
        head = TermTag.Reference;
        Store(ref head, 1, (ushort)reference.WordCount);
        WriteAtom(reference.Node);
        ref var at = ref Take(4 + (4 * Reference.MaxWords));
        _used -= 4 * (Reference.MaxWords - reference.WordCount);
        Store(ref at, 0, reference.Creation);
        for (var i = 0; i < reference.WordCount; i++)
            Store(ref at, 4 + (4 * i), reference[i]);
    }

    private readonly bool Allows(TermDialect dialect) => (_dialect & dialect) == dialect;

    private static NotSupportedException TooWide(string what) => new(
        $"The peer cannot take {what}: nodes before OTP 24 know only pids of 15 and 13 bits, ports of 28 bits and references of 3 words.");
}
