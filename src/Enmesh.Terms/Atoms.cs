namespace Enmesh.Terms;

/// <summary>Atoms that nearly every program meets.</summary>
public static class Atoms
{
    /// <summary><c>''</c></summary>
    public static Atom Empty { get; } = new("");

    /// <summary><c>true</c></summary>
    public static Atom True { get; } = new("true");

    /// <summary><c>false</c></summary>
    public static Atom False { get; } = new("false");

    /// <summary><c>ok</c></summary>
    public static Atom Ok { get; } = new("ok");

    /// <summary><c>error</c></summary>
    public static Atom Error { get; } = new("error");

    /// <summary><c>undefined</c>, Erlang's missing value.</summary>
    public static Atom Undefined { get; } = new("undefined");

    /// <summary><c>nil</c>, Elixir's missing value. Not the empty list.</summary>
    public static Atom ElixirNil { get; } = new("nil");

    /// <summary><c>normal</c></summary>
    public static Atom Normal { get; } = new("normal");

    /// <summary><c>infinity</c></summary>
    public static Atom Infinity { get; } = new("infinity");

    internal static ReadOnlySpan<Atom> All => Known;

    private static Atom[] Known { get; } = [Empty, True, False, Ok, Error, Undefined, ElixirNil, Normal, Infinity];
}
