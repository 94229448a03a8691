using Enmesh.Terms;

namespace Enmesh.Global;

// Setting a lock on several nodes, or on none. The boss, the node with the greatest name, is locked first and released
// last: who comes second finds out there, and not after having locked half of the others.
internal sealed partial class GlobalMachine
{
    private Atom BossOf(IEnumerable<Atom> nodes) =>
        nodes.Aggregate(_self.Node, (boss, node) => node > boss ? node : boss);

    private static (Term Resource, Term Requester) Parts(Term lockId) =>
        (lockId.TupleElements[0], lockId.TupleElements[1]);

    /// <summary>Whether it makes sense to ask others for a lock.</summary>
    private bool CanSetHere(Term lockId)
    {
        var (resource, requester) = Parts(lockId);
        return _locks.CanSet(resource, requester);
    }

    /// <summary>Sets a lock on all of the nodes, or on none of them. Who cannot be reached is left out.</summary>
    private void SetLock(Term lockId, IReadOnlyCollection<Atom> nodes, Action<bool> then)
    {
        if (nodes.Count > 1 && nodes.Contains(_self.Node) && !CanSetHere(lockId))
        {
            then(false);
            return;
        }
        AskAll(nodes, GlobalMessages.SetLock(lockId), answers =>
        {
            if (answers.All(one => one.Answer.IsAtom(Atoms.True)))
            {
                then(true);
                return;
            }
            Atom[] set = [.. answers.Where(one => one.Answer.IsAtom(Atoms.True)).Select(one => one.Node)];
            AskAll(set, GlobalMessages.DelLock(lockId), _ => then(false));
        });
    }

    /// <summary>Releases a lock, on the boss at last.</summary>
    private void DeleteLock(Term lockId, IReadOnlyCollection<Atom> nodes, Action then)
    {
        var boss = BossOf(nodes);
        Atom[] others = [.. nodes.Where(node => node != boss)];
        AskAll(others, GlobalMessages.DelLock(lockId), _ =>
            AskAll(nodes.Contains(boss) ? [boss] : [], GlobalMessages.DelLock(lockId), _ => then()));
    }
}
