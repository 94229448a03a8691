using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Enmesh.Peers;
using Enmesh.Transport;

namespace Enmesh.Testing;

/// <summary>
/// The network between the nodes of a test: who listens, who is connected, and what is cut or silent.
/// </summary>
internal sealed class VirtualNetwork(ClusterThread thread)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Listener> _listeners = [];
    private readonly List<Cable> _cables = [];
    private readonly HashSet<(NodeName, NodeName)> _cuts = [];
    private volatile ImmutableHashSet<(NodeName, NodeName)> _silences = []; // read under the locks of connections
    private readonly Dictionary<NodeName, Port> _ports = [];
    private int _lastPort;

    /// <summary>Whether bytes are under way, or a reader has not yet come back for more.</summary>
    internal bool IsBusy
    {
        get
        {
            lock (_gate)
                return _cables.Exists(static cable => cable.IsBusy);
        }
    }

    /// <summary>What is cut or silent, for messages.</summary>
    internal IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _cuts.Select(static pair => $"{pair.Item1} and {pair.Item2} cannot reach each other"),
                    .. _silences.Select(static pair => $"nothing gets through between {pair.Item1} and {pair.Item2}"),
                ];
            }
        }
    }

    /// <summary>The network as one node has it, from its start to its end.</summary>
    internal ITransport PortOf(NodeName node)
    {
        var port = new Port(this, node);
        lock (_gate)
            _ports[node] = port;
        return port;
    }

    internal bool IsCut(NodeName one, NodeName other)
    {
        lock (_gate)
            return _cuts.Contains(Pair(one, other));
    }

    internal ValueTask<PeerEndPoint> LocateAsync(NodeName peer, string host)
    {
        lock (_gate)
        {
            return _listeners.Values.FirstOrDefault(listener => listener.Node == peer) is { } listener
                ? new(new PeerEndPoint(host, listener.Port))
                : throw new PeerUnreachableException(
                    host, 0, UnreachableReason.NameNotFound, $"No node {peer} runs in this test cluster.");
        }
    }

    internal bool IsSilent(NodeName one, NodeName other) => _silences.Contains(Pair(one, other));

    /// <summary>Breaks what connects the two, as a reset does.</summary>
    internal void Break(NodeName one, NodeName other) => Break(cable => cable.Joins(one, other));

    /// <summary>Takes a node off the network for good, as a crash does.</summary>
    internal void Unplug(NodeName node)
    {
        lock (_gate)
        {
            if (_ports.Remove(node, out var port))
                port.IsUnplugged = true;
            foreach (var listener in _listeners.Values.Where(listener => listener.Node == node).ToArray())
                _listeners.Remove(listener.Port);
        }
        Break(cable => cable.Joins(node));
    }

    /// <summary>Breaks every connection, and lets nobody connect any more.</summary>
    internal void ShutDown()
    {
        lock (_gate)
            _listeners.Clear();
        Break(static _ => true);
    }

    /// <summary>Breaks what connects the two, and refuses them to connect again.</summary>
    internal void Cut(NodeName one, NodeName other)
    {
        lock (_gate)
            _cuts.Add(Pair(one, other));
        Break(one, other);
    }

    /// <summary>Lets nothing through between the two, without either of them noticing.</summary>
    internal void Silence(NodeName one, NodeName other)
    {
        lock (_gate)
            _silences = _silences.Add(Pair(one, other));
    }

    /// <summary>Lets everything through again.</summary>
    internal void Heal()
    {
        Cable[] cables;
        lock (_gate)
        {
            _cuts.Clear();
            _silences = [];
            cables = [.. _cables];
        }
        foreach (var cable in cables)
            cable.Look();
    }

    private static (NodeName, NodeName) Pair(NodeName one, NodeName other) =>
        one.CompareTo(other) < 0 ? (one, other) : (other, one);

    private void Break(Func<Cable, bool> which)
    {
        Cable[] cables;
        lock (_gate)
            cables = [.. _cables.Where(which)];
        foreach (var cable in cables)
            cable.Break();
    }

    private VirtualConnection Connect(NodeName from, string host, int port)
    {
        lock (_gate)
        {
            if (!_listeners.TryGetValue(port, out var listener))
                throw new PeerUnreachableException(
                    host, port, UnreachableReason.Refused, $"The node that listened as {host}:{port} is gone.");
            if (_cuts.Contains(Pair(from, listener.Node)))
            {
                throw new PeerUnreachableException(
                    host, port, UnreachableReason.NoRoute,
                    $"The test has parted {from} from {listener.Node}; Heal ends that.");
            }
            _cables.RemoveAll(static cable => cable.IsOver);
            var cable = new Cable(this, thread, from, listener.Node);
            _cables.Add(cable);
            listener.Take(cable.Theirs);
            return cable.Ours;
        }
    }

    /// <summary>A connection with its two ends.</summary>
    private sealed class Cable
    {
        private readonly NodeName _from;
        private readonly NodeName _to;

        internal Cable(VirtualNetwork network, ClusterThread thread, NodeName from, NodeName to)
        {
            (_from, _to) = (from, to);
            (Ours, Theirs) = VirtualConnection.CreatePair(thread, () => network.IsSilent(from, to), from, to);
        }

        internal VirtualConnection Ours { get; }

        internal VirtualConnection Theirs { get; }

        internal bool IsBusy => Ours.IsBusy || Theirs.IsBusy;

        internal bool IsOver => Ours.IsOver && Theirs.IsOver;

        internal bool Joins(NodeName one, NodeName other) => Joins(one) && Joins(other);

        internal bool Joins(NodeName node) => _from == node || _to == node;

        internal void Break() => Ours.Break("the test broke the connection");

        internal void Look()
        {
            Ours.Look();
            Theirs.Look();
        }
    }

    private sealed class Port(VirtualNetwork network, NodeName node) : ITransport
    {
        internal bool IsUnplugged { get; set; }

        public ValueTask<TransportConnection> ConnectAsync(
            string host, int port, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsUnplugged)
                throw new PeerUnreachableException(host, port, UnreachableReason.NoRoute, $"{node} has crashed.");
            return new(network.Connect(node, host, port));
        }

        public ITransportListener Listen(ListenAddress address)
        {
            lock (network._gate)
            {
                var listener = new Listener(network, node, ++network._lastPort);
                network._listeners.Add(listener.Port, listener);
                return listener;
            }
        }
    }

    private sealed class Listener(VirtualNetwork network, NodeName node, int port) : ITransportListener
    {
        private readonly Channel<TransportConnection> _queue =
            Channel.CreateUnbounded<TransportConnection>(new() { AllowSynchronousContinuations = false });

        public int Port => port;

        public IReadOnlyList<EndPoint> EndPoints => [];

        internal NodeName Node => node;

        public async ValueTask<TransportConnection> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await _queue.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException e)
            {
                throw new ObjectDisposedException("The listener has been disposed.", e);
            }
        }

        internal void Take(VirtualConnection connection)
        {
            if (!_queue.Writer.TryWrite(connection))
                connection.Abort();
        }

        public ValueTask DisposeAsync()
        {
            lock (network._gate)
                network._listeners.Remove(port);
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out var left))
                left.Abort();
            return default;
        }
    }
}
