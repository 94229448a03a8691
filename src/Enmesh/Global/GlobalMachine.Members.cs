using Enmesh.Terms;

namespace Enmesh.Global;

// Who is connected, who belongs to our partition, and keeping partitions from overlapping: whoever loses a node says so
// to everybody, everybody passes it on, and disconnects from the lost one. It costs more links than it need, but every
// node decides alike, and at once.
internal sealed partial class GlobalMachine
{
    /// <summary>So long a node that others know may take to connect to us when we cannot connect to it.</summary>
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(7);

    /// <summary>
    /// So long a connected node may be neither met nor known and in sync. It happens when whoever was about to
    /// introduce two nodes to each other went down half-way: one of them knows the other, which knows nothing.
    /// </summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(2);

    private readonly HashSet<Atom> _connected = [];
    private readonly Dictionary<Atom, int> _known = [];
    private readonly HashSet<Atom> _synced = [];

    /// <summary>Nodes we are parting from: the end of the connection is no loss to be told of.</summary>
    private readonly HashSet<Atom> _removing = [];

    /// <summary>
    /// Nodes that we were to join, and are not any more, while an attempt to connect was still under way.
    /// </summary>
    private readonly HashSet<Atom> _unwanted = [];

    /// <summary>Nodes that others know and that are not connected yet, and until when that may take.</summary>
    private readonly Dictionary<Atom, TimeSpan?> _joining = [];

    /// <summary>
    /// Connected nodes with which nothing is under way although something should be, and until when that may be.
    /// </summary>
    private readonly Dictionary<Atom, TimeSpan> _unsettled = [];

    private readonly LostConnections _lost = new();
    private readonly List<(HashSet<Atom> Nodes, Action Then)> _partings = [];
    private long _lastLoss;
    private bool _isLeaving;

    private void OnNodeUp(Atom node)
    {
        _connected.Add(node);
        _removing.Remove(node);
        if (_joining.Remove(node))
        {
            Cast(node, GlobalMessages.InSync(_self.Node));
            DoLater(node);
        }
        if (_unwanted.Remove(node))
        {
            // It may know us as one of its own, and would wait for us to know it: with the next connection we meet.
            _removing.Add(node);
            Do(new GlobalEffect.Disconnect(node));
            return;
        }
        if (!_known.ContainsKey(node) && !_sessions.ContainsKey(node))
            StartSession(node);
    }

    private void OnNodeDown(Atom node)
    {
        _connected.Remove(node);
        _early.Remove(node);
        // The watches say so, too, but for what came by messages that were looked at after the end of the connection: a
        // name that only we have would not be told to the others when the node comes back.
        _locks.NodeGone(node);
        RemoveNamesOf(node);
        if (!_removing.Remove(node))
            TellLoss(node);
        Drop(node);
        SyncsDone(node);
        for (var i = _partings.Count - 1; i >= 0; i--)
        {
            var (nodes, then) = _partings[i];
            nodes.Remove(node);
            if (nodes.Count > 0)
                continue;
            _partings.RemoveAt(i);
            then();
        }
    }

    /// <summary>A node that others know cannot be reached; it may still reach us.</summary>
    private void OnUnreachable(Atom node)
    {
        _unwanted.Remove(node);
        if (_joining.ContainsKey(node))
            _joining[node] = _now + JoinTime;
    }

    /// <summary>Begins anew, by way of a new connection, with nodes that were forgotten half-way.</summary>
    private void GiveUpUnsettled()
    {
        if (_unsettled.Count == 0 && _synced.Count == _connected.Count && _known.Count == _connected.Count)
            return;
        foreach (var node in _unsettled.Keys.Where(node => !IsUnsettled(node)).ToArray())
            _unsettled.Remove(node);
        foreach (var node in _connected.Where(IsUnsettled).ToArray())
        {
            if (_unsettled.TryAdd(node, _now + SettleTime) || _unsettled[node] > _now)
                continue;
            _unsettled[node] = _now + SettleTime;
            Report(GlobalReport.Unsettled, node);
            Do(new GlobalEffect.Disconnect(node));
        }
    }

    private bool IsUnsettled(Atom node) =>
        _connected.Contains(node) && !_removing.Contains(node) && !_sessions.ContainsKey(node)
            && !(_known.ContainsKey(node) && _synced.Contains(node));

    private void GiveUpJoining()
    {
        foreach (var node in _joining.Where(joining => joining.Value <= _now).Select(joining => joining.Key).ToArray())
        {
            Report(GlobalReport.NotReached, node);
            TellLoss(node);
            Drop(node);
            SyncsDone(node);
        }
    }

    /// <summary>Makes sure that a node others know is connected, and tells it that we know it.</summary>
    private void Join(Atom node)
    {
        if (node == _self.Node)
            return;
        if (_connected.Contains(node))
            Cast(node, GlobalMessages.InSync(_self.Node));
        else if (_joining.TryAdd(node, null) && !_unwanted.Remove(node))
            Do(new GlobalEffect.Connect(node));
    }

