using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Enmesh.Terms.External;

/// <summary>
/// Writes the external term format, forward only and without allocating. Call <see cref="Flush"/> at the end.
/// </summary>
/// <remarks>
/// A compound term is its header followed by as many terms as the header says; a list also needs its tail, which is
/// <see cref="WriteNil"/> unless the list is improper. The writer does not count: a wrong count makes wrong bytes.
/// Pass the writer by reference; it is a mutable struct.
/// </remarks>
/// <example><code>
/// var writer = new TermWriter(output);
/// writer.WriteVersion();
/// writer.WriteTupleHeader(2);
/// writer.WriteAtom(Atoms.Ok);
/// writer.WriteInteger(42);
/// writer.Flush();
/// </code></example>
[SuppressMessage("Design", "CA1001", Justification = "What is held is given back before the method that took it returns.")]
public ref partial struct TermWriter
{
    private const int MinimumChunk = 256;

    private readonly TermDialect _dialect;
    private readonly AtomReferences? _atoms;
    private IBufferWriter<byte> _output;
    private Span<byte> _span;
    private int _used;
    private long _flushed;

    // While a local fun is open: its size stands before it, so all is held back until the outermost one is complete.
    private PooledBuffer? _held;
    private IBufferWriter<byte>? _outer;

    /// <summary>Starts writing.</summary>
    public TermWriter(IBufferWriter<byte> output)
        : this(output, TermDialect.All, null)
    {
        ArgumentNullException.ThrowIfNull(output);
    }

    /// <summary>
    /// For a peer: what it understands, and where atoms are gathered for the distribution header, if there is one.
    /// </summary>
    internal TermWriter(IBufferWriter<byte> output, TermDialect dialect, AtomReferences? atoms)
    {
        _output = output;
        _dialect = dialect;
        _atoms = atoms;
    }

    /// <summary>How many bytes were written so far.</summary>
    public readonly long BytesWritten => _flushed + _used;

    /// <summary>Hands what was written to the output.</summary>
    public void Flush()
    {
        if (_used > 0)
            _output.Advance(_used);
        _flushed += _used;
        _used = 0;
        _span = default;
    }

    /// <summary>Writes the version byte that stands before a whole term outside the distribution protocol.</summary>
    public void WriteVersion() => Take(1) = TermTag.Version;

    /// <summary>Writes <c>[]</c>, which is also the tail of a proper list.</summary>
    public void WriteNil() => Take(1) = TermTag.Nil;

    /// <summary>Writes the beginning of a tuple; its elements follow.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The arity is negative.</exception>
    public void WriteTupleHeader(int arity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(arity);
        if (arity <= byte.MaxValue)
            WriteTagAndByte(TermTag.SmallTuple, (byte)arity);
        else
            WriteTagAndLength(TermTag.LargeTuple, arity);
    }

    /// <summary>Writes the beginning of a list of at least one element; the elements and the tail follow.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no element: the empty list is
    /// <see cref="WriteNil"/>.</exception>
    public void WriteListHeader(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        WriteTagAndLength(TermTag.List, count);
    }

    /// <summary>Writes the beginning of a map; key, value, key, value follow. The keys must differ.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public void WriteMapHeader(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        WriteTagAndLength(TermTag.Map, count);
    }

    /// <summary>Writes an integer.</summary>
    public void WriteInteger(long value)
    {
        if ((ulong)value <= byte.MaxValue)
            WriteTagAndByte(TermTag.SmallInteger, (byte)value);
        else if (value == (int)value)
            WriteTagAndLength(TermTag.Integer, (int)value);
        else
            WriteSmallBig(value < 0 ? (ulong)-value : (ulong)value, value < 0);
    }

    /// <summary>Writes an integer.</summary>
    public void WriteInteger(ulong value)
    {
        if (value <= long.MaxValue)
            WriteInteger((long)value);
        else
            WriteSmallBig(value, isNegative: false);
    }

    /// <summary>Writes an integer.</summary>
    public void WriteInteger(BigInteger value)
    {
        if (value >= long.MinValue && value <= long.MaxValue)
            WriteInteger((long)value);
        else
            WriteBig(BigInteger.Abs(value), value.Sign < 0);
    }

    /// <summary>Writes a float.</summary>
    /// <exception cref="ArgumentException">Not finite: Erlang has neither NaN nor infinities.</exception>
    public void WriteFloat(double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentException("An Erlang float is finite: there is no NaN and no infinity.", nameof(value));
        ref var at = ref Take(9);
        at = TermTag.Float;
        Store(ref at, 1, BitConverter.DoubleToUInt64Bits(value));
    }

    /// <summary>Writes the atom <c>true</c> or <c>false</c>.</summary>
    public void WriteBoolean(bool value) => WriteAtom(value ? Atoms.True : Atoms.False);

    /// <summary>Writes an atom.</summary>
    public void WriteAtom(Atom atom)
    {
        ArgumentNullException.ThrowIfNull(atom);
        if (_atoms is not null && _atoms.IndexOf(atom) is var index and >= 0)
            WriteTagAndByte(TermTag.AtomReference, (byte)index);
        else
            WriteInlineAtom(atom.Utf8);
    }

    /// <summary>Writes a binary.</summary>
    public void WriteBinary(scoped ReadOnlySpan<byte> bytes)
    {
        WriteTagAndLength(TermTag.Binary, bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary>Writes a binary with the text in UTF-8: what Elixir calls a string.</summary>
    public void WriteString(scoped ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteTagAndLength(TermTag.Binary, length);
        Reserve(length);
        _used += Encoding.UTF8.GetBytes(text, _span[_used..]);
    }

    /// <summary>Writes a charlist: a list of the text's code points.</summary>
    public void WriteCharList(scoped ReadOnlySpan<char> text)
    {
        var (count, highest) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            count++;
            highest = Math.Max(highest, rune.Value);
        }
        if (count == 0)
        {
            WriteNil();
            return;
        }
        var asBytes = highest <= byte.MaxValue && count <= ushort.MaxValue;
        if (asBytes)
            WriteByteListHeader(count);
        else
            WriteListHeader(count);
        foreach (var rune in text.EnumerateRunes())
        {
            if (asBytes)
                Take(1) = (byte)rune.Value;
            else
                WriteInteger(rune.Value);
        }
        if (!asBytes)
            WriteNil();
    }

    /// <summary>Writes a list of the given bytes as integers.</summary>
    public void WriteByteList(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            WriteNil();
            return;
        }
        if (bytes.Length <= ushort.MaxValue)
        {
            WriteByteListHeader(bytes.Length);
            WriteRaw(bytes);
            return;
        }
        WriteListHeader(bytes.Length);
        foreach (var b in bytes)
            WriteTagAndByte(TermTag.SmallInteger, b);
        WriteNil();
    }

    /// <summary>Writes a binary, or a bit string whose last byte is only partly used.</summary>
    public void WriteBitString(BitString bits)
    {
        if (bits.IsBinary)
        {
            WriteBinaryOver(bits.Memory);
            return;
        }
        ref var at = ref Take(6);
        at = TermTag.BitString;
        Store(ref at, 1, (uint)bits.ByteLength);
        Unsafe.Add(ref at, 5) = (byte)bits.BitsInLastByte;
        WriteRaw(bits.Span[..^1]);
        Take(1) = (byte)(bits.Span[^1] & (0xFF << (8 - bits.BitsInLastByte)));
    }

    /// <summary>A binary whose bytes never change: the output may keep them instead of a copy.</summary>
    internal void WriteBinaryOver(ReadOnlyMemory<byte> bytes)
    {
        WriteTagAndLength(TermTag.Binary, bytes.Length);
        if (bytes.Length >= IReferencingBufferWriter.Threshold && _output is IReferencingBufferWriter output)
        {
            Flush();
            output.WriteReference(bytes);
            _flushed += bytes.Length;
        }
        else
        {
            WriteRaw(bytes.Span);
        }
    }

    private void WriteByteListHeader(int count)
    {
        ref var at = ref Take(3);
        at = TermTag.ByteList;
        Store(ref at, 1, (ushort)count);
    }

    private void WriteInlineAtom(scoped ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= byte.MaxValue)
        {
            WriteTagAndByte(TermTag.SmallAtom, (byte)utf8.Length);
        }
        else
        {
            ref var at = ref Take(3);
            at = TermTag.Atom;
            Store(ref at, 1, (ushort)utf8.Length);
        }
        WriteRaw(utf8);
    }

    private void WriteSmallBig(ulong magnitude, bool isNegative)
    {
        var length = 8 - (BitOperations.LeadingZeroCount(magnitude) / 8);
        var bytes = Space(3 + length);
        (bytes[0], bytes[1], bytes[2]) = (TermTag.SmallBig, (byte)length, isNegative ? (byte)1 : (byte)0);
        for (var i = 3; i < bytes.Length; i++, magnitude >>= 8)
            bytes[i] = (byte)magnitude;
    }

    private void WriteBig(BigInteger magnitude, bool isNegative)
    {
        var length = magnitude.GetByteCount(isUnsigned: true);
        if (length <= byte.MaxValue)
            WriteTagAndByte(TermTag.SmallBig, (byte)length);
        else
            WriteTagAndLength(TermTag.LargeBig, length);
        Take(1) = isNegative ? (byte)1 : (byte)0;
        magnitude.TryWriteBytes(Space(length), out _, isUnsigned: true);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteTagAndByte(byte tag, byte value)
    {
        ref var at = ref Take(2);
        at = tag;
        Unsafe.Add(ref at, 1) = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteTagAndLength(byte tag, int value)
    {
        ref var at = ref Take(5);
        at = tag;
        Store(ref at, 1, (uint)value);
    }

    private void WriteRaw(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= _span.Length - _used)
        {
            bytes.CopyTo(_span[_used..]);
            _used += bytes.Length;
            return;
        }
        Flush();
        _output.Write(bytes);
        _flushed += bytes.Length;
    }

    private Span<byte> Space(int count)
    {
        Reserve(count);
        _used += count;
        return _span.Slice(_used - count, count);
    }

    /// <summary>Room for a few bytes, to be filled by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref byte Take(int count)
    {
        Reserve(count);
        ref var at = ref _span[_used];
        _used += count;
        return ref at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int count)
    {
        if (_span.Length - _used < count)
            Refill(count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refill(int count)
    {
        Flush();
        _span = _output.GetSpan(Math.Max(count, MinimumChunk));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte at, int offset, ushort value) => Unsafe.WriteUnaligned(
        ref Unsafe.Add(ref at, offset), BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReverseEndianness(value)
            : value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte at, int offset, uint value) => Unsafe.WriteUnaligned(
        ref Unsafe.Add(ref at, offset), BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReverseEndianness(value)
            : value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte at, int offset, ulong value) => Unsafe.WriteUnaligned(
        ref Unsafe.Add(ref at, offset), BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReverseEndianness(value)
            : value);
}
