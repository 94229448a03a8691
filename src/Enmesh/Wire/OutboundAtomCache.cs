using System.Buffers.Binary;
using Enmesh.Terms;

namespace Enmesh.Wire;

// erl_dist_protocol / erl_ext_dist, "Distribution Header". All behind the bytes 131 68 (or 131 69 Seq Id):
//   N:8, and if N > 0:
//   N/2 + 1 bytes of nibbles, the low one first: nibble i = New:1 Segment:3 of reference i; nibble N, bit 0 = LongAtoms
//   N times Index:8 and, if New, Length (8 bits, 16 with LongAtoms) and the text in UTF-8
// In the terms of the message, 82 i is reference i. Slot = Segment * 256 + Index; a new entry overwrites the slot.

/// <summary>
/// What the peer's cache of our atoms holds. Written in the order in which the frames are sent, so under a lock.
/// </summary>
internal sealed class OutboundAtomCache
{
    internal const int SlotCount = 2048;

    private const int SegmentBits = 8;
    private const int NewFlag = 8;

    /// <summary>One segment is enough for most links, and a peer like us keeps as many of them as we use.</summary>
    private const int FirstSlotCount = 1 << SegmentBits;

    /// <summary>So many atoms that took the place of another, and all slots are used.</summary>
    private const int MostOverwrites = 32;

    private Atom?[] _slots = new Atom?[FirstSlotCount];
    private int _overwrites;

    /// <summary>The most bytes that <see cref="Write"/> needs for these atoms.</summary>
    internal static int MaxBytes(ReadOnlySpan<Atom> atoms)
    {
        var bytes = 1 + (atoms.Length / 2) + 1 + (atoms.Length * 3);
        foreach (var atom in atoms)
            bytes += atom.Utf8.Length;
        return bytes;
    }

    /// <summary>Writes the references of a message, from the count on, and brings the cache up to date.</summary>
    /// <param name="destination">At least <see cref="MaxBytes"/>.</param>
    /// <param name="atoms">
    /// The distinct atoms of the message, at most 255, in the order in which its terms count them.
    /// </param>
    /// <returns>How many bytes were written.</returns>
    internal int Write(Span<byte> destination, ReadOnlySpan<Atom> atoms)
    {
        destination[0] = checked((byte)atoms.Length);
        if (atoms.IsEmpty)
            return 1;
        var nibbles = destination.Slice(1, (atoms.Length / 2) + 1);
        nibbles.Clear();
        var at = 1 + nibbles.Length;
        var longAtoms = HasLongAtom(atoms);
        for (var i = 0; i < atoms.Length; i++)
        {
            var atom = atoms[i];
            var slot = atom.GetHashCode() & (_slots.Length - 1);
            var nibble = slot >> SegmentBits;
            destination[at++] = (byte)slot;
            if (_slots[slot] != atom)
            {
                if (_slots[slot] is not null)
                    _overwrites++;
                _slots[slot] = atom;
                nibble |= NewFlag;
                at += WriteText(destination[at..], atom.Utf8, longAtoms);
            }
            nibbles[i >> 1] |= (byte)(nibble << ((i & 1) * 4));
        }
        // What the peer has stays where it is, whether it is found there again or not.
        if (_overwrites > MostOverwrites && _slots.Length < SlotCount)
            Array.Resize(ref _slots, SlotCount);
        if (longAtoms)
            nibbles[atoms.Length >> 1] |= (byte)(1 << ((atoms.Length & 1) * 4));
        return at;
    }

    private static int WriteText(Span<byte> destination, ReadOnlySpan<byte> utf8, bool longAtoms)
    {
        var prefix = longAtoms ? 2 : 1;
        if (longAtoms)
            BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)utf8.Length);
        else
            destination[0] = (byte)utf8.Length;
        utf8.CopyTo(destination[prefix..]);
        return prefix + utf8.Length;
    }

    // One long text, new or not, and all lengths have 16 bits: simpler than to ask the cache twice, and hardly ever
    // met.
    private static bool HasLongAtom(ReadOnlySpan<Atom> atoms)
    {
        foreach (var atom in atoms)
        {
            if (atom.Utf8.Length > byte.MaxValue)
                return true;
        }
        return false;
    }
}
