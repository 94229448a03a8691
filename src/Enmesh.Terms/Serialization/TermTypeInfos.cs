using System.Collections.Immutable;
using System.Numerics;

namespace Enmesh.Terms.Serialization;

/// <summary>
/// The type infos of simple types and of collections: what generated code is made of, also useful by themselves.
/// </summary>
public static class TermTypeInfos
{
    /// <summary><c>true</c> or <c>false</c>.</summary>
    public static TermTypeInfo<bool> Boolean { get; } = new BooleanInfo();

    /// <summary>An integer from 0 to 255.</summary>
    public static TermTypeInfo<byte> Byte { get; } = new IntegerInfo<byte>();

    /// <summary>An integer of 8 bits.</summary>
    public static TermTypeInfo<sbyte> SByte { get; } = new IntegerInfo<sbyte>();

    /// <summary>An integer of 16 bits.</summary>
    public static TermTypeInfo<short> Int16 { get; } = new IntegerInfo<short>();

    /// <summary>An integer of 16 bits, not negative.</summary>
    public static TermTypeInfo<ushort> UInt16 { get; } = new IntegerInfo<ushort>();

    /// <summary>An integer of 32 bits.</summary>
    public static TermTypeInfo<int> Int32 { get; } = new IntegerInfo<int>();

    /// <summary>An integer of 32 bits, not negative.</summary>
    public static TermTypeInfo<uint> UInt32 { get; } = new IntegerInfo<uint>();

    /// <summary>An integer of 64 bits.</summary>
    public static TermTypeInfo<long> Int64 { get; } = new IntegerInfo<long>();

    /// <summary>An integer of 64 bits, not negative.</summary>
    public static TermTypeInfo<ulong> UInt64 { get; } = new WideIntegerInfo<ulong>();

    /// <summary>An integer of 128 bits.</summary>
    public static TermTypeInfo<Int128> Int128 { get; } = new WideIntegerInfo<Int128>();

    /// <summary>An integer of 128 bits, not negative.</summary>
    public static TermTypeInfo<UInt128> UInt128 { get; } = new WideIntegerInfo<UInt128>();

    /// <summary>An integer of any size.</summary>
    public static TermTypeInfo<BigInteger> BigInteger { get; } = new BigIntegerInfo();

    /// <summary>A float; integers are read too.</summary>
    public static TermTypeInfo<double> Double { get; } = new FloatInfo<double>();

    /// <summary>A float that is finite in 32 bits too; integers are read too.</summary>
    public static TermTypeInfo<float> Single { get; } = new FloatInfo<float>();

    /// <summary>A float that is finite in 16 bits too; integers are read too.</summary>
    public static TermTypeInfo<Half> Half { get; } = new FloatInfo<Half>();

    /// <summary>An integer: the character's number, Erlang's <c>$a</c>.</summary>
    public static TermTypeInfo<char> Char { get; } = new CharInfo();

    /// <summary>A binary; a list of bytes is read too.</summary>
    public static TermTypeInfo<byte[]> ByteArray { get; } = new ByteArrayInfo();

    /// <summary>A binary; a list of bytes is read too.</summary>
    public static TermTypeInfo<ReadOnlyMemory<byte>> Memory { get; } = new MemoryInfo();

    /// <summary>Any term, as it is.</summary>
    public static TermTypeInfo<Term> Term { get; } = new TermInfo();

    /// <summary>An atom.</summary>
    public static TermTypeInfo<Atom> Atom { get; } = new AtomInfo();

    /// <summary>A pid.</summary>
    public static TermTypeInfo<Pid> Pid { get; } = new PassingInfo<Pid>("a pid", term => term.Pid, value => value);

    /// <summary>A reference.</summary>
    public static TermTypeInfo<Reference> Reference { get; } =
        new PassingInfo<Reference>("a reference", term => term.Reference, value => value);

    /// <summary>A port.</summary>
    public static TermTypeInfo<PortId> PortId { get; } = new PassingInfo<PortId>(
        "a port", term => term.Port, value => value);

    /// <summary>A fun.</summary>
    public static TermTypeInfo<FunTerm> FunTerm { get; } = new PassingInfo<FunTerm>(
        "a fun", term => term.Fun, value => value);

    /// <summary>A map with any keys.</summary>
    public static TermTypeInfo<MapTerm> MapTerm { get; } =
        new PassingInfo<MapTerm>("a map", term => term.AsMap, value => value);

    /// <summary>A native record of OTP 29.</summary>
    public static TermTypeInfo<RecordTerm> RecordTerm { get; } =
        new PassingInfo<RecordTerm>("a native record", term => term.Record, value => value);

    /// <summary>A list of anything, proper or not.</summary>
    public static TermTypeInfo<ListTerm> ListTerm { get; } =
        new PassingValueInfo<ListTerm>("a list", term => term.AsList, value => value);

