using Enmesh.Terms;

namespace Enmesh.Global;

// Two partitions become one:
//   A                                          B
//   init_connect                               init_connect
//   init_connect_ack                           init_connect_ack             from version 8 on
//   the lockers lock both partitions, and say so to each other with lock_set
//   exchange: all names                        exchange
//   resolved: what B has to change             resolved
//   new_nodes to all others of A's partition   new_nodes
//   each new pair of nodes connects and says in_sync; the locks are released
internal sealed partial class GlobalMachine
{
    private readonly Dictionary<Atom, SyncSession> _sessions = [];

    /// <summary>What arrived from nodes that we are not meeting (yet).</summary>
    private readonly Dictionary<Atom, (Term Version, Term Hello)> _early = [];

    private readonly List<(HashSet<Atom> Nodes, Action Then)> _syncs = [];
    private long _lastTag;

    private void OnCast(Term message)
    {
        switch (message.TupleElements)
        {
            case [{ Atom: { } tag }, { IsTuple: true } version, { Atom: { } node }, { IsTuple: true } hello]
                when tag == GlobalAtoms.InitConnect:
                OnInitConnect(node, version, hello);
                break;
            case [{ Atom: { } tag }, { Pid: { } locker }, { Boolean: { } isSet }, _] when tag == GlobalAtoms.LockSet:
                _locker.OnLockSet(new(locker, isSet, null));
                break;
            case [{ Atom: { } tag }, { Pid: { } locker }, { Boolean: { } isSet }, _, var ourTag]
                when tag == GlobalAtoms.LockSet:
                if (_sessions.GetValueOrDefault(locker.Node)?.Tag == ourTag)
                    _locker.OnLockSet(new(locker, isSet, ourTag));
                break;
            case [{ Atom: { } tag }, { Atom: { } node }, { AsList: { IsProper: true } names }, _, var ourTag]
                when tag == GlobalAtoms.Exchange:
                if (SessionOf(node, ourTag) is { } exchanging)
                    OnExchange(exchanging, names);
                break;
            case [{ Atom: { } tag }, { Atom: { } node }, { AsList: { IsProper: true } operations }, var known, _,
                var external, var ourTag]
                when tag == GlobalAtoms.Resolved:
                if (SessionOf(node, ourTag) is { } resolving)
                    OnResolved(resolving, new(operations, GlobalMessages.ReadNodes(known), external));
                break;
            case [{ Atom: { } tag }, { Atom: not null }, { AsList: { IsProper: true } operations }, var external,
                var nodes, var extra]
                when tag == GlobalAtoms.NewNodes:
                OnNewNodes(operations, external, nodes, extra);
                break;
            case [{ Atom: { } tag }, { Atom: { } node }, _] when tag == GlobalAtoms.InSync:
                OnInSync(node);
                break;
            case [{ Atom: { } tag }, _, { Pid: not null }]
                when tag == GlobalAtoms.AsyncDelName || tag == GlobalAtoms.AsyncDelLock:
                break; // the watch on the process does that
            default:
                Report(GlobalReport.Unexpected, null, message);
                break;
        }
    }

    private void OnInfo(Term message)
    {
        switch (message.TupleElements)
        {
            case [{ Atom: { } tag }, { Atom: { } node }, var ourTag, var hisTag] when tag == GlobalAtoms.InitConnectAck:
                OnInitConnectAck(node, ourTag, hisTag);
                break;
            case [{ Atom: { } tag }, { Atom: { } node }, var ourTag] when tag == GlobalAtoms.CancelConnect:
                if (SessionOf(node, ourTag) is not null)
                    Restart(node, tellHim: false);
                break;
            // Plainly to the locker, which we are as well: from nodes of version 5, and a refusal from any.
            case [{ Atom: { } tag }, { Pid: { } locker }, { Boolean: { } isSet }, _] when tag == GlobalAtoms.LockSet:
                _locker.OnLockSet(new(locker, isSet, null));
                break;
            case [{ Atom: { } tag }, { Atom: { } from }, var creation, { Int64: { } number }, { Atom: { } to }]
                when tag == GlobalAtoms.LostConnection:
                OnLostConnection(message, from, creation, number, to);
                break;
            case [{ Atom: { } tag }, { Atom: { } node }] when tag == GlobalAtoms.RemoveConnection:
                OnRemoveConnection(node);
                break;
            default:
                Report(GlobalReport.Unexpected, null, message);
                break;
        }
    }

    private SyncSession? SessionOf(Atom node, Term tag) =>
        _sessions.TryGetValue(node, out var session) && session.Tag == tag ? session : null;

    private void StartSession(Atom node)
    {
        var session = new SyncSession(node, ++_lastTag);
        _sessions.Add(node, session);
        Cast(node, GlobalMessages.InitConnect(_self.Node, _self.Version, _self.Pid, session.Tag, _known));
        if (_early.Remove(node, out var early))
            OnInitConnect(node, early.Version, early.Hello);
    }

    /// <summary>Gives an attempt up.</summary>
    private void EndSession(Atom node, bool tellHim)
    {
        if (!_sessions.Remove(node, out var session))
            return;
        _locker.Cancel(node, session.Tag);
        if (tellHim && session is { HisTag: { } hisTag, Version: >= GlobalMessages.VerifiedVersion })
            Send(node, GlobalMessages.CancelConnect(_self.Node, hisTag));
    }

    private void Restart(Atom node, bool tellHim)
    {
        EndSession(node, tellHim);
        if (_connected.Contains(node) && !_known.ContainsKey(node))
            StartSession(node);
    }

