namespace Enmesh.Terms.Text;

/// <summary>
/// What a part of a term looks like on a single line, and what it consists of; lines are broken from these.
/// </summary>
/// <remarks>
/// Nodes are kept in one list and name each other by their place in it; 0, the root, stands for none.
/// </remarks>
internal struct LayoutNode
{
    internal LayoutKind Kind;

    /// <summary>Whether this is what a list ends in instead of <c>[]</c>.</summary>
    internal bool IsTail;

    /// <summary>Where its text begins.</summary>
    internal int Start;

    /// <summary>Where its text ends.</summary>
    internal int End;

    /// <summary>Where the name of a record or a field ends.</summary>
    internal int NameEnd;

    /// <summary>The length of the text in characters as Erlang counts them.</summary>
    internal int Length;

    internal int FirstChild;

    internal int NextSibling;
}

internal enum LayoutKind : byte
{
    /// <summary>Something that is never broken.</summary>
    Text,

    /// <summary>A binary that is printed as numbers: it can be broken, after any comma.</summary>
    Binary,
    List,
    Tuple,

    /// <summary>A tuple of at least two elements whose first one is an atom.</summary>
    TaggedTuple,
    Map,

    /// <summary>A key and a value.</summary>
    Pair,
    Record,

    /// <summary>A name and a value.</summary>
    Field,

    /// <summary>Three dots in the place of elements left out.</summary>
    Dots,
}
