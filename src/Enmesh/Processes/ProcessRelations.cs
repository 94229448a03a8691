using Enmesh.Peers;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>Who wants to know of a process's end: those that monitor it and those linked to it.</summary>
internal sealed class ProcessRelations
{
    private readonly Lock _gate = new();
    private Dictionary<Reference, Watcher>? _watchers;
    private Dictionary<Pid, PeerLink>? _links;
    private HashSet<Reference>? _monitoring;
    private bool _ended;

    /// <summary>One that monitors the process.</summary>
    /// <param name="Pid">Who monitors; null for a call of this node's own.</param>
    /// <param name="Name">The name by which it was monitored, if it was.</param>
    /// <param name="Link">The link it came over; null for this node.</param>
    internal readonly record struct Watcher(Pid? Pid, Atom? Name, PeerLink? Link);

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

    internal void RemoveWatcher(Reference reference)
    {
        lock (_gate)
            _watchers?.Remove(reference);
    }

    /// <returns>False when the process has ended meanwhile.</returns>
    internal bool TryAddLink(Pid peer, PeerLink link)
    {
        lock (_gate)
        {
            if (_ended)
                return false;
            (_links ??= [])[peer] = link;
            return true;
        }
    }

    /// <returns>Whether there was one.</returns>
    internal bool RemoveLink(Pid peer)
    {
        lock (_gate)
            return _links?.Remove(peer) ?? false;
    }

    /// <summary>A monitor of the process's own, on somebody else.</summary>
    internal void AddMonitoring(Reference reference)
    {
        lock (_gate)
            (_monitoring ??= []).Add(reference);
    }

    internal void RemoveMonitoring(Reference reference)
    {
        lock (_gate)
            _monitoring?.Remove(reference);
    }

    /// <summary>Forgets all that came over a lost link.</summary>
    /// <returns>Whether there were processes linked over it.</returns>
    internal bool LinkLost(PeerLink link)
    {
        lock (_gate)
        {
            foreach (var (reference, watcher) in _watchers ?? [])
            {
                if (watcher.Link == link)
                    _watchers!.Remove(reference);
            }
            var linked = false;
            foreach (var (peer, over) in _links ?? [])
            {
                if (over == link)
                    linked |= _links!.Remove(peer);
            }
            return linked;
        }
    }

    /// <summary>Closes the books: who is to be told, and which monitors are to be taken back.</summary>
    internal (Dictionary<Reference, Watcher>? Watchers, Dictionary<Pid, PeerLink>? Links, HashSet<Reference>? Monitoring) End()
    {
        lock (_gate)
        {
            _ended = true;
            var all = (_watchers, _links, _monitoring);
            (_watchers, _links, _monitoring) = (null, null, null);
            return all;
        }
    }
}