    private void OnInitConnect(Atom node, Term version, Term hello)
    {
        if (version.TupleElements is not [{ Int32: >= GlobalMessages.OldestVersion and var his }, var hisTag, ..]
            || hello.TupleElements is not [_, _, _, { Pid: { } locker }])
        {
            Report(GlobalReport.Unexpected, node, version);
            return;
        }
        if (!_sessions.TryGetValue(node, out var session))
        {
            // We know it already, by another node; it is about to hear of us the same way.
            if (_connected.Contains(node))
                _early[node] = (version, hello);
            return;
        }
        if (session.HisTag is not null && BeginAgain(node, his) is { } again)
            session = again;
        else if (session.HisTag is not null)
            return;
        session.HisTag = hisTag;
        session.Version = Math.Min(his, _self.Version);
        if (session.Version >= GlobalMessages.VerifiedVersion)
            Send(node, GlobalMessages.InitConnectAck(_self.Node, hisTag, session.Tag));
        _locker.Add(new(node, locker, session.Version, session.Tag, hisTag));
    }

    /// <summary>
    /// It has begun a new attempt on its side. We go along, with the tag that we have told it. Should it have forgotten
    /// that, our acknowledgement will show it, and it cancels.
    /// </summary>
    private SyncSession? BeginAgain(Atom node, int version)
    {
        Report(GlobalReport.OutOfStep, node, version);
        if (version < GlobalMessages.VerifiedVersion)
        {
            Do(new GlobalEffect.Disconnect(node)); // it knows no way to get into step
            return null;
        }
        var tag = _sessions[node].Tag;
        EndSession(node, tellHim: false);
        return _sessions[node] = new SyncSession(node, tag);
    }

    private void OnInitConnectAck(Atom node, Term ourTag, Term hisTag)
    {
        // One about an older attempt of ours says nothing: it has been told of the newer one.
        if (SessionOf(node, ourTag) is not { } session || session.HisTag == hisTag)
            return;
        Send(node, GlobalMessages.CancelConnect(_self.Node, hisTag));
        Restart(node, tellHim: true);
    }

    /// <summary>Both partitions are locked: the names can be exchanged.</summary>
    private void OnLockIsSet(Atom node, Term tag, Term lockId)
    {
        if (SessionOf(node, tag) is not { } session)
        {
            _locker.Cancel(node, tag);
            return;
        }
        session.LockId = lockId;
        session.Told = NamesToTell();
        Cast(node, GlobalMessages.Exchange(_self.Node, GlobalMessages.Names(session.Told), session.HisTag!.Value));
        if (session.HisNames is not null)
            Resolve(session);
    }

    private void OnExchange(SyncSession session, ListTerm names)
    {
        if (session.HisNames is not null)
            return;
        session.HisNames = names;
        if (session.LockId is not null)
            Resolve(session);
    }

    private void OnResolved(SyncSession session, SyncSession.Verdict verdict)
    {
        session.His ??= verdict;
        if (session.IsResolved)
            Merge(session);
    }

    /// <summary>Both sides know what is to be changed: the partitions become one.</summary>
    private void Merge(SyncSession session)
    {
        var node = session.Node;
        var his = session.His!;
        KeyValuePair<Atom, int>[] hisKnown = [.. his.Known.Where(one => !session.Lost.Contains(one.Key))];
        Term[] operations = [.. WithoutLost(session, his), .. his.Operations];
        var extra = GlobalMessages.Extra(session.Version, session.LockId!.Value);
        KeyValuePair<Atom, int>[] newNodes =
        [
            new(node, session.Version),
            .. hisKnown.Select(one => one.Value == 0 ? new(one.Key, VersionOf(one.Key)) : one),
        ];
        foreach (var (other, _) in newNodes)
            _gone.Remove(other);
        foreach (var (other, _) in hisKnown)
            Join(other);
        Apply(operations, his.ExternalNames, extra);
        SyncsDone(node);
        foreach (var (other, _) in hisKnown)
            EndSession(other, tellHim: false); // they learn of us from this node's partition
        // Before the lock is released: whoever locks next finds one partition.
        foreach (var (other, version) in _known)
        {
            Cast(other, GlobalMessages.NewNodes(
                _self.Node, Term.List(operations), his.ExternalNames, GlobalMessages.Nodes(newNodes, version), extra));
        }
        EndSession(node, tellHim: false);
        AddKnown(newNodes);
        _synced.Add(node);
        TellLostMeanwhile(session);
        Report(GlobalReport.Synced, node, _known.Count);
    }

    /// <summary>A node of our partition has met others.</summary>
    private void OnNewNodes(ListTerm operations, Term externalNames, Term nodes, Term extra)
    {
        foreach (var added in AddKnown(GlobalMessages.ReadNodes(nodes)))
            Join(added);
        Apply(operations, externalNames, extra);
    }

    /// <summary>A node of the other partition has come to know us.</summary>
    private void OnInSync(Atom node)
    {
        EndSession(node, tellHim: false);
        _early.Remove(node);
        if (_connected.Contains(node))
            _synced.Add(node);
        SyncsDone(node);
    }

    private void StartSync(IReadOnlyCollection<Atom>? nodes, Action then)
    {
        var wanted =
            (nodes ?? _connected).Where(node => _connected.Contains(node) && !_synced.Contains(node)).ToHashSet();
        if (wanted.Count == 0)
            then();
        else
            _syncs.Add((wanted, then));
    }

    /// <summary>A node has the same names now, or is gone.</summary>
    private void SyncsDone(Atom node)
    {
        for (var i = _syncs.Count - 1; i >= 0; i--)
        {
            var (nodes, then) = _syncs[i];
            nodes.Remove(node);
            if (nodes.Count > 0)
                continue;
            _syncs.RemoveAt(i);
            then();
        }
    }
}
