using System.Collections.Immutable;
using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

internal sealed partial class TypeResolver
{
    private string? ResolveUnion(
        INamedTypeSymbol type, string key, ImmutableArray<INamedTypeSymbol> cases, MemberScope scope)
    {
        var entry = NewEntry(key, type); // before the cases, which may lead back here
        var models = new List<CaseModel>();
        foreach (var @case in cases)
        {
            if (ResolveCase(type, @case, scope) is { } found)
                models.Add(new CaseModel(Names.InCode(@case), found.Field, found.ClassName));
        }
        _unionModels.Add(new UnionModel(entry.ClassName, key, Names.ForPeople(type), models.ToEquatableArray()));
        _objectInfos.Add(new InfoModel(entry.Field, entry.ClassName, "new()"));
        _unionPlaces.Add(PlaceOf(type, scope));
        return entry.Field;
    }

    private ObjectEntry? ResolveCase(INamedTypeSymbol union, INamedTypeSymbol type, MemberScope scope)
    {
        if (!IsDiscriminated(type))
        {
            const string Problem = "it has neither [ErlangTag] nor [ElixirStruct]";
            Report(Diagnostics.BadCase, PlaceOf(type, scope), Names.ForPeople(type), Names.ForPeople(union), Problem);
            return null;
        }
        if (!IsAccessible(type, scope))
            return null;
        // The base itself may be a case of its own union; as a case it is only what its members say.
        var isSelf = SymbolEqualityComparer.Default.Equals(union, type);
        var key = isSelf ? Names.InCode(type) + "|case" : Names.InCode(type);
        return _objects.TryGetValue(key, out var known) ? known : ResolveMembers(type, key, scope);
    }

    /// <summary>Once all is known: no two cases of a union may look the same.</summary>
    private void CheckCases()
    {
        for (var u = 0; u < _unionModels.Count; u++)
        {
            var seen = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var @case in _unionModels[u].Cases)
            {
                if (_objectModels.Find(model => model.ClassName == @case.ClassName) is not { } model)
                    continue;
                var union = _unionModels[u].DisplayName;
                if (seen.TryGetValue(model.Discriminator, out var other))
                    Report(
                        Diagnostics.DuplicateCase, _unionPlaces[u], other, model.DisplayName, union,
                        model.Discriminator);
                else
                    seen.Add(model.Discriminator, model.DisplayName);
            }
        }
    }

    /// <summary>The types that a value of the base can be, most derived first; none when it is no union.</summary>
    private ImmutableArray<INamedTypeSymbol> FindCases(INamedTypeSymbol type)
    {
        var cases = new List<INamedTypeSymbol>();
        AddCases(type, type, cases);
        if (cases.Count == 0)
            return [];
        if (!type.IsAbstract)
            cases.Add(type);
        return cases
            .Distinct<INamedTypeSymbol>(SymbolEqualityComparer.Default)
            .OrderByDescending(DepthOf)
            .ToImmutableArray();
    }

    private void AddCases(INamedTypeSymbol union, INamedTypeSymbol type, List<INamedTypeSymbol> cases)
    {
        var nested = type.GetTypeMembers().Where(member =>
            member.TypeParameters.IsEmpty && DerivesFrom(member, type)
                && (member.IsAbstract || IsDiscriminated(member)));
        foreach (var member in nested)
            AddCase(union, member, cases);
        foreach (var attribute in type.GetAttributes().OfOurs(Attributes.Case))
        {
            if (attribute.First() is not INamedTypeSymbol named)
                continue;
            if (named.IsUnboundGenericType || !DerivesFrom(named, type))
            {
                var problem = named.IsUnboundGenericType ? "it is an open generic type" : "it does not derive from it";
                Report(Diagnostics.BadCase, attribute.Place(), Names.ForPeople(named), Names.ForPeople(type), problem);
            }
            else
            {
                AddCase(union, named, cases);
            }
        }
    }

    private void AddCase(INamedTypeSymbol union, INamedTypeSymbol type, List<INamedTypeSymbol> cases)
    {
        if (!type.IsAbstract)
            cases.Add(type);
        AddCases(union, type, cases);
    }

    private static bool IsDiscriminated(INamedTypeSymbol type) =>
        type.Has(Attributes.Tag) || type.Has(Attributes.Struct);

    private static bool DerivesFrom(INamedTypeSymbol type, INamedTypeSymbol ancestor)
    {
        if (ancestor.TypeKind == TypeKind.Interface)
            return type.AllInterfaces.Contains(ancestor, SymbolEqualityComparer.Default);
        for (var t = type.BaseType; t is not null; t = t.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(t, ancestor))
                return true;
        }
        return false;
    }

    private static int DepthOf(INamedTypeSymbol type)
    {
        var depth = 0;
        for (var t = type.BaseType; t is not null; t = t.BaseType)
            depth++;
        return depth;
    }
}