    /// <summary>Forgets a node. What its processes have locked and registered goes with them.</summary>
    private void Drop(Atom node)
    {
        EndSession(node, tellHim: true);
        if (_known.Remove(node))
            NoteGone(node);
        _synced.Remove(node);
        if (!_joining.Remove(node))
            return;
        RemoveNamesOf(node);
        FailLater(node);
    }

    private void RemoveNamesOf(Atom node)
    {
        foreach (var name in _names.NamesOf(node))
            RemoveName(name);
    }

    /// <returns>The nodes that were not known before.</returns>
    private List<Atom> AddKnown(IEnumerable<KeyValuePair<Atom, int>> nodes)
    {
        var added = new List<Atom>();
        foreach (var (node, version) in nodes)
        {
            if (node == _self.Node)
                continue;
            if (!_known.TryGetValue(node, out var before))
            {
                added.Add(node);
                _gone.Remove(node);
                _removing.Remove(node); // a member again: should the connection end after all, that is a loss
            }
            if (before == 0)
                _known[node] = version;
        }
        return added;
    }

    /// <summary>The version a node speaks: a known one, or one that we are meeting; 0 when that is not known.</summary>
    private int VersionOf(Atom node) =>
        _known.TryGetValue(node, out var version) ? version : _sessions.GetValueOrDefault(node)?.Version ?? 0;

    private bool IsPotentiallyKnown(Atom node) =>
        _known.ContainsKey(node) || _sessions.GetValueOrDefault(node)?.HisTag is not null;

    private void TellLoss(Atom node)
    {
        if (_isLeaving || !_self.PreventOverlappingPartitions)
            return;
        var number = ++_lastLoss;
        // Others pass it on to us as well.
        _lost.IsNew(_self.Node, _self.Creation, number, node, _now);
        PassOn(GlobalMessages.LostConnection(_self.Node, _self.Creation, number, node), but: node);
    }

    private void PassOn(Term message, Atom but)
    {
        foreach (var (node, version) in _known)
        {
            if (version >= GlobalMessages.PartitionsVersion && node != but)
                Send(node, message);
        }
        foreach (var session in _sessions.Values)
        {
            if (session.Version >= GlobalMessages.PartitionsVersion && session.Node != but
                && !_known.ContainsKey(session.Node))
                Send(session.Node, message);
        }
    }

    /// <summary>Somebody has lost a node; all others part from it, so that no two partitions overlap.</summary>
    private void OnLostConnection(Term message, Atom from, Term creation, long number, Atom to)
    {
        if (_isLeaving || !_self.PreventOverlappingPartitions || !_lost.IsNew(from, creation, number, to, _now))
            return;
        NoteLoss(from, to);
        PassOn(message, but: from);
        // When it was us who got lost, the others part from us, and the one who lost us need not be parted from by
        // them.
        var other = to == _self.Node ? from : to;
        if (!IsPotentiallyKnown(other))
            return;
        // One that has not said yet that it knows us may not, and would not do as it is asked.
        if (VersionOf(other) < GlobalMessages.PartitionsVersion
            || (_known.ContainsKey(other) && !_synced.Contains(other)))
        {
            Do(new GlobalEffect.Disconnect(other));
            Report(GlobalReport.Disconnected, other);
        }
        else
        {
            Send(other, GlobalMessages.RemoveConnection(_self.Node));
            Report(GlobalReport.AskedToDisconnect, other);
        }
        Part(other);
    }

    private void OnRemoveConnection(Atom node)
    {
        // Two that ask each other at the same time have forgotten each other already: the link must go all the same.
        if (!IsPotentiallyKnown(node) && !_removing.Contains(node))
            return;
        Do(new GlobalEffect.Disconnect(node));
        Report(GlobalReport.Disconnected, node);
        Part(node);
    }

    private void Part(Atom node)
    {
        if (_joining.TryGetValue(node, out var until) && until is null)
            _unwanted.Add(node);
        Drop(node);
        if (_connected.Contains(node))
            _removing.Add(node);
        SyncsDone(node);
    }

    /// <summary>
    /// Leaves the cluster: closes the links to all published nodes and says nothing of it, or everybody would part from
    /// everybody.
    /// </summary>
    private void DisconnectAll(Action<Term> then)
    {
        foreach (var node in _joining.Keys.ToArray())
            Part(node);
        var nodes = _connected.ToArray();
        var left = GlobalMessages.Nodes(nodes);
        foreach (var node in nodes)
        {
            Part(node);
            Do(new GlobalEffect.Disconnect(node));
        }
        if (nodes.Length == 0)
            then(left);
        else
            _partings.Add(([.. nodes], () => then(left)));
    }
}
