using System.Numerics;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms;

/// <summary>Any Erlang value. Immutable; 16 bytes; <c>default</c> is the empty list.</summary>
/// <remarks>
/// <para>
/// Small integers, floats, atoms and <c>[]</c> take no allocation. <c>==</c> and <see cref="Equals(Term)"/> are exact,
/// as Erlang's <c>=:=</c>: <c>1</c> and <c>1.0</c> differ. Erlang's <c>==</c> and order are in
/// <c>Enmesh.Terms.Order</c>.
/// </para>
/// <para>
/// Patterns read like Erlang's: <c>message.TupleElements is [{ AtomText: "ping" }, { Pid: { } from }, var n]</c>.
/// </para>
/// </remarks>
public readonly partial struct Term : IEquatable<Term>
{
    // Three shapes (docs/decisions/0001-term-representation.md):
    //   null, 0                     []
    //   marker object, 64 bits      a small integer or a float
    //   the value's object, Shape   everything else
    internal readonly object? Object;
    internal readonly long Bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Term(object? value, long bits)
    {
        Object = value;
        Bits = bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Term(object value, Shape shape)
    {
        Object = value;
        Bits = (long)shape;
    }

    /// <summary>
    /// What the object of a term is. Never seen outside: several shapes share one <see cref="TermKind"/>.
    /// </summary>
    internal enum Shape : long
    {
        Nil,
        BigInteger, // byte[] as BigNumber lays it out; never one that fits 64 bits
        Atom,
        Reference,
        Fun,
        Port,
        Pid,
        Tuple, // Term[]
        Map, // MapTerm
        List, // Term[], not empty
        ByteList, // byte[], not empty: a proper list of integers 0 to 255
        ImproperList, // Term[], the last of which is the tail: no list
        Binary, // byte[], the whole array
        BitString, // BoxedBitString: part of an array, or unused bits in its last byte
        Record, // RecordTerm
        Integer, // not an object: what ShapeOf answers for the marker
        Float,
    }

    // Literals, since the runtime keeps them where the garbage collector never looks: comparing with them and storing
    // them costs what it costs with a constant. Nobody else's object is in these places, whatever its text.
    internal static object IntegerMarker
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => "integer";
    }

    internal static object FloatMarker
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => "float";
    }

    internal Shape ShapeOf
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ReferenceEquals(Object, IntegerMarker) ? Shape.Integer
            : ReferenceEquals(Object, FloatMarker) ? Shape.Float
            : (Shape)Bits;
    }

    /// <summary>The empty list, <c>[]</c>.</summary>
    public static Term Nil => default;

    /// <summary>The kind of value.</summary>
    public TermKind Kind => ShapeOf switch
    {
        Shape.Nil => TermKind.Nil,
        Shape.Integer or Shape.BigInteger => TermKind.Integer,
        Shape.Float => TermKind.Float,
        Shape.Atom => TermKind.Atom,
        Shape.Reference => TermKind.Reference,
        Shape.Fun => TermKind.Fun,
        Shape.Port => TermKind.Port,
        Shape.Pid => TermKind.Pid,
        Shape.Tuple => TermKind.Tuple,
        Shape.Map => TermKind.Map,
        Shape.List or Shape.ByteList or Shape.ImproperList => TermKind.List,
        Shape.Binary or Shape.BitString => TermKind.BitString,
        _ => TermKind.Record,
    };

    /// <summary>Whether this is <c>[]</c>.</summary>
    public bool IsNil => Object is null;

    /// <summary>The tuple without elements, <c>{}</c>.</summary>
    public static Term EmptyTuple { get; } = new(Array.Empty<Term>(), Shape.Tuple);

    // Making terms

    /// <summary>A tuple of the given elements.</summary>
    public static Term Tuple(params ReadOnlySpan<Term> elements) => new(elements.ToArray(), Shape.Tuple);

    /// <summary>A proper list of the given elements; <c>[]</c> when there are none.</summary>
    public static Term List(params ReadOnlySpan<Term> elements) =>
        elements.IsEmpty ? Nil : new(elements.ToArray(), Shape.List);

    /// <summary>A list that ends in <paramref name="tail"/> instead of <c>[]</c>: <c>[E1, E2 | Tail]</c>.</summary>
    /// <remarks>
    /// With a list as tail the result is one list, as in Erlang. Both parts are copied, since a list is one array: to
    /// build a long list gather its elements in a <see cref="System.Collections.Generic.List{T}"/> and make a term of
    /// that once, as <c>Term.List([.. elements])</c>; putting one element after the other in front of a list costs the
    /// square of its length.
    /// </remarks>
    public static Term ListWithTail(ReadOnlySpan<Term> elements, Term tail) => ListTerm.Prepend(elements, tail);

    /// <summary>A binary with the text in UTF-8: what Elixir calls a string.</summary>
    public static Term Binary(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(System.Text.Encoding.UTF8.GetBytes(text), Shape.Binary);
    }

    /// <summary>A binary with a copy of the bytes.</summary>
    public static Term Binary(params ReadOnlySpan<byte> bytes) => new(bytes.ToArray(), Shape.Binary);

    /// <summary>A binary over the caller's own bytes, without a copy. They must never change afterwards.</summary>
    public static Term BinaryOver(ReadOnlyMemory<byte> bytes) => FromBitString(new BitString(bytes));

    /// <summary>A charlist: a list of the text's code points.</summary>
    public static Term CharList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ListTerm.FromText(text);
    }

    /// <summary>A list of the given bytes as integers.</summary>
    public static Term ByteList(params ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? Nil : new(bytes.ToArray(), Shape.ByteList);

    /// <summary>A map of the given pairs.</summary>
    /// <exception cref="ArgumentException">A key stands twice.</exception>
    public static Term Map(params ReadOnlySpan<KeyValuePair<Term, Term>> pairs) => MapTerm.Create(pairs);

    /// <summary>A map of the given pairs.</summary>
    /// <exception cref="ArgumentException">A key stands twice.</exception>
    public static Term Map(params ReadOnlySpan<(Term Key, Term Value)> pairs) => MapTerm.Create(pairs);

    /// <summary>The atom with the given text. Keep atoms used often in a static field instead.</summary>
    public static Term AtomOf(string text) => new Atom(text);

    /// <summary>An integer.</summary>
    public static implicit operator Term(int value) => new(IntegerMarker, value);

    /// <summary>An integer.</summary>
    public static implicit operator Term(long value) => new(IntegerMarker, value);

    /// <summary>An integer.</summary>
    public static implicit operator Term(uint value) => new(IntegerMarker, value);

    /// <summary>An integer.</summary>
    public static implicit operator Term(ulong value) =>
        value <= long.MaxValue ? new(IntegerMarker, (long)value) : new(BigNumber.Create(value), Shape.BigInteger);

    /// <summary>An integer.</summary>
    public static implicit operator Term(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue
            ? new(IntegerMarker, (long)value)
            : new(BigNumber.Create(value), Shape.BigInteger);

    /// <summary>A float.</summary>
    /// <exception cref="ArgumentException">Not finite: Erlang has neither NaN nor infinities.</exception>
    public static implicit operator Term(double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentException("An Erlang float is finite: there is no NaN and no infinity.", nameof(value));
        return new(FloatMarker, BitConverter.DoubleToInt64Bits(value));
    }

    /// <summary>The atom <c>true</c> or <c>false</c>.</summary>
    public static implicit operator Term(bool value) => value ? Atoms.True : Atoms.False;

    /// <summary>The atom as a term.</summary>
    public static implicit operator Term(Atom value) => new(Required(value), Shape.Atom);

    /// <summary>The pid as a term.</summary>
    public static implicit operator Term(Pid value) => new(Required(value), Shape.Pid);

    /// <summary>The reference as a term.</summary>
    public static implicit operator Term(Reference value) => new(Required(value), Shape.Reference);

    /// <summary>The port as a term.</summary>
    public static implicit operator Term(PortId value) => new(Required(value), Shape.Port);

    /// <summary>The fun as a term.</summary>
    public static implicit operator Term(FunTerm value) => new(Required(value), Shape.Fun);

    /// <summary>The map as a term.</summary>
    public static implicit operator Term(MapTerm value) => new(Required(value), Shape.Map);

    /// <summary>The record as a term.</summary>
    public static implicit operator Term(RecordTerm value) => new(Required(value), Shape.Record);

    /// <summary>The list as a term.</summary>
    public static implicit operator Term(ListTerm value) => value.Term;

    /// <summary>The bit string as a term, over the same bytes.</summary>
    public static implicit operator Term(BitString value) => FromBitString(value);

    // Looking into terms

    /// <summary>The elements of a tuple; empty for <c>{}</c> and for anything that is no tuple.</summary>
    public ReadOnlySpan<Term> TupleElements => ShapeOf == Shape.Tuple ? Unsafe.As<Term[]>(Object) : default;

    /// <summary>Whether this is a tuple.</summary>
    public bool IsTuple => ShapeOf == Shape.Tuple;

    /// <summary>The atom, or null when this is none.</summary>
    public Atom? Atom => ShapeOf == Shape.Atom ? Unsafe.As<Atom>(Object) : null;

    /// <summary>The text of the atom, or null when this is none.</summary>
    public string? AtomText => ShapeOf == Shape.Atom ? Unsafe.As<Atom>(Object!).Text : null;

    /// <summary>The pid, or null when this is none.</summary>
    public Pid? Pid => ShapeOf == Shape.Pid ? Unsafe.As<Pid>(Object) : null;

    /// <summary>The reference, or null when this is none.</summary>
    public Reference? Reference => ShapeOf == Shape.Reference ? Unsafe.As<Reference>(Object) : null;

    /// <summary>The port, or null when this is none.</summary>
    public PortId? Port => ShapeOf == Shape.Port ? Unsafe.As<PortId>(Object) : null;

    /// <summary>The fun, or null when this is none.</summary>
    public FunTerm? Fun => ShapeOf == Shape.Fun ? Unsafe.As<FunTerm>(Object) : null;

    /// <summary>The map, or null when this is none.</summary>
    public MapTerm? AsMap => ShapeOf == Shape.Map ? Unsafe.As<MapTerm>(Object) : null;

    /// <summary>The native record, or null when this is none.</summary>
    public RecordTerm? Record => ShapeOf == Shape.Record ? Unsafe.As<RecordTerm>(Object) : null;

    /// <summary>The integer when it fits 32 bits, else null.</summary>
    public int? Int32 => ReferenceEquals(Object, IntegerMarker) && Bits == (int)Bits ? (int)Bits : null;

    /// <summary>The integer when it fits 64 bits, else null.</summary>
    public long? Int64 => ReferenceEquals(Object, IntegerMarker) ? Bits : null;

    /// <summary>The integer, or null when this is none.</summary>
    public BigInteger? Integer => ShapeOf switch
    {
        Shape.Integer => Bits,
        Shape.BigInteger => BigNumber.ToInteger(Unsafe.As<byte[]>(Object!)),
        _ => null,
    };

    /// <summary>The float, or null when this is none.</summary>
    public double? Float => ReferenceEquals(Object, FloatMarker) ? BitConverter.Int64BitsToDouble(Bits) : null;

    /// <summary>True or false for those two atoms, else null.</summary>
    public bool? Boolean =>
        Atom is not { } atom ? null : atom == Atoms.True ? true : atom == Atoms.False ? false : null;

    /// <summary>The list, <c>[]</c> included, or null when this is none.</summary>
    public ListTerm? AsList =>
        ShapeOf is Shape.Nil or Shape.List or Shape.ByteList or Shape.ImproperList ? new ListTerm(this) : null;

    /// <summary>The binary or bit string, or null when this is none.</summary>
    public BitString? BitString => ShapeOf switch
    {
        Shape.Binary => new BitString(Unsafe.As<byte[]>(Object)),
        Shape.BitString => Unsafe.As<BoxedBitString>(Object!).Value,
        _ => null,
    };

    /// <summary>Gives the bytes of a binary.</summary>
    /// <returns>False when this is no binary (a bit string with unused bits is none).</returns>
    public bool TryGetBinary(out ReadOnlyMemory<byte> bytes)
    {
        var bits = BitString;
        bytes = bits is { IsBinary: true } ? bits.Value.Memory : default;
        return bits is { IsBinary: true };
    }

    /// <summary>Whether this is the atom with the given text.</summary>
    public bool IsAtom(string text) => AtomText == text;

    /// <summary>Whether this is the given atom.</summary>
    public bool IsAtom(Atom atom) => Atom == atom;

    /// <summary>Exact equality, as <c>=:=</c>.</summary>
    public static bool operator ==(Term left, Term right) => left.Equals(right);

    /// <summary>Exact inequality, as <c>=/=</c>.</summary>
    public static bool operator !=(Term left, Term right) => !left.Equals(right);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Term other && Equals(other);

    private static Term FromBitString(BitString value) =>
        value.IsBinary && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(value.Memory, out var part)
            && part.Offset == 0 && part.Count == part.Array!.Length
            ? new(part.Array, Shape.Binary)
            : new(new BoxedBitString(value), Shape.BitString);

    private static T Required<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }

    internal sealed class BoxedBitString(BitString value)
    {
        internal BitString Value { get; } = value;
    }
}
