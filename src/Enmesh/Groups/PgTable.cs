using System.Collections.Concurrent;
using System.Collections.Immutable;
using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>
/// The groups of a scope and who is in them: written by the scope alone, read by anybody at any time.
/// </summary>
/// <remarks>
/// A group's members are put into an array when somebody asks for them after a change, not at each change: joining
/// costs the same in large groups and small ones.
/// </remarks>
internal sealed class PgTable
{
    private readonly ConcurrentDictionary<Term, Group> _groups = new();

    /// <summary>All members, here and elsewhere, each as often as it has joined.</summary>
    internal ImmutableArray<Pid> Members(Term group) => _groups.TryGetValue(group, out var members) ? members.All : [];

    /// <summary>The members of this node.</summary>
    internal ImmutableArray<Pid> LocalMembers(Term group) =>
        _groups.TryGetValue(group, out var members) ? members.Local : [];

    /// <summary>The groups that have members.</summary>
    internal IReadOnlyList<Term> Names() => [.. _groups.Keys];

    /// <summary>The groups that have members on this node.</summary>
    internal IReadOnlyList<Term> LocalNames() =>
        [.. _groups.Where(pair => pair.Value.HasLocal).Select(pair => pair.Key)];

    /// <summary>Empties the table.</summary>
    /// <returns>The members of this node that were in it.</returns>
    internal IReadOnlyList<PgEntry> TakeLocal()
    {
        var local = LocalNames().Select(name => new PgEntry(name, LocalMembers(name))).ToList();
        _groups.Clear();
        return local;
    }

    internal void Add(Term group, IReadOnlyList<Pid> members, bool local)
    {
        if (!_groups.TryGetValue(group, out var found))
            _groups[group] = found = new Group();
        found.Add(members, local);
    }

    internal void Remove(Term group, IReadOnlyList<Pid> members, bool local)
    {
        if (_groups.TryGetValue(group, out var found) && found.Remove(members, local))
            _groups.TryRemove(group, out _);
    }

    private sealed class Group
    {
        private readonly Lock _gate = new();
        private readonly PidBag _local = new();
        private readonly PidBag _remote = new();
        private ImmutableArray<Pid> _all;
        private ImmutableArray<Pid> _allLocal;

        internal ImmutableArray<Pid> All
        {
            get
            {
                lock (_gate)
                {
                    if (_all.IsDefault)
                    {
                        var all = new List<Pid>(_local.Count + _remote.Count);
                        _local.CopyTo(all);
                        _remote.CopyTo(all);
                        _all = [.. all];
                    }
                    return _all;
                }
            }
        }

        internal ImmutableArray<Pid> Local
        {
            get
            {
                lock (_gate)
                {
                    if (_allLocal.IsDefault)
                        _allLocal = [.. _local.ToList()];
                    return _allLocal;
                }
            }
        }

        internal bool HasLocal
        {
            get
            {
                lock (_gate)
                    return _local.Count > 0;
            }
        }

        internal void Add(IReadOnlyList<Pid> members, bool local)
        {
            lock (_gate)
            {
                foreach (var member in members)
                    (local ? _local : _remote).Add(member);
                Changed(local);
            }
        }

        /// <returns>Whether nobody is left.</returns>
        internal bool Remove(IReadOnlyList<Pid> members, bool local)
        {
            lock (_gate)
            {
                foreach (var member in members)
                    (local ? _local : _remote).Remove(member);
                Changed(local);
                return _local.Count + _remote.Count == 0;
            }
        }

        private void Changed(bool local)
        {
            _all = default;
            if (local)
                _allLocal = default;
        }
    }
}
