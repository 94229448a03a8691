using Enmesh.Generators.Emitting;
using Enmesh.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Enmesh.Generators;

/// <summary>Fills partial classes with <c>[ErlangModule]</c> with what calls their methods for peers.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ErlangModuleGenerator : IIncrementalGenerator
{
    /// <summary>Name of the step that holds what is generated from, for tests of caching.</summary>
    public const string ModelStep = "Module";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var modules = context.SyntaxProvider.ForAttributeWithMetadataName(
            $"{ModuleParser.Namespace}.{ModuleParser.Module}",
            static (node, _) => node is TypeDeclarationSyntax,
            ModuleParser.Parse);

        // Apart, so that a diagnostic that only moves does not generate the source again.
        var models = modules.Select(static (parsed, _) => parsed?.Model).WithTrackingName(ModelStep);
        var diagnostics = modules.SelectMany(static (parsed, _) => parsed?.Diagnostics ?? []);

        context.RegisterSourceOutput(models, static (output, model) =>
        {
            if (model is not null)
                output.AddSource(model.HintName, ModuleEmitter.Emit(model));
        });
        context.RegisterSourceOutput(diagnostics, static (output, diagnostic) =>
            output.ReportDiagnostic(diagnostic.ToDiagnostic()));
    }
}
