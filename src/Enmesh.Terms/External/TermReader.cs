using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Enmesh.Terms.External;

/// <summary>
/// Reads the external term format, forward only and without allocating more than the values asked for.
/// </summary>
/// <remarks>
/// <para>
/// Ask for what you expect (<see cref="ReadTupleHeader()"/>, <see cref="ReadInt64"/>), look ahead with
/// <see cref="Peek"/>, leave out with <see cref="Skip"/>, or take a whole value with <see cref="ReadTerm"/>. Whatever
/// is not as asked throws a
/// <see cref="TermFormatException"/> that says where, after which the reader stands at the term in question.
/// </para>
/// <para>
/// A list comes in runs: <see cref="ReadListHeader"/> gives the number of elements that follow, and 0 at the end of the
/// list. Pass the reader by reference; it is a mutable struct. A copy of it is a bookmark.
/// </para>
/// </remarks>
/// <example><code>
/// var sum = 0L;
/// for (var run = reader.ReadListHeader(); run > 0; run = reader.ReadListHeader())
/// {
///     for (var i = 0; i &lt; run; i++)
///         sum += reader.ReadInt64();
/// }
/// </code></example>
public ref partial struct TermReader
{
    private readonly ReadOnlySpan<byte> _input;
    private readonly TermDecodeOptions _options;
    private readonly ReadOnlySpan<Atom> _references;
    private readonly ReadOnlyMemory<byte> _owner;
    private AtomTable? _atoms;
    private int _at;

    // STRING_EXT looks like any list: so many elements are left in it, plus 1 for the [] at its end; 0 outside of one.
    private int _bytesLeft;

    // How many terms all those around the one being read still wait for.
    private long _owed;

    /// <summary>
    /// Starts reading. The input may begin with the version byte (see <see cref="ReadVersion"/>) or with a term.
    /// </summary>
    /// <exception cref="TermFormatException">The input is longer than the limit.</exception>
    public TermReader(ReadOnlySpan<byte> input, TermDecodeOptions? options = null)
        : this(input, options, default, default)
    {
    }

    /// <summary>For frames of the distribution protocol.</summary>
    /// <param name="input">The terms. Offsets in errors count from its beginning.</param>
    /// <param name="options">Limits, and the node's atoms.</param>
    /// <param name="references">What <c>82 i</c> stands for.</param>
    /// <param name="owner">
    /// The same bytes as <paramref name="input"/>, when they will never change: large binaries are then views of them.
    /// </param>
    internal TermReader(
        ReadOnlySpan<byte> input, TermDecodeOptions? options, ReadOnlySpan<Atom> references, ReadOnlyMemory<byte> owner)
    {
        _options = options ?? TermDecodeOptions.Default;
        if (input.Length > _options.MaxBytes)
            throw new TermFormatException($"The input has {input.Length} bytes; the limit is {_options.MaxBytes}.", 0);
        _input = input;
        _references = references;
        _owner = owner;
        _atoms = _options.Atoms;
    }

    /// <summary>Where the reader stands, counted from the beginning of the input.</summary>
    public readonly int Position => _at;

    /// <summary>Whether all input has been read.</summary>
    public readonly bool IsAtEnd => _at == _input.Length && _bytesLeft == 0;

    /// <summary>Reads the version byte that stands before a whole term outside the distribution protocol.</summary>
    /// <exception cref="TermFormatException">There is another byte.</exception>
    public void ReadVersion()
    {
        if (ReadByte() is var version and not TermTag.Version)
            Throw($"The external term format begins with the byte 131; here is {version}", --_at);
    }

    /// <summary>What the next term is, which is not read yet.</summary>
    /// <exception cref="TermFormatException">The input ends here, or no term begins with such a byte.</exception>
    public TermKind Peek()
    {
        if (_bytesLeft > 0)
            return _bytesLeft == 1 ? TermKind.Nil : TermKind.Integer;
        return KindOf(PeekTag());
    }

    /// <summary>Reads the beginning of a tuple.</summary>
    /// <returns>The number of elements that follow.</returns>
    public int ReadTupleHeader()
    {
        switch (PeekTag())
        {
            case TermTag.SmallTuple:
                _at++;
                return ReadByte();
            case TermTag.LargeTuple:
                _at++;
                return ReadCount(bytesEach: 1);
            default:
                throw Unexpected("a tuple");
        }
    }

    /// <summary>Reads the beginning of a tuple that must have so many elements.</summary>
    public void ReadTupleHeader(int arity)
    {
        var start = _at;
        if (ReadTupleHeader() is var found && found != arity)
        {
            _at = start;
            Throw($"A tuple of {Counted.Of(arity, "element")} was expected; here is one of {found}", start);
        }
    }

    /// <summary>Reads the beginning of a list, or goes on with one whose elements so far have been read.</summary>
    /// <returns>The number of elements that follow; 0 at the end of the list.</returns>
    /// <exception cref="TermFormatException">There is no list; at the end of one this means that it is
    /// improper.</exception>
    public int ReadListHeader()
    {
        if (_bytesLeft == 1)
        {
            _bytesLeft = 0;
            return 0;
        }
        switch (PeekTag())
        {
            case TermTag.Nil:
                _at++;
                return 0;
            case TermTag.List:
                _at++;
                return ReadCount(bytesEach: 1);
            case TermTag.ByteList:
                _at++;
                return BeginBytes(ReadUInt16());
            default:
                throw Unexpected("a list");
        }
    }

    /// <summary>Reads a list of bytes when it came as bytes: most charlists do.</summary>
    /// <returns>False when it did not; nothing has been read then.</returns>
    public bool TryReadByteList(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (_bytesLeft > 0)
            return false;
        switch (PeekTag())
        {
            case TermTag.Nil:
                _at++;
                return true;
            case TermTag.ByteList:
                _at++;
                bytes = ReadBytes(ReadUInt16());
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads the beginning of a map. Repeated keys are the caller's to find.</summary>
    /// <returns>The number of pairs of a key and a value that follow.</returns>
    public int ReadMapHeader()
    {
        if (PeekTag() != TermTag.Map)
            throw Unexpected("a map");
        _at++;
        return ReadCount(bytesEach: 2);
    }

    /// <summary>Reads a binary.</summary>
    /// <returns>A view of the input, valid as long as that is.</returns>
    public ReadOnlySpan<byte> ReadBinary()
    {
        if (PeekTag() != TermTag.Binary)
            throw Unexpected("a binary");
        _at++;
        return ReadBytes(ReadLength());
    }

    /// <summary>Leaves out one term with all that is in it, however deep.</summary>
    public void Skip()
    {
        if (_bytesLeft > 0)
        {
            _bytesLeft--;
            _at += _bytesLeft > 0 ? 1 : 0;
            return;
        }
        for (var left = 1L; left > 0; left--)
            left += SkipHead();
    }

    /// <summary>
    /// The byte that the next term begins with. Leaves out a list header that announces no elements, which means
    /// nothing.
    /// </summary>
    private byte PeekTag()
    {
        while (true)
        {
            if (_bytesLeft > 0)
                return _bytesLeft == 1 ? TermTag.Nil : TermTag.SmallInteger;
            if (_at >= _input.Length)
                ThrowTruncated(1);
            var tag = _input[_at];
            if (tag != TermTag.List || _input.Length - _at < 5
                || BinaryPrimitives.ReadUInt32BigEndian(_input[(_at + 1)..]) != 0)
                return tag;
            _at += 5;
        }
    }

    private int BeginBytes(int count)
    {
        if (_input.Length - _at < count)
            ThrowTruncated(count);
        _bytesLeft = count == 0 ? 0 : count + 1;
        return count;
    }

    /// <summary>
    /// A number of things that take at least so many bytes each, checked against what is left of the input.
    /// </summary>
    private int ReadCount(int bytesEach)
    {
        var count = ReadUInt32();
        if ((ulong)count * (uint)bytesEach > (uint)(_input.Length - _at))
            Throw(
                $"{Counted.Of(count, "term")} should follow, but only {Counted.Bytes(_input.Length - _at)} do",
                _at - 4);
        return (int)count;
    }

    private int ReadLength()
    {
        var length = ReadUInt32();
        if (length > (uint)(_input.Length - _at))
            Throw($"{Counted.Bytes(length)} should follow, but only {_input.Length - _at} do", _at - 4);
        return (int)length;
    }

    private ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (_input.Length - _at < count)
            ThrowTruncated(count);
        _at += count;
        return _input.Slice(_at - count, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte ReadByte() => Take(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ReadUInt16()
    {
        var value = Unsafe.ReadUnaligned<ushort>(ref Take(2));
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint ReadUInt32()
    {
        var value = Unsafe.ReadUnaligned<uint>(ref Take(4));
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ReadUInt64()
    {
        var value = Unsafe.ReadUnaligned<ulong>(ref Take(8));
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    /// <summary>So many bytes of the input, all of which are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref byte Take(int count)
    {
        var at = _at;
        if (_input.Length - at < count)
            ThrowTruncated(count);
        _at = at + count;
        return ref Unsafe.Add(ref MemoryMarshal.GetReference(_input), at);
    }

    private TermKind KindOf(byte tag)
    {
        switch (tag)
        {
            case TermTag.SmallInteger or TermTag.Integer or TermTag.SmallBig or TermTag.LargeBig:
                return TermKind.Integer;
            case TermTag.Float or TermTag.TextFloat:
                return TermKind.Float;
            case TermTag.SmallAtom or TermTag.Atom or TermTag.AtomReference or TermTag.Latin1Atom or TermTag.SmallLatin1Atom:
                return TermKind.Atom;
            case TermTag.Reference or TermTag.MiddleReference or TermTag.OldReference:
                return TermKind.Reference;
            case TermTag.Fun or TermTag.ExternalFun:
                return TermKind.Fun;
            case TermTag.Port or TermTag.WidePort or TermTag.OldPort:
                return TermKind.Port;
            case TermTag.Pid or TermTag.OldPid:
                return TermKind.Pid;
            case TermTag.SmallTuple or TermTag.LargeTuple:
                return TermKind.Tuple;
            case TermTag.Map:
                return TermKind.Map;
            case TermTag.Nil:
                return TermKind.Nil;
            case TermTag.ByteList:
                return _input.Length - _at >= 3 && _input[_at + 1] == 0 && _input[_at + 2] == 0
                    ? TermKind.Nil
                    : TermKind.List;
            case TermTag.List:
                return TermKind.List;
            case TermTag.Binary or TermTag.BitString:
                return TermKind.BitString;
            case TermTag.Record:
                return TermKind.Record;
            default:
                throw NoTerm(tag);
        }
    }

    private TermFormatException Unexpected(string what) => new($"Expected {what}; here is {Describe(Peek())}.", _at);

    private readonly TermFormatException NoTerm(byte tag) => new(
        tag switch
        {
            TermTag.Compressed =>
                "A compressed term (tag 80) is only accepted as a whole outside the distribution protocol.",
            TermTag.Local =>
                "A term in the private format of another node (tag 121, LOCAL_EXT) can only be read by that node.",
            TermTag.Version => "A version byte (131) stands where a term is expected.",
            _ => $"No term begins with the tag {tag}.",
        },
        _at);

    private static string Describe(TermKind kind) => kind switch
    {
        TermKind.Nil => "[]",
        TermKind.BitString => "a binary or bit string",
        TermKind.Integer or TermKind.Atom => $"an {kind.ToString().ToLowerInvariant()}",
        _ => $"a {kind.ToString().ToLowerInvariant()}",
    };

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ThrowTruncated(int needed) =>
        Throw($"The input ends {Counted.Bytes(needed - (_input.Length - _at))} too early", _at);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(string message, int offset) => throw new TermFormatException(message + ".", offset);
}
