using System.Collections.Immutable;
using Enmesh.Terms;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Enmesh.Generators.Tests;

/// <summary>Compiles source with the generator, as a user's project would.</summary>
internal static class Compiler
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Threading;
        using System.Threading.Tasks;
        using Enmesh.Modules;
        using Enmesh.Processes;
        using Enmesh.Terms;
        using Enmesh.Terms.Serialization;

        """;

    private static readonly ImmutableArray<MetadataReference> References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Concat([typeof(Term).Assembly.Location, typeof(ErlangNode).Assembly.Location])
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>A driver with all generators.</summary>
    internal static CSharpGeneratorDriver Driver(bool tracks = false) => CSharpGeneratorDriver.Create(
        [new TermSerializerGenerator().AsSourceGenerator(), new ErlangModuleGenerator().AsSourceGenerator()],
        driverOptions: new GeneratorDriverOptions(default, trackIncrementalGeneratorSteps: tracks));

    internal static CSharpCompilation Compile(string source) => CSharpCompilation.Create(
        "Sample",
        [CSharpSyntaxTree.ParseText(Usings + source, path: "Sample.cs")],
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>What the generator and the compiler complain about: the id, and the code that is underlined.</summary>
    internal static (string Id, string Code, string Message)[] Diagnostics(string source)
    {
        var compilation = Compile(source);
        Driver()
            .RunGeneratorsAndUpdateCompilation(compilation, out var updated, out var reported);
        return [.. reported.Concat(updated.GetDiagnostics())
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)
            .Select(diagnostic => (diagnostic.Id, CodeAt(diagnostic, Usings + source), diagnostic.GetMessage(null)))];
    }

    /// <summary>What is generated for source in which nothing is wrong.</summary>
    internal static string Generate(string source)
    {
        Driver()
            .RunGeneratorsAndUpdateCompilation(Compile(source), out var updated, out _);
        Xunit.Assert.Empty(updated.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        return string.Concat(updated.SyntaxTrees.Skip(1).Select(tree => tree.ToString()));
    }

    private static string CodeAt(Diagnostic diagnostic, string source) => diagnostic.Location.GetLineSpan().Path == "Sample.cs"
        ? source.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length)
        : diagnostic.Location.GetLineSpan().Path;
}
