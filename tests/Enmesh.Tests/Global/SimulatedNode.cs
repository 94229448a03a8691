using Enmesh.Global;
using Enmesh.Terms;

namespace Enmesh.Tests.Global;

/// <summary>A node of a <see cref="SimulatedCluster"/>: its machine, its processes, and what it does for the machine.</summary>
internal sealed class SimulatedNode
{
    internal static readonly Term RandomExit = new FunTerm(GlobalAtoms.Global, GlobalAtoms.RandomExitName, 3);

    private readonly SimulatedCluster _cluster;
    private readonly Dictionary<long, (Atom Node, long Session)> _asked = [];
    private readonly Dictionary<long, (Pid Pid, long Session)> _watches = [];
    private readonly HashSet<Pid> _alive = [];
    private readonly Dictionary<Pid, List<(SimulatedNode Watcher, long Watch)>> _watchers = [];
    private uint _lastProcess = 1;
    private long _lastToken;

    internal SimulatedNode(SimulatedCluster cluster, Atom name, uint creation, int version)
    {
        _cluster = cluster;
        Name = name;
        Creation = creation;
        Pid = new Pid(name, 1, 0, creation);
        _alive.Add(Pid);
        Machine = new GlobalMachine(new GlobalSelf
        {
            Node = name,
            Pid = Pid,
            Creation = creation,
            Version = version,
            PreventOverlappingPartitions = version >= GlobalMessages.PartitionsVersion,
            IsAlive = _alive.Contains,
            Chance = cluster.Chance,
        });
    }

    internal Atom Name { get; }

    internal uint Creation { get; }

    internal Pid Pid { get; }

    internal GlobalMachine Machine { get; }

    internal Dictionary<long, Term> Done { get; } = [];

    internal List<(GlobalReport What, Atom? Node, Term Detail)> Reports { get; } = [];

    /// <summary>What its processes got, besides the server's own messages.</summary>
    internal List<(Pid To, Term Message)> Received { get; } = [];

    internal IReadOnlySet<Pid> Alive => _alive;

    internal Pid Spawn()
    {
        var pid = new Pid(Name, ++_lastProcess, 0, Creation);
        _alive.Add(pid);
        return pid;
    }

    internal void Kill(Pid pid)
    {
        if (!_alive.Remove(pid) || !_watchers.Remove(pid, out var watchers))
            return;
        foreach (var (watcher, watch) in watchers)
            _cluster.Post(this, watcher, () => watcher.Gone(watch));
    }

    internal long Want(GlobalCommand command)
    {
        var token = ++_lastToken;
        Take(new GlobalEvent.Wanted(token, command));
        return token;
    }

    internal void Take(GlobalEvent happened)
    {
        _cluster.Trace?.Invoke($"{_cluster.Now.TotalSeconds:0.000} {Name} << {happened}");
        foreach (var effect in Machine.Next(happened, _cluster.Now))
        {
            _cluster.Trace?.Invoke($"    {Name} >> {effect}");
            Perform(effect);
        }
    }

    /// <summary>The link of a session is gone: what went over it is answered by nobody.</summary>
    internal void LinkLost(SimulatedNode peer, long session)
    {
        foreach (var (question, _) in _asked.Where(asked => asked.Value.Session == session).ToArray())
            Answered(question, null);
        foreach (var (watch, _) in _watches.Where(watched => watched.Value.Session == session).ToArray())
            Gone(watch, peer.Name);
        foreach (var watchers in _watchers.Values)
            watchers.RemoveAll(one => one.Watcher == peer);
    }

    /// <summary>A call from a process of another node, or of this one.</summary>
    internal void TakeCall(SimulatedNode asker, long question, Atom server, Term request)
    {
        if (server != GlobalAtoms.Server)
        {
            var arguments = request.TupleElements[3].AsList!.Value;
            var verdict = Decide(arguments[0], arguments[2].Pid!, arguments[3].Pid!);
            _cluster.Post(this, asker, () => asker.Answered(question, verdict));
            return;
        }
        Take(new GlobalEvent.Message(Term.Tuple(new Atom("$gen_call"), Term.Tuple(asker.Pid, question), request)));
    }

