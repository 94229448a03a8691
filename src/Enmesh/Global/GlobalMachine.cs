using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>What the machine is told of its node.</summary>
internal sealed record GlobalSelf
{
    internal required Atom Node { get; init; }

    /// <summary>
    /// The process that the machine is: it holds our locks, too, which on the BEAM satellite processes do.
    /// </summary>
    internal required Pid Pid { get; init; }

    /// <summary>Tells the starts of this node apart, in what it says of lost connections.</summary>
    internal long Creation { get; init; }

    /// <summary>The version of the protocol; an older one is for tests.</summary>
    internal int Version { get; init; } = GlobalMessages.OwnVersion;

    /// <summary>Whether partitions are kept from overlapping.</summary>
    internal bool PreventOverlappingPartitions { get; init; } = true;

    /// <summary>Whether a process of this node is alive.</summary>
    internal Func<Pid, bool> IsAlive { get; init; } = static _ => true;

    /// <summary>A number from 0 up to, not including, the given one.</summary>
    internal Func<int, int> Chance { get; init; } = static _ => 0;

    /// <summary>Whether a method of settling conflicts is one that this node has to keep while a name has it.</summary>
    internal Func<Term, bool> IsOwnMethod { get; init; } = static _ => false;
}

/// <summary>
/// The global name server of a node: (state, event) to effects, without IO, clock or chance of its own. One machine is
/// what on the BEAM are the server, its locker, its registrar, and its resolvers and syncers.
/// </summary>
/// <remarks>
/// When two published nodes meet, each locks its partition, with one lock id for both; they exchange their names,
/// settle the conflicts, and tell the others of their partitions, all of whom then connect to each other. Whoever
/// registers a name holds the same lock on all nodes, so that names and partitions never change at the same time.
/// </remarks>
internal sealed partial class GlobalMachine
{
    private readonly GlobalSelf _self;
    private readonly List<GlobalEffect> _effects = [];
    private readonly Questions _questions = new();
    private readonly LockTable _locks;
    private readonly NameTable _names;
    private readonly Dictionary<long, Pid> _laterWatches = [];
    private readonly List<GlobalEffect.Ask> _laterAsks = [];
    private readonly Locker _locker;
    private readonly Registrar _registrar;
    private TimeSpan _now;
    private long _lastWatch;

    internal GlobalMachine(GlobalSelf self)
    {
        _self = self;
        _locks = new LockTable(pid => Watch(pid, connect: false), Unwatch);
        _names = new NameTable(pid => Watch(pid, connect: true), Unwatch, self.IsOwnMethod);
        _locker = new Locker(this);
        _registrar = new Registrar(this);
    }

    /// <summary>The names. May be read from any thread.</summary>
    internal NameTable Names => _names;

    internal LockTable Locks => _locks;

    /// <summary>
    /// The nodes of our partition, without this one, and which version each speaks; 0 where nobody has said.
    /// </summary>
    internal IReadOnlyDictionary<Atom, int> Known => _known;

    /// <summary>The nodes that have the same names as this one.</summary>
    internal IReadOnlySet<Atom> Synced => _synced;

    /// <summary>Questions, attempts and locks under way: all zero in a machine at rest.</summary>
    internal int Unfinished =>
        _questions.Count + _sessions.Count + _locker.Unfinished + _registrar.Unfinished + _syncs.Count + _joining.Count;

    /// <summary>When <see cref="GlobalEvent.Wake"/> is due although nothing happens; null for never.</summary>
    internal TimeSpan? NextWake
    {
        get
        {
            var next = Earlier(_locker.WakeAt, _registrar.WakeAt);
            foreach (var until in _joining.Values)
                next = Earlier(next, until);
            foreach (var until in _unsettled.Values)
                next = Earlier(next, until);
            return next;
        }
    }

