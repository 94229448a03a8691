namespace Enmesh.Terms.Serialization;

/// <summary>
/// Makes the type a tagged tuple: <c>[ErlangTag("deposit")] record Deposit(int Amount)</c> is <c>{deposit, Amount}</c>.
/// </summary>
/// <remarks>
/// With no members it is the bare atom; <c>{tag}</c> is read too. Types so tagged that derive from one base are the
/// cases of a union: nested ones by themselves, others through <see cref="TermCaseAttribute"/> on the base.
/// </remarks>
/// <param name="tag">The atom; the type's name in snake case when null.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class ErlangTagAttribute(string? tag = null) : Attribute
{
    /// <summary>The atom that opens the tuple, or null for the type's own name.</summary>
    public string? Tag { get; } = tag;
}

/// <summary>Makes the type an untagged tuple of its members, in their order.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class ErlangTupleAttribute : Attribute;

/// <summary>Makes the type, or a dictionary, a property list: <c>[{retries, 3}, verbose]</c>.</summary>
/// <remarks>
/// A bare atom reads as <c>{Atom, true}</c> and of equal keys the first counts, as in Erlang's <c>proplists</c>.
/// </remarks>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Property | AttributeTargets.Parameter
        | AttributeTargets.ReturnValue,
    Inherited = false)]
public sealed class ErlangProplistAttribute : Attribute;

/// <summary>Says how a type, or a dictionary with text for keys, is written as a map.</summary>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Property | AttributeTargets.Parameter
        | AttributeTargets.ReturnValue,
    Inherited = false)]
public sealed class ErlangMapAttribute : Attribute
{
    /// <summary>
    /// What the keys are written as. For a type the context decides unless set; for a dictionary binaries are the
    /// default.
    /// </summary>
    public MapKeys Keys { get; set; }

    /// <summary>What is done with keys that no member has. The context decides unless set.</summary>
    public UnknownKeys UnknownKeys { get; set; }
}

/// <summary>Makes the type an Elixir struct: a map with atom keys and <c>__struct__</c>.</summary>
/// <param name="module">The module as Elixir writes it, <c>MyApp.Order</c>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class ElixirStructAttribute(string module) : Attribute
{
    /// <summary>The module as Elixir writes it.</summary>
    public string Module { get; } = module;
}

/// <summary>Names one case of a union, on the base type. Nested cases are found without it.</summary>
/// <param name="type">
/// A type that derives from the base and has an <see cref="ErlangTagAttribute"/> or <see
/// cref="ElixirStructAttribute"/>.
/// </param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, AllowMultiple = true, Inherited = false)]
public sealed class TermCaseAttribute(Type type) : Attribute
{
    /// <summary>The case.</summary>
    public Type Type { get; } = type;
}

/// <summary>Gives a member or an enum value its Erlang name, instead of the one made from its C# name.</summary>
/// <param name="name">The name, taken as it stands.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Field, Inherited = false)]
public sealed class TermNameAttribute(string name) : Attribute
{
    /// <summary>The Erlang name.</summary>
    public string Name { get; } = name;
}

/// <summary>Leaves a property out, both ways.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, Inherited = false)]
public sealed class TermIgnoreAttribute : Attribute;

/// <summary>Chooses the constructor that reading calls.</summary>
[AttributeUsage(AttributeTargets.Constructor, Inherited = false)]
public sealed class TermConstructorAttribute : Attribute;

/// <summary>Names the converter of a type or of one member.</summary>
/// <param name="converter">
/// A type derived from <see cref="TermConverter{T}"/> with a constructor that takes nothing.
/// </param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Interface
        | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue,
    Inherited = false)]
public sealed class TermConverterAttribute(Type converter) : Attribute
{
    /// <summary>The converter.</summary>
    public Type Converter { get; } = converter;
}

/// <summary>
/// Chooses how the simple values of a member are written; every form is read wherever it cannot be mistaken.
/// </summary>
/// <remarks>
/// On a member it holds for the values inside collections too. On a type or a context it is the default for the
/// members whose type the form fits; the nearest attribute wins.
/// </remarks>
/// <param name="format">The form.</param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Property
        | AttributeTargets.Parameter | AttributeTargets.ReturnValue,
    AllowMultiple = true,
    Inherited = false)]
public sealed class TermFormatAttribute(TermFormat format) : Attribute
{
    /// <summary>The form.</summary>
    public TermFormat Format { get; } = format;
}

/// <summary>Forms of simple values. Each doc says for which types, and which is the default.</summary>
public enum TermFormat
{
    /// <summary><c>string</c>: a binary in UTF-8. The default.</summary>
    Binary,

    /// <summary><c>string</c>: a list of code points, Erlang's <c>"text"</c>.</summary>
    Charlist,

    /// <summary><c>string</c>, or an enum (there the default): an atom.</summary>
    Atom,

    /// <summary>An enum: its number.</summary>
    Integer,

    /// <summary><c>Guid</c>: its 16 bytes, most significant first. The default is its text.</summary>
    Bytes,

    /// <summary><c>DateTime</c> and <c>DateTimeOffset</c>: <c>{{Y,M,D},{H,Mi,S}}</c> in UTC, without parts of seconds;
    /// <c>DateOnly</c>: <c>{Y,M,D}</c>; <c>TimeOnly</c>: <c>{H,Mi,S}</c>. The default.</summary>
    DateTuple,

    /// <summary>The same types: a binary such as <c>2025-01-31T12:00:00.5Z</c>.</summary>
    Iso8601,

    /// <summary>The same types: Elixir's <c>DateTime</c> (UTC), <c>Date</c> and <c>Time</c>, to the microsecond;
    /// <c>decimal</c>: Elixir's <c>Decimal</c>; a set: Elixir's <c>MapSet</c>.</summary>
    ElixirStruct,

    /// <summary><c>DateTime</c> and <c>DateTimeOffset</c>: Elixir's <c>NaiveDateTime</c>, in UTC.</summary>
    ElixirNaiveDateTime,

    /// <summary><c>DateTime</c> and <c>DateTimeOffset</c>: whole seconds since 1970.</summary>
    UnixSeconds,

    /// <summary><c>DateTime</c> and <c>DateTimeOffset</c>: whole milliseconds since 1970.</summary>
    UnixMilliseconds,

    /// <summary><c>TimeSpan</c>: whole seconds.</summary>
    Seconds,

    /// <summary>
    /// <c>TimeSpan</c>: whole milliseconds. The default; the infinite one is the atom <c>infinity</c> in each form.
    /// </summary>
    Milliseconds,

    /// <summary><c>TimeSpan</c>: whole microseconds.</summary>
    Microseconds,

    /// <summary>A set: <c>#{Element => []}</c>, as Erlang's <c>sets</c> of version 2. The default is a list.</summary>
    ErlangSet,
}
