namespace Enmesh.Generators.Model;

/// <summary>
/// All that the emitter needs to know of one context. Text and numbers only: no symbol outlives the parser.
/// </summary>
/// <param name="HintName">Name of the generated file.</param>
/// <param name="Namespace">The context's namespace; null for the global one.</param>
/// <param name="Declarations">Heads of the partial types to reopen, outermost first; the last is the context.</param>
/// <param name="Name">The context's own name.</param>
/// <param name="IsBroken">Whether something was reported; only the outside is generated then.</param>
/// <param name="Roots">The types that get a property.</param>
/// <param name="Types">The type infos.</param>
internal sealed record ContextModel(
    string HintName,
    string? Namespace,
    EquatableArray<string> Declarations,
    string Name,
    bool IsBroken,
    EquatableArray<RootModel> Roots,
    TypesModel Types);

/// <summary>The type infos that something generated needs.</summary>
/// <param name="NullAtom">The member of <c>NullAtom</c> that null is written as.</param>
/// <param name="Infos">All type infos, in an order in which each can be made out of earlier ones.</param>
/// <param name="Objects">The types with members whose infos are generated.</param>
/// <param name="Unions">The unions whose infos are generated.</param>
internal sealed record TypesModel(
    string NullAtom,
    EquatableArray<InfoModel> Infos,
    EquatableArray<ObjectModel> Objects,
    EquatableArray<UnionModel> Unions)
{
    internal static TypesModel Empty { get; } = new("Undefined", default, default, default);
}

/// <summary>A type named on the context.</summary>
internal sealed record RootModel(string PropertyName, string TypeName, string Info, bool IsPublic, string DisplayName);

/// <summary>One type info: a static field with its initializer.</summary>
internal sealed record InfoModel(string Field, string FieldType, string Initializer);

/// <summary>How a type with members is laid out as a term.</summary>
internal enum ShapeKind
{
    Tuple,
    Map,
    Proplist,
}

/// <summary>The layout of a type with members, as the arguments of <c>TermShape</c>'s factories.</summary>
/// <param name="Kind">Which factory.</param>
/// <param name="Tag">The tag of a tuple, or the module of an Elixir struct.</param>
/// <param name="BinaryKeys">Whether a map's keys are binaries.</param>
/// <param name="RefuseUnknown">Whether unknown keys are an error.</param>
/// <param name="OmitNull">Whether members that are null are left out.</param>
internal sealed record ShapeModel(ShapeKind Kind, string? Tag, bool BinaryKeys, bool RefuseUnknown, bool OmitNull);

/// <summary>A type with members.</summary>
internal sealed record ObjectModel(
    string ClassName,
    string TypeName,
    string DisplayName,
    bool IsReferenceType,
    ShapeModel Shape,
    bool IsValueTuple,
    EquatableArray<MemberModel> Members)
{
    /// <summary>What tells this type from the other cases of a union, as Erlang would name it.</summary>
    internal string Discriminator => Shape switch
    {
        { Kind: ShapeKind.Map, Tag: { } module } => $"%{module}{{}}",
        { Tag: { } tag } when Members.Count == 0 => tag,
        { Tag: { } tag } => $"{{{tag}, ...}} of {Members.Count + 1} elements",
        _ => "",
    };
}

/// <summary>How a member gets the value that was read.</summary>
internal enum MemberTarget
{
    Constructor,
    Initializer,
    Setter,

    /// <summary>An initializer that falls back on what the constructor leaves when the member is missing.</summary>
    OptionalInitializer,
}

/// <summary>One member.</summary>
/// <param name="TermName">Its Erlang name.</param>
/// <param name="Name">Its C# name, escaped where it is a keyword.</param>
/// <param name="Parameter">The constructor's parameter that sets it.</param>
/// <param name="TypeName">Its type.</param>
/// <param name="Info">The field with its type info.</param>
/// <param name="Target">How it is set.</param>
/// <param name="IsRequired">Whether reading fails without it.</param>
/// <param name="CanBeNull">Whether it can be null.</param>
/// <param name="Default">What a constructor parameter gets when the member is missing.</param>
internal sealed record MemberModel(
    string TermName,
    string Name,
    string? Parameter,
    string TypeName,
    string Info,
    MemberTarget Target,
    bool IsRequired,
    bool CanBeNull,
    string Default);

/// <summary>A base type with its cases, each an object of the same context.</summary>
internal sealed record UnionModel(
    string ClassName, string TypeName, string DisplayName, EquatableArray<CaseModel> Cases);

/// <summary>One case of a union.</summary>
/// <param name="TypeName">The case's type.</param>
/// <param name="Info">The field with its type info.</param>
/// <param name="ClassName">The generated class, which has the shape.</param>
internal sealed record CaseModel(string TypeName, string Info, string ClassName);
