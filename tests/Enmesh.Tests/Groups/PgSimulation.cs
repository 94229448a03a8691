using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>
/// A node of a simulated cluster: one scope, some processes that may join groups, and what has arrived.
/// </summary>
internal sealed class SimNode
{
    private readonly Func<SimNode, Pid, SimScope> _make;
    private readonly HashSet<Pid> _alive = [];
    private readonly Queue<Action> _inbox = new();
    private uint _lastId;

    internal SimNode(SimCluster cluster, Atom name, bool isOurs, Func<SimNode, Pid, SimScope> make)
    {
        _make = make;
        Cluster = cluster;
        Name = name;
        IsOurs = isOurs;
        Subscriber = NewPid();
        Scope = make(this, NewPid());
    }

    internal SimCluster Cluster { get; }

    internal Atom Name { get; }

    internal bool IsOurs { get; }

    internal Pid Subscriber { get; }

    internal SimScope Scope { get; private set; }

    internal List<Pid> Processes { get; } = [];

    internal bool HasWork => _inbox.Count > 0;

    /// <summary>Who watches whom, here.</summary>
    internal HashSet<(Atom Watcher, Pid Who)> Watchers { get; } = [];

    internal void Spawn() => Processes.Add(NewPid());

    internal void Kill(int index)
    {
        var victim = Processes[index];
        Processes.RemoveAt(index);
        End(victim, new Atom("killed"));
    }

    /// <summary>The scope crashes and is started again; its groups are lost.</summary>
    internal void Restart()
    {
        End(Scope.Self, new Atom("crashed"));
        // Its monitors and its mailbox end with it.
        Watched.Clear();
        Watchers.RemoveWhere(watch => watch.Watcher == Name);
        _inbox.Clear();
        Scope = _make(this, NewPid());
        foreach (var other in Cluster.ConnectedTo(Name))
            Scope.OnNodeUp(other);
    }

    internal void Send(Pid to, Term message)
    {
        var from = Scope.Self;
        Cluster.Post(Name, to.Node, receiver => receiver.Arrive(() =>
        {
            if (receiver.Scope.Self == to)
                receiver.Scope.OnMessage(from, message);
        }));
    }

    internal void SendToName(Atom node, Term message)
    {
        var from = Scope.Self;
        Cluster.Post(Name, node, receiver => receiver.Arrive(() => receiver.Scope.OnMessage(from, message)));
    }

    internal void Watch(Pid who)
    {
        if (who.Node == Name)
        {
            if (!_alive.Contains(who))
                Arrive(() => Scope.OnDown(who, new Atom("noproc")));
            else
                Watchers.Add((Name, who));
            return;
        }
        if (!Cluster.AreConnected(Name, who.Node))
        {
            Arrive(() => Scope.OnDown(who, new Atom("noconnection")));
            return;
        }
        var watcher = Name;
        Watched.Add(who, Cluster.Session(Name, who.Node));
        Cluster.Post(Name, who.Node, receiver =>
        {
            if (receiver._alive.Contains(who))
                receiver.Watchers.Add((watcher, who));
            else
                receiver.Cluster.Post(receiver.Name, watcher, back => back.DownFromPeer(who, new Atom("noproc")));
        });
    }

    /// <summary>Those of other nodes whom the scope watches, and over which of the links there have been.</summary>
    internal Dictionary<Pid, int> Watched { get; } = [];

    /// <summary>Sends over the link over which the receiver is watched, and over no later one.</summary>
    internal void SendWhereWatched(Pid to, Term message)
    {
        if (Watched.TryGetValue(to, out var session) && Cluster.Session(Name, to.Node) == session)
            Send(to, message);
    }

    internal void Arrive(Action what) => _inbox.Enqueue(what);

    internal void HandleOne() => _inbox.Dequeue()();

    internal void LinkUp(Atom other) => Arrive(() => Scope.OnNodeUp(other));

    internal void LinkDown(Atom other)
    {
        Watchers.RemoveWhere(watch => watch.Watcher == other);
        foreach (var who in Watched.Keys.Where(pid => pid.Node == other).ToArray())
            DownFromPeer(who, new Atom("noconnection"));
    }

    private void DownFromPeer(Pid who, Term reason)
    {
        if (Watched.Remove(who))
            Arrive(() => Scope.OnDown(who, reason));
    }

    private void End(Pid who, Term reason)
    {
        _alive.Remove(who);
        foreach (var watch in Watchers.Where(watch => watch.Who == who).ToArray())
        {
            Watchers.Remove(watch);
            if (watch.Watcher == Name)
                Arrive(() => Scope.OnDown(who, reason));
            else
                Cluster.Post(Name, watch.Watcher, receiver => receiver.DownFromPeer(who, reason));
        }
    }

    private Pid NewPid()
    {
        var pid = new Pid(Name, ++_lastId, 0, 7);
        _alive.Add(pid);
        return pid;
    }
}

/// <summary>Nodes with links that carry what is sent in order, and may be cut and made at any moment.</summary>
internal sealed class SimCluster(int seed)
{
    private readonly Dictionary<Atom, SimNode> _nodes = [];
    private readonly Dictionary<(Atom From, Atom To), Queue<Action<SimNode>>> _wires = [];
    private readonly Dictionary<(Atom, Atom), int> _links = []; // to the number of the session
    private readonly Random _random = new(seed);
    private int _lastSession;

