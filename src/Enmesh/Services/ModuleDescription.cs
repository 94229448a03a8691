using System.Reflection;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>What is said of a module that peers may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Documentation">What it is for; null when nothing is said.</param>
/// <param name="Assembly">Where it comes from; null when that is not known.</param>
internal sealed record ModuleDescription(Atom Name, string? Documentation, Assembly? Assembly);

/// <summary>What is said of a function that peers may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arity">The number of its arguments.</param>
/// <param name="Signature">Its arguments and their types, as Erlang writes them.</param>
/// <param name="Documentation">What it does, in paragraphs; null when nothing is said.</param>
internal sealed record FunctionDescription(Atom Name, int Arity, string Signature, string? Documentation)
{
    /// <summary>A function of which nothing is said.</summary>
    internal static FunctionDescription Unknown(Atom name, int arity, string? documentation = null) =>
        new(name, arity, $"{(Term)name}/{arity}", documentation);
}
