using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>The attributes of Enmesh.Terms.Serialization, found by name.</summary>
internal static class Attributes
{
    internal const string Namespace = "Enmesh.Terms.Serialization";
    internal const string Serializable = "TermSerializableAttribute";
    internal const string Options = "TermSerializerOptionsAttribute";
    internal const string Tag = "ErlangTagAttribute";
    internal const string Tuple = "ErlangTupleAttribute";
    internal const string Proplist = "ErlangProplistAttribute";
    internal const string Map = "ErlangMapAttribute";
    internal const string Struct = "ElixirStructAttribute";
    internal const string Case = "TermCaseAttribute";
    internal const string Name = "TermNameAttribute";
    internal const string Ignore = "TermIgnoreAttribute";
    internal const string Constructor = "TermConstructorAttribute";
    internal const string Converter = "TermConverterAttribute";
    internal const string Format = "TermFormatAttribute";

    /// <summary>The attributes of ours with this name.</summary>
    internal static IEnumerable<AttributeData> OfOurs(this ImmutableArray<AttributeData> attributes, string name) =>
        attributes.Where(attribute => attribute.AttributeClass is { } type && type.Name == name && IsOurs(type));

    /// <summary>Whether the type is in Enmesh.Terms.Serialization.</summary>
    internal static bool IsOurs(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString() == Namespace;

    internal static AttributeData? Ours(this ISymbol symbol, string name) =>
        symbol.GetAttributes().OfOurs(name).FirstOrDefault();

    internal static AttributeData? Ours(this ImmutableArray<AttributeData> attributes, string name) =>
        attributes.OfOurs(name).FirstOrDefault();

    internal static bool Has(this ISymbol symbol, string name) => symbol.Ours(name) is not null;

    /// <summary>The attribute's first constructor argument.</summary>
    internal static object? First(this AttributeData? attribute) =>
        attribute is { ConstructorArguments.Length: > 0 } ? attribute.ConstructorArguments[0].Value : null;

    /// <summary>A property set on the attribute; null when it is not set.</summary>
    internal static object? Named(this AttributeData? attribute, string name) =>
        attribute?.NamedArguments.FirstOrDefault(pair => pair.Key == name).Value.Value;

    /// <summary>Where the attribute stands.</summary>
    internal static Location? Place(this AttributeData? attribute) =>
        attribute?.ApplicationSyntaxReference is { } reference
            ? Location.Create(reference.SyntaxTree, reference.Span)
            : null;

    /// <summary>The names of the formats on a symbol, nearest form first.</summary>
    internal static ImmutableArray<string> Formats(this ImmutableArray<AttributeData> attributes) =>
        attributes.OfOurs(Format).Select(FormatName).OfType<string>().ToImmutableArray();

    private static string? FormatName(AttributeData attribute)
    {
        if (attribute.ConstructorArguments.FirstOrDefault() is not { Type: INamedTypeSymbol type, Value: { } value })
            return null;
        return type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(
            field => Equals(field.ConstantValue, value))?.Name;
    }
}
