using System.Collections.Immutable;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>
/// Keeps the connected peers equal to the wanted ones: (state, event) to (state, effects), without IO, clock or chance
/// of its own. Level-triggered: every step looks at all that is wanted and not connected, not at what has changed, so
/// that nothing is forgotten because a notice got lost.
/// </summary>
/// <param name="options">The rules.</param>
/// <param name="self">The node's own name.</param>
/// <param name="isSelf">Whether what was discovered is this node.</param>
/// <param name="chance">A number from 0 up to, not including, 1.</param>
internal sealed partial class Reconciler(
    ClusterOptions options, NodeName self, Func<DiscoveredPeer, bool> isSelf, Func<double> chance)
{
    private const int MaxDoublings = 30;

    /// <summary>Takes what has happened, in order, and then decides once.</summary>
    internal (ReconcilerState State, IReadOnlyList<ReconcilerEffect> Effects) Step(
        ReconcilerState state, ReadOnlySpan<ReconcilerEvent> happened, Instant now)
    {
        var turn = new Turn(this, state, now);
        foreach (var one in happened)
            turn.Take(one);
        turn.CutVanished();
        turn.Prune();
        turn.DialWanted();
        turn.Join();
        turn.ReportWhole();
        return turn.End();
    }

    /// <summary>When a step is due although nothing happens; null for never.</summary>
    internal TimeSpan? NextWake(ReconcilerState state, TimeSpan now)
    {
        TimeSpan? next = null;
        foreach (var peer in state.Peers.Values)
        {
            var due = peer.State is PeerState.Backoff backoff ? backoff.RetryAt : CutAt(peer);
            if (due > now && !(next <= due))
                next = due;
        }
        var join = JoinDue(state);
        return join > now && !(next <= join) ? join : next;
    }

    /// <summary>When the link to a peer that has vanished is to be cut; null for never.</summary>
    private TimeSpan? CutAt(Peer peer) => peer.State is not PeerState.Up || options.Removal == PeerRemoval.Ignore
        ? null
        : peer.VanishedAt + (options.Removal == PeerRemoval.After ? options.RemovalGrace : TimeSpan.Zero);

    /// <summary>
    /// The pause after so many failures in a row: doubling, half of it by chance, within the bounds. Who is merely out
    /// of reach is tried at least as often as the members are compared: nobody tells us when the network is whole again.
    /// </summary>
    private TimeSpan Pause(int failures, PeerStage? stage = null)
    {
        var longest = stage is PeerStage.Dns or PeerStage.Epmd or PeerStage.Tcp
            ? Bounded(options.TickInterval, options.MinBackoff * 2, options.MaxBackoff)
            : options.MaxBackoff;
        var low = options.MinBackoff * (1L << Math.Clamp(failures - 1, 0, MaxDoublings));
        if (low > longest / 2)
            low = longest / 2;
        return low + low * chance();
    }

    private static TimeSpan Bounded(TimeSpan value, TimeSpan min, TimeSpan max) =>
        value < min ? min : value > max ? max : value;

    /// <summary>One step in the making.</summary>
    private sealed partial class Turn(Reconciler owner, ReconcilerState before, Instant now)
    {
        private readonly ImmutableSortedDictionary<NodeName, Peer>.Builder _peers = before.Peers.ToBuilder();
        private readonly List<ReconcilerEffect> _effects = [];
        private ReconcilerState _state = before;
        private bool _changed;

        internal void Take(ReconcilerEvent happened)
        {
            switch (happened)
            {
                case ReconcilerEvent.Snapshot snapshot:
                    Answered(snapshot);
                    break;
                case ReconcilerEvent.Link { Notice: PeerLinkNotice.Up up }:
                    CameUp(up.Peer, up.Session, up.IsHidden, up.Security);
                    break;
                case ReconcilerEvent.Link { Notice: PeerLinkNotice.Down down }:
                    WentDown(down);
                    break;
                case ReconcilerEvent.DialDone done:
                    DialEnded(done);
                    break;
                case ReconcilerEvent.Drain:
                    Drain();
                    break;
                case ReconcilerEvent.Compared compared:
                    Compared(compared.Parted);
                    break;
                case ReconcilerEvent.Tick tick:
                    Compare(tick.Connected);
                    DropLost(tick.Dialling);
                    CompareClocks();
                    break;
            }
        }

        internal (ReconcilerState, IReadOnlyList<ReconcilerEffect>) End() =>
            (_state with { Peers = _peers.ToImmutable(), Version = _state.Version + (_changed ? 1 : 0) }, _effects);

        /// <summary>
        /// Cuts the links that the rules no longer leave to who has vanished, each once. A node that drains cuts none: in
        /// the end it closes all of them at once.
        /// </summary>
        internal void CutVanished()
        {
            if (_state.IsDraining)
                return;
            foreach (var (name, peer) in _peers.ToArray())
            {
                if (!(owner.CutAt(peer) <= now.Elapsed))
                    continue;
                _peers[name] = peer with { VanishedAt = null };
                _effects.Add(new ReconcilerEffect.Cut(name));
            }
        }

        /// <summary>
        /// Drops who is neither wanted nor connected. A pause is served to its end, even by who comes and goes.
        /// </summary>
        internal void Prune()
        {
            foreach (var (name, peer) in _peers.ToArray())
            {
                var free = peer.State is PeerState.Waiting
                    || (peer.State is PeerState.Backoff backoff && backoff.RetryAt <= now.Elapsed);
                if (free && _state.Wanted(name) is null)
                {
                    _peers.Remove(name);
                    _changed = true;
                }
            }
        }

        /// <summary>Dials who is wanted, not connected and not in a pause, as far as there are places.</summary>
        internal void DialWanted()
        {
            var free = owner.Places - _state.Dials.Count;
            var freeAgain = owner.Places / 2 - _state.Dials.Values.Count(dial => dial.Again);
            if (free <= 0 || _state.IsDraining)
                return;
            var busy = _state.Dials.Values.Select(dial => dial.Target.Name).ToHashSet();
            var ready = _peers.Values
                .Where(peer => IsReady(peer) && !busy.Contains(peer.Target.Name) && _state.Wanted(peer.Target.Name) is not null)
                .OrderBy(peer => peer.Failures > 0)
                .ThenBy(peer => peer.State is PeerState.Backoff backoff ? backoff.RetryAt : TimeSpan.Zero)
                .ToArray();
            foreach (var peer in ready)
            {
                var again = peer.Failures > 0;
                if (free == 0 || (again && freeAgain <= 0))
                    return;
                free--;
                freeAgain -= again ? 1 : 0;
                var dial = _state.LastDial + 1;
                _state = _state with { LastDial = dial, Dials = _state.Dials.Add(dial, (peer.Target, again)) };
                Put(peer with { State = new PeerState.Dialing(dial, peer.Failures), Since = now.Wall });
                _effects.Add(new ReconcilerEffect.Connect(dial, peer.Target));
            }
        }

        /// <summary>A link is there, whoever dialled.</summary>
        private void CameUp(NodeName name, long? session, bool? isHidden = null, TlsLink? security = null)
        {
            var peer = _peers.GetValueOrDefault(name) ?? new Peer(
                new DiscoveredPeer(name), new PeerState.Waiting(), now.Wall);
            if (peer.State is PeerState.Up up)
            {
                // The notice of a link that a tick had already seen; or a newer link has taken the place of the old
                // one.
                if (session is not null)
                    _peers[name] = peer with { State = up with { Session = session } };
                if (isHidden is { } hidden && (hidden, security) != (peer.IsHidden, peer.Security))
                    Put(_peers[name] with { IsHidden = hidden, Security = security });
                return;
            }
            Put(peer with
            {
                State = new PeerState.Up(session, peer.Failures, now.Elapsed),
                Since = now.Wall,
                Reported = null,
                WasUp = true,
                IsHidden = isHidden ?? peer.IsHidden,
                Security = security,
                IsSomebodyElse = false,
                // Who comes by itself after it has vanished stays.
                VanishedAt = peer.State is PeerState.Dialing ? peer.VanishedAt : null,
            });
            Publish(new ClusterEvent.PeerUp(name));
        }

        private void WentDown(PeerLinkNotice.Down down)
        {
            if (_peers.GetValueOrDefault(down.Peer) is not { State: PeerState.Up up } peer)
                return;
            // A late word about an older link says nothing about this one.
            if (up.Session is { } session && session != down.Session)
                return;
            Lost(peer, up, new PeerFailure(down.Stage, down.Reason, now.Wall));
        }

        private void DialEnded(ReconcilerEvent.DialDone done)
        {
            if (!_state.Dials.TryGetValue(done.Dial, out var dial))
                return;
            _state = _state with { Dials = _state.Dials.Remove(done.Dial) };
            if (_peers.GetValueOrDefault(dial.Target.Name) is not { State: PeerState.Dialing dialing } peer
                || dialing.Dial != done.Dial)
                return;
            if (done.IsConnected)
            {
                CameUp(peer.Target.Name, null);
                return;
            }
            // Meanwhile it may have moved: what became of the attempt at its old address says nothing of the new one.
            var hasMoved = dial.Target != peer.Target;
            var failures = hasMoved ? 1 : dialing.Failures + 1;
            var isSomebodyElse = done.Failure?.Stage is PeerStage.Name && !hasMoved;
            // An address that now belongs to somebody else is not asked again and again for its old owner.
            var pause = owner.Pause(isSomebodyElse ? MaxDoublings : failures, done.Failure?.Stage);
            var failure = done.Failure ?? new PeerFailure(
                PeerStage.Link, "The link was closed as soon as it was up.", now.Wall);
            peer = peer with
            {
                State = new PeerState.Backoff(failures, now.Elapsed + pause),
                Since = now.Wall,
                LastFailure = done.Yielded ? peer.LastFailure : failure,
            };
            if (!done.Yielded && !_state.IsDraining)
                peer = NoteFailure(peer, failure, failures, pause);
            if (isSomebodyElse && !peer.IsSomebodyElse)
                Publish(new ClusterEvent.WrongIdentity(dial.Target.Name, failure));
            Put(peer with { IsSomebodyElse = isSomebodyElse });
        }

        /// <summary>Sets right what the notices did not say.</summary>
        private void Compare(IReadOnlyCollection<NodeName> connected)
        {
            var really = connected.ToHashSet();
            foreach (var name in really)
                CameUp(name, null);
            foreach (var (name, peer) in _peers.ToArray())
            {
                if (peer.State is PeerState.Up up && !really.Contains(name))
                    Lost(peer, up, new PeerFailure(PeerStage.Link, "The link is gone.", now.Wall));
            }
        }

        // An attempt of which nobody will ever say that it is over, after a fault of ours: its place is free again.
        private void DropLost(IReadOnlySet<long>? dialling)
        {
            if (dialling is null)
                return;
            foreach (var dial in _state.Dials.Keys.Where(dial => !dialling.Contains(dial)))
                DialEnded(new(dial, new PeerFailure(PeerStage.Other, "The attempt was lost.", now.Wall), IsConnected: false));
        }

        private bool IsReady(Peer peer) => peer.State switch
        {
            PeerState.Waiting => true,
            PeerState.Backoff backoff => backoff.RetryAt <= now.Elapsed,
            _ => false,
        };

        private void Lost(Peer peer, PeerState.Up up, PeerFailure failure)
        {
            // A link that lasted is no failure; one that comes and goes counts like an attempt that failed.
            var failures = now.Elapsed - up.Since >= owner.LastingLink ? 0 : up.Failures + 1;
            var pause = owner.Pause(failures);
            Put(peer with { State = new PeerState.Backoff(failures, now.Elapsed + pause), Since = now.Wall, LastFailure = failure });
            Publish(new ClusterEvent.PeerDown(peer.Target.Name, failure));
        }

        private void Put(Peer peer)
        {
            _peers[peer.Target.Name] = peer;
            _changed = true;
        }

        private void Publish(ClusterEvent what) => _effects.Add(new ReconcilerEffect.Publish(what));
    }

    private int Places => options.MaxParallelDials;

    private TimeSpan LastingLink => options.MaxBackoff;
}
