using Enmesh.Terms;

namespace Enmesh.Global;

internal sealed partial class GlobalMachine
{
    /// <summary>
    /// Changes names for the programs of this node: one change at a time, with the names of all nodes locked.
    /// </summary>
    private sealed class Registrar(GlobalMachine owner)
    {
        /// <summary>
        /// The longest pause between attempts to get the lock; the first is an eighth of a second at most.
        /// </summary>
        private const int MaxPauseMilliseconds = 8000;

        private readonly Queue<(GlobalCommand Command, Action<Term> Then)> _waiting = new();
        private int _attempts;
        private bool _isBusy;

        /// <summary>When it will try again to get the lock.</summary>
        internal TimeSpan? WakeAt { get; private set; }

        internal int Unfinished => _waiting.Count + (_isBusy ? 1 : 0);

        internal void Add(GlobalCommand command, Action<Term> then)
        {
            _waiting.Enqueue((command, then));
            if (!_isBusy)
                Begin();
        }

        internal void Wake()
        {
            if (WakeAt <= owner._now)
                Lock();
        }

        private Term LockId => Term.Tuple(GlobalAtoms.Global, owner._self.Pid);

        private void Begin()
        {
            _attempts = 0;
            _isBusy = _waiting.Count > 0;
            if (_isBusy)
                Lock();
        }

        private void Lock()
        {
            WakeAt = null;
            Atom[] nodes = [owner._self.Node, .. owner._known.Keys];
            owner.SetLock(LockId, [owner.BossOf(nodes)], gotBoss =>
            {
                if (!gotBoss)
                {
                    Sleep();
                    return;
                }
                owner.SetLock(LockId, nodes, gotAll =>
                {
                    if (gotAll && !owner._known.Keys.Except(nodes).Any())
                        Change(nodes);
                    else
                        owner.DeleteLock(LockId, gotAll ? nodes : [owner.BossOf(nodes)], Sleep);
                });
            });
        }

        private void Sleep()
        {
            var milliseconds = Math.Min(1000 << Math.Min(_attempts, 6) >> 3, MaxPauseMilliseconds);
            _attempts++;
            WakeAt = owner._now + TimeSpan.FromMilliseconds(1 + owner._self.Chance(milliseconds));
        }

        private void Change(Atom[] nodes)
        {
            var (command, then) = _waiting.Dequeue();
            if (RequestFor(command) is not { } request)
            {
                Finish(GlobalAtoms.No);
                return;
            }
            // Who was lost meanwhile, and may be back, is not locked any more.
            Atom[] locked = [.. nodes.Where(node => node == owner._self.Node || owner._known.ContainsKey(node))];
            owner.AskAll(
                locked, request, _ => Finish(command is GlobalCommand.Unregister ? Atoms.Ok : GlobalAtoms.Yes));

            void Finish(Term result)
            {
                then(result);
                owner.DeleteLock(LockId, nodes, Begin);
            }
        }

        /// <summary>What every server is asked; null when the name or the process is not free.</summary>
        private Term? RequestFor(GlobalCommand command)
        {
            switch (command)
            {
                case GlobalCommand.Register register when owner.WhereIs(register.Name) is null:
                    if (!owner._names.HasName(register.Pid))
                        return Term.Tuple(GlobalAtoms.Register, register.Name, register.Pid, register.Method);
                    owner.Report(GlobalReport.SecondName, null, Term.Tuple(register.Name, register.Pid));
                    return null;
                case GlobalCommand.ReRegister again:
                    return Term.Tuple(GlobalAtoms.Register, again.Name, again.Pid, again.Method);
                case GlobalCommand.RegisterExternal external when owner.WhereIs(external.Name) is null:
                    return Term.Tuple(
                        GlobalAtoms.RegisterExt, external.Name, external.Pid, external.Method, owner._self.Node);
                case GlobalCommand.Unregister unregister:
                    return Term.Tuple(GlobalAtoms.Unregister, unregister.Name);
                default:
                    return null;
            }
        }
    }
}
