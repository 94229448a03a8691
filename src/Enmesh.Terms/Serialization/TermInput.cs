using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Enmesh.Terms.External;
using Enmesh.Terms.Text;

namespace Enmesh.Terms.Serialization;

/// <summary>
/// What a <see cref="TermTypeInfo{T}"/> reads from: bytes of the external term format, or a <see cref="Term"/>.
/// </summary>
/// <remarks>Forward only. Its other members are for generated code and for the type infos of this library.</remarks>
public ref partial struct TermInput
{
    private static readonly ErlangPrintOptions FoundOptions =
        new() { Unicode = true, PrintableUnicode = true, LineLength = 0, MaxLength = 120 };

    private static readonly ErlangPrintOptions NumberOptions = FoundOptions with { Strings = false };

    private TermReader _reader;
    private Term _value; // the next value, when it comes from a term
    private bool _isTerm;
    private TermShape? _opened; // the tuple of this shape is open already: its tag has told which case of a union it is
    private bool _isBorrowed; // the next value comes from a term, but those after it do not
    private int _depth;

    internal TermInput(TermReader reader) => _reader = reader;

    internal TermInput(Term value)
    {
        _value = value;
        _isTerm = true;
    }

    /// <summary>Where the reader stands now.</summary>
    internal readonly TermReader Reader => _reader;

    /// <summary>Where the next value begins; -1 when it comes from a term.</summary>
    internal readonly int Position => _isTerm ? -1 : _reader.Position;

    /// <summary>Reads the next value as it is.</summary>
    public Term ReadTerm() => _isTerm ? _value : _reader.ReadTerm();

    /// <summary>What the next value is.</summary>
    internal TermKind Peek() => _isTerm ? _value.Kind : _reader.Peek();

    internal bool TryReadInt64(out long value)
    {
        if (!_isTerm)
            return _reader.TryReadInt64(out value);
        value = _value.Bits;
        return ReferenceEquals(_value.Object, Term.IntegerMarker);
    }

    internal bool TryReadInteger(out BigInteger value)
    {
        if (Peek() != TermKind.Integer)
        {
            value = default;
            return false;
        }
        value = _isTerm ? _value.Integer!.Value : _reader.ReadInteger();
        return true;
    }

    internal bool TryReadFloat(out double value)
    {
        if (_isTerm)
        {
            value = BitConverter.Int64BitsToDouble(_value.Bits);
            return ReferenceEquals(_value.Object, Term.FloatMarker);
        }
        var isFloat = _reader.Peek() == TermKind.Float;
        value = isFloat ? _reader.ReadFloat() : 0;
        return isFloat;
    }

    /// <summary>Reads an atom as UTF-8, which is only looked at.</summary>
    internal bool TryReadAtomText(out ReadOnlySpan<byte> utf8)
    {
        if (!_isTerm)
            return _reader.TryReadAtomText(out utf8);
        var atom = _value.Atom;
        utf8 = atom is null ? default : atom.Utf8;
        return atom is not null;
    }

    /// <summary>Reads an atom as one of some names; the index is -1 for any other.</summary>
    internal bool TryFindAtom(NameTable names, out int index)
    {
        if (!_isTerm)
        {
            var isAtom = _reader.TryReadAtomText(out var utf8);
            index = isAtom ? names.Find(utf8) : -1;
            return isAtom;
        }
        var atom = _value.Atom;
        index = atom is null ? -1 : names.Find(atom);
        return atom is not null;
    }

    internal bool TryReadAtom([NotNullWhen(true)] out Atom? atom)
    {
        atom = _isTerm ? _value.Atom : _reader.Peek() == TermKind.Atom ? _reader.ReadAtom() : null;
        return atom is not null;
    }

    /// <summary>Reads the atom if it is this one.</summary>
    internal bool TryReadAtom(Atom atom)
    {
        if (_isTerm)
            return _value.Atom == atom;
        var start = _reader.Position;
        if (!_reader.TryReadAtomText(out var utf8))
            return false;
        if (utf8.SequenceEqual(atom.Utf8))
            return true;
        _reader.Rewind(start);
        return false;
    }

    /// <summary>Reads one of the two atoms for null.</summary>
    internal bool TryReadNull()
    {
        if (_isTerm)
            return _value.Atom is { } atom && (atom == Atoms.Undefined || atom == Atoms.ElixirNil);
        var start = _reader.Position;
        if (!_reader.TryReadAtomText(out var utf8))
            return false;
        if (utf8.SequenceEqual("undefined"u8) || utf8.SequenceEqual("nil"u8))
            return true;
        _reader.Rewind(start);
        return false;
    }

    /// <summary>Reads a binary, which is only looked at.</summary>
    internal bool TryReadBinary(out ReadOnlySpan<byte> bytes)
    {
        if (!_isTerm)
            return _reader.TryReadBinary(out bytes);
        if (_value.ShapeOf == Term.Shape.Binary)
        {
            bytes = Unsafe.As<byte[]>(_value.Object!);
            return true;
        }
        var isBinary = _value.TryGetBinary(out var memory);
        bytes = memory.Span;
        return isBinary;
    }

    /// <summary>Reads a binary to keep: a copy, unless it comes from a term, which never changes.</summary>
    internal bool TryReadBinary(out ReadOnlyMemory<byte> bytes)
    {
        if (_isTerm)
            return _value.TryGetBinary(out bytes);
        var isBinary = _reader.TryReadBinary(out var span);
        bytes = isBinary ? span.ToArray() : default;
        return isBinary;
    }

    /// <summary>Reads a list whose elements are all bytes, which is only looked at.</summary>
    internal bool TryReadByteList(out ReadOnlySpan<byte> bytes)
    {
        if (!_isTerm)
            return _reader.TryReadByteList(out bytes);
        bytes = default;
        return _value.AsList is { } list && list.TryGetBytes(out bytes);
    }

    /// <summary>Leaves the next value out.</summary>
    internal void Skip()
    {
        if (!_isTerm)
            _reader.Skip();
    }

    /// <summary>The exception for a next value that is not what it should be.</summary>
    internal readonly TermSerializationException Unexpected(string expected) => Unexpected(expected, Ahead());

    /// <summary>
    /// The same, for a value that has been read but has no others within. It began at <paramref name="start"/>.
    /// </summary>
    internal readonly TermSerializationException Unexpected(string expected, int start) =>
        Unexpected(expected, At(start, _value));

    internal static TermSerializationException Unexpected(string expected, Term found) =>
        new($"expected {expected}, found {Describe(found)}");

    /// <summary>The next value, which stays unread.</summary>
    internal readonly Term Ahead()
    {
        var copy = _reader;
        return _isTerm ? _value : copy.ReadTerm();
    }

    /// <summary>The value that began at a position, or the one given when that is no position in bytes.</summary>
    internal readonly Term At(int position, Term whole)
    {
        if (position < 0)
            return whole;
        var copy = _reader;
        copy.Rewind(position);
        return copy.ReadTerm();
    }

    internal static string Describe(Term term) => term.Kind switch
    {
        TermKind.Nil => "[]",
        TermKind.Integer => $"the integer {Print(term)}",
        TermKind.Float => $"the float {Print(term)}",
        TermKind.Atom => $"the atom {Print(term)}",
        TermKind.Reference => $"the reference {Print(term)}",
        TermKind.Fun => $"the fun {Print(term)}",
        TermKind.Port => $"the port {Print(term)}",
        TermKind.Pid => $"the pid {Print(term)}",
        TermKind.Tuple => $"the tuple {Print(term)}",
        TermKind.Map => $"the map {Print(term)}",
        TermKind.List => $"the list {Print(term)}",
        TermKind.BitString => $"the binary {Print(term)}",
        _ => $"the record {Print(term)}",
    };

    internal static string Print(Term term) => ErlangText.Print(term, FoundOptions);

    /// <summary>The same, with text as the numbers it consists of.</summary>
    internal static string PrintNumbers(Term term) => ErlangText.Print(term, NumberOptions);

    /// <summary>Counts one more level of nesting.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Enter()
    {
        if (++_depth > TermSerializer.MaxDepth)
            throw TermSerializer.TooDeep();
    }

    internal void Leave() => _depth--;
}
