using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Enmesh.Terms.External;

// What most messages consist of, read without a check for each field while the end of the input is not near.
public ref partial struct TermReader
{
    // So many bytes are looked for once, before each common term, instead of once per field.
    private const int CommonBytes = 9;

    private const int MaxCommonCount = 1 << 24;
    private const ulong FloatExponent = 0x7FF0_0000_0000_0000;

    /// <summary>
    /// Fills slots with what most messages consist of, until there is something else or the end of the input is near. A
    /// method of its own, so that all it works with stays in registers.
    /// </summary>
    /// <returns>The first slot that is not filled.</returns>
    private int ReadRun(scoped Span<Term> slots, int index)
    {
        var at = _at;
        var limit = _input.Length - CommonBytes;
        ref var input = ref MemoryMarshal.GetReference(_input);
        for (; (uint)index < (uint)slots.Length && at <= limit; index++)
        {
            ref var tag = ref Unsafe.Add(ref input, at);
            switch (tag)
            {
                case TermTag.SmallInteger:
                    slots[index] = new(Term.IntegerMarker, Unsafe.Add(ref tag, 1));
                    at += 2;
                    continue;
                case TermTag.Integer:
                    slots[index] = new(Term.IntegerMarker, (int)Load<uint>(ref tag));
                    at += 5;
                    continue;
                case TermTag.Float when (Load<ulong>(ref tag) & FloatExponent) != FloatExponent:
                    slots[index] = new(Term.FloatMarker, (long)Load<ulong>(ref tag));
                    at += 9;
                    continue;
                case TermTag.Nil:
                    slots[index] = default;
                    at++;
                    continue;
                case TermTag.SmallAtom:
                    if (FindShortAtom(ref Unsafe.Add(ref tag, 2), at + 2, Unsafe.Add(ref tag, 1)) is not { } atom)
                        break;
                    slots[index] = new(atom, Term.Shape.Atom);
                    at += 2 + Unsafe.Add(ref tag, 1);
                    continue;
                case TermTag.Latin1Atom:
                    if (FindShortAtom(ref Unsafe.Add(ref tag, 3), at + 3, Load<ushort>(ref tag)) is not { } latin1)
                        break;
                    slots[index] = new(latin1, Term.Shape.Atom);
                    at += 3 + Load<ushort>(ref tag);
                    continue;
                case TermTag.AtomReference when Unsafe.Add(ref tag, 1) < _references.Length:
                    slots[index] = new(_references[Unsafe.Add(ref tag, 1)], Term.Shape.Atom);
                    at += 2;
                    continue;
            }
            break;
        }
        _at = at;
        return index;
    }

    /// <summary>Reads an atom of few letters that the table knows.</summary>
    private readonly Atom? FindShortAtom(ref byte text, int at, int length)
    {
        if (length > sizeof(ulong) || _input.Length - at < sizeof(ulong) || _atoms is null)
            return null;
        var head = Enmesh.Terms.Atom.Head(ref text, length);
        return (head & 0x8080_8080_8080_8080) != 0 ? null : _atoms.FindShort(head, length);
    }

    /// <summary>
    /// Reads the beginning of a term with terms within, if it is one of the usual kinds, while the end is not near.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryOpenCommon(int waiting, out ReadFrame frame)
    {
        frame = default;
        var at = _at;
        if (_input.Length - at < CommonBytes)
            return false;
        ref var tag = ref Unsafe.Add(ref MemoryMarshal.GetReference(_input), at);
        var kind = ReadKind.Tuple;
        uint count;
        switch (tag)
        {
            case TermTag.SmallTuple:
                count = Unsafe.Add(ref tag, 1);
                at += 2;
                break;
            case TermTag.List:
                kind = ReadKind.List;
                count = Load<uint>(ref tag);
                at += 5;
                break;
            case TermTag.Map:
                kind = ReadKind.Map;
                count = Load<uint>(ref tag);
                count = count < MaxCommonCount ? count * 2 : uint.MaxValue; // twice a large count would wrap around
                at += 5;
                break;
            default:
                return false;
        }
        // Whatever is odd about it is better told by the long way.
        if (count - 1 >= MaxCommonCount || _owed + waiting + count > _input.Length - at)
            return false;
        frame = new(new Term[count], kind);
        _at = at;
        return true;
    }

    /// <summary>The number behind a tag that is known to be there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T>(ref byte tag)
        where T : unmanaged
    {
        ref var at = ref Unsafe.Add(ref tag, 1);
        if (typeof(T) == typeof(ushort))
        {
            var value = Unsafe.ReadUnaligned<ushort>(ref at);
            return Unsafe.BitCast<ushort, T>(
                BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
        }
        if (typeof(T) == typeof(uint))
        {
            var value = Unsafe.ReadUnaligned<uint>(ref at);
            return Unsafe.BitCast<uint, T>(
                BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);
        }
        var wide = Unsafe.ReadUnaligned<ulong>(ref at);
        return Unsafe.BitCast<ulong, T>(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(wide) : wide);
    }
}
