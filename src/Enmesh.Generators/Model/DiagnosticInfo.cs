using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Enmesh.Generators.Model;

/// <summary>A diagnostic without a syntax tree in it, so that it can be cached.</summary>
internal sealed record DiagnosticInfo(
    DiagnosticDescriptor Descriptor, LocationInfo? Location, EquatableArray<string> Arguments)
{
    internal Diagnostic ToDiagnostic() =>
        Diagnostic.Create(Descriptor, Location?.ToLocation(), Arguments.ToArray<object>());
}

/// <summary>A place in a source file.</summary>
internal sealed record LocationInfo(string Path, TextSpan Span, LinePositionSpan Lines)
{
    internal static LocationInfo? From(Location? location) => location is not { IsInSource: true }
        ? null
        : new LocationInfo(location.SourceTree!.FilePath, location.SourceSpan, location.GetLineSpan().Span);

    internal Location ToLocation() => Location.Create(Path, Span, Lines);
}
