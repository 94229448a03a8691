using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
        ref var at = ref TakeAround(pid.Node, head: 1, tail: 12, out var behind);
        at = TermTag.Pid;
        Store(ref at, behind, pid.Id);
        Store(ref at, behind + 4, pid.Serial);
        Store(ref at, behind + 8, pid.Creation);
    }

    /// <summary>Writes a port.</summary>
    public void WritePort(PortId port)
    {
        ArgumentNullException.ThrowIfNull(port);
        // The wide tag only where it has to be: every release reads the other one.
        var isWide = port.Id > MaxNarrowPort;
        if (isWide && !Allows(TermDialect.WideIdentifiers))
            throw TooWide($"the port {port.Id} of {port.Node}");
        ref var at = ref TakeAround(port.Node, head: 1, tail: isWide ? 12 : 8, out var behind);
        at = isWide ? TermTag.WidePort : TermTag.Port;
        if (isWide)
            Store(ref at, behind, port.Id);
        else
            Store(ref at, behind, (uint)port.Id);
        Store(ref at, behind + (isWide ? 8 : 4), port.Creation);
    }

    /// <summary>Writes a reference.</summary>
    public void WriteReference(Reference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (!Allows(TermDialect.WideIdentifiers) && reference.WordCount > MaxNarrowWords)
            throw TooWide($"a reference of {Counted.Of(reference.WordCount, "word")} of {reference.Node}");
        // Room for all words there can be, of which only those that there are count.
        ref var at = ref TakeAround(reference.Node, head: 3, tail: 4 + (4 * Reference.MaxWords), out var behind);
        _used -= 4 * (Reference.MaxWords - reference.WordCount);
        at = TermTag.Reference;
        Store(ref at, 1, (ushort)reference.WordCount);
        Store(ref at, behind, reference.Creation);
        Store(ref at, behind + 4, BitOperations.RotateLeft(reference.Words01, 32));
        Store(ref at, behind + 12, BitOperations.RotateLeft(reference.Words23, 32));
        Store(ref at, behind + 20, reference.Word4);
    }

    /// <summary>
    /// Makes room for an identifier in one go, and writes the node that stands in its midst: many of them travel, and
    /// most of their bytes are their node's name.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="head">How many bytes stand before it.</param>
    /// <param name="tail">How many bytes follow it.</param>
    /// <param name="behind">Where those begin.</param>
    private ref byte TakeAround(Atom node, int head, int tail, out int behind)
    {
        var utf8 = node.Utf8;
        Reserve(head + 3 + utf8.Length + tail);
        ref var start = ref _span[_used];
        ref var at = ref Unsafe.Add(ref start, head);
        if (_atoms is not null && _atoms.IndexOf(node) is var index and >= 0)
        {
            at = TermTag.AtomReference;
            Unsafe.Add(ref at, 1) = (byte)index;
            behind = head + 2;
        }
        else if (utf8.Length <= byte.MaxValue)
        {
            at = TermTag.SmallAtom;
            Unsafe.Add(ref at, 1) = (byte)utf8.Length;
            CopyName(utf8, node.FirstBytes, ref Unsafe.Add(ref at, 2));
            behind = head + 2 + utf8.Length;
        }
        else
        {
            at = TermTag.Atom;
            Store(ref at, 1, (ushort)utf8.Length);
            CopyName(utf8, node.FirstBytes, ref Unsafe.Add(ref at, 3));
            behind = head + 3 + utf8.Length;
        }
        _used += behind + tail;
        return ref start;
    }

    // Names of nodes are short; a few moves of fixed size are quicker than a general copy. There is room for eight
    // bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyName(ReadOnlySpan<byte> utf8, ulong first, ref byte at)
    {
        ref var text = ref MemoryMarshal.GetReference(utf8);
        var length = utf8.Length;
        Unsafe.WriteUnaligned(ref at, first);
        if (length is > 8 and <= 16)
        {
            Unsafe.WriteUnaligned(
                ref Unsafe.Add(ref at, length - 8), Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, length - 8)));
        }
        else if (length is > 16 and <= 32)
        {
            Vector128.LoadUnsafe(ref text).StoreUnsafe(ref at);
            Vector128.LoadUnsafe(ref text, (nuint)(length - 16)).StoreUnsafe(ref at, (nuint)(length - 16));
        }
        else if (length > 32)
        {
            utf8.CopyTo(MemoryMarshal.CreateSpan(ref at, length));
        }
    }

    private readonly bool Allows(TermDialect dialect) => (_dialect & dialect) == dialect;

    private static NotSupportedException TooWide(string what) => new(
        $"The peer cannot take {what}: nodes before OTP 24 know only pids of 15 and 13 bits, ports of 28 bits and references of 3 words.");
}
