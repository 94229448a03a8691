using System.Collections.Immutable;
using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>What was found out about one context.</summary>
/// <param name="Model">What to generate; null when the declaration itself is wrong.</param>
/// <param name="Diagnostics">What is wrong; with any of them the type infos are left out.</param>
internal sealed record ParsedContext(ContextModel? Model, EquatableArray<DiagnosticInfo> Diagnostics);

/// <summary>Turns a class with <c>[TermSerializable]</c> into a model.</summary>
internal static class ContextParser
{
    internal static ParsedContext? Parse(GeneratorAttributeSyntaxContext syntax, CancellationToken cancellation)
    {
        if (syntax.TargetSymbol is not INamedTypeSymbol context
            || !Declaration.IsFirst(syntax, context.Ours(Attributes.Serializable)))
            return null;
        var diagnostics = ImmutableArray.CreateBuilder<DiagnosticInfo>();
        var options = ContextOptions.Of(context);
        var resolver = new TypeResolver(syntax.SemanticModel.Compilation, context, options, diagnostics);
        if (!CheckDeclaration(context, resolver, cancellation))
            return new ParsedContext(null, diagnostics.ToEquatableArray());
        var attributes = context.GetAttributes().OfOurs(Attributes.Serializable).ToList();
        foreach (var attribute in attributes)
        {
            if (attribute.First() is ITypeSymbol type && attribute.Named("Converter") is INamedTypeSymbol converter)
                resolver.Register(type, converter, attribute.Place());
        }
        var roots = new List<RootModel>();
        foreach (var attribute in attributes)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Root(attribute, context, resolver, roots) is { } root)
                roots.Add(root);
        }
        resolver.Finish();
        var isBroken = diagnostics.Count > 0;
        var model = new ContextModel(
            Declaration.HintName(context),
            Declaration.NamespaceOf(context),
            Declaration.Heads(context).ToEquatableArray(),
            Names.Escaped(context.Name),
            isBroken,
            roots.ToEquatableArray(),
            isBroken ? TypesModel.Empty : resolver.ToModel());
        return new ParsedContext(model, diagnostics.ToEquatableArray());
    }

    private static bool CheckDeclaration(
        INamedTypeSymbol context, TypeResolver resolver, CancellationToken cancellation)
    {
        var place = context.Locations.FirstOrDefault();
        var derives = false;
        for (var type = context.BaseType; type is not null; type = type.BaseType)
            derives |= type.Name == "TermSerializerContext" && Attributes.IsOurs(type);
        if (!derives)
        {
            const string Problem = "has [TermSerializable] but does not derive from TermSerializerContext";
            resolver.Report(Diagnostics.BadContext, place, context.Name, Problem);
            return false;
        }
        if (Declaration.IsGeneric(context))
        {
            const string Problem = "is generic or inside a generic type; a context is neither";
            resolver.Report(Diagnostics.BadContext, place, context.Name, Problem);
            return false;
        }
        if (Declaration.NotPartial(context, cancellation) is { } closed)
        {
            resolver.Report(Diagnostics.NotPartial, closed.Locations.FirstOrDefault(), context.Name);
            return false;
        }
        if (context.IsAbstract || context.IsFileLocal)
        {
            var problem = context.IsAbstract
                ? "is abstract, so it could not be made"
                : "is local to its file, where nothing can be added to it";
            resolver.Report(Diagnostics.BadContext, place, context.Name, problem);
            return false;
        }
        return true;
    }

    private static RootModel? Root(
        AttributeData attribute, INamedTypeSymbol context, TypeResolver resolver, List<RootModel> others)
    {
        if (attribute.First() is not ITypeSymbol type || type.TypeKind == TypeKind.Error)
            return null;
        var display = Names.ForPeople(type);
        if (type is INamedTypeSymbol { IsUnboundGenericType: true })
        {
            const string Reason = "it is an open generic type; name the closed ones";
            resolver.Report(Diagnostics.UnsupportedType, attribute.Place(), display, context.Name, Reason);
            return null;
        }
        var name = attribute.Named("Name") as string ?? Names.AsIdentifier(type);
        if (others.Find(other => other.PropertyName == Names.Escaped(name)) is { } same)
        {
            resolver.Report(
                Diagnostics.DuplicateRoot, attribute.Place(), same.DisplayName, display, name, context.Name);
            return null;
        }
        var scope = MemberScope.OfRoot(context.Name, attribute.Place(), ContextOptions.Of(context).Formats);
        var info = resolver.Resolve(type, scope);
        if (info is null && !resolver.CanBeNamed(type))
            return null;
        return new RootModel(Names.Escaped(name), Names.InCode(type), info ?? "", IsPublic(type), display);
    }

    private static bool IsPublic(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsPublic(array.ElementType),
        INamedTypeSymbol named => named.DeclaredAccessibility == Accessibility.Public
            && (named.ContainingType is null || IsPublic(named.ContainingType)) && named.TypeArguments.All(IsPublic),
        _ => false,
    };
}
