using Enmesh.Terms;

namespace Enmesh.Global;

internal sealed partial class GlobalMachine
{
    /// <summary>The locker of a node that we are meeting, and the attempt it is for.</summary>
    private sealed record Partner(Atom Node, Pid Locker, int Version, Term OurTag, Term HisTag);

    /// <summary>
    /// A locker's word: it has locked its partition, or could not. Old ones don't say for which attempt.
    /// </summary>
    private sealed record LockerWord(Pid Locker, bool IsSet, Term? OurTag);

    /// <summary>
    /// Locks our partition together with that of a node we are meeting, one at a time: of its own accord after a while,
    /// or when the other side says that it has locked its own.
    /// </summary>
    /// <remarks>
    /// Whoever begins locks one node of the other side first, the one it meets, with the id that both use. From then on
    /// nobody there can lock the partition but by dealing with us, which is why this cannot come to a deadlock.
    /// </remarks>
    private sealed class Locker(GlobalMachine owner)
    {
        // Long enough for others to get the lock when we, having just released it, failed.
        private static readonly TimeSpan AlonePause = TimeSpan.FromMilliseconds(200);
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1000);
        private static readonly TimeSpan PausePerNode = TimeSpan.FromMilliseconds(100);
        private static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(3000);

        private readonly List<Partner> _partners = [];
        private readonly List<LockerWord> _words = [];
        private Phase _phase;
        private Partner? _partner;
        private Term _lockId;
        private IReadOnlyCollection<Atom> _locked = [];
        private bool _isCancelled;

        private enum Phase
        {
            /// <summary>Waits for its time, or for a word.</summary>
            Idle,

            /// <summary>Sets or releases locks; all words wait.</summary>
            Busy,

            /// <summary>Has locked of its own accord, and waits for the partner's word.</summary>
            Awaits,

            /// <summary>Both have locked: until the partitions are one.</summary>
            Holds,
        }

        /// <summary>When it will lock of its own accord.</summary>
        internal TimeSpan? WakeAt { get; private set; }

        internal int Unfinished => _partners.Count + _words.Count + (_phase == Phase.Idle ? 0 : 1);

        /// <summary>Begins with a partner.</summary>
        internal void Add(Partner partner)
        {
            _partners.Add(partner);
            Rest();
        }

        /// <summary>The attempt is over, well or not.</summary>
        internal void Cancel(Atom node, Term ourTag)
        {
            _partners.RemoveAll(partner => partner.Node == node && partner.OurTag == ourTag);
            if (_partner is { } current && current.Node == node && current.OurTag == ourTag)
            {
                if (_phase is Phase.Awaits or Phase.Holds)
                    Release(justSynced: _phase == Phase.Holds);
                else
                    _isCancelled = true;
            }
            Rest();
        }

        internal void OnLockSet(LockerWord word)
        {
            _words.Add(word);
            Listen();
        }

        internal void Wake()
        {
            if (_phase != Phase.Idle || !(WakeAt <= owner._now))
                return;
            Rest();
            if (!owner._locks.IsGlobalLockSet)
                Begin();
        }

        /// <summary>Locks of our own accord, for one of those that wait. Nodes of our own host go first.</summary>
        private void Begin()
        {
            _partners.RemoveAll(partner => owner._known.ContainsKey(partner.Node));
            Partner[] near = [.. _partners.Where(partner => HostOf(partner.Node) == HostOf(owner._self.Node))];
            IReadOnlyList<Partner> choice = near.Length > 0 ? near : _partners;
            Rest();
            if (choice.Count == 0)
                return;
            var partner = choice[owner._self.Chance(choice.Count)];
            LockPartition(partner, partner.Locker, also: partner.Node, isLocked =>
            {
                if (!isLocked)
                {
                    BeIdle();
                    return;
                }
                if (_isCancelled)
                {
                    Release(justSynced: false);
                    return;
                }
                _phase = Phase.Awaits;
                Say(partner, partner.Locker, isSet: true);
                Listen();
            });
        }

