using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// Who is to be told of a process's end: those that monitor it and those linked to it; and whom it watches.
/// </summary>
internal sealed partial class ProcessRelations
{
    private readonly Lock _gate = new();
    private Dictionary<Reference, Watcher>? _watchers;
    private Dictionary<Pid, ProcessLink>? _links;
    private HashSet<Reference>? _owned;
    private bool _ended;

    /// <summary>One that monitors the process.</summary>
    /// <param name="Pid">Who monitors; null for a call of this node's own.</param>
    /// <param name="Name">The name by which it was monitored, if it was.</param>
    /// <param name="Link">The link it came over; null for this node.</param>
    internal readonly record struct Watcher(Pid? Pid, Atom? Name, PeerLink? Link);

    /// <summary>The pids that the process is linked with.</summary>
    internal IReadOnlyList<Pid> LinkedPids
    {
        get
        {
            lock (_gate)
                return [.. (_links ?? []).Where(link => link.Value.IsActive).Select(link => link.Key)];
        }
    }

    /// <summary>The pids that monitor the process; calls of this node's own have none.</summary>
    internal IReadOnlyList<Pid> WatchingPids
    {
        get
        {
            lock (_gate)
                return [.. (_watchers ?? []).Values.Select(watcher => watcher.Pid).OfType<Pid>()];
        }
    }

    /// <summary>The process's own monitors and aliases.</summary>
    internal IReadOnlyList<Reference> Owned
    {
        get
        {
            lock (_gate)
                return [.. _owned ?? []];
        }
    }

    /// <returns>False when the process has ended meanwhile.</returns>
    internal bool TryAddWatcher(Reference reference, Watcher watcher)
    {
        lock (_gate)
        {
            if (_ended)
                return false;
            (_watchers ??= [])[reference] = watcher;
            return true;
        }
    }

    internal void RemoveWatcher(Reference reference) => TakeWatcher(reference);

    /// <returns>Null when there was none.</returns>
    internal Watcher? TakeWatcher(Reference reference)
    {
        Watcher watcher = default;
        bool wasThere;
        CancellationTokenSource? abandoned;
        ProcessRelations? worker;
        lock (_gate)
        {
            wasThere = _watchers is not null && _watchers.Remove(reference, out watcher);
            abandoned = AbandonedNow();
            worker = TakeWorker(reference);
        }
        Cancel(abandoned);
        worker?.Abandon();
        return wasThere ? watcher : null;
    }

    /// <summary>Notes a monitor or an alias of the process's own, which ends with it.</summary>
    /// <returns>False when the process has ended meanwhile.</returns>
    internal bool TryOwn(Reference reference)
    {
        lock (_gate)
        {
            if (_ended)
                return false;
            (_owned ??= []).Add(reference);
            return true;
        }
    }

    internal void Disown(Reference reference)
    {
        lock (_gate)
            _owned?.Remove(reference);
    }

    /// <summary>Forgets all that came over a lost link.</summary>
    /// <returns>The pids that the process was linked with over it.</returns>
    internal IReadOnlyList<Pid> LinkLost(PeerLink link)
    {
        CancellationTokenSource? abandoned;
        List<Pid>? linked = null;
        bool isCallers;
        lock (_gate)
        {
            foreach (var (reference, watcher) in _watchers ?? [])
            {
                if (watcher.Link != link)
                    continue;
                _watchers!.Remove(reference);
                TakeWorker(reference); // which knows the link itself
            }
            isCallers = _callersLink == link;
            abandoned = AbandonedNow();
            foreach (var (peer, state) in _links ?? [])
            {
                if (state.Over != link)
                    continue;
                if (state.IsActive)
                    (linked ??= []).Add(peer);
                _links!.Remove(peer);
            }
        }
        Cancel(abandoned);
        if (isCallers)
            Abandon();
        return linked ?? [];
    }

    /// <summary>Closes the books: who is to be told, and what of the process's own is to be taken back.</summary>
    internal (Dictionary<Reference, Watcher>? Watchers, Dictionary<Pid, ProcessLink>? Links, HashSet<Reference>? Owned) End()
    {
        lock (_gate)
        {
            _ended = true;
            var all = (_watchers, _links, _owned);
            (_watchers, _links, _owned) = (null, null, null);
            return all;
        }
    }
}
