using Enmesh.Groups;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>A scope in a simulated cluster: ours, or a model of a BEAM's.</summary>
internal abstract class SimScope(SimNode node, Pid self)
{
    internal SimNode Node { get; } = node;

    internal Pid Self { get; } = self;

    internal abstract void OnNodeUp(Atom other);

    internal abstract void OnMessage(Pid from, Term message);

    internal abstract void OnDown(Pid who, Term reason);

    internal abstract void Join(Term group, IReadOnlyList<Pid> members);

    internal abstract void Leave(Term group, IReadOnlyList<Pid> members);

    /// <summary>The members of a group as this scope sees them, in order.</summary>
    internal abstract IReadOnlyList<Pid> Members(Term group);
}

/// <summary>Our scope, with effects performed in the simulation.</summary>
internal sealed class OurScope : SimScope
{
    private static readonly Atom JoinAtom = new("join");
    private readonly PgTable _table = new();
    private readonly PgScope _scope;
    private readonly Dictionary<Pid, int> _watched = [];
    private readonly Dictionary<Term, List<Pid>> _told = [];
    private readonly Reference _subscription;

    internal OurScope(SimNode node, Pid self)
        : base(node, self)
    {
        _scope = new PgScope(self, _table);
        _subscription = new Reference(self.Node, 1, 1, 2, 3);
        Perform(new PgEvent.Subscribe(_subscription, node.Subscriber, null));
    }

    internal override void OnNodeUp(Atom other) => Perform(new PgEvent.NodeUp(other));

    internal override void OnMessage(Pid from, Term message)
    {
        if (PgMessages.Read(message) is { } happened)
            Perform(happened);
        else
            throw new InvalidOperationException($"{Self} does not understand {message} of {from}.");
    }

    internal override void OnDown(Pid who, Term reason)
    {
        if (_watched.Remove(who))
            Perform(new PgEvent.Down(who, reason));
    }

    internal override void Join(Term group, IReadOnlyList<Pid> members) => Perform(new PgEvent.Join(group, members));

    internal override void Leave(Term group, IReadOnlyList<Pid> members) => Perform(new PgEvent.Leave(group, members));

    internal override IReadOnlyList<Pid> Members(Term group)
    {
        var members = SimCluster.Ordered(_table.Members(group));
        // Who follows the notices sees the same as who looks.
        Assert.Equal(members, SimCluster.Ordered(_told.GetValueOrDefault(group, [])));
        Assert.Equal(
            SimCluster.Ordered(members.Where(member => member.Node == Self.Node)),
            SimCluster.Ordered(_table.LocalMembers(group)));
        Assert.Equal(members.Count > 0, _table.Names().Contains(group));
        return members;
    }

    private void Perform(PgEvent happened)
    {
        foreach (var effect in _scope.Take(happened))
        {
            switch (effect)
            {
                case PgEffect.Send send:
                    Node.SendWhereWatched(send.To, send.Message);
                    break;
                case PgEffect.SendToName send:
                    Node.SendToName(send.Node, send.Message);
                    break;
                case PgEffect.Watch watch:
                    _watched[watch.Who] = _watched.GetValueOrDefault(watch.Who) + 1;
                    Node.Watch(watch.Who);
                    break;
                case PgEffect.Unwatch unwatch:
                    if (_watched.TryGetValue(unwatch.Who, out var times) && times > 1)
                        _watched[unwatch.Who] = times - 1;
                    else
                        _watched.Remove(unwatch.Who);
                    break;
                case PgEffect.Tell tell:
                    Told(tell.Message);
                    break;
            }
        }
    }

    private void Told(Term notice)
    {
        Assert.True(PgMessages.TryReadNotice(notice, _subscription, out var joined, out var group, out var members));
        Assert.Equal(joined, notice.TupleElements[1].IsAtom(JoinAtom));
        if (!_told.TryGetValue(group, out var told))
            _told[group] = told = [];
        foreach (var member in members)
        {
            if (joined)
                told.Add(member);
            else
                Assert.True(told.Remove(member), $"{member} leaves {group} without being in it.");
        }
    }
}

