using System.Runtime.InteropServices;
using Enmesh.Terms;

namespace Enmesh.Groups;

// The scopes of the other nodes.
internal sealed partial class PgScope
{
    private void Discovered(Pid peer, bool versioned)
    {
        if (peer.Node == self.Node)
            return;
        var remote = Know(peer, out var isNew);
        // Everything first; from here on it is told of each change.
        _effects.Add(new PgEffect.Send(peer, PgMessages.ToSync(self, LocalEntries())));
        remote.HasOurs = true;
        remote.Versioned |= versioned;
        if (isNew)
            _effects.Add(new PgEffect.Send(peer, PgMessages.ToDiscover(self)));
        _releases.Seen(peer.Node, remote.Versioned, _effects);
    }

    private void Synced(Pid peer, IReadOnlyList<PgEntry> groups)
    {
        if (peer.Node == self.Node)
            return;
        var remote = Know(peer, out _);
        var before = remote.Groups;
        remote.Groups = [];
        foreach (var (group, members) in groups)
        {
            foreach (var member in OfNode(peer, members))
                BagOf(remote, group).Add(member);
        }
        var none = new PidBag();
        foreach (var (group, now) in remote.Groups)
            RemoteJoined(group, before.GetValueOrDefault(group, none).Missing(now));
        foreach (var (group, then) in before)
            RemoteLeft(group, remote.Groups.GetValueOrDefault(group, none).Missing(then));
    }

    private void Updated(Pid peer, IReadOnlyList<PgChange> changes)
    {
        // From before a loss of its node, or from nobody's scope.
        if (!_remotes.TryGetValue(peer, out var remote))
            return;
        foreach (var (group, joined, left) in changes)
        {
            var came = OfNode(peer, joined);
            foreach (var member in came)
                BagOf(remote, group).Add(member);
            RemoteJoined(group, came);
            if (!remote.Groups.TryGetValue(group, out var bag))
                continue;
            // A BEAM also names those who were not in.
            var went = left.Where(bag.Remove).ToList();
            if (bag.Count == 0)
                remote.Groups.Remove(group);
            RemoteLeft(group, went);
        }
    }

    private void Ended(Pid who, Term reason)
    {
        if (_local.TryGetValue(who, out var groups))
            LocalEnded(who, groups);
        if (_remotes.Remove(who, out var remote))
        {
            foreach (var (group, bag) in remote.Groups)
                RemoteLeft(group, bag.ToList());
            _releases.Ended(who.Node, remote.Versioned, reason, _effects);
        }
        foreach (var (id, subscriber) in _subscribers)
        {
            if (subscriber.Who == who)
                _subscribers.Remove(id);
        }
    }

    private Remote Know(Pid peer, out bool isNew)
    {
        ref var remote = ref CollectionsMarshal.GetValueRefOrAddDefault(_remotes, peer, out var exists);
        isNew = !exists;
        if (isNew)
        {
            remote = new Remote();
            _effects.Add(new PgEffect.Watch(peer));
        }
        return remote!;
    }

    private void RemoteJoined(Term group, List<Pid> members)
    {
        if (members.Count == 0)
            return;
        table.Add(group, members, local: false);
        TellSubscribers(joined: true, group, members);
    }

    private void RemoteLeft(Term group, List<Pid> members)
    {
        if (members.Count == 0)
            return;
        table.Remove(group, members, local: false);
        TellSubscribers(joined: false, group, members);
    }

    private void TellRemotes(Term message)
    {
        foreach (var (peer, remote) in _remotes)
        {
            if (remote.HasOurs)
                _effects.Add(new PgEffect.Send(peer, message));
        }
    }

    // A scope speaks for the processes of its own node; for others nobody would ever take them out again.
    private static List<Pid> OfNode(Pid peer, IReadOnlyList<Pid> members) =>
        [.. members.Where(member => member.Node == peer.Node)];

    private static PidBag BagOf(Remote remote, Term group)
    {
        ref var bag = ref CollectionsMarshal.GetValueRefOrAddDefault(remote.Groups, group, out _);
        return bag ??= new PidBag();
    }

    /// <summary>A scope of another node.</summary>
    private sealed class Remote
    {
        internal Dictionary<Term, PidBag> Groups { get; set; } = [];

        /// <summary>Whether it was sent all that we have.</summary>
        internal bool HasOurs { get; set; }

        /// <summary>Whether it speaks as OTP 29 does.</summary>
        internal bool Versioned { get; set; }
    }
}