    /// <summary>Takes what has happened.</summary>
    internal IReadOnlyList<GlobalEffect> Next(GlobalEvent happened, TimeSpan now)
    {
        _now = now;
        switch (happened)
        {
            case GlobalEvent.NodeUp up:
                OnNodeUp(up.Node);
                break;
            case GlobalEvent.NodeDown down:
                OnNodeDown(down.Node);
                break;
            case GlobalEvent.Message message:
                OnMessage(message.Content);
                break;
            case GlobalEvent.Answered answered:
                _questions.Answered(answered.Question, answered.Answer);
                break;
            case GlobalEvent.Gone gone:
                OnGone(gone.Watch, gone.LostWith);
                break;
            case GlobalEvent.Unreachable unreachable:
                OnUnreachable(unreachable.Node);
                break;
            case GlobalEvent.Wanted wanted:
                OnWanted(wanted.Token, wanted.Command);
                break;
            case GlobalEvent.Leaving:
                _isLeaving = true;
                break;
        }
        Wake();
        foreach (var method in _names.TakeUnused())
            Do(new GlobalEffect.Forget(method));
        var effects = _effects.ToArray();
        _effects.Clear();
        return effects;
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    private void Wake()
    {
        _locker.Wake();
        _registrar.Wake();
        GiveUpJoining();
        GiveUpUnsettled();
    }

    private void OnMessage(Term message)
    {
        if (CallRequest.TryRead(message, out var call))
            OnCall(call);
        else if (message.TupleElements is [{ Atom: { } tag }, var cast] && tag == GenAtoms.GenCast)
            OnCast(cast);
        else
            OnInfo(message);
    }

    private void OnGone(long watch, Atom? lostWith)
    {
        // It goes with its node, whose end is told next: in between we would name the node a member of our partition still, and
        // have none of its names.
        if (lostWith is not null && _connected.Contains(lostWith))
            return;
        if (!_locks.Gone(watch) && _names.NameOf(watch) is { } name)
            RemoveName(name);
    }

    private void OnWanted(long token, GlobalCommand command)
    {
        switch (command)
        {
            case GlobalCommand.Sync sync:
                StartSync(sync.Nodes, () => Do(new GlobalEffect.Done(token, Atoms.Ok)));
                break;
            case GlobalCommand.Disconnect:
                DisconnectAll(nodes => Do(new GlobalEffect.Done(token, nodes)));
                break;
            default:
                _registrar.Add(command, result => Do(new GlobalEffect.Done(token, result)));
                break;
        }
    }

    private void Do(GlobalEffect effect) => _effects.Add(effect);

    private void Send(Atom node, Term message) => Do(new GlobalEffect.Send(node, message));

    private void Cast(Atom node, Term request) => Send(node, Term.Tuple(GenAtoms.GenCast, request));

    private void Report(GlobalReport what, Atom? node, Term detail = default) =>
        Do(new GlobalEffect.Report(what, node, detail));

    private long Watch(Pid pid, bool connect)
    {
        // On a node that is about to be connected: by us or, should we not reach it, by itself.
        if (_joining.ContainsKey(pid.Node))
            _laterWatches.Add(++_lastWatch, pid);
        else
            Do(new GlobalEffect.Watch(++_lastWatch, pid, connect));
        return _lastWatch;
    }

    private void Unwatch(long id)
    {
        if (!_laterWatches.Remove(id))
            Do(new GlobalEffect.Unwatch(id));
    }

    /// <summary>
    /// Asks a node; one that is about to be connected, when it is: a lock without it would not be one of all nodes.
    /// </summary>
    private void Ask(Atom node, Atom server, Term request, Action<Term?> then)
    {
        var ask = new GlobalEffect.Ask(_questions.Add(then), node, server, request);
        if (_joining.ContainsKey(node))
            _laterAsks.Add(ask);
        else
            Do(ask);
    }

    /// <summary>Does what has waited for a node to be connected.</summary>
    private void DoLater(Atom node)
    {
        foreach (var (id, pid) in _laterWatches.Where(later => later.Value.Node == node).ToArray())
        {
            _laterWatches.Remove(id);
            Do(new GlobalEffect.Watch(id, pid, MayConnect: true));
        }
        foreach (var ask in _laterAsks.Where(ask => ask.Node == node))
            Do(ask);
        _laterAsks.RemoveAll(ask => ask.Node == node);
    }

    /// <summary>A node will not be connected: nobody answers.</summary>
    private void FailLater(Atom node)
    {
        var asks = _laterAsks.FindAll(ask => ask.Node == node);
        _laterAsks.RemoveAll(asks.Contains);
        foreach (var ask in asks)
            _questions.Answered(ask.Question, null);
    }

    /// <summary>
    /// Asks the servers of several nodes, this one among them or not, and goes on when all that can have answered.
    /// </summary>
    private void AskAll(
        IReadOnlyCollection<Atom> nodes, Term request, Action<IReadOnlyList<(Atom Node, Term Answer)>> then)
    {
        if (nodes.Count == 0)
        {
            then([]);
            return;
        }
        var round = new Round(nodes.Count, then);
        foreach (var node in nodes.Where(node => node != _self.Node))
            Ask(node, GlobalAtoms.Server, request, answer => round.Take(node, answer));
        if (nodes.Contains(_self.Node))
            round.Take(_self.Node, AnswerTo(_self.Pid, request));
    }
}
