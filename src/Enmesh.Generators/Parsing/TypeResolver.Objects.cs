using System.Collections.Immutable;
using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

internal sealed partial class TypeResolver
{
    private static readonly string[] ShapeAttributes =
        [Attributes.Tag, Attributes.Tuple, Attributes.Proplist, Attributes.Map, Attributes.Struct];

    private string? ResolveObject(INamedTypeSymbol type, MemberScope scope)
    {
        type = (INamedTypeSymbol)type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        var key = Names.InCode(type);
        if (_objects.TryGetValue(key, out var known))
            return known?.Field;
        if (!IsAccessible(type, scope))
            return null;
        var cases = FindCases(type);
        if (!cases.IsEmpty)
            return ResolveUnion(type, key, cases, scope);
        if (type.IsAbstract)
        {
            const string Reason = "it is abstract and has no cases; give types nested in it that derive from it "
                + "an [ErlangTag], or name them with [TermCase]";
            return Unsupported(type, Reason, scope);
        }
        return ResolveMembers(type, key, scope)?.Field;
    }

    /// <summary>Gathers the members of a type that is written as one tuple, map or property list.</summary>
    private ObjectEntry? ResolveMembers(INamedTypeSymbol type, string key, MemberScope scope)
    {
        var entry = NewEntry(key, type); // before the members, which may lead back here
        var shape = ShapeOf(type, scope);
        if (shape is null || MembersOf(type, shape, scope) is not { } members)
        {
            _objects[key] = null;
            return null;
        }
        CheckNames(type, shape, members, scope);
        _objectModels.Add(new ObjectModel(
            entry.ClassName,
            Names.InCode(type),
            Names.ForPeople(type),
            type.IsReferenceType,
            shape,
            type.IsTupleType,
            members.ToEquatableArray()));
        _objectInfos.Add(new InfoModel(entry.Field, entry.ClassName, "new()"));
        return entry;
    }

    private ShapeModel? ShapeOf(INamedTypeSymbol type, MemberScope scope)
    {
        var found = ShapeAttributes.Select(type.Ours).Where(attribute => attribute is not null).ToList();
        if (found.Count > 1)
        {
            var names = found.Select(attribute => attribute!.AttributeClass!.Name.Replace("Attribute", "")).ToList();
            Report(
                Diagnostics.ShapeConflict, found[1].Place() ?? scope.Location, Names.ForPeople(type), names[0],
                names[1]);
            return null;
        }
        var attribute = found.FirstOrDefault();
        var plainMap = new ShapeModel(
            ShapeKind.Map, null, _options.BinaryKeys, _options.RefuseUnknown, _options.OmitNull);
        switch (attribute?.AttributeClass!.Name)
        {
            case Attributes.Tag:
                var tag = attribute.First() as string ?? Names.SnakeCase(type.Name);
                CheckAtom(tag, attribute.Place());
                return plainMap with { Kind = ShapeKind.Tuple, Tag = tag };
            case Attributes.Struct:
                var module = ModuleAtom(attribute.First() as string ?? type.Name);
                CheckAtom(module, attribute.Place());
                // An Elixir struct has all its keys, always.
                return plainMap with { Tag = module, BinaryKeys = false, OmitNull = false };
            case Attributes.Proplist:
                return plainMap with { Kind = ShapeKind.Proplist, OmitNull = true };
            case Attributes.Map:
                return plainMap with
                {
                    BinaryKeys = attribute.Named("Keys") is int keys ? keys == 1 : plainMap.BinaryKeys,
                    RefuseUnknown = attribute.Named("UnknownKeys") is int unknown
                        ? unknown == 1
                        : plainMap.RefuseUnknown,
                };
            default:
                var isTuple = attribute is not null || type.IsTupleType || KnownTypes.IsKeyValuePair(type);
                return isTuple ? plainMap with { Kind = ShapeKind.Tuple } : plainMap;
        }
    }

