namespace Enmesh.Modules;

/// <summary>
/// Makes a partial class a module that peers may call, by its methods with <see cref="ErlangFunctionAttribute"/>.
/// </summary>
/// <remarks>
/// A source generator writes what calls them, so that there is no reflection; it reports what cannot be called. See
/// docs/being-called.md.
/// </remarks>
/// <param name="name">
/// The module's name as Erlang writes it, for an Elixir module <c>Elixir.Shop.Calc</c>; the class's own name in snake
/// case when null.
/// </param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ErlangModuleAttribute(string? name = null) : Attribute
{
    /// <summary>The module's name; null for the class's own in snake case.</summary>
    public string? Name { get; } = name;
}

/// <summary>Lets peers call a method of a class with <see cref="ErlangModuleAttribute"/>.</summary>
/// <param name="name">
/// The function's name; the method's own in snake case and without <c>Async</c> when null.
/// </param>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class ErlangFunctionAttribute(string? name = null) : Attribute
{
    /// <summary>The function's name; null for the method's own in snake case and without <c>Async</c>.</summary>
    public string? Name { get; } = name;

    /// <summary>
    /// The one number of arguments to export it with, where optional parameters would make several. Default -1: all.
    /// </summary>
    public int Arity { get; set; } = -1;
}
