using System.Runtime.InteropServices;
using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>
/// One scope of <c>pg</c> on one node: (state, event) to (state, effects), without IO or clock. It keeps the groups
/// of this node, tells the scopes of the other nodes of them, and keeps what those tell.
/// </summary>
/// <remarks>
/// What makes it safe towards BEAM scopes, which crash at a leave of a group that they do not know of: a scope is told
/// of changes only after it was sent everything, so that it holds of us exactly what we hold, and only those leave
/// who were in. A scope that is heard of through its own <c>sync</c> first is not told anything before it asks.
/// </remarks>
/// <param name="self">The pid of the scope's process.</param>
/// <param name="table">Where others read the groups.</param>
internal sealed partial class PgScope(Pid self, PgTable table)
{
    private static readonly Term NotJoined = new Atom("not_joined");

    private readonly Dictionary<Pid, Dictionary<Term, int>> _local = [];
    private readonly Dictionary<Pid, Remote> _remotes = [];
    private readonly Dictionary<Reference, Subscriber> _subscribers = [];
    private readonly PgReleases _releases = new();
    private List<PgEffect> _effects = [];

    /// <summary>The scopes of other nodes that are known.</summary>
    internal IReadOnlyCollection<Pid> Remotes => _remotes.Keys;

    /// <summary>Takes what has happened.</summary>
    /// <returns>What is to be done, in this order.</returns>
    internal IReadOnlyList<PgEffect> Take(PgEvent happened)
    {
        _effects = [];
        switch (happened)
        {
            case PgEvent.NodeUp up:
                _effects.Add(new PgEffect.SendToName(up.Node, PgMessages.ToDiscover(self)));
                break;
            case PgEvent.NodeDown down:
                _releases.Gone(down.Node);
                break;
            case PgEvent.ReleaseKnown known:
                _releases.Known(known.Node, known.Release, _effects);
                break;
            case PgEvent.Discover discover:
                Discovered(discover.Peer, discover.Versioned);
                break;
            case PgEvent.Sync sync:
                Synced(sync.Peer, sync.Groups);
                break;
            case PgEvent.Update update:
                Updated(update.Peer, update.Changes);
                break;
            case PgEvent.Down down:
                Ended(down.Who, down.Reason);
                break;
            case PgEvent.Join join:
                Join(join.Group, join.Members);
                break;
            case PgEvent.Leave leave:
                Leave(leave.Group, leave.Members);
                break;
            case PgEvent.Subscribe subscribe:
                Subscribe(subscribe);
                break;
            case PgEvent.Unsubscribe unsubscribe:
                Unsubscribe(unsubscribe.Id);
                break;
        }
        return _effects;
    }

    // This node's own

    private void Join(Term group, IReadOnlyList<Pid> members)
    {
        foreach (var member in members)
        {
            ref var groups = ref CollectionsMarshal.GetValueRefOrAddDefault(_local, member, out var known);
            groups ??= [];
            CollectionsMarshal.GetValueRefOrAddDefault(groups, group, out _)++;
            if (!known)
                _effects.Add(new PgEffect.Watch(member));
        }
        if (members.Count > 0)
        {
            table.Add(group, members, local: true);
            TellSubscribers(joined: true, group, members);
            TellRemotes(PgMessages.ToJoin(self, group, members));
        }
        _effects.Add(new PgEffect.Reply(Atoms.Ok));
    }

    private void Leave(Term group, IReadOnlyList<Pid> members)
    {
        var left = members.Where(member => LeaveOnce(member, group)).ToList();
        if (left.Count > 0)
        {
            table.Remove(group, left, local: true);
            TellSubscribers(joined: false, group, left);
            TellRemotes(PgMessages.ToLeave(self, left, group));
        }
        _effects.Add(new PgEffect.Reply(left.Count > 0 ? Atoms.Ok : NotJoined));
    }

    private bool LeaveOnce(Pid member, Term group)
    {
        if (!_local.TryGetValue(member, out var groups) || !groups.TryGetValue(group, out var times))
            return false;
        if (times > 1)
            groups[group] = times - 1;
        else
            groups.Remove(group);
        if (groups.Count == 0)
        {
            _local.Remove(member);
            _effects.Add(new PgEffect.Unwatch(member));
        }
        return true;
    }

    private void LocalEnded(Pid member, Dictionary<Term, int> groups)
    {
        _local.Remove(member);
        var left = new List<Term>();
        foreach (var (group, times) in groups)
        {
            var once = Enumerable.Repeat(member, times).ToList();
            left.AddRange(Enumerable.Repeat(group, times));
            table.Remove(group, once, local: true);
            TellSubscribers(joined: false, group, once);
        }
        // A group is named as often as the process was in it: each time takes it out once.
        TellRemotes(PgMessages.ToLeave(self, [member], CollectionsMarshal.AsSpan(left)));
    }

    private IEnumerable<PgEntry> LocalEntries()
    {
        var entries = new Dictionary<Term, List<Pid>>();
        foreach (var (member, groups) in _local)
        {
            foreach (var (group, times) in groups)
            {
                ref var members = ref CollectionsMarshal.GetValueRefOrAddDefault(entries, group, out _);
                (members ??= []).AddRange(Enumerable.Repeat(member, times));
            }
        }
        return entries.Select(pair => new PgEntry(pair.Key, pair.Value));
    }

    // Those who want to know

    private void Subscribe(PgEvent.Subscribe subscribe)
    {
        _subscribers[subscribe.Id] = new(subscribe.Who, subscribe.Group);
        _effects.Add(new PgEffect.Watch(subscribe.Who));
        var present = subscribe.Group is { } group
            ? PgMessages.ListOf(table.Members(group))
            : Term.Map([.. table.Names().Select(EntryOf)]);
        _effects.Add(new PgEffect.Reply(Term.Tuple(subscribe.Id, present)));
    }

    private KeyValuePair<Term, Term> EntryOf(Term group) => new(group, PgMessages.ListOf(table.Members(group)));

    private void Unsubscribe(Reference id)
    {
        if (_subscribers.Remove(id, out var subscriber))
            _effects.Add(new PgEffect.Unwatch(subscriber.Who));
        _effects.Add(new PgEffect.Reply(subscriber is not null ? Atoms.Ok : Atoms.False));
    }

    private void TellSubscribers(bool joined, Term group, IReadOnlyList<Pid> members)
    {
        if (_subscribers.Count == 0 || members.Count == 0)
            return;
        var list = PgMessages.ListOf(members);
        foreach (var (id, subscriber) in _subscribers)
        {
            if (subscriber.Group is not { } wanted || wanted == group)
                _effects.Add(new PgEffect.Tell(subscriber.Who, PgMessages.ToNotice(id, joined, group, list)));
        }
    }

    private sealed record Subscriber(Pid Who, Term? Group);
}
