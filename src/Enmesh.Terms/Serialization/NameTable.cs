using System.Numerics;
using System.Text;

namespace Enmesh.Terms.Serialization;

/// <summary>
/// Names that are looked up by their UTF-8 or as atoms, without making a string or an atom of what is looked for.
/// </summary>
internal sealed class NameTable
{
    private readonly byte[][] _utf8;
    private readonly Atom?[] _atoms; // null for a name that is too long for one
    private readonly int[] _hashes;
    private readonly byte[] _slots; // index + 1 of the name whose hash leads here, 0 when free
    private readonly int _mask;
    private readonly int _longest;

    /// <summary>Makes a table; of equal names the first is found.</summary>
    internal NameTable(IReadOnlyList<string> names)
    {
        _utf8 = new byte[names.Count][];
        _atoms = new Atom?[names.Count];
        _hashes = new int[names.Count];
        // Slots are bytes: beyond 255 names the rest is searched from front to back.
        _slots = new byte[BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, 2 * Math.Min(names.Count, byte.MaxValue)))];
        _mask = _slots.Length - 1;
        for (var i = 0; i < names.Count; i++)
        {
            _utf8[i] = Encoding.UTF8.GetBytes(names[i]);
            _atoms[i] = Atom.CountCharacters(_utf8[i]) <= Atom.MaxCharacters ? new Atom(names[i]) : null;
            _hashes[i] = Atom.HashUtf8(_utf8[i]);
            _longest = Math.Max(_longest, _utf8[i].Length);
            if (i >= byte.MaxValue)
                continue;
            var slot = _hashes[i] & _mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & _mask;
            _slots[slot] = (byte)(i + 1);
        }
    }

    /// <summary>The name in UTF-8.</summary>
    internal byte[] this[int index] => _utf8[index];

    /// <summary>The index of a name, or -1.</summary>
    /// <param name="utf8">The name.</param>
    /// <param name="guess">Where to look first: keys mostly come in the same order.</param>
    internal int Find(ReadOnlySpan<byte> utf8, int guess = 0)
    {
        if ((uint)guess < (uint)_utf8.Length && utf8.SequenceEqual(_utf8[guess]))
            return guess;
        return utf8.Length > _longest ? -1 : Search(utf8, Atom.HashUtf8(utf8));
    }

    /// <inheritdoc cref="Find(ReadOnlySpan{byte}, int)"/>
    internal int Find(Atom name, int guess = 0)
    {
        if ((uint)guess < (uint)_atoms.Length && name.Equals(_atoms[guess]))
            return guess;
        return Search(name.Utf8, name.GetHashCode());
    }

    private int Search(ReadOnlySpan<byte> utf8, int hash)
    {
        for (var slot = hash & _mask; _slots[slot] != 0; slot = (slot + 1) & _mask)
        {
            if (_hashes[_slots[slot] - 1] == hash && utf8.SequenceEqual(_utf8[_slots[slot] - 1]))
                return _slots[slot] - 1;
        }
        for (var i = (int)byte.MaxValue; i < _utf8.Length; i++)
        {
            if (_hashes[i] == hash && utf8.SequenceEqual(_utf8[i]))
                return i;
        }
        return -1;
    }
}
