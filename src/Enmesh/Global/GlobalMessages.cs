using Enmesh.Terms;

namespace Enmesh.Global;

// What global name servers say to each other. There is no specification: tests/Enmesh.Interop.Tests/Global and
// docs/global.md say what was seen of OTP 23 to 29.

/// <summary>Makes the messages between global name servers, and reads their parts.</summary>
internal static class GlobalMessages
{
    /// <summary>What we speak; OTP 25 to 29 do.</summary>
    internal const int OwnVersion = 8;

    /// <summary>The oldest that can still be met: OTP 23 speaks it.</summary>
    internal const int OldestVersion = 5;

    /// <summary>
    /// From here on lockers talk by way of the servers, so that their words keep their place among the others.
    /// </summary>
    internal const int ByServerVersion = 6;

    /// <summary>
    /// From here on a node says of each node which version it speaks, and keeps partitions from overlapping.
    /// </summary>
    internal const int PartitionsVersion = 7;

    /// <summary>From here on both sides make sure that they mean the same attempt.</summary>
    internal const int VerifiedVersion = 8;

    /// <summary>
    /// <c>{init_connect, {Vsn, Tag}, Node, {locker, no_longer_a_pid, Known, Locker}}</c>: opens an attempt.
    /// </summary>
    internal static Term InitConnect(
        Atom self, int version, Pid locker, Term tag, IEnumerable<KeyValuePair<Atom, int>> known) => Term.Tuple(
        GlobalAtoms.InitConnect,
        Term.Tuple(version, tag),
        self,
        Term.Tuple(
            GlobalAtoms.Locker,
            GlobalAtoms.NoLongerAPid,
            Term.Map([.. known.Select(node => KeyValuePair.Create<Term, Term>(node.Key, node.Value))]),
            locker));

    /// <summary><c>{init_connect_ack, Node, HisTag, MyTag}</c>: we mean this attempt.</summary>
    internal static Term InitConnectAck(Atom self, Term hisTag, Term tag) =>
        Term.Tuple(GlobalAtoms.InitConnectAck, self, hisTag, tag);

    /// <summary><c>{cancel_connect, Node, HisTag}</c>: this attempt is off.</summary>
    internal static Term CancelConnect(Atom self, Term hisTag) => Term.Tuple(GlobalAtoms.CancelConnect, self, hisTag);

    /// <summary>
    /// <c>{lock_set, Locker, IsSet, Known, HisTag}</c>: our partition is locked, or could not be. Old ones have no tag.
    /// </summary>
    internal static Term LockSet(Pid locker, bool isSet, IEnumerable<Atom> known, Term? hisTag) => hisTag is { } tag
        ? Term.Tuple(GlobalAtoms.LockSet, locker, isSet, Nodes(known), tag)
        : Term.Tuple(GlobalAtoms.LockSet, locker, isSet, Nodes(known));

    /// <summary><c>{exchange, Node, [{Name, Pid, Method}], [], HisTag}</c>: our names.</summary>
    internal static Term Exchange(Atom self, Term names, Term hisTag) =>
        Term.Tuple(GlobalAtoms.Exchange, self, names, Term.Nil, hisTag);

    /// <summary>
    /// <c>{resolved, Node, Operations, Known, unused, ExternalNames, HisTag}</c>: what he has to change, and whom we
    /// know.
    /// </summary>
    internal static Term Resolved(Atom self, Term operations, Term known, Term externalNames, Term hisTag) =>
        Term.Tuple(GlobalAtoms.Resolved, self, operations, known, GlobalAtoms.Unused, externalNames, hisTag);

    /// <summary>
    /// <c>{new_nodes, Node, Operations, ExternalNames, Nodes, [{vsn, V}, {lock, Id}]}</c>: two partitions have become
    /// one.
    /// </summary>
    internal static Term NewNodes(Atom self, Term operations, Term externalNames, Term nodes, Term extra) =>
        Term.Tuple(GlobalAtoms.NewNodes, self, operations, externalNames, nodes, extra);

    internal static Term Extra(int version, Term lockId) =>
        Term.List(Term.Tuple(GlobalAtoms.Vsn, version), Term.Tuple(GlobalAtoms.Lock, lockId));

    /// <summary><c>{in_sync, Node, true}</c>: you are one of those I know.</summary>
    internal static Term InSync(Atom self) => Term.Tuple(GlobalAtoms.InSync, self, Atoms.True);

    /// <summary><c>{lost_connection, Node, Creation, Number, Other}</c>: Node has lost Other.</summary>
    internal static Term LostConnection(Atom self, long creation, long number, Atom other) =>
        Term.Tuple(GlobalAtoms.LostConnection, self, creation, number, other);

    /// <summary><c>{remove_connection, Node}</c>: disconnect from Node, so that partitions don't overlap.</summary>
    internal static Term RemoveConnection(Atom self) => Term.Tuple(GlobalAtoms.RemoveConnection, self);

    /// <summary>
    /// The lock of two partitions that meet: both sides use the same one, so that nodes common to both stay locked
    /// until the slower side is done.
    /// </summary>
    internal static Term MeetingLock(Pid one, Pid other)
    {
        var ordered = Enmesh.Terms.Order.TermOrder.Compare(one, other) <= 0;
        return Term.Tuple(GlobalAtoms.Global, ordered ? Term.List(one, other) : Term.List(other, one));
    }

    internal static Term SetLock(Term id) => Term.Tuple(GlobalAtoms.SetLock, id);

    internal static Term DelLock(Term id) => Term.Tuple(GlobalAtoms.DelLock, id);

    internal static Term Insert(Term name, Pid pid, Term method) =>
        Term.Tuple(GlobalAtoms.Insert, Term.Tuple(name, pid, method));

    internal static Term Delete(Term name) => Term.Tuple(GlobalAtoms.Delete, name);

    /// <summary><c>[{Name, Pid, Method}]</c></summary>
    internal static Term Names(IEnumerable<KeyValuePair<Term, GlobalEntry>> names) =>
        Term.List([.. names.Select(name => Term.Tuple(name.Key, name.Value.Pid, name.Value.Method))]);

    internal static Term Nodes(IEnumerable<Atom> nodes) => Term.List([.. nodes.Select(node => (Term)node)]);

    /// <summary>Nodes for a peer that speaks a version: with the version of each, or for old ones without.</summary>
    internal static Term Nodes(IEnumerable<KeyValuePair<Atom, int>> nodes, int version) => version < PartitionsVersion
        ? Nodes(nodes.Select(node => node.Key))
        : Term.List([.. nodes.Select(node => Term.Tuple(node.Key, node.Value))]);

    /// <summary>Reads a list of nodes in either form; a version that isn't told is 0.</summary>
    internal static List<KeyValuePair<Atom, int>> ReadNodes(Term list)
    {
        var nodes = new List<KeyValuePair<Atom, int>>();
        foreach (var one in list.AsList ?? default)
        {
            if (one.Atom is { } alone)
                nodes.Add(new(alone, 0));
            else if (one.TupleElements is [{ Atom: { } node }, { Int32: { } version }])
                nodes.Add(new(node, version));
        }
        return nodes;
    }
}