    private List<MemberModel>? MembersOf(INamedTypeSymbol type, ShapeModel shape, MemberScope scope)
    {
        var defaults = type.GetAttributes().Formats().AddRange(_options.Formats);
        if (type.IsTupleType)
            return TupleElements(type, scope);
        var properties = PropertiesOf(type);
        if (ConstructorOf(type, scope) is not { } constructor)
            return null;
        var members = new List<MemberModel?>();
        foreach (var parameter in constructor.Parameters)
        {
            var property = properties.FirstOrDefault(p =>
                string.Equals(p.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)
                    && SymbolEqualityComparer.Default.Equals(p.Type, parameter.Type));
            var isIgnored = parameter.Has(Attributes.Ignore) || property?.Has(Attributes.Ignore) == true;
            if (property is not null)
                properties.Remove(property);
            if (isIgnored && parameter.HasExplicitDefaultValue)
                continue;
            if (property is null || isIgnored)
            {
                Report(
                    Diagnostics.UnmatchedParameter, PlaceOf(parameter, scope), parameter.Name, Names.ForPeople(type));
                return null;
            }
            members.Add(Member(property, parameter, MemberTarget.Constructor, defaults, scope));
        }
        var settable = properties.Where(p => p.SetMethod is { } set && IsAccessible(set) && !p.Has(Attributes.Ignore));
        foreach (var property in settable)
        {
            var target = property.IsRequired || shape.Kind == ShapeKind.Tuple ? MemberTarget.Initializer
                : property.SetMethod!.IsInitOnly ? MemberTarget.OptionalInitializer
                : MemberTarget.Setter;
            members.Add(Member(property, null, target, defaults, scope));
        }
        return members.Contains(null) ? null : members.ConvertAll(member => member!);
    }

    private MemberModel? Member(
        IPropertySymbol property,
        IParameterSymbol? parameter,
        MemberTarget target,
        ImmutableArray<string> defaults,
        MemberScope outer)
    {
        var attributes = property.GetAttributes();
        if (parameter is not null)
            attributes = attributes.AddRange(parameter.GetAttributes());
        var scope = MemberScope.OfMember(property, PlaceOf(property, outer), attributes, defaults);
        if (ResolveSlot(property.Type, scope) is not { } info)
            return null;
        var canBeNull = scope.CanBeNull(property.Type)
            || property.Type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;
        var isRequired = parameter is null ? property.IsRequired : !parameter.HasExplicitDefaultValue && !canBeNull;
        return new MemberModel(
            attributes.Ours(Attributes.Name).First() as string ?? _options.NameOf(property.Name),
            Names.Escaped(property.Name),
            parameter is null ? null : Names.Escaped(parameter.Name),
            Names.InCode(property.Type),
            info,
            target,
            isRequired,
            canBeNull,
            parameter is null ? $"default({Names.InCode(property.Type)})!" : Names.DefaultOf(parameter));
    }

    private void CheckUsed(MemberScope scope, ITypeSymbol type)
    {
        if (scope.Converter is { } converter && !scope.ConverterUsed)
        {
            var problem = ConverterProblem(converter, type) ?? "";
            Report(Diagnostics.BadConverter, scope.Location, Names.ForPeople(converter), scope.Where, problem);
        }
        if (scope.IsProplist && !scope.ProplistUsed)
        {
            const string Reason = "[ErlangProplist] on a member needs a dictionary";
            Report(Diagnostics.UnsupportedType, scope.Location, Names.ForPeople(type), scope.Where, Reason);
        }
    }

    private List<MemberModel>? TupleElements(INamedTypeSymbol type, MemberScope scope)
    {
        var members = new List<MemberModel>();
        for (var i = 0; i < type.TupleElements.Length; i++)
        {
            var element = type.TupleElements[i].Type;
            if (Resolve(element, scope) is not { } info)
                return null;
            members.Add(new MemberModel(
                $"item{i + 1}",
                $"Item{i + 1}",
                null,
                Names.InCode(element),
                info,
                MemberTarget.Constructor,
                IsRequired: true,
                CanBeNull: scope.CanBeNull(element),
                $"default({Names.InCode(element)})!"));
        }
        return members;
    }

