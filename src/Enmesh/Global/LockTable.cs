using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>
/// The locks set on this node: a resource is locked by a requester, on whose behalf any number of processes hold it. It
/// is free when the last of them lets go or ends.
/// </summary>
internal sealed class LockTable(Func<Pid, long> watch, Action<long> unwatch)
{
    private readonly Dictionary<Term, Holding> _locks = [];
    private readonly Dictionary<long, Term> _byWatch = [];

    /// <summary>Whether somebody who held the lock of the names died with it, and nobody has held it since.</summary>
    internal bool GlobalLockDied { get; private set; }

    internal int Count => _locks.Count;

    internal bool IsGlobalLockSet => _locks.ContainsKey(GlobalAtoms.Global);

    internal bool CanSet(Term resource, Term requester) =>
        !_locks.TryGetValue(resource, out var holding) || holding.Requester == requester;

    /// <returns>False when somebody else has it.</returns>
    internal bool TrySet(Term resource, Term requester, Pid holder)
    {
        if (!CanSet(resource, requester))
            return false;
        if (!_locks.TryGetValue(resource, out var holding))
            _locks.Add(resource, holding = new Holding(requester));
        if (holding.Holders.ContainsKey(holder))
            return true;
        var id = watch(holder);
        holding.Holders.Add(holder, id);
        _byWatch.Add(id, resource);
        return true;
    }

    internal void Release(Term resource, Term requester, Pid holder)
    {
        if (_locks.TryGetValue(resource, out var holding) && holding.Requester == requester
            && holding.Holders.Remove(holder, out var id))
        {
            unwatch(id);
            Removed(resource, holding, id, died: false);
        }
    }

    /// <summary>A holder has ended.</summary>
    /// <returns>False when the watch is none of ours.</returns>
    internal bool Gone(long id)
    {
        if (!_byWatch.TryGetValue(id, out var resource))
            return false;
        var holding = _locks[resource];
        holding.Holders.Remove(holding.Holders.First(holder => holder.Value == id).Key);
        Removed(resource, holding, id, died: true);
        return true;
    }

    /// <summary>
    /// A node is gone, and all it has locked is free: also what it asked for by messages that were looked at after the
    /// end of the connection, and whose answers it will never get.
    /// </summary>
    internal void NodeGone(Atom node)
    {
        var gone = _locks.Values
            .SelectMany(holding => holding.Holders)
            .Where(holder => holder.Key.Node == node)
            .Select(holder => holder.Value);
        foreach (var id in gone.ToArray())
        {
            unwatch(id);
            Gone(id);
        }
    }

    /// <summary>Whether a process holds the lock of the names.</summary>
    internal bool HoldsGlobalLock(Pid holder) =>
        _locks.GetValueOrDefault(GlobalAtoms.Global)?.Holders.ContainsKey(holder) == true;

    /// <summary>On whose behalf the names are locked; null when they are not.</summary>
    internal Term? GlobalLockRequester => _locks.GetValueOrDefault(GlobalAtoms.Global)?.Requester;

    private void Removed(Term resource, Holding holding, long id, bool died)
    {
        _byWatch.Remove(id);
        if (holding.Holders.Count > 0)
            return;
        _locks.Remove(resource);
        if (resource.IsAtom(GlobalAtoms.Global))
            GlobalLockDied = died;
    }

    private sealed class Holding(Term requester)
    {
        internal Term Requester { get; } = requester;

        internal Dictionary<Pid, long> Holders { get; } = [];
    }
}
