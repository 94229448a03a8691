using System.Buffers.Binary;
using Enmesh.Terms;

namespace Enmesh.Wire;

// erl_ext_dist, "Distribution Header": the layout stands at OutboundAtomCache.

/// <summary>The atoms that a peer has named, by slot, and those of the message at hand. For one reader.</summary>
internal sealed class InboundAtomCache(AtomTable table)
{
    private const int SegmentSlots = 256;

    // Made when the peer uses them: most links need few.
    private readonly Atom?[]?[] _segments = new Atom?[OutboundAtomCache.SlotCount / SegmentSlots][];
    private Atom[] _references = new Atom[16];

    /// <summary>The references of the header read last, valid until the next one is read.</summary>
    internal Atom[] References => _references;

    /// <summary>How many they are.</summary>
    internal int ReferenceCount { get; private set; }

    /// <summary>Reads the references of a message, from the count on.</summary>
    /// <returns>How many bytes they took.</returns>
    /// <exception cref="DistributionProtocolException">The header is cut off, or refers to a slot that holds
    /// nothing.</exception>
    internal int Read(ReadOnlySpan<byte> header)
    {
        ReferenceCount = 0;
        if (header.IsEmpty)
            throw CutOff();
        int count = header[0];
        if (count == 0)
            return 1;
        var nibbleBytes = (count / 2) + 1;
        if (header.Length < 1 + nibbleBytes + count)
            throw CutOff();
        var nibbles = header.Slice(1, nibbleBytes);
        var longAtoms = (Nibble(nibbles, count) & 1) != 0;
        if (_references.Length < count)
            _references = new Atom[byte.MaxValue];
        var at = 1 + nibbleBytes;
        for (var i = 0; i < count; i++)
        {
            if (at >= header.Length)
                throw CutOff();
            var nibble = Nibble(nibbles, i);
            var segment = nibble & 7;
            var slots = _segments[segment] ??= new Atom?[SegmentSlots];
            var index = header[at++];
            if ((nibble & 8) != 0)
            {
                var text = ReadText(header, ref at, longAtoms);
                // A node that writes a cached atom again most often writes the same.
                if (slots[index] is not { } known || !known.Utf8.SequenceEqual(text))
                    slots[index] = Intern(text);
            }
            _references[i] = slots[index] ?? throw new DistributionProtocolException(
                $"A distribution header refers to slot {(segment * SegmentSlots) + index} of the atom cache, which holds nothing.");
        }
        ReferenceCount = count;
        return at;
    }

    private static int Nibble(ReadOnlySpan<byte> nibbles, int index) => nibbles[index >> 1] >> ((index & 1) * 4) & 0xF;

    private static ReadOnlySpan<byte> ReadText(ReadOnlySpan<byte> header, ref int at, bool longAtoms)
    {
        var prefix = longAtoms ? 2 : 1;
        if (header.Length - at < prefix)
            throw CutOff();
        var length = longAtoms ? BinaryPrimitives.ReadUInt16BigEndian(header[at..]) : header[at];
        at += prefix;
        if (header.Length - at < length)
            throw CutOff();
        at += length;
        return header.Slice(at - length, length);
    }

    private Atom Intern(ReadOnlySpan<byte> text)
    {
        try
        {
            return table.Intern(text);
        }
        catch (TermFormatException e)
        {
            throw new DistributionProtocolException("A distribution header has a broken atom: " + e.Message, e);
        }
    }

    private static DistributionProtocolException CutOff() => new("A frame ends within its distribution header.");
}
