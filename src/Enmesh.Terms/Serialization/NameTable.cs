using System.Numerics;
using System.Text;

namespace Enmesh.Terms.Serialization;

/// <summary>Names that are looked up by their UTF-8, without making a string or an atom of what is looked for.</summary>
internal sealed class NameTable
{
    private readonly byte[][] _utf8;
    private readonly byte[] _slots; // index + 1 of the name whose hash leads here, 0 when free
    private readonly int _mask;
    private readonly int _longest;

    /// <summary>Makes a table; of equal names the first is found.</summary>
    internal NameTable(IReadOnlyList<string> names)
    {
        _utf8 = new byte[names.Count][];
        // Slots are bytes: beyond 255 names the rest is searched from front to back.
        _slots = new byte[BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, 2 * Math.Min(names.Count, byte.MaxValue)))];
        _mask = _slots.Length - 1;
        for (var i = 0; i < names.Count; i++)
        {
            _utf8[i] = Encoding.UTF8.GetBytes(names[i]);
            _longest = Math.Max(_longest, _utf8[i].Length);
            if (i >= byte.MaxValue)
                continue;
            var slot = Atom.HashUtf8(_utf8[i]) & _mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & _mask;
            _slots[slot] = (byte)(i + 1);
        }
    }

    internal ReadOnlySpan<byte> this[int index] => _utf8[index];

    /// <summary>The index of a name, or -1.</summary>
    /// <param name="utf8">The name.</param>
    /// <param name="guess">Where to look first: keys mostly come in the same order.</param>
    internal int Find(ReadOnlySpan<byte> utf8, int guess = 0)
    {
        if ((uint)guess < (uint)_utf8.Length && utf8.SequenceEqual(_utf8[guess]))
            return guess;
        if (utf8.Length > _longest)
            return -1;
        for (var slot = Atom.HashUtf8(utf8) & _mask; _slots[slot] != 0; slot = (slot + 1) & _mask)
        {
            if (utf8.SequenceEqual(_utf8[_slots[slot] - 1]))
                return _slots[slot] - 1;
        }
        for (var i = byte.MaxValue; i < _utf8.Length; i++)
        {
            if (utf8.SequenceEqual(_utf8[i]))
                return i;
        }
        return -1;
    }
}
