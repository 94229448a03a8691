using Enmesh.Cluster;
using Enmesh.Discovery;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>
/// Any sequence of answers, failures, links, losses and waits: what must never happen, and what must always happen in
/// the end.
/// </summary>
[Trait("Ring", "pure")]
public sealed class ReconcilerProperties
{
    [Fact]
    public void Whatever_happens_the_rules_hold_and_in_the_end_everybody_is_connected()
    {
        var isLong = Environment.GetEnvironmentVariable("ENMESH_LONG") == "1";
        var config = Config.QuickThrowOnFailure.WithMaxTest(isLong ? 20_000 : 500).WithEndSize(150);
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Kind, byte Who, byte How)[]>(), steps =>
        {
            var world = new World();
            foreach (var (kind, who, how) in steps)
                world.Do(kind, who, how);
            world.Settle();
        }).Check(config);
    }

    /// <summary>The world around a reconciler, with its own memory of what it may expect.</summary>
    private sealed class World
    {
        private const int Peers = 6;
        private const int MaxDials = 4;
        private readonly ReconcilerBench _bench;
        private readonly Dictionary<long, NodeName> _dialling = [];
        private readonly Dictionary<NodeName, long> _connected = [];
        private readonly Dictionary<NodeName, TimeSpan> _failedAt = [];
        private readonly HashSet<NodeName>[] _named = [[], []];
        private readonly List<ClusterEvent> _events = [];
        private long _session;
        private long _version;
        private uint _chance = 1;

        internal World()
        {
            _bench = new ReconcilerBench(
                new ClusterOptions { MaxParallelDials = MaxDials, EmptyConfirmations = 2 }, sources: 2, chance: Chance);
        }

        private static DiscoveredPeer[] All => [.. Enumerable.Range(1, Peers).Select(number => Peer(number))];

        internal void Do(byte kind, byte who, byte how)
        {
            var source = how & 1;
            switch (kind % 10)
            {
                case 0 or 1:
                    Answer(source, new PeerSnapshot.Complete(Chosen(who, how)));
                    break;
                case 2:
                    Answer(source, new PeerSnapshot.Incomplete(Chosen(who, how), "partly"));
                    break;
                case 3:
                    Answer(source, new PeerSnapshot.Unavailable(new DiscoveryException("down")));
                    break;
                case 4:
                    EndDial(who, succeed: how % 3 != 0, notice: how % 2 == 0, yielded: how % 5 == 0);
                    break;
                case 5:
                    Connect(Name(who % Peers + 1), notice: how % 4 != 0);
                    break;
                case 6:
                    Disconnect(Name(who % Peers + 1), notice: how % 4 != 0);
                    break;
                case 7:
                    // A late notice of some older link.
                    Step(new ReconcilerEvent.Link(
                        new PeerLinkNotice.Down(Name(who % Peers + 1), -1, PeerStage.Link, "late")));
                    break;
                case 8:
                    Step(new ReconcilerEvent.Tick([.. _connected.Keys]));
                    break;
                default:
                    _bench.Pass(TimeSpan.FromMilliseconds(who * (how % 8 == 0 ? 2000 : 20)));
                    Step(new ReconcilerEvent.Wake());
                    break;
            }
        }

        /// <summary>
        /// From now on every attempt succeeds: within two of the longest pauses everybody wanted is connected.
        /// </summary>
        internal void Settle()
        {
            foreach (var dial in _dialling.Keys.ToArray())
                EndDial(dial, succeed: false, notice: false, yielded: false);
            Answer(0, new PeerSnapshot.Complete(All));
            Step(new ReconcilerEvent.Tick([.. _connected.Keys]));
            var deadline = _bench.Elapsed + 2 * _bench.Options.MaxBackoff;
            while (_connected.Count < Peers || _bench.View.Connected < Peers)
            {
                foreach (var dial in _dialling.Keys.ToArray())
                    EndDial(dial, succeed: true, notice: dial % 2 == 0, yielded: false);
                var next = _bench.NextWake ?? _bench.Elapsed + _bench.Options.TickInterval;
                _bench.Pass(next - _bench.Elapsed);
                Step(new ReconcilerEvent.Tick([.. _connected.Keys]));
                Assert.True(_bench.Elapsed <= deadline, "Somebody wanted is never connected.");
            }
            Assert.Equal(
                _connected.Keys.Order(),
                _bench.View.Members.Where(member => member.State == MemberState.Up).Select(member => member.Name));
            EventsTellTheSame();
        }

        private static DiscoveredPeer[] Chosen(byte mask, byte how) =>
        [
            .. Enumerable.Range(1, Peers).Where(number => (mask >> number & 1) == 1).Select(
                number => Peer(number, port: how % 7 == 0 ? 4371 : null)),
            .. (mask & 1) == 1 ? [new DiscoveredPeer(Self)] : Array.Empty<DiscoveredPeer>(),
        ];

        private void Answer(int source, PeerSnapshot answer)
        {
            Step(new ReconcilerEvent.Snapshot(source, answer, TimeSpan.Zero));
            var known = _bench.State.Sources[source].Known.Keys.ToHashSet();
            var answered = answer switch
            {
                PeerSnapshot.Complete complete => complete.Peers,
                PeerSnapshot.Incomplete incomplete => incomplete.Peers,
                _ => [],
            };
            var named = answered.Select(peer => peer.Name).Where(name => name != Self).ToHashSet();
            if (answer is PeerSnapshot.Complete { Peers.Count: > 0 })
                Assert.True(known.SetEquals(named), "A whole answer is what is known.");
            else if (answer is PeerSnapshot.Unavailable)
                Assert.True(known.SetEquals(_named[source]), "A failed answer changes nothing.");
            else
                Assert.True(known.IsSupersetOf(named), "Who is named is known.");
            _named[source] = known;
        }

        private void EndDial(long which, bool succeed, bool notice, bool yielded)
        {
            if (_dialling.Count == 0)
                return;
            var dial = _dialling.ContainsKey(which)
                ? which
                : _dialling.Keys.Order().ElementAt((int)(which % _dialling.Count));
            var name = _dialling[dial];
            _dialling.Remove(dial);
            if (succeed)
                Connect(name, notice);
            var connected = _connected.ContainsKey(name);
            // An attempt beside which a link came and went has no say any more; the pause began with the loss.
            if (!connected && _bench.State.Peers.GetValueOrDefault(name)?.State is PeerState.Dialing)
                _failedAt[name] = _bench.Elapsed;
            Step(new ReconcilerEvent.DialDone(
                dial, succeed ? null : new PeerFailure(PeerStage.Tcp, "refused", DateTimeOffset.UnixEpoch), connected,
                yielded && !succeed));
        }

        private void Connect(NodeName name, bool notice)
        {
            if (!_connected.TryAdd(name, ++_session))
                return;
            if (notice)
                Step(new ReconcilerEvent.Link(new PeerLinkNotice.Up(name, _session)));
        }

        private void Disconnect(NodeName name, bool notice)
        {
            if (!_connected.Remove(name, out var session))
                return;
            if (notice)
            {
                var wasUp = _bench.View.Members.Any(member => member.Name == name && member.State == MemberState.Up);
                Step(new ReconcilerEvent.Link(new PeerLinkNotice.Down(name, session, PeerStage.Link, "closed")));
                if (wasUp)
                    _failedAt[name] = _bench.Elapsed;
            }
        }

        private void Step(ReconcilerEvent happened)
        {
            var before = _bench.State;
            var effects = _bench.Do(happened);
            _events.AddRange(effects.Events());
            foreach (var (dial, peer) in effects.Dials().Select(connect => (connect.Dial, connect.Peer.Name)))
            {
                Assert.NotEqual(Self, peer);
                Assert.DoesNotContain(peer, _dialling.Values);
                Assert.NotNull(_bench.State.Wanted(peer));
                Assert.False(
                    before.Peers.TryGetValue(peer, out var known) && known.State is PeerState.Up,
                    "Who is connected is not dialled.");
                if (_failedAt.TryGetValue(peer, out var at))
                    Assert.True(
                        _bench.Elapsed - at >= _bench.Options.MinBackoff,
                        "Nobody is dialled before the shortest pause is over.");
                if (before.Peers.TryGetValue(peer, out known) && known.State is PeerState.Backoff backoff)
                    Assert.True(backoff.RetryAt <= _bench.Elapsed, "Nobody is dialled before the pause is over.");
                _dialling.Add(dial, peer);
            }
            Assert.InRange(_dialling.Count, 0, MaxDials);
            Assert.InRange(_bench.State.Peers.Count, 0, Peers);
            foreach (var peer in _bench.State.Peers.Values)
            {
                if (peer.State is PeerState.Backoff backoff)
                    Assert.True(
                        backoff.RetryAt - _bench.Elapsed <= _bench.Options.MaxBackoff,
                        "No pause is longer than the longest.");
            }
            Assert.DoesNotContain(Self, _bench.State.Peers.Keys);
            Assert.True(_bench.State.Version >= _version);
            _version = _bench.State.Version;
            var view = _bench.View;
            Assert.Equal(view.Members.Count(member => member.IsDiscovered), view.Discovered);
            Assert.All(view.Members, member => Assert.True(member.IsDiscovered || member.State == MemberState.Up));
        }

        // Up and down alternate, discovered and vanished alternate, and their sums are what the view shows.
        private void EventsTellTheSame()
        {
            var up = new HashSet<NodeName>();
            var discovered = new HashSet<NodeName>();
            foreach (var what in _events)
            {
                Assert.True(what switch
                {
                    ClusterEvent.PeerUp e => up.Add(e.Peer),
                    ClusterEvent.PeerDown e => up.Remove(e.Peer),
                    ClusterEvent.PeerDiscovered e => discovered.Add(e.Peer),
                    ClusterEvent.PeerVanished e => discovered.Remove(e.Peer),
                    _ => false,
                });
            }
            var view = _bench.View;
            Assert.Equal(
                up.Order(), view.Members.Where(member => member.State == MemberState.Up).Select(member => member.Name));
            Assert.Equal(
                discovered.Order(), view.Members.Where(member => member.IsDiscovered).Select(member => member.Name));
        }

        private double Chance()
        {
            _chance = _chance * 1_664_525 + 1_013_904_223;
            return (_chance >> 8) / (double)(1 << 24);
        }
    }
}
