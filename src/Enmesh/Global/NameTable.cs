using System.Collections.Concurrent;
using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>A registered name: whose it is, and how a conflict about it is settled.</summary>
internal sealed record GlobalEntry(Pid Pid, Term Method, long Watch);

/// <summary>
/// The names, as far as this node knows. One thread writes, any may read: looking up a name asks nobody.
/// </summary>
/// <param name="watch">Begins to watch a process.</param>
/// <param name="unwatch">Ends that.</param>
/// <param name="isCounted">Whether it matters when no name has a method any more.</param>
internal sealed class NameTable(Func<Pid, long> watch, Action<long> unwatch, Func<Term, bool> isCounted)
{
    private readonly ConcurrentDictionary<Term, GlobalEntry> _names = new();
    private readonly Dictionary<long, Term> _byWatch = [];
    private readonly Dictionary<Pid, int> _perPid = [];
    private readonly Dictionary<Term, (Pid Pid, Atom Node)> _external = [];
    private readonly Dictionary<Term, int> _perMethod = [];

    internal bool IsEmpty => _names.IsEmpty;

    /// <summary>The names at this moment.</summary>
    internal IReadOnlyCollection<Term> Names => [.. _names.Keys];

    /// <summary>The names at this moment, and whose each is.</summary>
    internal IEnumerable<KeyValuePair<Term, GlobalEntry>> Entries => _names;

    internal GlobalEntry? Find(Term name) => _names.GetValueOrDefault(name);

    internal bool HasName(Pid pid) => _perPid.ContainsKey(pid);

    /// <summary><c>[{Name, Pid, Method}]</c></summary>
    internal Term ToList() => GlobalMessages.Names(_names);

    /// <summary>
    /// <c>[{Name, Pid, Node}]</c>: those of processes whose nodes take no part, and the node that speaks for each.
    /// </summary>
    internal Term ToExternalList() =>
        Term.List([.. _external.Select(name => Term.Tuple(name.Key, name.Value.Pid, name.Value.Node))]);

    /// <summary>Gives a name to a process, whoever had it before.</summary>
    internal void Insert(Term name, Pid pid, Term method)
    {
        Count(method, 1);
        if (_names.TryGetValue(name, out var old) && old.Pid == pid)
        {
            Count(old.Method, -1);
            _names[name] = old with { Method = method };
            return;
        }
        if (old is not null)
            Drop(name, old);
        var id = watch(pid);
        _byWatch.Add(id, name);
        _perPid[pid] = _perPid.GetValueOrDefault(pid) + 1;
        _names[name] = new GlobalEntry(pid, method, id);
    }

    internal void InsertExternal(Term name, Pid pid, Term method, Atom node)
    {
        Insert(name, pid, method);
        _external[name] = (pid, node);
    }

    /// <summary>For whom a node speaks; null when the name is none of that kind.</summary>
    internal (Pid Pid, Atom Node)? FindExternal(Term name) =>
        _external.TryGetValue(name, out var external) ? external : null;

    internal void RemoveExternal(Term name) => _external.Remove(name);

    internal GlobalEntry? Remove(Term name)
    {
        if (!_names.TryRemove(name, out var entry))
            return null;
        Drop(name, entry);
        return entry;
    }

    /// <summary>The names of a node's processes.</summary>
    internal IReadOnlyCollection<Term> NamesOf(Atom node) =>
        [.. _names.Where(name => name.Value.Pid.Node == node).Select(name => name.Key)];

    /// <summary>The name that a watch is for.</summary>
    internal Term? NameOf(long id) => _byWatch.TryGetValue(id, out var name) ? name : default(Term?);

    /// <summary>The counted methods that no name has any more, each once.</summary>
    internal IEnumerable<Term> TakeUnused()
    {
        if (!_perMethod.ContainsValue(0))
            return [];
        var unused = _perMethod.Where(method => method.Value == 0).Select(method => method.Key).ToArray();
        foreach (var method in unused)
            _perMethod.Remove(method);
        return unused;
    }

    private void Count(Term method, int change)
    {
        if (isCounted(method))
            _perMethod[method] = _perMethod.GetValueOrDefault(method) + change;
    }

    private void Drop(Term name, GlobalEntry entry)
    {
        Count(entry.Method, -1);
        unwatch(entry.Watch);
        _byWatch.Remove(entry.Watch);
        if (_perPid[entry.Pid] == 1)
            _perPid.Remove(entry.Pid);
        else
            _perPid[entry.Pid]--;
    }
}
