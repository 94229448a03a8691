namespace Enmesh.Terms;

/// <summary>What a <see cref="Term"/> is. The names are Erlang's.</summary>
public enum TermKind : byte
{
    /// <summary>The empty list, <c>[]</c>; also the value of <c>default(Term)</c>.</summary>
    Nil,

    /// <summary>An integer of any size.</summary>
    Integer,

    /// <summary>A finite 64-bit float.</summary>
    Float,

    /// <summary>An atom, <c>true</c> and <c>false</c> among them.</summary>
    Atom,

    /// <summary>A reference.</summary>
    Reference,

    /// <summary>A fun, local or external (<c>fun M:F/A</c>).</summary>
    Fun,

    /// <summary>A port identifier.</summary>
    Port,

    /// <summary>A process identifier.</summary>
    Pid,

    /// <summary>A tuple.</summary>
    Tuple,

    /// <summary>A map.</summary>
    Map,

    /// <summary>A list with at least one element, proper or improper.</summary>
    List,

    /// <summary>A binary or a bit string.</summary>
    BitString,

    /// <summary>A native record (OTP 29 and later).</summary>
    Record,
}
