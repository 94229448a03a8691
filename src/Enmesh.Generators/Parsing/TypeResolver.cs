using System.Collections.Immutable;
using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>
/// Finds the type info of each type that a context reaches, and gathers what has to be generated for it.
/// </summary>
internal sealed partial class TypeResolver
{
    private const string Infos = KnownTypes.Infos;

    private readonly Compilation _compilation;
    private readonly INamedTypeSymbol _context;
    private readonly ContextOptions _options;
    private readonly ImmutableArray<DiagnosticInfo>.Builder _diagnostics;
    private readonly Dictionary<ITypeSymbol, INamedTypeSymbol> _converters = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObjectEntry?> _objects = new(StringComparer.Ordinal);
    private readonly HashSet<string> _classNames = new(StringComparer.Ordinal);
    private readonly List<InfoModel> _objectInfos = [];
    private readonly List<InfoModel> _otherInfos = [];
    private readonly List<ObjectModel> _objectModels = [];
    private readonly List<UnionModel> _unionModels = [];
    private readonly List<Location?> _unionPlaces = [];

    internal TypeResolver(
        Compilation compilation,
        INamedTypeSymbol context,
        ContextOptions options,
        ImmutableArray<DiagnosticInfo>.Builder diagnostics) =>
        (_compilation, _context, _options, _diagnostics) = (compilation, context, options, diagnostics);

    /// <summary>All that was found out.</summary>
    /// <remarks>
    /// Infos of generated classes first: they refer to others only when they are used, the others when they are made.
    /// </remarks>
    internal TypesModel ToModel() => new(
        _options.NullAtom,
        _objectInfos.Concat(_otherInfos).ToEquatableArray(),
        _objectModels.ToEquatableArray(),
        _unionModels.ToEquatableArray());

    /// <summary>A converter that the context names for a type.</summary>
    internal void Register(ITypeSymbol type, INamedTypeSymbol converter, Location? location)
    {
        if (ConverterProblem(converter, type) is { } problem)
            Report(Diagnostics.BadConverter, location, Names.ForPeople(converter), Names.ForPeople(type), problem);
        else
            _converters[type] = converter;
    }

