namespace Enmesh.Terms;

/// <summary>A fun. A local one is kept as the bytes it came with: only its own node can call it.</summary>
public sealed class FunTerm : IEquatable<FunTerm>
{
    /// <summary>Makes the external fun <c>fun Module:Function/Arity</c>.</summary>
    public FunTerm(Atom module, Atom function, int arity)
    {
        (Module, Function, Arity) = (module, function, arity);
    }

    /// <summary>The module.</summary>
    public Atom Module { get; }

    /// <summary>The function's name; null for a local fun.</summary>
    public Atom? Function { get; }

    /// <summary>The number of arguments.</summary>
    public int Arity { get; }

    /// <inheritdoc/>
    public bool Equals(FunTerm? other) =>
        other is not null && Module == other.Module && Function == other.Function && Arity == other.Arity;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FunTerm);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Module, Function, Arity);
}
