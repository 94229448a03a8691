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

    // What an identifier takes beside the name of its node: the head of a reference, that of the name, a creation and
    // as many words as there can be. All are written, and those that there are count.
    private const int IdentifierBytes = 3 + 3 + 4 + (4 * Reference.MaxWords);

    // Longer names of nodes are not written in runs.
    private const int MaxRunName = 62;
    private const int MaxInRun = IdentifierBytes + MaxRunName;

    /// <summary>Writes a pid.</summary>
    public void WritePid(Pid pid)
    {
        ArgumentNullException.ThrowIfNull(pid);
        if (!Allows(TermDialect.WideIdentifiers) && (pid.Id > MaxNarrowId || pid.Serial > MaxNarrowSerial))
            throw TooWide($"the pid {pid.Id}.{pid.Serial} of {pid.Node}");
        WriteIdentifier(pid, pid.Node, Term.Shape.Pid);
    }

    /// <summary>Writes a port.</summary>
    public void WritePort(PortId port)
    {
        ArgumentNullException.ThrowIfNull(port);
        if (!Allows(TermDialect.WideIdentifiers) && port.Id > MaxNarrowPort)
            throw TooWide($"the port {port.Id} of {port.Node}");
        WriteIdentifier(port, port.Node, Term.Shape.Port);
    }

    /// <summary>Writes a reference.</summary>
    public void WriteReference(Reference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (!Allows(TermDialect.WideIdentifiers) && reference.WordCount > MaxNarrowWords)
            throw TooWide($"a reference of {Counted.Of(reference.WordCount, "word")} of {reference.Node}");
        WriteIdentifier(reference, reference.Node, Term.Shape.Reference);
    }

    private void WriteIdentifier(object value, Atom node, Term.Shape shape)
    {
        Reserve(IdentifierBytes + node.Utf8.Length);
        ref var at = ref _span[_used];
        var length = WriteHead(ref at, value, (long)shape);
        length += WriteNode(ref Unsafe.Add(ref at, length), node);
        _used += length + WriteTail(ref Unsafe.Add(ref at, length), value, (long)shape);
    }

    /// <summary>
    /// Writes pids, ports and references until there is something else. Those of one message are mostly of one node,
    /// whose name is copied from where it was last written.
    /// </summary>
    /// <returns>
    /// The first term that is not written. It may be an identifier: one whose node has a long name, or any for a peer
    /// that does not take them all.
    /// </returns>
    private int WriteIdentifiers(scoped ReadOnlySpan<Term> terms, int index)
    {
        if (!Allows(TermDialect.WideIdentifiers))
            return index;
        var used = _used;
        ref var start = ref MemoryMarshal.GetReference(_span);
        var limit = _span.Length - MaxInRun;
        var (last, name, length) = ((Atom?)null, 0, 0);
        for (; (uint)index < (uint)terms.Length; index++)
        {
            var (value, shape) = (terms[index].Object, terms[index].Bits);
            if (!IsIdentifier(value, shape))
                break;
            if (used > limit)
            {
                _used = used;
                Refill(MaxInRun);
                (used, last) = (0, null);
                start = ref MemoryMarshal.GetReference(_span);
                limit = _span.Length - MaxInRun;
            }
            ref var at = ref Unsafe.Add(ref start, used);
            var head = WriteHead(ref at, value!, shape);
            ref var inside = ref Unsafe.Add(ref at, head);
            var node = NodeOf(value!, shape);
            if (ReferenceEquals(node, last))
            {
                CopyNode(ref Unsafe.Add(ref start, name), ref inside, length);
            }
            else
            {
                if (node.Utf8.Length > MaxRunName)
                    break;
                length = WriteNode(ref inside, node);
                (last, name) = (node, used + head);
            }
            used += head + length + WriteTail(ref Unsafe.Add(ref inside, length), value!, shape);
        }
        _used = used;
        return index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsIdentifier(object? value, long shape) =>
        shape is (long)Term.Shape.Pid or (long)Term.Shape.Reference or (long)Term.Shape.Port
        && !ReferenceEquals(value, Term.IntegerMarker) && !ReferenceEquals(value, Term.FloatMarker);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Atom NodeOf(object value, long shape) =>
        shape == (long)Term.Shape.Pid ? Unsafe.As<Pid>(value).Node
        : shape == (long)Term.Shape.Reference ? Unsafe.As<Reference>(value).Node
        : Unsafe.As<PortId>(value).Node;

    /// <summary>Writes what stands before the node of an identifier.</summary>
    /// <returns>How many bytes it took.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteHead(ref byte at, object value, long shape)
    {
        if (shape == (long)Term.Shape.Pid)
        {
            at = TermTag.Pid;
            return 1;
        }
        if (shape == (long)Term.Shape.Reference)
        {
            at = TermTag.Reference;
            Store(ref at, 1, (ushort)Unsafe.As<Reference>(value).WordCount);
            return 3;
        }
        // The wide tag only where it has to be: every release reads the other one.
        at = Unsafe.As<PortId>(value).Id > MaxNarrowPort ? TermTag.WidePort : TermTag.Port;
        return 1;
    }

    /// <summary>Writes what follows the node of an identifier.</summary>
    /// <returns>How many of the bytes it set count.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteTail(ref byte at, object value, long shape)
    {
        if (shape == (long)Term.Shape.Pid)
        {
            var pid = Unsafe.As<Pid>(value);
            Store(ref at, 0, pid.Id);
            Store(ref at, 4, pid.Serial);
            Store(ref at, 8, pid.Creation);
            return 12;
        }
        if (shape == (long)Term.Shape.Reference)
        {
            var reference = Unsafe.As<Reference>(value);
            Store(ref at, 0, reference.Creation);
            Store(ref at, 4, BitOperations.RotateLeft(reference.Words01, 32));
            Store(ref at, 12, BitOperations.RotateLeft(reference.Words23, 32));
            Store(ref at, 20, reference.Word4);
            return 4 + (4 * reference.WordCount);
        }
        var port = Unsafe.As<PortId>(value);
        var isWide = port.Id > MaxNarrowPort;
        if (isWide)
            Store(ref at, 0, port.Id);
        else
            Store(ref at, 0, (uint)port.Id);
        Store(ref at, isWide ? 8 : 4, port.Creation);
        return isWide ? 12 : 8;
    }

    /// <returns>How many bytes it took.</returns>
    private readonly int WriteNode(ref byte at, Atom node)
    {
        var utf8 = node.Utf8;
        if (_atoms is not null && _atoms.IndexOf(node) is var index and >= 0)
        {
            at = TermTag.AtomReference;
            Unsafe.Add(ref at, 1) = (byte)index;
            return 2;
        }
        if (utf8.Length > byte.MaxValue)
        {
            at = TermTag.Atom;
            Store(ref at, 1, (ushort)utf8.Length);
            CopyName(utf8, node.FirstBytes, ref Unsafe.Add(ref at, 3));
            return 3 + utf8.Length;
        }
        at = TermTag.SmallAtom;
        Unsafe.Add(ref at, 1) = (byte)utf8.Length;
        CopyName(utf8, node.FirstBytes, ref Unsafe.Add(ref at, 2));
        return 2 + utf8.Length;
    }

    // There is room for 64 bytes in either place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyNode(ref byte from, ref byte to, int length)
    {
        Vector256.LoadUnsafe(ref from).StoreUnsafe(ref to);
        if (length > 32)
            Vector256.LoadUnsafe(ref from, 32).StoreUnsafe(ref to, 32);
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
