using Enmesh.Global;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>
/// Machines of several nodes and a network between them: messages of one node to another keep their order, and nothing else
/// does. What comes next is drawn from a seed, so that a schedule that fails can be run again.
/// </summary>
internal sealed class SimulatedCluster(int seed)
{
    private const int MaxSteps = 400_000;

    private readonly Random _random = new(seed);
    private readonly SortedDictionary<Atom, SimulatedNode> _nodes = [];
    private readonly List<Channel> _channels = [];
    private readonly Dictionary<(Atom, Atom), Link> _links = [];
    private readonly HashSet<(Atom, Atom)> _cut = [];
    private long _lastSession;
    private uint _lastCreation = 3;

    internal TimeSpan Now { get; private set; }

    /// <summary>Set it to see what happens, when a seed fails.</summary>
    internal Action<string>? Trace { get; init; }

    internal IReadOnlyCollection<SimulatedNode> Nodes => _nodes.Values;

    internal int LinkCount => _links.Count;

    internal SimulatedNode this[string name] => _nodes[new Atom(name)];

    internal int Chance(int bound) => _random.Next(bound);

    /// <summary>Starts a node, or starts it again.</summary>
    internal SimulatedNode Start(string name, int version = GlobalMessages.OwnVersion)
    {
        var node = new SimulatedNode(this, new Atom(name), ++_lastCreation, version);
        _nodes.Add(node.Name, node);
        return node;
    }

    /// <summary>Ends a node at once.</summary>
    internal void Crash(string name)
    {
        var node = this[name];
        _nodes.Remove(node.Name);
        foreach (var pair in _links.Keys.Where(pair => pair.Item1 == node.Name || pair.Item2 == node.Name).ToArray())
            Unlink(pair);
        _channels.RemoveAll(channel => channel.To == node);
    }

    internal void Connect(string one, string other) => Dial(this[one], new Atom(other));

    /// <summary>Cuts one link and keeps it from coming back.</summary>
    internal void Cut(string one, string other)
    {
        _cut.Add(Pair(new Atom(one), new Atom(other)));
        Disconnect(new Atom(one), new Atom(other));
    }

    internal void Mend() => _cut.Clear();

    internal bool IsLinked(string one, string other) => _links.ContainsKey(Pair(new Atom(one), new Atom(other)));

    /// <summary>Connects whoever is not connected and may be, until all are, and everything has come to rest.</summary>
    internal void Settle()
    {
        for (var round = 0; round < 50; round++)
        {
            Run();
            var missing = (from one in _nodes.Keys
                           from other in _nodes.Keys
                           where one < other && !_links.ContainsKey((one, other)) && !_cut.Contains((one, other))
                           select (one, other)).ToArray();
            if (missing.Length == 0)
                return;
            foreach (var (one, other) in missing.Where(_ => _random.Next(3) > 0))
                Dial(_nodes[one], other);
        }
        Assert.Fail($"The nodes never come to rest (seed {seed}).");
    }

    /// <summary>Lets things happen until nothing is left to happen.</summary>
    internal void Run(int maxSteps = int.MaxValue)
    {
        for (var step = 0; step < maxSteps; step++)
        {
            Assert.True(step < MaxSteps, $"This goes on for ever (seed {seed}).");
            if (_channels.Count == 0 || _random.Next(50) == 0)
            {
                if (!PassTime())
                    return;
                continue;
            }
            var channel = _channels[_random.Next(_channels.Count)];
            var what = channel.Items.Dequeue();
            if (channel.Items.Count == 0)
                _channels.Remove(channel);
            what.Run();
        }
    }

    /// <summary>Whatever is left of an older start of a node is nobody's.</summary>
    internal bool IsCurrent(SimulatedNode node) => _nodes.GetValueOrDefault(node.Name) == node;

