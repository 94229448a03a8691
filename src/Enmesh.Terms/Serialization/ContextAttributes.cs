namespace Enmesh.Terms.Serialization;

/// <summary>
/// Asks for the type info of a type, on a partial class derived from <see cref="TermSerializerContext"/>.
/// </summary>
/// <remarks>Types reached through members, elements and cases need no attribute of their own.</remarks>
/// <param name="type">The type; a closed one when it is generic.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class TermSerializableAttribute(Type type) : Attribute
{
    /// <summary>The type that gets a type info.</summary>
    public Type Type { get; } = type;

    /// <summary>The name of the context's property; the type's own name when null.</summary>
    public string? Name { get; set; }

    /// <summary>A <see cref="TermConverter{T}"/> for the type, used wherever this context meets it.</summary>
    public Type? Converter { get; set; }
}

/// <summary>How a context writes what its types leave open.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class TermSerializerOptionsAttribute : Attribute
{
    /// <summary>The atom written for null. Default <see cref="NullAtom.Undefined"/>; both are always read.</summary>
    public NullAtom Null { get; set; }

    /// <summary>
    /// How the names of members are made into names of keys. Default <see cref="TermNaming.SnakeCase"/>.
    /// </summary>
    public TermNaming Naming { get; set; }

    /// <summary>
    /// What the keys of maps are written as. Default <see cref="MapKeys.Atom"/>; both are always read.
    /// </summary>
    public MapKeys Keys { get; set; }

    /// <summary>What is done with map keys that no member has. Default <see cref="UnknownKeys.Ignore"/>.</summary>
    public UnknownKeys UnknownKeys { get; set; }

    /// <summary>
    /// Whether a member that is null is left out of a map. Default false: it is written as the null atom.
    /// </summary>
    public bool OmitNull { get; set; }
}

/// <summary>The atom that stands for null.</summary>
public enum NullAtom
{
    /// <summary><c>undefined</c>, Erlang's.</summary>
    Undefined,

    /// <summary><c>nil</c>, Elixir's.</summary>
    Nil,
}

/// <summary>How a C# name becomes an Erlang name.</summary>
public enum TermNaming
{
    /// <summary><c>UnitPrice</c> becomes <c>unit_price</c>.</summary>
    SnakeCase,

    /// <summary><c>UnitPrice</c> becomes <c>unitPrice</c>.</summary>
    CamelCase,

    /// <summary><c>UnitPrice</c> stays as it is.</summary>
    AsDeclared,
}

/// <summary>What the keys of a map are.</summary>
public enum MapKeys
{
    /// <summary>Atoms: <c>#{price => 5}</c>.</summary>
    Atom,

    /// <summary>Binaries: <c>#{&lt;&lt;"price">> => 5}</c>.</summary>
    Binary,
}

/// <summary>What is done with a map's keys that no member has.</summary>
public enum UnknownKeys
{
    /// <summary>They are passed over.</summary>
    Ignore,

    /// <summary>They are an error.</summary>
    Refuse,
}
