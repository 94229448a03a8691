using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// Which nodes a process wants to hear of, and in which words: the options of <c>net_kernel:monitor_nodes/2</c>.
/// </summary>
public sealed record NodeMonitorOptions
{
    internal static NodeMonitorOptions Default { get; } = new();

    /// <summary>Which nodes. Default: the visible ones.</summary>
    public NodeTypes Types { get; init; } = NodeTypes.Visible;

    /// <summary>
    /// Whether the messages are <c>{nodeup, Node, Info}</c> and <c>{nodedown, Node, Info}</c>, where <c>Info</c> is a
    /// list with <c>{node_type, visible | hidden}</c> and for <c>nodedown</c> also <c>{nodedown_reason, Reason}</c>.
    /// Default: they are <c>{nodeup, Node}</c> and <c>{nodedown, Node}</c>.
    /// </summary>
    public bool Info { get; init; }
}

/// <summary>Kinds of nodes.</summary>
[Flags]
public enum NodeTypes
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Published nodes, those of <c>nodes()</c>.</summary>
    Visible = 1,

    /// <summary>Hidden nodes; when this node is hidden, all are.</summary>
    Hidden = 2,

    /// <summary>All of them.</summary>
    All = Visible | Hidden,
}

/// <summary>The processes that want to hear of nodes coming and going.</summary>
internal sealed class NodeMonitors(bool isPublished)
{
    private static readonly Atom NodeUp = new("nodeup");
    private static readonly Atom NodeDown = new("nodedown");
    private static readonly Atom NodeType = new("node_type");
    private static readonly Atom VisibleAtom = new("visible");
    private static readonly Atom HiddenAtom = new("hidden");
    private static readonly Atom ReasonKey = new("nodedown_reason");

    private readonly Lock _gate = new();
    private readonly List<PeerLink> _up = [];
    private (ProcessContext Process, NodeMonitorOptions Options)[] _monitors = [];

    /// <summary>Has a process told from now on. Each request adds one message to each event, as on the BEAM.</summary>
    /// <returns>The nodes that are connected at this moment; of each later change a message tells.</returns>
    internal IReadOnlyList<NodeName> Add(ProcessContext process, NodeMonitorOptions options)
    {
        lock (_gate)
        {
            _monitors = [.. _monitors, (process, options)];
            return [.. _up.Where(link => Concerns(options, link)).Select(link => link.Peer)];
        }
    }

    /// <returns>Whether there was a request with these options to take back.</returns>
    internal bool Remove(ProcessContext process, NodeMonitorOptions options)
    {
        lock (_gate)
        {
            var index = Array.FindLastIndex(
                _monitors, monitor => monitor.Process == process && monitor.Options == options);
            if (index < 0)
                return false;
            _monitors = [.. _monitors[..index], .. _monitors[(index + 1)..]];
            return true;
        }
    }

    internal void Ended(ProcessContext process)
    {
        lock (_gate)
        {
            if (Array.Exists(_monitors, monitor => monitor.Process == process))
                _monitors = [.. _monitors.Where(monitor => monitor.Process != process)];
        }
    }

    /// <summary>Before the first message of the node.</summary>
    internal void Up(PeerLink link)
    {
        lock (_gate)
        {
            _up.Add(link);
            Tell(link, NodeUp, null);
        }
    }

    /// <summary>After its last one.</summary>
    internal void Down(PeerLink link)
    {
        lock (_gate)
        {
            _up.Remove(link);
            Tell(link, NodeDown, ReasonOf(link.End!.Cause));
        }
    }

    // What net_kernel says of the ends it knows.
    private static Atom ReasonOf(LinkEndCause cause) => new(cause switch
    {
        LinkEndCause.NoTick => "net_tick_timeout",
        LinkEndCause.ClosedHere => "disconnect",
        LinkEndCause.Protocol => "killed",
        _ => "connection_closed",
    });

    private void Tell(PeerLink link, Atom what, Atom? reason)
    {
        foreach (var (process, options) in _monitors)
        {
            if (Concerns(options, link))
                process.Mailbox.PostSignal(Message(link, what, reason, options));
        }
    }

    private bool IsVisible(PeerLink link) => isPublished && link.PeerIsPublished;

    private bool Concerns(NodeMonitorOptions options, PeerLink link) =>
        (options.Types & (IsVisible(link) ? NodeTypes.Visible : NodeTypes.Hidden)) != NodeTypes.None;

    private Term Message(PeerLink link, Atom what, Atom? reason, NodeMonitorOptions options)
    {
        if (!options.Info)
            return Term.Tuple(what, link.Peer.Atom);
        var type = Term.Tuple(NodeType, IsVisible(link) ? VisibleAtom : HiddenAtom);
        var info = reason is null ? Term.List(type) : Term.List(Term.Tuple(ReasonKey, reason), type);
        return Term.Tuple(what, link.Peer.Atom, info);
    }
}
