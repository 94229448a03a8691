using System.Diagnostics.CodeAnalysis;
using Enmesh.Terms;

namespace Enmesh;

/// <summary>The name of a node, <c>alive@host</c>: who it is, and where it is dialled.</summary>
/// <remarks>Compared as text, exactly: <c>a@HOST</c> and <c>a@host</c> are two nodes, as on the BEAM.</remarks>
public sealed class NodeName : IEquatable<NodeName>, IComparable<NodeName>
{
    private NodeName(string text, int at)
    {
        Atom = new Atom(text);
        Alive = text[..at];
        Host = text[(at + 1)..];
    }

    /// <summary>The whole name.</summary>
    public string Text => Atom.Text;

    /// <summary>The whole name as an atom.</summary>
    public Atom Atom { get; }

    /// <summary>The part before the <c>@</c>.</summary>
    public string Alive { get; }

    /// <summary>The part after the <c>@</c>: a host name or an address, IPv6 without brackets.</summary>
    public string Host { get; }

    /// <summary>Whether this is a long name: the host part has a dot or a colon.</summary>
    public bool IsLong => Host.AsSpan().ContainsAny('.', ':');

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">It is no node name; the message says why.</exception>
    public static NodeName Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Problem(text) is { } problem
            ? throw new FormatException(problem)
            : new NodeName(text, text.IndexOf('@', StringComparison.Ordinal));
    }

    /// <summary>Reads a name.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NodeName? name)
    {
        name = text is null || Problem(text) is not null
            ? null
            : new NodeName(text, text.IndexOf('@', StringComparison.Ordinal));
        return name is not null;
    }

    /// <summary>Whether the two are the same name.</summary>
    public static bool operator ==(NodeName? left, NodeName? right) =>
        ReferenceEquals(left, right) || (left is not null && left.Equals(right));

    /// <summary>Whether the two differ.</summary>
    public static bool operator !=(NodeName? left, NodeName? right) => !(left == right);

    /// <summary>Compares as text.</summary>
    public static bool operator <(NodeName left, NodeName right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(NodeName left, NodeName right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(NodeName left, NodeName right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(NodeName left, NodeName right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public bool Equals(NodeName? other) => other is not null && Atom == other.Atom;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NodeName);

    /// <inheritdoc/>
    public override int GetHashCode() => Atom.GetHashCode();

    /// <summary>Compares as text, which also decides between crossing connection attempts.</summary>
    public int CompareTo(NodeName? other) => Atom.CompareTo(other?.Atom);

    /// <summary>The whole name.</summary>
    public override string ToString() => Text;

    private static string? Problem(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
            return $"'{text}' is no node name: there is no '@'. It has the form alive@host, as in orders@10.0.0.7.";
        if (text.IndexOf('@', at + 1) >= 0)
            return $"'{text}' is no node name: it has more than one '@'.";
        if (at == 0)
            return $"'{text}' is no node name: nothing stands before the '@'.";
        if (at == text.Length - 1)
            return $"'{text}' is no node name: nothing stands behind the '@'.";
        foreach (var c in text)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c))
                return $"A node name has a character (U+{(int)c:X4}) that it may not have.";
        }
        return text.Length > Atom.MaxCharacters
            ? $"A node name has at most {Atom.MaxCharacters} characters; this one has {text.Length}."
            : null;
    }
}