    /// <summary>Has something happen at a node, after what the same sender had happen there before.</summary>
    internal void Post(SimulatedNode from, SimulatedNode to, Action run, long session = 0)
    {
        if (!IsCurrent(to))
            return;
        // That an earlier start of a node is gone is told before the next one is there.
        var channel = _channels.Find(one => one.From.Name == from.Name && one.To == to);
        if (channel is null)
            _channels.Add(channel = new Channel(from, to));
        channel.Items.Enqueue(new Happening(run, session));
    }

    /// <returns>False when they are not connected.</returns>
    internal bool Send(SimulatedNode from, Atom to, Action<SimulatedNode> run)
    {
        if (to == from.Name)
        {
            Post(from, from, () => run(from));
            return true;
        }
        if (!_links.TryGetValue(Pair(from.Name, to), out var link))
            return false;
        var peer = _nodes[to];
        Post(from, peer, () => run(peer), link.Session);
        return true;
    }

    internal long SessionOf(SimulatedNode from, Atom to) => _links.GetValueOrDefault(Pair(from.Name, to))?.Session ?? 0;

    internal void Dial(SimulatedNode from, Atom to)
    {
        var pair = Pair(from.Name, to);
        if (_links.ContainsKey(pair))
            return;
        if (_cut.Contains(pair) || !_nodes.TryGetValue(to, out var peer))
        {
            Post(from, from, () => from.Take(new GlobalEvent.Unreachable(to)));
            return;
        }
        _links.Add(pair, new Link(++_lastSession, from, peer));
        Post(from, peer, () => peer.Take(new GlobalEvent.NodeUp(from.Name)));
        Post(peer, from, () => from.Take(new GlobalEvent.NodeUp(to)));
    }

    internal void Disconnect(Atom one, Atom other)
    {
        if (_links.ContainsKey(Pair(one, other)))
            Unlink(Pair(one, other));
    }

    /// <summary>Sends <c>kill</c> to a process, wherever it is.</summary>
    internal void Exit(SimulatedNode from, Pid pid) => Send(from, pid.Node, peer => peer.Kill(pid));

    private static (Atom, Atom) Pair(Atom one, Atom other) => one < other ? (one, other) : (other, one);

    private void Unlink((Atom, Atom) pair)
    {
        _links.Remove(pair, out var link);
        var (session, one, other) = link!;
        foreach (var channel in _channels.Where(channel => channel.IsBetween(one, other)))
            channel.Lose(session, _random);
        foreach (var (lost, tells) in ((SimulatedNode, SimulatedNode)[])[(one, other), (other, one)])
        {
            // Anything may happen between the two.
            Post(lost, tells, () => tells.LinkLost(lost, session));
            Post(lost, tells, () => tells.Take(new GlobalEvent.NodeDown(lost.Name)));
        }
    }

    private bool PassTime()
    {
        var next = _nodes.Values.Select(node => node.Machine.NextWake).Where(wake => wake is not null).Min();
        if (next is not { } due)
            return _channels.Count > 0;
        if (_channels.Count == 0)
            Now = due > Now ? due : Now;
        else
            Now += TimeSpan.FromMilliseconds(_random.Next(300));
        foreach (var node in _nodes.Values.Where(node => node.Machine.NextWake <= Now).ToArray())
            node.Take(new GlobalEvent.Wake());
        return true;
    }

    private sealed record Happening(Action Run, long Session);

    private sealed record Link(long Session, SimulatedNode One, SimulatedNode Other);

    private sealed class Channel(SimulatedNode from, SimulatedNode to)
    {
        internal SimulatedNode From => from;

        internal SimulatedNode To => to;

        internal Queue<Happening> Items { get; private set; } = new();

        internal bool IsBetween(SimulatedNode one, SimulatedNode other) =>
            (from.Name == one.Name && to == other) || (from.Name == other.Name && to == one);

        /// <summary>The link is gone: what was on its way arrives up to some point, and not from there on.</summary>
        internal void Lose(long session, Random random)
        {
            var arrives = random.Next(Items.Count + 1);
            Items = new(Items.Where((item, i) => i < arrives || item.Session != session));
        }
    }
}
