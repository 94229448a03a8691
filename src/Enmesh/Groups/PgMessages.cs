using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Groups;

// What scopes say to each other. Their first language, spoken from OTP 23 on and understood by all:
//   plain {discover, ScopePid}                      here I am; who are you?
//   cast  {sync, ScopePid, [{Group, [Pid]}]}        all that I have, in answer to that
//   plain {join, ScopePid, Group, Pid | [Pid]}
//   plain {leave, ScopePid, Pid | [Pid], [Group]}   each pid leaves each group once, as often as the group is named
// OTP 29 says {discover, ScopePid, 1}, and to those who said the same:
//   cast  {local_data, ScopePid, 1, #{Group => [Pid]}}
//   plain {update, ScopePid, [{Group, Joined, Left}]}
// A scope of a BEAM crashes at anything else, and the fifth crash in an hour ends its node. So this file makes the
// first language only, and reads both.

/// <summary>The messages between scopes, as bytes would carry them.</summary>
internal static class PgMessages
{
    private static readonly Atom Discover = new("discover");
    private static readonly Atom Sync = new("sync");
    private static readonly Atom Join = new("join");
    private static readonly Atom Leave = new("leave");
    private static readonly Atom LocalData = new("local_data");
    private static readonly Atom Update = new("update");

    internal static Term ToDiscover(Pid self) => Term.Tuple(Discover, self);

    internal static Term ToSync(Pid self, IEnumerable<PgEntry> groups) => Term.Tuple(
        GenAtoms.GenCast,
        Term.Tuple(Sync, self, Term.List([.. groups.Select(entry => Term.Tuple(entry.Group, ListOf(entry.Members)))])));

    internal static Term ToJoin(Pid self, Term group, IReadOnlyList<Pid> members) =>
        Term.Tuple(Join, self, group, OneOrList(members));

    internal static Term ToLeave(Pid self, IReadOnlyList<Pid> members, params ReadOnlySpan<Term> groups) =>
        Term.Tuple(Leave, self, OneOrList(members), Term.List(groups));

    /// <summary><c>{Ref, join, Group, Pids}</c> or <c>{Ref, leave, Group, Pids}</c>, as subscribers get it.</summary>
    internal static Term ToNotice(Reference id, bool joined, Term group, Term members) =>
        Term.Tuple(id, joined ? Join : Leave, group, members);

    /// <summary>Recognises such a notice.</summary>
    internal static bool TryReadNotice(
        Term message, Reference id, out bool joined, out Term group, out IReadOnlyList<Pid> members)
    {
        (joined, group, members) = (false, default, []);
        if (message.TupleElements is not [{ Reference: { } reference }, { Atom: { } verb }, var name, var pids]
            || reference != id
            || (verb != Join && verb != Leave) || ReadPids(pids) is not { } list)
        {
            return false;
        }
        (joined, group, members) = (verb == Join, name, list);
        return true;
    }

    internal static Term ListOf(IReadOnlyList<Pid> pids)
    {
        var terms = new Term[pids.Count];
        for (var i = 0; i < terms.Length; i++)
            terms[i] = pids[i];
        return Term.List(terms);
    }

    /// <summary>What another scope said.</summary>
    /// <returns>Null when it is nothing that scopes say.</returns>
    internal static PgEvent? Read(Term message) => message.TupleElements switch
    {
        [{ Atom: { } cast }, var inner] when cast == GenAtoms.GenCast => ReadCast(inner),
        [{ Atom: { } verb }, { Pid: { } peer }] when verb == Discover => new PgEvent.Discover(peer, Versioned: false),
        [{ Atom: { } verb }, { Pid: { } peer }, _] when verb == Discover => new PgEvent.Discover(peer, Versioned: true),
        [{ Atom: { } verb }, { Pid: { } peer }, { AsList: { IsProper: true } changes }] when verb == Update =>
            ReadUpdate(peer, changes),
        [{ Atom: { } verb }, { Pid: { } peer }, var group, var pids] when verb == Join =>
            ReadPids(pids) is { } joined ? new PgEvent.Update(peer, [new(group.Detach(), joined, [])]) : null,
        [{ Atom: { } verb }, { Pid: { } peer }, var pids, { AsList: { IsProper: true } groups }] when verb == Leave =>
            ReadPids(pids) is { } left
                ? new PgEvent.Update(peer, [.. groups.Select(group => new PgChange(group, [], left))])
                : null,
        _ => null,
    };

    /// <summary>A pid, or a proper list of pids; null for anything else.</summary>
    internal static IReadOnlyList<Pid>? ReadPids(Term term)
    {
        if (term.Pid is { } one)
            return [one];
        if (term.AsList is not { IsProper: true } list)
            return null;
        var pids = new List<Pid>(list.Count);
        foreach (var element in list)
        {
            if (element.Pid is not { } pid)
                return null;
            pids.Add(pid);
        }
        return pids;
    }

    private static PgEvent.Sync? ReadCast(Term inner) => inner.TupleElements switch
    {
        [{ Atom: { } verb }, { Pid: { } peer }, { AsList: { IsProper: true } groups }] when verb == Sync =>
            ReadSync(peer, groups),
        [{ Atom: { } verb }, { Pid: { } peer }, _, { AsMap: { } groups }] when verb == LocalData =>
            ReadLocalData(peer, groups),
        _ => null,
    };

    private static PgEvent.Sync? ReadSync(Pid peer, ListTerm groups)
    {
        var entries = new List<PgEntry>(groups.Count);
        foreach (var entry in groups)
        {
            if (entry.TupleElements is not [var group, var pids] || ReadPids(pids) is not { } members)
                return null;
            entries.Add(new(group.Detach(), members));
        }
        return new PgEvent.Sync(peer, entries);
    }

    private static PgEvent.Sync? ReadLocalData(Pid peer, MapTerm groups)
    {
        var entries = new List<PgEntry>(groups.Count);
        foreach (var (group, pids) in groups)
        {
            if (ReadPids(pids) is not { } members)
                return null;
            entries.Add(new(group.Detach(), members));
        }
        return new PgEvent.Sync(peer, entries);
    }

    private static PgEvent.Update? ReadUpdate(Pid peer, ListTerm changes)
    {
        var read = new List<PgChange>(changes.Count);
        foreach (var change in changes)
        {
            if (change.TupleElements is not [var group, var joined, var left]
                || ReadPids(joined) is not { } came || ReadPids(left) is not { } went)
            {
                return null;
            }
            read.Add(new(group.Detach(), came, went));
        }
        return new PgEvent.Update(peer, read);
    }

    // One pid goes without a list, as OTP 23 to 28 write it.
    private static Term OneOrList(IReadOnlyList<Pid> pids) => pids is [var one] ? one : ListOf(pids);
}
