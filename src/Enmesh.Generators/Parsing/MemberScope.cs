using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>What stands on the member whose type is being resolved, and what of it has been used.</summary>
internal sealed class MemberScope
{
    private readonly HashSet<string> _usedFormats = new(StringComparer.Ordinal);

    /// <summary>The member as messages name it: <c>Order.Items</c>.</summary>
    internal string Where { get; private set; } = "";

    internal Location? Location { get; private set; }

    internal ImmutableArray<string> Formats { get; private set; } = [];

    /// <summary>Formats of the type around the member and of the context, used where they fit.</summary>
    internal ImmutableArray<string> DefaultFormats { get; private set; } = [];

    /// <summary>
    /// Whether the member was declared where nullability is not spoken of; any reference may be null then.
    /// </summary>
    internal bool IsOblivious { get; private set; }

    internal INamedTypeSymbol? Converter { get; private set; }

    internal bool ConverterUsed { get; set; }

    internal bool IsProplist { get; private set; }

    internal bool ProplistUsed { get; set; }

    internal bool AtomKeys { get; private set; }

    internal IEnumerable<string> UnusedFormats => Formats.Where(format => !_usedFormats.Contains(format));

    internal static MemberScope OfRoot(string where, Location? location, ImmutableArray<string> formats) =>
        new() { Where = where, Location = location, DefaultFormats = formats };

    internal static MemberScope OfMember(
        IPropertySymbol property,
        Location? location,
        ImmutableArray<AttributeData> attributes,
        ImmutableArray<string> defaults)
    {
        var isOblivious = property.OriginalDefinition is
        {
            NullableAnnotation: NullableAnnotation.None, Type.IsReferenceType: true,
        };
        return OfSlot($"{property.ContainingType.Name}.{property.Name}", location, isOblivious, attributes, defaults);
    }

    /// <summary>A parameter, or a result, of a method.</summary>
    internal static MemberScope OfSlot(
        string where,
        Location? location,
        bool isOblivious,
        ImmutableArray<AttributeData> attributes,
        ImmutableArray<string> defaults) => new()
        {
            Where = where,
            Location = location,
            IsOblivious = isOblivious,
            Formats = attributes.Formats(),
            DefaultFormats = defaults,
            Converter = attributes.Ours(Attributes.Converter).First() as INamedTypeSymbol,
            IsProplist = attributes.Ours(Attributes.Proplist) is not null,
            AtomKeys = attributes.Ours(Attributes.Map).Named("Keys") is 0,
        };

    internal bool CanBeNull(ITypeSymbol type) => type.IsReferenceType
        && (type.NullableAnnotation == NullableAnnotation.Annotated
            || (IsOblivious && type.NullableAnnotation == NullableAnnotation.None));

    /// <summary>The first format that fits, the member's own before those around it.</summary>
    internal string? Choose(IReadOnlyCollection<string> fitting)
    {
        var own = Formats.FirstOrDefault(fitting.Contains);
        if (own is not null)
            _usedFormats.Add(own);
        return own ?? DefaultFormats.FirstOrDefault(fitting.Contains);
    }
}