    internal void Answered(long question, Term? answer)
    {
        if (_asked.Remove(question))
            Take(new GlobalEvent.Answered(question, answer));
    }

    private void Gone(long watch, Atom? lostWith = null)
    {
        if (_watches.Remove(watch))
            Take(new GlobalEvent.Gone(watch, lostWith));
    }

    private void Perform(GlobalEffect effect)
    {
        switch (effect)
        {
            case GlobalEffect.Send send:
                _cluster.Send(this, send.Node, peer => peer.Take(new GlobalEvent.Message(send.Message)));
                break;
            case GlobalEffect.SendTo send:
                _cluster.Send(this, send.To.Node, peer => peer.Receive(send.To, send.Message));
                break;
            case GlobalEffect.Ask ask:
                _asked[ask.Question] = (ask.Node, _cluster.SessionOf(this, ask.Node));
                if (!_cluster.Send(this, ask.Node, peer => peer.TakeCall(this, ask.Question, ask.Server, ask.Request)))
                    _cluster.Post(this, this, () => Answered(ask.Question, null));
                break;
            case GlobalEffect.Reply { Call.Tag.Int64: { } question } reply:
                _cluster.Send(this, reply.Call.From.Node, peer => peer.Answered(question, reply.Answer));
                break;
            case GlobalEffect.Watch watch:
                Watch(watch.Id, watch.Pid, watch.MayConnect);
                break;
            case GlobalEffect.Unwatch unwatch:
                _watches.Remove(unwatch.Id);
                break;
            case GlobalEffect.Connect connect:
                _cluster.Post(this, this, () => _cluster.Dial(this, connect.Node));
                break;
            case GlobalEffect.Disconnect disconnect:
                _cluster.Disconnect(Name, disconnect.Node);
                break;
            case GlobalEffect.Resolve resolve:
                _asked[resolve.Question] = (Name, 0);
                _cluster.Post(this, this, () => Answered(resolve.Question, Decide(resolve.Method, resolve.Theirs, resolve.Ours)));
                break;
            case GlobalEffect.Done done:
                Done[done.Token] = done.Result;
                break;
            case GlobalEffect.Report report:
                Reports.Add((report.What, report.Node, report.Detail));
                break;
        }
    }

    private void Receive(Pid to, Term message)
    {
        if (to == Pid)
            Take(new GlobalEvent.Message(message));
        else if (_alive.Contains(to))
            Received.Add((to, message));
    }

    private void Watch(long id, Pid pid, bool connect)
    {
        _watches[id] = (pid, _cluster.SessionOf(this, pid.Node));
        if (pid.Node == Name)
            Watched(this, id, pid);
        else if (!_cluster.Send(this, pid.Node, peer => peer.Watched(this, id, pid)))
            _cluster.Post(this, this, () => WatchUnconnected(id, pid, connect));
    }

    // The node is not connected: the driver dials it, and then watches, or reports it gone.
    private void WatchUnconnected(long id, Pid pid, bool connect)
    {
        if (connect)
            _cluster.Dial(this, pid.Node);
        if (!_watches.ContainsKey(id))
            return;
        _watches[id] = (pid, _cluster.SessionOf(this, pid.Node));
        if (!_cluster.Send(this, pid.Node, peer => peer.Watched(this, id, pid)))
            Gone(id);
    }

    private void Watched(SimulatedNode watcher, long watch, Pid pid)
    {
        if (!_alive.Contains(pid))
        {
            _cluster.Post(this, watcher, () => watcher.Gone(watch));
            return;
        }
        if (!_watchers.TryGetValue(pid, out var watchers))
            _watchers.Add(pid, watchers = []);
        watchers.Add((watcher, watch));
    }

    // What global:resolve_it/4 does on the node of the second process.
    private Term Decide(Term method, Pid theirs, Pid ours)
    {
        if (method.Fun?.Function != GlobalAtoms.RandomExitName)
            return GlobalAtoms.None;
        var (winner, loser) = theirs.Node < ours.Node ? (theirs, ours) : (ours, theirs);
        _cluster.Exit(this, loser);
        return winner;
    }
}
