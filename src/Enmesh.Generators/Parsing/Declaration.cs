using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Enmesh.Generators.Parsing;

/// <summary>The declaration of a class that is generated into.</summary>
internal static class Declaration
{
    private static readonly SymbolDisplayFormat Unescaped = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary>The name of the type's generated file.</summary>
    internal static string HintName(INamedTypeSymbol type, string kind = "") =>
        $"{type.ToDisplayString(Unescaped)}{kind}.g.cs";

    /// <summary>Its namespace; null for the global one.</summary>
    internal static string? NamespaceOf(INamedTypeSymbol type) =>
        type.ContainingNamespace.IsGlobalNamespace ? null : type.ContainingNamespace.ToDisplayString();

    /// <summary>The heads of the partial types to reopen, outermost first.</summary>
    internal static Stack<string> Heads(INamedTypeSymbol innermost)
    {
        var heads = new Stack<string>();
        for (var type = innermost; type is not null; type = type.ContainingType)
        {
            var keyword = type switch
            {
                { IsRecord: true, IsValueType: true } => "record struct",
                { IsRecord: true } => "record",
                { TypeKind: TypeKind.Interface } => "interface",
                { IsValueType: true } => "struct",
                _ => "class",
            };
            heads.Push($"partial {keyword} {Names.Escaped(type.Name)}");
        }
        return heads;
    }

    /// <summary>Whether nothing can be added to a type, because it or one around it is not partial: that one.</summary>
    internal static INamedTypeSymbol? NotPartial(INamedTypeSymbol innermost, CancellationToken cancellation)
    {
        for (var type = innermost; type is not null; type = type.ContainingType)
        {
            var isPartial = type.DeclaringSyntaxReferences.All(reference =>
                reference.GetSyntax(cancellation) is TypeDeclarationSyntax syntax
                    && syntax.Modifiers.Any(SyntaxKind.PartialKeyword));
            if (!isPartial)
                return type;
        }
        return null;
    }

    /// <summary>Whether the type, or one around it, is generic.</summary>
    internal static bool IsGeneric(INamedTypeSymbol innermost)
    {
        for (var type = innermost; type is not null; type = type.ContainingType)
        {
            if (type.TypeParameters.Length > 0)
                return true;
        }
        return false;
    }

    /// <summary>
    /// Whether the attribute that was found is the type's first of this name: a partial class may carry it on several
    /// declarations, and is generated for once.
    /// </summary>
    internal static bool IsFirst(GeneratorAttributeSyntaxContext syntax, AttributeData? attribute) =>
        attribute?.ApplicationSyntaxReference is { } first
            && first.SyntaxTree == syntax.TargetNode.SyntaxTree && syntax.TargetNode.Span.Contains(first.Span);
}
