namespace Enmesh.Terms.External;

/// <summary>
/// The distinct atoms of one message, in order of first use: what its distribution header lists, and what <c>82 i</c>
/// in its terms stands for (erl_dist_protocol, "Distribution Header"). Reused from message to message.
/// </summary>
internal sealed class AtomReferences
{
    /// <summary>
    /// The count in the header is one byte, and 255 the most that a node writes; further atoms go inline.
    /// </summary>
    internal const int MaxCount = 255;

    private const int SlotCount = 1024;
    private const int SlotMask = SlotCount - 1;

    private readonly Atom[] _atoms = new Atom[MaxCount];
    private readonly byte[] _slots = new byte[SlotCount]; // index + 1 of the atom whose hash leads here, 0 when free
    private int _count;

    /// <summary>The atoms so far, in order of first use.</summary>
    internal ReadOnlySpan<Atom> Atoms => _atoms.AsSpan(0, _count);

    internal int Count => _count;

    /// <summary>Where the atom stands; it is added when it is new.</summary>
    /// <returns>-1 when it is new and there is no room left.</returns>
    internal int IndexOf(Atom atom)
    {
        for (var slot = atom.GetHashCode() & SlotMask; ; slot = (slot + 1) & SlotMask)
        {
            var index = _slots[slot] - 1;
            if (index < 0)
                return Add(atom, slot);
            if (_atoms[index] == atom)
                return index;
        }
    }

    /// <summary>Forgets the atoms, for the next message.</summary>
    internal void Clear()
    {
        if (_count == 0)
            return;
        _atoms.AsSpan(0, _count).Clear();
        _slots.AsSpan().Clear();
        _count = 0;
    }

    private int Add(Atom atom, int slot)
    {
        if (_count == MaxCount)
            return -1;
        _atoms[_count] = atom;
        _slots[slot] = (byte)++_count;
        return _count - 1;
    }
}
