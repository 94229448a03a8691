using Enmesh.Generators.Emitting;
using Enmesh.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Enmesh.Generators;

/// <summary>Fills partial classes derived from <c>TermSerializerContext</c> with the type infos they ask for.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class TermSerializerGenerator : IIncrementalGenerator
{
    /// <summary>Name of the step that holds what is generated from, for tests of caching.</summary>
    public const string ModelStep = "Model";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var contexts = context.SyntaxProvider.ForAttributeWithMetadataName(
            $"{Attributes.Namespace}.{Attributes.Serializable}",
            static (node, _) => node is ClassDeclarationSyntax,
            ContextParser.Parse);

        // Apart, so that a diagnostic that only moves does not generate the source again.
        var models = contexts.Select(static (parsed, _) => parsed?.Model).WithTrackingName(ModelStep);
        var diagnostics = contexts.SelectMany(static (parsed, _) => parsed?.Diagnostics ?? []);

        context.RegisterSourceOutput(models, static (output, model) =>
        {
            if (model is not null)
                output.AddSource(model.HintName, ContextEmitter.Emit(model));
        });
        context.RegisterSourceOutput(diagnostics, static (output, diagnostic) =>
            output.ReportDiagnostic(diagnostic.ToDiagnostic()));
    }
}
