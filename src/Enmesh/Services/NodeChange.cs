using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>Kinds of nodes, as for <c>erlang:nodes/1</c>.</summary>
[Flags]
public enum NodeKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>This node.</summary>
    This = 1,

    /// <summary>Connected nodes that are published, when this one is: those of <c>nodes()</c>.</summary>
    Visible = 2,

    /// <summary>The other connected nodes.</summary>
    Hidden = 4,

    /// <summary>All connected nodes.</summary>
    Connected = 8,

    /// <summary>This node, the connected ones, and those that discovery has named.</summary>
    Known = 16,
}

/// <summary>A node has been connected, or is not any more.</summary>
/// <param name="Node">The node.</param>
/// <param name="IsUp">Whether it has been connected.</param>
/// <param name="Reason">
/// Why it is not any more: <c>connection_closed</c>, <c>disconnect</c>, <c>net_tick_timeout</c>, <c>killed</c> (it
/// broke the protocol); null when it has been connected.
/// </param>
public sealed record NodeChange(NodeName Node, bool IsUp, string? Reason)
{
    private static readonly Atom NodeUp = new("nodeup");
    private static readonly Atom NodeDown = new("nodedown");
    private static readonly Atom ReasonKey = new("nodedown_reason");

    /// <summary>
    /// Recognises a message of <c>ProcessContext.MonitorNodes</c>, with or without the list of what is known
    /// besides.
    /// </summary>
    public static bool TryRead(Term message, out NodeChange change)
    {
        change = null!;
        var elements = message.TupleElements;
        if (elements.Length is not (2 or 3) || elements[0].Atom is not { } what || (what != NodeUp && what != NodeDown)
            || !NodeName.TryParse(elements[1].AtomText, out var node))
        {
            return false;
        }
        change = new(node, what == NodeUp, elements.Length == 3 ? ReasonIn(elements[2]) : null);
        return true;
    }

    private static string? ReasonIn(Term info)
    {
        foreach (var pair in info.AsList ?? default)
        {
            if (pair.TupleElements is [{ Atom: { } key }, { AtomText: { } reason }] && key == ReasonKey)
                return reason;
        }
        return null;
    }
}
