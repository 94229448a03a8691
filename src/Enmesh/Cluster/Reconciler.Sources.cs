using System.Collections.Immutable;
using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>What the answers of the sources mean for who is wanted.</summary>
internal sealed partial class Reconciler
{
    private sealed partial class Turn
    {
        private void Answered(ReconcilerEvent.Snapshot snapshot)
        {
            var old = _state.Sources[snapshot.Source];
            var wantedBefore = _state;
            var source = old with { LastDuration = snapshot.Duration };
            source = snapshot.Answer switch
            {
                PeerSnapshot.Complete { Peers.Count: 0 } => SaidNobody(source),
                PeerSnapshot.Complete complete => SaidAll(source, complete.Peers),
                PeerSnapshot.Incomplete incomplete => SaidSome(source, incomplete),
                PeerSnapshot.Unavailable unavailable =>
                    Trouble(source, SourceState.Failing, unavailable.Cause.Message) with { Empty = default, AwaySince = source.AwaySince ?? now.Elapsed },
                _ => source,
            };
            source = NoteHealth(source);
            source = NoteNames(source, snapshot.Answer);
            _state = _state with { Sources = _state.Sources.SetItem(snapshot.Source, source) };
            _changed = true;
            foreach (var name in source.Known.Keys)
            {
                if (wantedBefore.Wanted(name) is null)
                    Publish(new ClusterEvent.PeerDiscovered(name, source.Name));
                Want(name);
            }
            foreach (var name in old.Known.Keys)
            {
                if (_state.Wanted(name) is null)
                    Vanished(name);
                else
                    Want(name);
            }
        }

        private static Source Trouble(Source source, SourceState trouble, string problem) =>
            source with { State = trouble, Problem = problem, Failures = source.Failures + 1 };

        private Source SaidAll(Source source, IReadOnlyCollection<DiscoveredPeer> peers) => source with
        {
            Known = Sightings(peers, ImmutableDictionary<NodeName, Sighting>.Empty),
            Empty = default,
            PartialSince = null,
            AwaySince = null,
            State = SourceState.Healthy,
            Problem = null,
            Failures = 0,
            LastComplete = now.Wall,
        };

        // Strategies of others may take a failure for an empty list, so emptiness is doubted here once more.
        private Source SaidNobody(Source source)
        {
            var empty = source.Empty.Add(now.Elapsed);
            if (source.Known.IsEmpty || empty.AreBelieved(now.Elapsed, owner.Confirmations, owner.EmptyAge))
                return SaidAll(source, []) with { Empty = empty };
            var problem = FormattableString.Invariant(
                $"its answer is empty (believed after {owner.Confirmations} such answers and {owner.EmptyAge.TotalSeconds:0.#} s; so far {empty.Count})");
            return Trouble(source, SourceState.Partial, problem) with { Empty = empty, AwaySince = null };
        }

        private Source SaidSome(Source source, PeerSnapshot.Incomplete incomplete)
        {
            // The time without any answer makes nobody forgotten.
            var since = source.PartialSince + (now.Elapsed - (source.AwaySince ?? now.Elapsed)) ?? now.Elapsed;
            var known = source.Known.ToBuilder();
            foreach (var (name, sighting) in source.Known)
            {
                if (_peers.GetValueOrDefault(name) is { State: PeerState.Up })
                    known[name] = sighting with { At = now.Elapsed };
                else if (now.Elapsed - (sighting.At > since ? sighting.At : since) >= owner.ForgetAfter)
                    known.Remove(name);
            }
            var empty = incomplete.Peers.Count == 0 ? source.Empty.Add(now.Elapsed) : default;
            return Trouble(source, SourceState.Partial, incomplete.Reason) with
            {
                Known = Sightings(incomplete.Peers, known.ToImmutable()),
                Empty = empty,
                PartialSince = since,
                AwaySince = null,
            };
        }

        private ImmutableDictionary<NodeName, Sighting> Sightings(
            IReadOnlyCollection<DiscoveredPeer> peers, ImmutableDictionary<NodeName, Sighting> known)
        {
            var sightings = known.ToBuilder();
            foreach (var peer in peers)
            {
                if (!owner.IsSelf(peer))
                    sightings[peer.Name] = new Sighting(peer, now.Elapsed);
            }
            return sightings.ToImmutable();
        }

        /// <summary>Makes sure that a wanted peer is there, with the address it is wanted at.</summary>
        private void Want(NodeName name)
        {
            var target = _state.Wanted(name)!;
            var peer = _peers.GetValueOrDefault(name);
            if (peer is null)
                Put(new Peer(target, new PeerState.Waiting(), now.Wall));
            else if (peer.Target != target)
                Put(Moved(peer with { Target = target, VanishedAt = null, IsSomebodyElse = false }));
            else if (peer.VanishedAt is not null)
                _peers[name] = peer with { VanishedAt = null };
        }

        private void Vanished(NodeName name)
        {
            Publish(new ClusterEvent.PeerVanished(name));
            if (_peers.TryGetValue(name, out var peer))
                _peers[name] = peer with { VanishedAt = now.Elapsed };
        }

        // At a new address a peer may be well; it gets the shortest pause, never less.
        private Peer Moved(Peer peer)
        {
            if (peer.State is not PeerState.Backoff backoff)
                return peer;
            var soon = now.Elapsed + owner.Pause(1);
            return soon < backoff.RetryAt ? peer with { State = backoff with { RetryAt = soon } } : peer;
        }
    }

    private int Confirmations => options.EmptyConfirmations;

    private TimeSpan EmptyAge => options.EmptyAge;

    private TimeSpan ForgetAfter => options.ForgetAfter;

    private bool IsSelf(DiscoveredPeer peer) => isSelf(peer);
}
