using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>What stands on the context beside the types it names.</summary>
internal sealed record ContextOptions(
    string NullAtom,
    int Naming,
    bool BinaryKeys,
    bool RefuseUnknown,
    bool OmitNull,
    ImmutableArray<string> Formats)
{
    internal static ContextOptions Of(INamedTypeSymbol context)
    {
        var options = context.Ours(Attributes.Options);
        return new ContextOptions(
            options.Named("Null") is 1 ? "Nil" : "Undefined",
            options.Named("Naming") is int naming ? naming : 0,
            options.Named("Keys") is 1,
            options.Named("UnknownKeys") is 1,
            options.Named("OmitNull") is true,
            context.GetAttributes().Formats());
    }

    /// <summary>The Erlang name that a C# name gets.</summary>
    internal string NameOf(string name) => Naming switch
    {
        0 => Names.SnakeCase(name),
        1 => Names.CamelCase(name),
        _ => name,
    };
}
