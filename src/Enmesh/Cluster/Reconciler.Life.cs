using System.Collections.Immutable;

namespace Enmesh.Cluster;

/// <summary>How a node comes into its cluster, how it leaves, and whether the members agree about who is there.</summary>
internal sealed partial class Reconciler
{
    /// <summary>When the wait to join is over one way or the other, though nothing else happens; null for never.</summary>
    private TimeSpan? JoinDue(ReconcilerState state)
    {
        if (state.Join != JoinState.Waiting)
            return null;
        var timeout = state.StartedAt + options.Join.Timeout;
        var first = options.Join.FirstNode == FirstNodeRule.Proceed ? state.AloneSince + options.Join.FirstNodeAfter : null;
        return first < timeout ? first : timeout;
    }

    private sealed partial class Turn
    {
        /// <summary>Opens the gate for user code, once.</summary>
        internal void Join()
        {
            if (_state.Join != JoinState.Waiting)
                return;
            var started = _state.StartedAt ?? now.Elapsed;
            TimeSpan? alone = IsAlone() ? _state.AloneSince ?? now.Elapsed : null;
            _state = _state with { StartedAt = started, AloneSince = alone };
            var rules = owner.JoinRules;
            var members = 1 + _peers.Values.Count(IsMember);
            var reached = members >= rules.MinMembers ? JoinState.Joined
                : rules.FirstNode == FirstNodeRule.Proceed && now.Elapsed - alone >= rules.FirstNodeAfter ? JoinState.First
                : now.Elapsed - started >= rules.Timeout ? JoinState.TimedOut
                : JoinState.Waiting;
            if (reached == JoinState.Waiting)
                return;
            _state = _state with { Join = reached };
            _changed = true;
            if (rules.MinMembers == 1)
                return; // nobody waits
            Publish(new ClusterEvent.Joined(reached));
            _effects.Add(new ReconcilerEffect.NoteJoin(reached, members, rules.MinMembers));
        }

        private void Drain()
        {
            _changed |= !_state.IsDraining;
            _state = _state with { IsDraining = true };
        }

        // One look may fall into the middle of a change; what two in a row show is there.
        private void Compared(ImmutableSortedSet<PartedPair> seen)
        {
            var parted = seen.Intersect(_state.Suspected.Union(_state.Parted));
            var isNews = !parted.SetEquals(_state.Parted);
            _state = _state with { Suspected = seen, Parted = parted };
            if (!isNews)
                return;
            _changed = true;
            Publish(new ClusterEvent.PartitionChanged(parted));
            _effects.Add(new ReconcilerEffect.NoteParted(parted));
        }

        private bool IsAlone() =>
            _state.Sources.All(source => source.State == SourceState.Healthy && source.Known.IsEmpty)
            && !_peers.Values.Any(IsMember);

        // A tool that looks in, hidden and in no list, is no member.
        private bool IsMember(Peer peer) =>
            peer.State is PeerState.Up && (!peer.IsHidden || _state.Wanted(peer.Target.Name) is not null);
    }

    private JoinOptions JoinRules => options.Join;
}