        /// <summary>Looks through the words that have come for those that can be acted upon now.</summary>
        private void Listen()
        {
            while (_phase == Phase.Idle && _words.Count > 0)
            {
                var word = _words[0];
                _words.RemoveAt(0);
                if (word.IsSet)
                    Follow(word);
            }
            for (var i = 0; _phase == Phase.Awaits && i < _words.Count;)
            {
                var word = _words[i];
                if (word.Locker.Node != _partner!.Node)
                {
                    i++;
                    continue;
                }
                _words.RemoveAt(i);
                if (word.OurTag is { } tag && tag != _partner.OurTag)
                    continue; // about an earlier attempt
                if (word.IsSet)
                    Agree();
                else
                    Release(justSynced: false);
            }
        }

        /// <summary>A partner has locked its partition: we lock ours, and say whether we could.</summary>
        private void Follow(LockerWord word)
        {
            var partner = _partners.Find(
                one => one.Node == word.Locker.Node && (word.OurTag is not { } tag || tag == one.OurTag));
            if (partner is null)
            {
                owner.Do(new GlobalEffect.SendTo(
                    word.Locker, GlobalMessages.LockSet(owner._self.Pid, false, owner._known.Keys, null)));
                return;
            }
            LockPartition(partner, word.Locker, also: null, isLocked =>
            {
                Say(partner, word.Locker, isLocked && !_isCancelled);
                if (!isLocked)
                    BeIdle();
                else if (_isCancelled)
                    Release(justSynced: false);
                else
                    Agree();
            });
        }

        private void Agree()
        {
            var partner = _partner!;
            _phase = Phase.Holds;
            _partners.Remove(partner);
            owner.OnLockIsSet(partner.Node, partner.OurTag, _lockId);
        }

        /// <summary>Locks the boss, ourselves and one node of the other side, then all that we know.</summary>
        private void LockPartition(Partner partner, Pid hisLocker, Atom? also, Action<bool> then)
        {
            var id = GlobalMessages.MeetingLock(owner._self.Pid, hisLocker);
            _phase = Phase.Busy;
            (_partner, _lockId, _isCancelled, WakeAt) = (partner, id, false, null);
            var boss = owner.BossOf(owner._known.Keys);
            // Locking ourselves first could stop one who has the boss already.
            if (boss != owner._self.Node && !owner.CanSetHere(id))
            {
                then(false);
                return;
            }
            owner.SetLock(id, [boss], gotBoss =>
            {
                if (!gotBoss)
                {
                    then(false);
                    return;
                }
                Atom[] near = [.. new[] { owner._self.Node, also }.OfType<Atom>().Where(node => node != boss)];
                owner.SetLock(id, near, gotNear =>
                {
                    if (!gotNear)
                        owner.DeleteLock(id, [boss], () => then(false));
                    else
                        LockKnown(id, [boss, .. near], then);
                });
            });
        }

        private void LockKnown(Term id, Atom[] soFar, Action<bool> then)
        {
            Atom[] others = [.. owner._known.Keys.Except(soFar)];
            owner.SetLock(id, others, gotOthers =>
            {
                _locked = [.. soFar, .. others];
                if (gotOthers)
                    then(true);
                else
                    owner.DeleteLock(id, soFar, () => then(false));
            });
        }

        private void Release(bool justSynced)
        {
            _phase = Phase.Busy;
            owner.DeleteLock(_lockId, _locked, () =>
            {
                BeIdle();
                if (justSynced && _phase == Phase.Idle && _partners.Count > 0)
                    WakeAt = owner._now; // no reason to wait after a success
            });
        }

        private void BeIdle()
        {
            _phase = Phase.Idle;
            (_partner, _locked) = (null, []);
            Rest();
            Listen();
        }

        private void Rest()
        {
            if (_phase != Phase.Idle || _partners.Count == 0)
            {
                WakeAt = null;
                return;
            }
            var pause = Pause + PausePerNode * owner._known.Count;
            WakeAt = owner._now + (owner._known.Count == 0 ? AlonePause : pause < MaxPause ? pause : MaxPause);
        }

        private void Say(Partner partner, Pid hisLocker, bool isSet)
        {
            var word = GlobalMessages.LockSet(
                owner._self.Pid, isSet, owner._known.Keys,
                partner.Version >= GlobalMessages.VerifiedVersion ? partner.HisTag : default(Term?));
            if (partner.Version < GlobalMessages.ByServerVersion)
                owner.Do(new GlobalEffect.SendTo(hisLocker, word));
            else
                owner.Cast(partner.Node, word);
        }

        private static string HostOf(Atom node) => node.Text[(node.Text.LastIndexOf('@') + 1)..];
    }
}