/// <summary>
/// A BEAM's scope as it was seen to behave, and to crash: of OTP 23 to 25, which knows no discover of three
/// elements, of 26 to 28, which does, or of 29.
/// </summary>
internal sealed class BeamScope(SimNode node, Pid self, int release) : SimScope(node, self)
{
    private static readonly Atom Discover = new("discover");
    private static readonly Atom JoinAtom = new("join");
    private static readonly Atom LeaveAtom = new("leave");
    private static readonly Atom UpdateAtom = new("update");
    private static readonly Atom Sync = new("sync");
    private static readonly Atom LocalData = new("local_data");
    private static readonly Atom Cast = new("$gen_cast");
    private readonly Dictionary<Pid, List<Term>> _local = [];
    private readonly Dictionary<Pid, Remote> _remotes = [];

    private bool IsNew => release >= 29;

    private Term Greeting => IsNew ? Term.Tuple(Discover, Self, 1) : Term.Tuple(Discover, Self);

    internal override void OnNodeUp(Atom other) => Node.SendToName(other, Greeting);

    internal override void OnMessage(Pid from, Term message)
    {
        var ok = message.TupleElements switch
        {
            [{ Atom: { } verb }, { Pid: { } peer }] when verb == Discover => OnDiscover(peer, 0),
            [{ Atom: { } verb }, { Pid: { } peer }, _] when verb == Discover && release >= 26 =>
                OnDiscover(peer, IsNew ? 1 : 0),
            [{ Atom: { } cast }, var inner] when cast == Cast => OnCast(inner),
            [{ Atom: { } verb }, { Pid: { } peer }, var group, var pids] when verb == JoinAtom =>
                OnJoin(peer, group, PidsOf(pids)),
            [{ Atom: { } verb }, { Pid: { } peer }, var pids, { AsList: { } groups }] when verb == LeaveAtom =>
                OnLeave(peer, PidsOf(pids), groups),
            [{ Atom: { } verb }, { Pid: { } peer }, { AsList: { } changes }] when verb == UpdateAtom && IsNew =>
                OnUpdate(peer, changes),
            _ => false,
        };
        if (!ok)
            Crash(from, message);
    }

    internal override void OnDown(Pid who, Term reason)
    {
        _remotes.Remove(who);
        if (_local.Remove(who, out var groups))
            Broadcast(
                _ => Term.Tuple(LeaveAtom, Self, IsNew ? Term.List(who) : who, Term.List([.. groups])),
                groups.Select(group => (group, Joined: Array.Empty<Pid>(), Left: new[] { who })));
    }

    internal override void Join(Term group, IReadOnlyList<Pid> members)
    {
        foreach (var member in members)
        {
            if (!_local.TryGetValue(member, out var groups))
            {
                _local[member] = groups = [];
                Node.Watch(member);
            }
            groups.Add(group);
        }
        Broadcast(_ => Term.Tuple(JoinAtom, Self, group, TermOf(members)), [(group, [.. members], [])]);
    }

    internal override void Leave(Term group, IReadOnlyList<Pid> members)
    {
        var any = false;
        foreach (var member in members)
        {
            if (!_local.TryGetValue(member, out var groups) || !groups.Remove(group))
                continue;
            any = true;
            if (groups.Count == 0)
                _local.Remove(member);
        }
        // All of them are named, also those who were not in.
        if (any)
            Broadcast(_ => Term.Tuple(LeaveAtom, Self, TermOf(members), Term.List(group)), [(group, [], [.. members])]);
    }

    internal override IReadOnlyList<Pid> Members(Term group)
    {
        var local = _local.SelectMany(pair => pair.Value.Where(name => name == group).Select(_ => pair.Key));
        return SimCluster.Ordered(
            [.. local, .. _remotes.Values.SelectMany(remote => remote.Groups.GetValueOrDefault(group, []))]);
    }

    private static List<Pid> PidsOf(Term term) =>
        term.Pid is { } one ? [one] : [.. term.AsList!.Value.Select(element => element.Pid!)];

    private Term TermOf(IReadOnlyList<Pid> pids) =>
        pids is [var one] && !IsNew ? one : Term.List([.. pids.Select(pid => (Term)pid)]);

    private void Crash(Pid from, Term message)
    {
        if (Node.Cluster.IsOurs(from.Node))
            throw new InvalidOperationException(
                $"A scope of OTP {release} crashes at {message} of {from}, which is ours.");
        Node.Restart();
    }

