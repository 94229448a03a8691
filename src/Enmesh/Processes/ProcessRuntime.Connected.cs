using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

// For services that talk to those who are there and never dial: what Erlang calls noconnect.
internal sealed partial class ProcessRuntime
{
    private volatile bool _isEnding;

    /// <summary>Whether the node is stopping: what ends now is not started again.</summary>
    internal bool IsEnding
    {
        get => _isEnding;
        private set => _isEnding = value;
    }

    /// <summary>A reference that nobody has had yet.</summary>
    internal Reference NewReference() => _references.Next(ReferenceKind.Plain);

    /// <summary>The link to a node that is connected.</summary>
    internal PeerLink? FindLink(Atom node) => _peers.Find(node);

    /// <summary>Sends over this link, and over no other. Never waits.</summary>
    /// <returns>False when the link is gone.</returns>
    internal bool SendOver(PeerLink link, ProcessContext sender, in ProcessAddress to, Term message) =>
        link.Signal(sender, ToControl(sender, to), message);

    /// <summary>Sends, unless that takes a connection that is not there. Never waits.</summary>
    internal void SendConnected(ProcessContext sender, in ProcessAddress to, Term message)
    {
        if (!IsRemote(to, out var node))
            DeliverLocally(to, message);
        else if (_peers.Find(node) is { } link)
            SendOver(link, sender, to, message);
    }

    /// <summary>Monitors a process of this node.</summary>
    internal Reference MonitorHere(ProcessContext owner, Pid process)
    {
        var reference = NewReference(owner, ReferenceKind.Monitor);
        MonitorLocally(owner, process, reference, MonitorOptions.Default);
        return reference;
    }

    /// <summary>
    /// Monitors a process behind this link: its loss is the process's end, whatever link comes after it.
    /// </summary>
    internal Reference MonitorOver(PeerLink link, ProcessContext owner, Pid process)
    {
        var reference = NewReference(owner, ReferenceKind.Monitor);
        MonitorOver(link, owner, process, reference, MonitorOptions.Default);
        return reference;
    }
}