    /// <summary>The public properties, those of base types first, hidden and overridden ones once.</summary>
    private List<IPropertySymbol> PropertiesOf(INamedTypeSymbol type)
    {
        var chain = new Stack<INamedTypeSymbol>();
        for (var t = type; t is { SpecialType: SpecialType.None }; t = t.BaseType)
            chain.Push(t);
        var properties = new List<IPropertySymbol>();
        foreach (var property in chain.SelectMany(t => t.GetMembers().OfType<IPropertySymbol>()))
        {
            if (property is not { IsStatic: false, IsIndexer: false, GetMethod: { } get }
                || property.DeclaredAccessibility != Accessibility.Public || !IsAccessible(get))
            {
                continue;
            }
            var hidden = properties.FindIndex(p => p.Name == property.Name);
            if (hidden >= 0)
                properties[hidden] = property;
            else
                properties.Add(property);
        }
        return properties;
    }

    private IMethodSymbol? ConstructorOf(INamedTypeSymbol type, MemberScope scope)
    {
        var usable = type.InstanceConstructors.Where(c => IsAccessible(c) && !IsCopy(c, type)).ToList();
        var marked = usable.Where(c => c.Has(Attributes.Constructor)).ToList();
        var written = usable.Where(c => !c.IsImplicitlyDeclared).ToList();
        var chosen = marked.FirstOrDefault()
            ?? usable.FirstOrDefault(IsPrimary)
            ?? usable.FirstOrDefault(c => c.Parameters.IsEmpty && (!c.IsImplicitlyDeclared || written.Count == 0))
            ?? (written.Count == 1 ? written[0] : null);
        if (chosen is not null && marked.Count <= 1)
            return chosen;
        var problem = marked.Count > 1 ? "several constructors marked with [TermConstructor]"
            : usable.Count == 0 ? "no accessible constructor"
            : "several constructors";
        Report(Diagnostics.NoConstructor, PlaceOf(type, scope), Names.ForPeople(type), problem);
        return null;
    }

    private void CheckNames(INamedTypeSymbol type, ShapeModel shape, List<MemberModel> members, MemberScope scope)
    {
        const int MaxMembers = 128; // the bits of TermShape's set of members seen
        var name = Names.ForPeople(type);
        if (members.Count > MaxMembers)
            Report(Diagnostics.TooManyMembers, PlaceOf(type, scope), name, $"{members.Count}", $"{MaxMembers}");
        if (shape.Kind == ShapeKind.Tuple)
            return;
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in members)
        {
            if (seen.TryGetValue(member.TermName, out var other))
                Report(Diagnostics.DuplicateName, PlaceOf(type, scope), other, member.Name, name, member.TermName);
            else
                seen.Add(member.TermName, member.Name);
            if (!shape.BinaryKeys)
                CheckAtom(member.TermName, PlaceOf(type, scope));
        }
    }

    private bool IsAccessible(ISymbol member) => _compilation.IsSymbolAccessibleWithin(member, _context);

    private static bool IsCopy(IMethodSymbol constructor, INamedTypeSymbol type) => type.IsRecord
        && constructor.Parameters.Length == 1
        && SymbolEqualityComparer.Default.Equals(constructor.Parameters[0].Type, type);

    private static bool IsPrimary(IMethodSymbol constructor) => constructor.DeclaringSyntaxReferences.Any(reference =>
        reference.GetSyntax() is Microsoft.CodeAnalysis.CSharp.Syntax.TypeDeclarationSyntax);

    private static string ModuleAtom(string module) =>
        module.StartsWith("Elixir.", StringComparison.Ordinal) || (module.Length > 0 && char.IsLower(module[0]))
            ? module
            : "Elixir." + module;

    private ObjectEntry NewEntry(string key, INamedTypeSymbol type)
    {
        var name = Names.AsIdentifier(type) + "Info";
        var unique = name;
        for (var i = 2; !_classNames.Add(unique); i++)
            unique = name + i;
        var entry = new ObjectEntry($"O{_classNames.Count - 1}", unique);
        _objects[key] = entry;
        _specs.Add(entry.Field, depth => SpecOf(entry, type, depth));
        return entry;
    }

    /// <summary>A type info that is generated: where it is kept and its class.</summary>
    private sealed record ObjectEntry(string Field, string ClassName);
}
