using Enmesh.Discovery;

namespace Enmesh.Cluster;

/// <summary>What is worth a line in the log, and when: the first time, on a change, then rarely.</summary>
internal sealed partial class Reconciler
{
    private const int Well = 0;

    private sealed partial class Turn
    {
        /// <summary>Reports on the cluster as a whole.</summary>
        internal void ReportWhole()
        {
            if (_state.Sources.IsEmpty && owner.ExpectedPeers is null)
                return;
            var wanted = _peers.Values.Where(peer => _state.Wanted(peer.Target.Name) is not null).ToArray();
            if (!_state.Sources.IsEmpty)
            {
                var nobody = _state.Nobody.Next(
                    wanted.Length == 0 ? 1 : Well, now.Elapsed, owner.WarnAfter, owner.RemindEvery, out var sayNobody);
                _state = _state with { Nobody = nobody };
                if (sayNobody)
                    _effects.Add(new ReconcilerEffect.NoteDiscovered(
                        wanted.Length, string.Join(", ", _state.Sources.Select(source => source.Name))));
            }

            var down = wanted.Where(peer => peer.State is not PeerState.Up).ToArray();
            var connected = _peers.Values.Count(IsMember);
            var expected = owner.ExpectedPeers ?? wanted.Length;
            var isMissing = !_state.IsDraining && (owner.ExpectedPeers is { } peers ? connected < peers : down.Length > 0);
            var missing = _state.Missing.Next(
                isMissing ? 1 : Well, now.Elapsed, owner.WarnAfter, owner.RemindEvery, out var sayMissing);
            _state = _state with { Missing = missing };
            if (sayMissing)
                _effects.Add(new ReconcilerEffect.NoteMembers(
                    !isMissing, connected, expected,
                    Listing.Missing([.. down.Select(peer => (peer.Target.Name, peer.LastFailure))])));
        }

        /// <summary>Whether the names of an answer are such that the members can find each other.</summary>
        private Source NoteNames(Source source, PeerSnapshot answer)
        {
            if (answer is PeerSnapshot.Complete { Peers: { Count: > 0 } peers } && source.NamesSelf)
                source = source with { LacksSelf = !peers.Any(owner.IsSelf) };
            var self = source.SelfReport.Next(
                source.LacksSelf ? 1 : Well, now.Elapsed, owner.WarnAfter, owner.RemindEvery, out var saySelf);
            if (saySelf)
                _effects.Add(new ReconcilerEffect.NoteSelf(source.Name, !source.LacksSelf, source.Known.Count));

            var odd = source.Known.Keys.FirstOrDefault(name => name.IsLong != owner.Self.IsLong);
            var form = source.FormReport.Next(
                odd is null ? Well : 1, now.Elapsed, TimeSpan.Zero, owner.RemindEvery, out var sayForm);
            if (sayForm && odd is not null)
                _effects.Add(new ReconcilerEffect.NoteNameForm(source.Name, odd));
            return source with { SelfReport = self, FormReport = form };
        }

        private void CompareClocks()
        {
            var ahead = now.Wall - DateTimeOffset.UnixEpoch - now.Elapsed;
            var jump = ahead - (_state.WallAhead ?? ahead);
            if (jump.Duration() >= ClockJump)
                _effects.Add(new ReconcilerEffect.NoteClockJump(jump));
            _state = _state with { WallAhead = ahead };
        }

        private Source NoteHealth(Source source)
        {
            var code = source.State switch
            {
                SourceState.Partial => 1,
                SourceState.Failing => 2,
                _ => Well,
            };
            var report = source.Report.Next(code, now.Elapsed, TimeSpan.Zero, owner.RemindEvery, out var say);
            if (say && code != Well)
                _effects.Add(new ReconcilerEffect.NoteSourceTrouble(
                    source.Name, code == 2, source.Problem ?? "", source.Failures));
            else if (say)
                _effects.Add(new ReconcilerEffect.NoteSourceRecovered(source.Name, source.Known.Count));
            return source with { Report = report };
        }

        private Peer NoteFailure(Peer peer, PeerFailure failure, int attempts, TimeSpan pause)
        {
            if (_state.Wanted(peer.Target.Name) is null)
                return peer;
            if (peer.Reported is { } last)
            {
                var quiet = now.Elapsed - last.At;
                if (quiet < (failure.Stage == last.Stage ? owner.RemindEvery : Report.Gap))
                    return peer;
            }
            var isLeaving = failure.Stage == PeerStage.NotAllowed && peer.WasUp;
            _effects.Add(new ReconcilerEffect.NoteDialFailed(peer.Target.Name, failure, attempts, pause, isLeaving));
            return peer with { Reported = (failure.Stage, now.Elapsed) };
        }
    }

    // Less is the daily work of those who keep clocks right.
    private static readonly TimeSpan ClockJump = TimeSpan.FromSeconds(2);

    private NodeName Self => self;

    private int? ExpectedPeers => options.ExpectedPeers;

    private TimeSpan WarnAfter => options.WarnAfter;

    private TimeSpan RemindEvery => options.RemindEvery;
}
