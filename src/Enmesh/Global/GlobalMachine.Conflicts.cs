using Enmesh.Terms;

namespace Enmesh.Global;

// A name that both partitions have: the node with the smaller name settles it, by the method its own partition has for
// the name, which runs where the process lives that has it there.
internal sealed partial class GlobalMachine
{
    private static readonly Atom Rex = new("rex");
    private static readonly Atom Call = new("call");
    private static readonly Atom User = new("user");
    private static readonly Atom BadRpc = new("badrpc");

    private void Resolve(SyncSession session)
    {
        if (session.IsResolving)
            return;
        session.IsResolving = true;
        Resolve(session, 0);
    }

    /// <summary>
    /// Goes through the other side's names from one on; stops at a conflict, and goes on when it is settled.
    /// </summary>
    private void Resolve(SyncSession session, int from)
    {
        var names = session.HisNames!.Value;
        for (var i = from; i < names.Count; i++)
        {
            if (names[i].TupleElements is not [var name, { Pid: { } theirs }, var method])
                continue;
            if (EntryOf(name) is not { } entry)
            {
                session.OurOperations.Add(GlobalMessages.Insert(name, theirs, method));
            }
            else if (entry.Pid != theirs && _self.Node < session.Node)
            {
                var next = i + 1;
                AskMethod(name, theirs, entry, verdict =>
                {
                    if (_sessions.GetValueOrDefault(session.Node) != session)
                        return;
                    Settle(session, name, (theirs, method), entry, verdict);
                    Resolve(session, next);
                });
                return;
            }
        }
        TakeBackLost(session);
        session.IsResolved = true;
        session.ToldKnown = [.. _known.Keys];
        Cast(session.Node, GlobalMessages.Resolved(
            _self.Node, Term.List([.. session.HisOperations]), GlobalMessages.Nodes(_known, session.Version),
            _names.ToExternalList(), session.HisTag!.Value));
        if (session.His is not null)
            Merge(session);
    }

    private void AskMethod(Term name, Pid theirs, GlobalEntry entry, Action<Term?> then)
    {
        if (entry.Pid.Node == _self.Node)
        {
            Do(new GlobalEffect.Resolve(_questions.Add(then), entry.Method, name, theirs, entry.Pid));
            return;
        }
        var arguments = Term.List(entry.Method, name, theirs, entry.Pid);
        Ask(entry.Pid.Node, Rex, Term.Tuple(Call, GlobalAtoms.Global, GlobalAtoms.ResolveIt, arguments, User), then);
    }

    private void Settle(SyncSession session, Term name, (Pid Pid, Term Method) theirs, GlobalEntry ours, Term? verdict)
    {
        if (verdict is { } process && process.Pid == ours.Pid)
        {
            session.HisOperations.Add(GlobalMessages.Insert(name, ours.Pid, ours.Method));
            return;
        }
        // Without an answer our process's node is out of reach, and the name with it.
        if (verdict is not { } given || given.Pid == theirs.Pid
            || (given.TupleElements is [{ Atom: { } tag }, _] && tag == BadRpc))
        {
            session.OurOperations.Add(GlobalMessages.Insert(name, theirs.Pid, theirs.Method));
            return;
        }
        if (!given.IsAtom(GlobalAtoms.None))
            Report(GlobalReport.MethodFailed, session.Node, Term.Tuple(name, given));
        session.OurOperations.Add(GlobalMessages.Delete(name));
        session.HisOperations.Add(GlobalMessages.Delete(name));
    }
}