    /// <summary>A binary or a bit string.</summary>
    public static TermTypeInfo<BitString> BitString { get; } =
        new PassingValueInfo<BitString>("a binary or a bit string", term => term.BitString, value => value);

    /// <summary>
    /// Text, as a binary, a charlist or an atom. Binaries in UTF-8 and charlists are read in every form, atoms only in
    /// theirs.
    /// </summary>
    public static TermTypeInfo<string> String(TermFormat format = TermFormat.Binary) => format switch
    {
        TermFormat.Binary => StringInfo.Binary,
        TermFormat.Charlist => StringInfo.Charlist,
        TermFormat.Atom => StringInfo.Atom,
        _ => throw Unfit(format, "string"),
    };

    /// <summary>Text as the key of a map. Binaries, atoms and charlists are read.</summary>
    public static TermTypeInfo<string> Key(MapKeys keys = MapKeys.Binary) =>
        keys == MapKeys.Atom ? StringInfo.AtomKey : StringInfo.BinaryKey;

    /// <summary>
    /// A decimal, as text in a binary or as Elixir's <c>Decimal</c>. Both are read, and so are integers.
    /// </summary>
    public static TermTypeInfo<decimal> Decimal(TermFormat format = TermFormat.Binary) =>
        new DecimalInfo(Fit(format, "decimal", TermFormat.Binary, TermFormat.ElixirStruct));

    /// <summary>A GUID, as text or as 16 bytes. Both are read.</summary>
    public static TermTypeInfo<Guid> Guid(TermFormat format = TermFormat.Binary) =>
        new GuidInfo(Fit(format, "Guid", TermFormat.Binary, TermFormat.Bytes));

    /// <summary>
    /// A point in time. All forms are read; a number counts seconds, unless the form is <see
    /// cref="TermFormat.UnixMilliseconds"/>.
    /// </summary>
    public static TermTypeInfo<DateTime> DateTime(TermFormat format = TermFormat.DateTuple) =>
        new DateTimeInfo(Instant(format));

    /// <inheritdoc cref="DateTime"/>
    public static TermTypeInfo<DateTimeOffset> DateTimeOffset(TermFormat format = TermFormat.DateTuple) =>
        new DateTimeOffsetInfo(Instant(format));

    /// <summary>A date, as <c>{Y,M,D}</c>, text or Elixir's <c>Date</c>. All are read.</summary>
    public static TermTypeInfo<DateOnly> DateOnly(TermFormat format = TermFormat.DateTuple) =>
        new DateOnlyInfo(Fit(format, "DateOnly", TermFormat.DateTuple, TermFormat.Iso8601, TermFormat.ElixirStruct));

    /// <summary>A time of day, as <c>{H,Mi,S}</c>, text or Elixir's <c>Time</c>. All are read.</summary>
    public static TermTypeInfo<TimeOnly> TimeOnly(TermFormat format = TermFormat.DateTuple) =>
        new TimeOnlyInfo(Fit(format, "TimeOnly", TermFormat.DateTuple, TermFormat.Iso8601, TermFormat.ElixirStruct));

    /// <summary>A length of time, as a whole number of some unit or <c>infinity</c>.</summary>
    public static TermTypeInfo<TimeSpan> TimeSpan(TermFormat format = TermFormat.Milliseconds) =>
        new TimeSpanInfo(Fit(format, "TimeSpan", TermFormat.Milliseconds, TermFormat.Seconds, TermFormat.Microseconds));

    /// <summary>A value or null, which is written as the atom and read from either.</summary>
    public static TermTypeInfo<T?> Nullable<T>(TermTypeInfo<T> value, NullAtom nullAtom = NullAtom.Undefined)
        where T : struct => new NullableInfo<T>(Required(value), AtomFor(nullAtom));

    /// <inheritdoc cref="Nullable{T}"/>
    public static TermTypeInfo<T?> NullableReference<T>(TermTypeInfo<T> value, NullAtom nullAtom = NullAtom.Undefined)
        where T : class => new NullableReferenceInfo<T>(Required(value), AtomFor(nullAtom));

    /// <summary>An enum as atoms.</summary>
    /// <param name="names">
    /// Each value with its atom. Of several atoms for one value the first is written and all are read.
    /// </param>
    public static TermTypeInfo<T> Enum<T>(params KeyValuePair<T, string>[] names)
        where T : struct, Enum => new EnumInfo<T>(Required(names));

    /// <summary>An enum of flags as a list of atoms.</summary>
    /// <typeparam name="T">The enum.</typeparam>
    /// <typeparam name="TNumber">Its underlying type.</typeparam>
    public static TermTypeInfo<T> EnumFlags<T, TNumber>(params KeyValuePair<T, string>[] names)
        where T : struct, Enum
        where TNumber : struct, IBinaryInteger<TNumber> => new EnumFlagsInfo<T, TNumber>(Required(names));