    /// <summary>The field with the info of a type; null when it has none, which was reported then.</summary>
    internal string? Resolve(ITypeSymbol type, MemberScope scope)
    {
        if (type.TypeKind == TypeKind.Error)
            return null; // the compiler has said so already
        if (scope.Converter is { } own && ConverterProblem(own, type) is null)
        {
            scope.ConverterUsed = true;
            return Converted(type, own);
        }
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable)
            return Nullable(nullable, nullable.TypeArguments[0], "Nullable", scope);
        if (scope.CanBeNull(type))
            return Nullable(
                type, type.WithNullableAnnotation(NullableAnnotation.NotAnnotated), "NullableReference", scope);
        if (_converters.TryGetValue(type, out var registered))
            return Converted(type, registered);
        return ResolveByAttribute(type, scope);
    }

    /// <summary>
    /// The field with the info of something that has attributes of its own; null when it has none, or when those do not
    /// fit it, which was reported then.
    /// </summary>
    internal string? ResolveSlot(ITypeSymbol type, MemberScope scope)
    {
        if (Resolve(type, scope) is not { } info)
            return null;
        foreach (var format in scope.UnusedFormats)
            Report(Diagnostics.FormatDoesNotFit, scope.Location, format, Names.ForPeople(type), scope.Where);
        CheckUsed(scope, type);
        return info;
    }

    /// <summary>Whether generated code can say the type's name.</summary>
    internal bool CanBeNamed(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => CanBeNamed(array.ElementType),
        INamedTypeSymbol named => !named.IsFileLocal && IsAccessible(named) && named.TypeArguments.All(CanBeNamed),
        _ => false,
    };

    /// <summary>What can only be checked when every type is known.</summary>
    internal void Finish() => CheckCases();

    internal void Report(DiagnosticDescriptor descriptor, Location? location, params string[] arguments) =>
        _diagnostics.Add(new DiagnosticInfo(descriptor, LocationInfo.From(location), arguments.ToEquatableArray()));

    private string? ResolveByAttribute(ITypeSymbol type, MemberScope scope)
    {
        if (type.Ours(Attributes.Converter) is not { } attribute)
            return ResolveByShape(type, scope);
        if (attribute.First() is not INamedTypeSymbol converter)
            return null;
        if (ConverterProblem(converter, type) is not { } problem)
            return Converted(type, converter);
        Report(Diagnostics.BadConverter, attribute.Place(), Names.ForPeople(converter), Names.ForPeople(type), problem);
        return null;
    }

    private string? ResolveByShape(ITypeSymbol type, MemberScope scope)
    {
        if (KnownTypes.PlainInfo(type) is { } plain)
            return Field(type, plain, _ => KnownTypes.PlainSpec(plain));
        if (KnownTypes.FormattedInfo(type) is var (info, formats))
        {
            var format = scope.Choose(formats) ?? formats[0];
            return Field(type, $"{info}({Format(format)})", _ => KnownTypes.FormattedSpec(info, format));
        }
        return type switch
        {
            IArrayTypeSymbol { Rank: 1 } array => Collection(array, array.ElementType, "Array", null, scope),
            INamedTypeSymbol { TypeKind: TypeKind.Enum } enumeration => Enumeration(enumeration, scope),
            INamedTypeSymbol { IsGenericType: true } generic
                when ResolveGeneric(generic, scope, out var field) => field,
            INamedTypeSymbol named when UnsupportedBecause(named) is null => ResolveObject(named, scope),
            _ => Unsupported(type, UnsupportedBecause(type) ?? "its kind of type is not supported", scope),
        };
    }

    private static string? UnsupportedBecause(ITypeSymbol type) => type switch
    {
        { SpecialType: SpecialType.System_Object } => "it may be anything; use Enmesh.Terms.Term for that",
        { TypeKind: TypeKind.Delegate or TypeKind.Pointer or TypeKind.FunctionPointer or TypeKind.Dynamic } =>
            "delegates, pointers and dynamic values cannot be sent",
        { IsRefLikeType: true } => "a ref struct cannot be kept",
        INamedTypeSymbol { IsFileLocal: true } => "it is local to its file, where generated code cannot see it",
        { TypeKind: TypeKind.TypeParameter } => "it is a type parameter; name the closed types on the context",
        { TypeKind: TypeKind.Array } => "arrays of several dimensions are not supported; use an array of arrays",
        INamedTypeSymbol { IsTupleType: true } => null,
        _ when KnownTypes.IsPlatform(type) && !KnownTypes.IsKeyValuePair(type) =>
            "it is a type of the platform without an Erlang counterpart; write a TermConverter for it",
        INamedTypeSymbol named when IsCollection(named) =>
            "it is a collection of its own kind; use one of the platform's, or write a TermConverter for it",
        INamedTypeSymbol => null,
        _ => "its kind of type is not supported",
    };

    private static bool IsCollection(INamedTypeSymbol type) =>
        type.AllInterfaces.Any(i => i.SpecialType == SpecialType.System_Collections_IEnumerable);

    private string? Nullable(ITypeSymbol type, ITypeSymbol inner, string factory, MemberScope scope) =>
        Resolve(inner, scope) is { } field
            ? Field(
                type, $"{Infos}.{factory}<{Names.InCode(inner)}>({field}, NullAtom)",
                depth => $"{SpecOf(field, depth)} | {(_options.NullAtom == "Nil" ? "nil" : "undefined")}")
            : null;

    private string Converted(ITypeSymbol type, INamedTypeSymbol converter) =>
        Field(type, $"new {Names.InCode(converter)}()", _ => NameSpec(type));

    private string? ConverterProblem(INamedTypeSymbol converter, ITypeSymbol type)
    {
        if (converter.IsAbstract || converter.IsUnboundGenericType)
            return "it is abstract or an open generic type";
        if (!converter.InstanceConstructors.Any(constructor =>
            constructor.Parameters.IsEmpty && _compilation.IsSymbolAccessibleWithin(constructor, _context)))
        {
            return "it has no accessible constructor without parameters";
        }
        for (var ancestor = converter.BaseType; ancestor is not null; ancestor = ancestor.BaseType)
        {
            if (ancestor is { Name: "TermTypeInfo", TypeArguments.Length: 1 }
                && ancestor.ContainingNamespace.ToDisplayString() == Attributes.Namespace)
            {
                return SymbolEqualityComparer.Default.Equals(ancestor.TypeArguments[0], type)
                    ? null
                    : $"it converts '{Names.ForPeople(ancestor.TypeArguments[0])}'";
            }
        }
        return "it does not derive from TermConverter<T>";
    }

    private string? Unsupported(ITypeSymbol type, string reason, MemberScope scope)
    {
        Report(Diagnostics.UnsupportedType, scope.Location, Names.ForPeople(type), scope.Where, reason);
        return null;
    }

    /// <summary>The field of an info made by an expression; equal expressions share one.</summary>
    private string Field(ITypeSymbol type, string initializer, Func<int, string> spec)
    {
        // The same expression makes infos of different types only through type arguments, which it contains.
        if (_fields.TryGetValue(initializer, out var known))
            return known;
        var field = $"I{_fields.Count}";
        _fields.Add(initializer, field);
        _specs.Add(field, spec);
        var typeInfo = $"global::Enmesh.Terms.Serialization.TermTypeInfo<{Names.InCode(type)}>";
        _otherInfos.Add(new InfoModel(field, typeInfo, initializer));
        return field;
    }

    private static string Format(string name) => $"global::Enmesh.Terms.Serialization.TermFormat.{name}";
}