    private bool OnDiscover(Pid peer, int version)
    {
        var groups = LocalGroups();
        Node.Send(peer, version == 1
            ? Term.Tuple(
                Cast,
                Term.Tuple(
                    LocalData, Self, 1,
                    Term.Map([.. groups.Select(pair => KeyValuePair.Create(pair.Key, ListOf(pair.Value)))])))
            : Term.Tuple(
                Cast,
                Term.Tuple(
                    Sync, Self, Term.List([.. groups.Select(pair => Term.Tuple(pair.Key, ListOf(pair.Value)))]))));
        if (_remotes.TryGetValue(peer, out var remote))
        {
            remote.Version = version;
            return true;
        }
        _remotes[peer] = new Remote { Version = version };
        Node.Watch(peer);
        Node.Send(peer, Greeting);
        return true;
    }

    private bool OnCast(Term inner)
    {
        if (inner.TupleElements is [{ Atom: { } verb }, { Pid: { } peer }, { AsList: { } list }] && verb == Sync)
            SetAll(peer, list.Select(entry => KeyValuePair.Create(entry.TupleElements[0], entry.TupleElements[1])));
        else if (IsNew && inner.TupleElements is [{ Atom: { } data }, { Pid: { } from }, _, { AsMap: { } map }]
            && data == LocalData)
            SetAll(from, map);
        else
            return false;
        return true;
    }

    private void SetAll(Pid peer, IEnumerable<KeyValuePair<Term, Term>> groups)
    {
        if (!_remotes.TryGetValue(peer, out var remote))
        {
            _remotes[peer] = remote = new Remote();
            Node.Watch(peer);
        }
        remote.Groups = groups.ToDictionary(pair => pair.Key, pair => PidsOf(pair.Value));
    }

    private bool OnJoin(Pid peer, Term group, List<Pid> members)
    {
        if (!_remotes.TryGetValue(peer, out var remote))
            return true;
        if (!remote.Groups.TryGetValue(group, out var all))
            remote.Groups[group] = all = [];
        all.AddRange(members);
        return true;
    }

    private bool OnLeave(Pid peer, List<Pid> members, ListTerm groups)
    {
        if (!_remotes.TryGetValue(peer, out var remote))
            return true;
        foreach (var group in groups)
        {
            if (!remote.Groups.TryGetValue(group, out var all))
                return IsNew; // {badkey, Group} before
            foreach (var member in members)
                all.Remove(member);
            if (all.Count == 0)
                remote.Groups.Remove(group);
        }
        return true;
    }

    private bool OnUpdate(Pid peer, ListTerm changes)
    {
        foreach (var change in changes)
        {
            OnJoin(peer, change.TupleElements[0], PidsOf(change.TupleElements[1]));
            if (change.TupleElements[2].AsList is { Count: > 0 })
                OnLeave(peer, PidsOf(change.TupleElements[2]), Term.List(change.TupleElements[0]).AsList!.Value);
        }
        return true;
    }

    private Dictionary<Term, List<Pid>> LocalGroups()
    {
        var groups = new Dictionary<Term, List<Pid>>();
        foreach (var (member, names) in _local)
        {
            foreach (var name in names)
            {
                if (!groups.TryGetValue(name, out var members))
                    groups[name] = members = [];
                members.Add(member);
            }
        }
        return groups;
    }

    private void Broadcast(Func<Pid, Term> plain, IEnumerable<(Term Group, Pid[] Joined, Pid[] Left)> changes)
    {
        foreach (var (peer, remote) in _remotes)
        {
            Node.Send(peer, remote.Version == 0
                ? plain(peer)
                : Term.Tuple(UpdateAtom, Self, Term.List([.. changes.Select(change => Term.Tuple(change.Group, ListOf(change.Joined), ListOf(change.Left)))])));
        }
    }

    private static Term ListOf(IEnumerable<Pid> pids) => Term.List([.. pids.Select(pid => (Term)pid)]);

    private sealed class Remote
    {
        internal int Version { get; set; }

        internal Dictionary<Term, List<Pid>> Groups { get; set; } = [];
    }
}
