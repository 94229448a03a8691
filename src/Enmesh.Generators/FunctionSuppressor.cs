using System.Collections.Immutable;
using Enmesh.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Enmesh.Generators;

/// <summary>
/// Keeps CA1822 ("could be static") from methods with <c>[ErlangFunction]</c>: they are called on the object that is
/// exported, whether they need it today or not.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class FunctionSuppressor : DiagnosticSuppressor
{
    private static readonly SuppressionDescriptor NotStatic = new(
        "ENMS001", "CA1822", "A function is called on the object that is exported");

    /// <inheritdoc/>
    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions { get; } = [NotStatic];

    /// <inheritdoc/>
    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        foreach (var diagnostic in context.ReportedDiagnostics)
        {
            if (diagnostic.Location.SourceTree is not { } tree)
                continue;
            var node = tree.GetRoot(context.CancellationToken).FindNode(diagnostic.Location.SourceSpan);
            var symbol = context.GetSemanticModel(tree).GetDeclaredSymbol(node, context.CancellationToken);
            if (symbol is not null && ModuleParser.IsFunction(symbol))
                context.ReportSuppression(Suppression.Create(NotStatic, diagnostic));
        }
    }
}
