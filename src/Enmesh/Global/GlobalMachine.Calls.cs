using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Global;

// What servers, registrars and lockers of other nodes, and programs of this one, ask; and the names and locks
// themselves.
internal sealed partial class GlobalMachine
{
    private void OnCall(in CallRequest call)
    {
        if (AnswerTo(call.From, call.Request) is { } answer)
        {
            Do(new GlobalEffect.Reply(call, answer));
            return;
        }
        if (call.Request.TupleElements is [{ Atom: { } tag }, { AsList: { IsProper: true } nodes }]
            && tag == GlobalAtoms.Sync)
        {
            var asked = call;
            StartSync(
                [.. nodes.Select(node => node.Atom).OfType<Atom>()], () => Do(new GlobalEffect.Reply(asked, Atoms.Ok)));
            return;
        }
        // As on the BEAM: the caller waits for its time-out.
        Report(GlobalReport.Unexpected, call.From.Node, call.Request);
    }

    /// <summary>The answer to a request that can be answered at once; null for any other.</summary>
    private Term? AnswerTo(Pid from, Term request)
    {
        if (request.Atom is { } question)
            return AnswerTo(question);
        switch (request.TupleElements)
        {
            case [{ Atom: { } tag }, { TupleElements: [var resource, var requester] }] when tag == GlobalAtoms.SetLock:
                return _locks.TrySet(resource, requester, from);
            case [{ Atom: { } tag }, { TupleElements: [var resource, var requester] }] when tag == GlobalAtoms.DelLock:
                _locks.Release(resource, requester, from);
                return Atoms.True;
            case [{ Atom: { } tag }, var name, { Pid: { } pid }, var method] when tag == GlobalAtoms.Register:
                InsertName(name, pid, method);
                KeepIf(_locks.HoldsGlobalLock(from), name, pid);
                return GlobalAtoms.Yes;
            case [{ Atom: { } tag }, var name, { Pid: { } pid }, var method, { Atom: { } node }]
                when tag == GlobalAtoms.RegisterExt:
                InsertExternalName(name, pid, method, node);
                KeepIf(_locks.HoldsGlobalLock(from), name, pid);
                return GlobalAtoms.Yes;
            case [{ Atom: { } tag }, var name] when tag == GlobalAtoms.Unregister:
                RemoveName(name);
                return Atoms.Ok;
            default:
                return null;
        }
    }

    private Term? AnswerTo(Atom question)
    {
        if (question == GlobalAtoms.GetKnown)
            return GlobalMessages.Nodes(_known.Keys);
        if (question == GlobalAtoms.GetSynced)
            return GlobalMessages.Nodes(_synced);
        if (question == GlobalAtoms.GetProtocolVersion)
            return _self.Version;
        return question == GlobalAtoms.GetNamesExt ? _names.ToExternalList() : default(Term?);
    }

    /// <summary>
    /// The process that has a name; null for one of this node that has ended, though nobody has said so yet.
    /// </summary>
    private Pid? WhereIs(Term name) =>
        _names.Find(name)?.Pid is { } pid && (pid.Node != _self.Node || _self.IsAlive(pid)) ? pid : null;

    private void InsertName(Term name, Pid pid, Term method)
    {
        ForgetExternal(name);
        _names.Insert(name, pid, method);
    }

    private void InsertExternalName(Term name, Pid pid, Term method, Atom node)
    {
        ForgetExternal(name);
        _names.InsertExternal(name, pid, method, node);
        // The process's node takes no part and would not learn of our end otherwise.
        if (node == _self.Node)
            Do(new GlobalEffect.Link(pid));
    }

    private void RemoveName(Term name)
    {
        ForgetExternal(name);
        _names.Remove(name);
    }

    private void ForgetExternal(Term name)
    {
        if (_names.FindExternal(name) is not { } external)
            return;
        _names.RemoveExternal(name);
        if (external.Node == _self.Node)
            Do(new GlobalEffect.Unlink(external.Pid));
    }

    /// <summary>
    /// Takes a name back at once if whoever gave it does not hold the lock: its node went down, which freed the lock,
    /// and came up again before this message of its arrived. Without any lock the message is a late one only if the
    /// last holder died. And takes it back if the process is on a node that we lost, which the other may not know yet:
    /// its own copy goes when it does, while ours, told after the loss, would stay.
    /// </summary>
    private void KeepIf(bool holdsLock, Term name, Pid pid)
    {
        if ((!holdsLock && (_locks.IsGlobalLockSet || _locks.GlobalLockDied)) || _gone.ContainsKey(pid.Node))
            RemoveName(name);
    }

    /// <summary>Changes the names as two partitions that meet have agreed.</summary>
    private void Apply(IEnumerable<Term> operations, Term externalNames, Term extra)
    {
        var external = ReadExternalNames(externalNames);
        // [{vsn, V}, {lock, {global, Requester}}]
        Term? requester = null;
        foreach (var one in extra.AsList ?? default)
        {
            if (one.TupleElements is [{ Atom: { } tag }, { TupleElements: [_, var id] }] && tag == GlobalAtoms.Lock)
                requester = id;
        }
        var isLocked = requester is not null && _locks.GlobalLockRequester == requester;
        // What is deleted goes last, wherever it stands: as on the BEAM, which makes the same of the same list.
        foreach (var operation in operations.OrderBy(IsDelete))
        {
            switch (operation.TupleElements)
            {
                case [{ Atom: { } tag }, { TupleElements: [var name, { Pid: { } pid }, var method] }]
                    when tag == GlobalAtoms.Insert:
                    if (external.TryGetValue(name, out var spokenFor) && spokenFor.Pid == pid)
                        InsertExternalName(name, pid, method, spokenFor.Node);
                    else
                        InsertName(name, pid, method);
                    KeepIf(isLocked, name, pid);
                    break;
                case [{ Atom: { } tag }, var name] when tag == GlobalAtoms.Delete:
                    RemoveName(name);
                    break;
            }
        }
    }

    private static bool IsDelete(Term operation) =>
        operation.TupleElements is [{ Atom: { } tag }, _] && tag == GlobalAtoms.Delete;

    private static Dictionary<Term, (Pid Pid, Atom Node)> ReadExternalNames(Term list)
    {
        var names = new Dictionary<Term, (Pid, Atom)>();
        foreach (var one in list.AsList ?? default)
        {
            if (one.TupleElements is [var name, { Pid: { } pid }, { Atom: { } node }])
                names[name] = (pid, node);
        }
        return names;
    }
}