    /// <summary>An enum as its number; numbers without a name are read too, as C# allows them.</summary>
    /// <typeparam name="T">The enum.</typeparam>
    /// <typeparam name="TNumber">Its underlying type.</typeparam>
    public static TermTypeInfo<T> EnumNumber<T, TNumber>()
        where T : struct, Enum
        where TNumber : struct, IBinaryInteger<TNumber>, IMinMaxValue<TNumber> => new EnumNumberInfo<T, TNumber>();

    /// <summary>A list.</summary>
    public static TermTypeInfo<T[]> Array<T>(TermTypeInfo<T> element) => new ArrayInfo<T>(Required(element));

    /// <summary>A list.</summary>
    public static TermTypeInfo<List<T>> List<T>(TermTypeInfo<T> element) => new ListInfo<T>(Required(element));

    /// <summary>A list, as any collection.</summary>
    /// <param name="element">The elements' type info.</param>
    /// <param name="make">Makes the collection out of an array that nobody else has.</param>
    public static TermTypeInfo<TCollection> Collection<TCollection, T>(
        TermTypeInfo<T> element, Func<T[], TCollection> make)
        where TCollection : IEnumerable<T> => new CollectionInfo<TCollection, T>(Required(element), Required(make));

    /// <summary>
    /// A set: a list, unless a form is given. A list, <c>#{Element => []}</c> and Elixir's <c>MapSet</c> are read.
    /// </summary>
    /// <param name="element">The elements' type info.</param>
    /// <param name="make">Makes the set out of its elements.</param>
    /// <param name="format"><see cref="TermFormat.ErlangSet"/>, <see cref="TermFormat.ElixirStruct"/> or null.</param>
    public static TermTypeInfo<TSet> Set<TSet, T>(
        TermTypeInfo<T> element, Func<T[], TSet> make, TermFormat? format = null)
        where TSet : IEnumerable<T> => new SetInfo<TSet, T>(
            Required(element),
            Required(make),
            format is null ? null : Fit(format.Value, "a set", TermFormat.ErlangSet, TermFormat.ElixirStruct));

    /// <summary>A map.</summary>
    /// <param name="key">The keys' type info.</param>
    /// <param name="value">The values' type info.</param>
    /// <param name="make">Makes the dictionary out of one that nobody else has.</param>
    public static TermTypeInfo<TDictionary> Dictionary<TDictionary, TKey, TValue>(
        TermTypeInfo<TKey> key, TermTypeInfo<TValue> value, Func<Dictionary<TKey, TValue>, TDictionary> make)
        where TDictionary : IEnumerable<KeyValuePair<TKey, TValue>>
        where TKey : notnull => new DictionaryInfo<TDictionary, TKey, TValue>(
            Required(key), Required(value), Required(make));

    /// <summary>A property list: a list of <c>{Key, Value}</c>. A bare atom is read as <c>{Atom, true}</c>.</summary>
    /// <inheritdoc cref="Dictionary{TDictionary, TKey, TValue}" path="/param"/>
    public static TermTypeInfo<TDictionary> Proplist<TDictionary, TKey, TValue>(
        TermTypeInfo<TKey> key, TermTypeInfo<TValue> value, Func<Dictionary<TKey, TValue>, TDictionary> make)
        where TDictionary : IEnumerable<KeyValuePair<TKey, TValue>>
        where TKey : notnull => new ProplistInfo<TDictionary, TKey, TValue>(
            Required(key), Required(value), Required(make));

    /// <summary><c>{ok, Value} | {error, Error}</c>.</summary>
    public static TermTypeInfo<Result<T, TError>> Result<T, TError>(
        TermTypeInfo<T> value, TermTypeInfo<TError> error) =>
        new ResultInfo<T, TError>(Required(value), Required(error));

    /// <summary><c>ok | {error, Error}</c>.</summary>
    public static TermTypeInfo<Result<TError>> Result<TError>(TermTypeInfo<TError> error) =>
        new ResultInfo<TError>(Required(error));

    private static TermFormat Instant(TermFormat format) => Fit(
        format,
        "a point in time",
        TermFormat.DateTuple,
        TermFormat.Iso8601,
        TermFormat.ElixirStruct,
        TermFormat.ElixirNaiveDateTime,
        TermFormat.UnixSeconds,
        TermFormat.UnixMilliseconds);

    private static TermFormat Fit(TermFormat format, string type, params TermFormat[] fitting) =>
        fitting.Contains(format) ? format : throw Unfit(format, type);

    private static ArgumentException Unfit(TermFormat format, string type) =>
        new($"{nameof(TermFormat)}.{format} is no form of {type}.", nameof(format));

    private static Atom AtomFor(NullAtom nullAtom) => nullAtom == NullAtom.Nil ? Atoms.ElixirNil : Atoms.Undefined;

    private static T Required<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
