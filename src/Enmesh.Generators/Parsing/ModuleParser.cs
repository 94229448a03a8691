using System.Collections.Immutable;
using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Enmesh.Generators.Parsing;

/// <summary>What was found out about one module.</summary>
/// <param name="Model">What to generate; null when the declaration itself is wrong.</param>
/// <param name="Diagnostics">What is wrong; with an error among them no calls are generated.</param>
internal sealed record ParsedModule(ModuleModel? Model, EquatableArray<DiagnosticInfo> Diagnostics);

/// <summary>Turns a class with <c>[ErlangModule]</c> into a model.</summary>
internal static class ModuleParser
{
    internal const string Namespace = "Enmesh.Modules";
    internal const string Module = "ErlangModuleAttribute";
    private const string Function = "ErlangFunctionAttribute";

    internal static ParsedModule? Parse(GeneratorAttributeSyntaxContext syntax, CancellationToken cancellation)
    {
        if (syntax.TargetSymbol is not INamedTypeSymbol type || !Declaration.IsFirst(syntax, syntax.Attributes[0]))
            return null;
        var diagnostics = ImmutableArray.CreateBuilder<DiagnosticInfo>();
        var options = ContextOptions.Of(type);
        var resolver = new TypeResolver(syntax.SemanticModel.Compilation, type, options, diagnostics);
        var isDeclaredWell = CheckDeclaration(type, resolver, cancellation);
        if (!isDeclaredWell)
            return new(null, diagnostics.ToEquatableArray());
        var module = syntax.Attributes[0].First() as string ?? Names.SnakeCase(type.Name);
        CheckAtom(module, syntax.Attributes[0].Place(), resolver);
        var parser = new FunctionParser(options, resolver);
        var methods = MethodsOf(type, syntax.SemanticModel.Compilation);
        var functions = new List<FunctionModel>();
        foreach (var (method, attribute) in methods)
        {
            cancellation.ThrowIfCancellationRequested();
            if (parser.Parse(method, attribute, module) is { } function)
                functions.Add(function);
        }
        if (methods.Count == 0)
            resolver.Report(Diagnostics.NoFunctions, PlaceOf(type), type.Name);
        resolver.Finish();
        var isBroken = diagnostics.Any(d => d.Descriptor.DefaultSeverity == DiagnosticSeverity.Error);
        var model = new ModuleModel(
            Declaration.HintName(type, ".ErlangModule"),
            Declaration.NamespaceOf(type),
            Declaration.Heads(type).ToEquatableArray(),
            Names.InCode(type),
            module,
            Documentation.Of(type, cancellation),
            isBroken,
            (isBroken ? [] : functions).ToEquatableArray(),
            isBroken ? TypesModel.Empty : resolver.ToModel());
        return new(model, diagnostics.ToEquatableArray());
    }

    /// <summary>Whether a method has <c>[ErlangFunction]</c>.</summary>
    internal static bool IsFunction(ISymbol method) => AttributeOf(method) is not null;

    internal static void CheckAtom(string text, Location? place, TypeResolver resolver)
    {
        if (Names.CountCharacters(text) is var count && count > 255)
        {
            var shown = text.Length > 32 ? text.Substring(0, 32) + "..." : text;
            resolver.Report(Diagnostics.BadAtom, place, shown, $"{count}");
        }
    }

    private static bool CheckDeclaration(INamedTypeSymbol type, TypeResolver resolver, CancellationToken cancellation)
    {
        var problem = type switch
        {
            { IsStatic: true } => "is static, and an object of it is exported; leave out 'static', its methods may be",
            { IsAbstract: true } => "is abstract, so there is no object of it to export",
            { IsFileLocal: true } => "is local to its file, where nothing can be added to it",
            _ when Declaration.IsGeneric(type) => "is generic or inside a generic type; a module is neither",
            _ => null,
        };
        if (problem is not null)
        {
            resolver.Report(Diagnostics.BadModule, PlaceOf(type), type.Name, problem);
            return false;
        }
        if (Declaration.NotPartial(type, cancellation) is not { } closed)
            return true;
        resolver.Report(Diagnostics.ModuleNotPartial, PlaceOf(closed), type.Name);
        return false;
    }

    /// <summary>The methods to export, those of base classes first; of an overridden one the last.</summary>
    private static List<(IMethodSymbol Method, AttributeData Attribute)> MethodsOf(
        INamedTypeSymbol type, Compilation compilation)
    {
        var chain = new Stack<INamedTypeSymbol>();
        for (var t = type; t is { SpecialType: SpecialType.None }; t = t.BaseType)
            chain.Push(t);
        var found = new List<(IMethodSymbol Method, AttributeData Attribute)>();
        foreach (var method in chain.SelectMany(t => t.GetMembers().OfType<IMethodSymbol>()))
        {
            var attribute = AttributeOf(method);
            if (attribute is null || !compilation.IsSymbolAccessibleWithin(method, type))
                continue;
            found.RemoveAll(other => SymbolEqualityComparer.Default.Equals(other.Method, method.OverriddenMethod));
            found.Add((method, attribute));
        }
        return found;
    }

    private static AttributeData? AttributeOf(ISymbol method) => method.GetAttributes().FirstOrDefault(attribute =>
        attribute.AttributeClass is { Name: Function } type && type.ContainingNamespace.ToDisplayString() == Namespace);

    private static Location? PlaceOf(INamedTypeSymbol type) =>
        type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax())
            .OfType<TypeDeclarationSyntax>().FirstOrDefault()?.Identifier.GetLocation()
                ?? type.Locations.FirstOrDefault();
}
