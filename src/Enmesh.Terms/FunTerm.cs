using Enmesh.Terms.Order;

namespace Enmesh.Terms;

/// <summary>
/// A fun. A local one is kept as it came, with the values it has caught: only its own node can call it.
/// </summary>
public sealed class FunTerm : IEquatable<FunTerm>
{
    internal const int UniqueBytes = 16;

    private readonly Term[] _freeVariables = [];

    /// <summary>Makes the external fun <c>fun Module:Function/Arity</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The arity is not 0 to 255.</exception>
    public FunTerm(Atom module, Atom function, int arity)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(function);
        if (arity is < 0 or > byte.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(arity), arity, "A fun takes 0 to 255 arguments.");
        (Module, Function, Arity) = (module, function, arity);
    }

    internal FunTerm(Atom module, int arity, LocalFunId id, Pid creator, Term[] freeVariables)
    {
        (Module, Arity, Id, Creator, _freeVariables) = (module, arity, id, creator, freeVariables);
    }

    /// <summary>The module.</summary>
    public Atom Module { get; }

    /// <summary>The function's name; null for a local fun.</summary>
    public Atom? Function { get; }

    /// <summary>The number of arguments.</summary>
    public int Arity { get; }

    /// <summary>Whether this is <c>fun Module:Function/Arity</c>, which every node can call.</summary>
    public bool IsExternal => Function is not null;

    /// <summary>The process that made a local fun; null for an external one.</summary>
    public Pid? Creator { get; }

    /// <summary>The values that a local fun has caught; empty for an external one.</summary>
    public ReadOnlySpan<Term> FreeVariables => _freeVariables;

    internal LocalFunId Id { get; }

    /// <summary>What runs a local fun on its own node; it never travels.</summary>
    internal object? Code { get; init; }

    internal Term[] FreeVariableArray => _freeVariables;

    /// <summary>Exact equality, as <c>=:=</c>.</summary>
    public bool Equals(FunTerm? other) => other is not null && ExactEquality.AreEqual(this, other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FunTerm);

    /// <inheritdoc/>
    public override int GetHashCode() => ExactEquality.Hash(this);

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();

    /// <summary>The same local fun with other caught values.</summary>
    internal FunTerm With(Term[] freeVariables) => new(Module, Arity, Id, Creator!, freeVariables) { Code = Code };

    /// <summary>Whether the two are the same code, whatever values they have caught, and whoever made them.</summary>
    internal bool IsSameCode(FunTerm other) =>
        Module == other.Module && Function == other.Function && Arity == other.Arity
        && Id.Unique == other.Id.Unique && Id.Index == other.Id.Index && Id.OldUnique == other.Id.OldUnique
        && _freeVariables.Length == other._freeVariables.Length;
}

/// <summary>Which piece of code of its module a local fun is.</summary>
/// <param name="Unique">MD5 of the module's significant parts, <c>Uniq</c> in the specification.</param>
/// <param name="Index">The number of the fun within the module.</param>
/// <param name="OldIndex">The same before releases of the sixties; sent to this day.</param>
/// <param name="OldUnique">A hash of the fun's parse tree.</param>
internal readonly record struct LocalFunId(UInt128 Unique, uint Index, long OldIndex, long OldUnique);
