namespace Enmesh.Architecture.Tests.Layers;

/// <summary>
/// A type, by its namespace and the name of the outermost type around it: nested types live in its room.
/// </summary>
internal sealed record TypeName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}.{Name}";
}

/// <summary>Code of one type that names another type, and the member of it when it names one.</summary>
internal sealed record CodeReference(TypeName From, TypeName To, string? Member)
{
    public override string ToString() => Member is null ? $"{From} -> {To}" : $"{From} -> {To}.{Member}";
}