    internal static readonly Term[] Groups = [new Atom("g"), 1, 1.0, Term.Tuple(new Atom("room"), Term.Binary("a")), Term.Nil];

    internal IReadOnlyCollection<SimNode> Nodes => _nodes.Values;

    internal static IReadOnlyList<Pid> Ordered(IEnumerable<Pid> pids) =>
        [.. pids.OrderBy(pid => pid.Node).ThenBy(pid => pid.Id)];

    internal SimNode AddOurs() => Add("ours", isOurs: true, (node, self) => new OurScope(node, self));

    internal SimNode AddBeam(int release) =>
        Add($"otp{release}", isOurs: false, (node, self) => new BeamScope(node, self, release));

    internal bool IsOurs(Atom node) => _nodes[node].IsOurs;

    internal bool AreConnected(Atom one, Atom other) => _links.ContainsKey(Key(one, other));

    internal int Session(Atom one, Atom other) => _links.GetValueOrDefault(Key(one, other));

    internal IEnumerable<Atom> ConnectedTo(Atom name) =>
        _nodes.Keys.Where(other => other != name && AreConnected(name, other));

    internal void Post(Atom from, Atom to, Action<SimNode> what)
    {
        if (AreConnected(from, to))
            _wires[(from, to)].Enqueue(what);
    }

    internal void Connect(Atom one, Atom other)
    {
        if (one == other || !_links.TryAdd(Key(one, other), ++_lastSession))
            return;
        _nodes[one].LinkUp(other);
        _nodes[other].LinkUp(one);
    }

    /// <summary>What is under way is lost; what has arrived has arrived.</summary>
    internal void Disconnect(Atom one, Atom other)
    {
        if (!_links.Remove(Key(one, other)))
            return;
        _wires[(one, other)].Clear();
        _wires[(other, one)].Clear();
        _nodes[one].LinkDown(other);
        _nodes[other].LinkDown(one);
    }

    /// <summary>Something happens, by chance.</summary>
    internal void Step()
    {
        switch (_random.Next(20))
        {
            case 0:
                Connect(Any().Name, Any().Name);
                break;
            case 1 when _random.Next(4) == 0:
                Disconnect(Any().Name, Any().Name);
                break;
            case 2 when Any() is { Processes.Count: > 2 } node:
                node.Kill(_random.Next(node.Processes.Count));
                break;
            case 3:
                Any().Spawn();
                break;
            case 4 when _random.Next(10) == 0 && Any() is { IsOurs: false } beam:
                beam.Restart();
                break;
            case 5 or 6 or 7 when Any() is { Processes.Count: > 0 } node:
                node.Scope.Join(Group(), Some(node));
                break;
            case 8 or 9 when Any() is { Processes.Count: > 0 } node:
                node.Scope.Leave(Group(), Some(node));
                break;
            default:
                Deliver();
                break;
        }
    }

    /// <summary>All is connected and everything arrives: then everybody sees the same.</summary>
    internal void SettleAndCompare()
    {
        foreach (var one in _nodes.Keys)
        {
            foreach (var other in _nodes.Keys)
                Connect(one, other);
        }
        while (Deliver())
        {
        }
        foreach (var group in Groups)
        {
            var views = _nodes.Values.Select(node => (node.Name, Members: node.Scope.Members(group))).ToArray();
            foreach (var (name, members) in views)
                Assert.True(members.SequenceEqual(views[0].Members), $"{name} sees {string.Join(' ', members)} in {group}; {views[0].Name} sees {string.Join(' ', views[0].Members)}.");
        }
    }

    private bool Deliver()
    {
        var ready = _wires.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key).ToArray();
        var busy = _nodes.Values.Where(node => node.HasWork).ToArray();
        if (ready.Length + busy.Length == 0)
            return false;
        var pick = _random.Next(ready.Length + busy.Length);
        if (pick < busy.Length)
        {
            busy[pick].HandleOne();
            return true;
        }
        var wire = ready[pick - busy.Length];
        _wires[wire].Dequeue()(_nodes[wire.To]);
        return true;
    }

    private SimNode Add(string prefix, bool isOurs, Func<SimNode, Pid, SimScope> make)
    {
        var name = new Atom($"{prefix}_{_nodes.Count}@sim");
        foreach (var other in _nodes.Keys)
        {
            _wires[(name, other)] = new();
            _wires[(other, name)] = new();
        }
        var node = new SimNode(this, name, isOurs, make);
        _nodes.Add(name, node);
        for (var i = 0; i < 3; i++)
            node.Spawn();
        return node;
    }

    private SimNode Any() => _nodes.Values.ElementAt(_random.Next(_nodes.Count));

    private Term Group() => Groups[_random.Next(Groups.Length)];

    private List<Pid> Some(SimNode node) =>
        [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => node.Processes[_random.Next(node.Processes.Count)])];

    private static (Atom, Atom) Key(Atom one, Atom other) => one < other ? (one, other) : (other, one);
}
