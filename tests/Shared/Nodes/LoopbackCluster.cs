using System.Net;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Testing;

/// <summary>Nodes that find each other by a table of the test's own, on loopback ports that the system chose.</summary>
internal sealed class LoopbackCluster : IAsyncDisposable
{
    private readonly Dictionary<NodeName, int> _ports = [];
    private readonly List<ErlangNode> _nodes = [];

    internal ErlangNode Start(
        string name, Action<ErlangNodeOptions>? configure = null, string cookie = "loopback-cookie-of-the-tests",
        TimeProvider? timeProvider = null, ILoggerFactory? logs = null, int port = 0)
    {
        var options = new ErlangNodeOptions();
        configure?.Invoke(options);
        var transport = new TcpTransport();
        var own = NodeName.Parse(name);
        var listener = transport.Listen(ListenAddress.On(IPAddress.Parse(own.Host), port));
        var parts = new NodeParts
        {
            Name = own,
            Cookies = _ => new PeerCookies(cookie),
            Transport = transport,
            Locate = Locate,
            Options = options,
            TimeProvider = timeProvider ?? TimeProvider.System,
            Listener = listener,
        };
        if (logs is not null)
            parts = parts with { LoggerFactory = logs };
        var node = ErlangNode.Start(parts);
        lock (_ports)
            _ports[node.Name] = listener.Port;
        _nodes.Add(node);
        return node;
    }

    internal int PortOf(ErlangNode node) => _ports[node.Name];

    internal void Place(NodeName name, int port)
    {
        lock (_ports)
            _ports[name] = port;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    private ValueTask<PeerEndPoint> Locate(NodeName name, CancellationToken cancellationToken)
    {
        lock (_ports)
        {
            return _ports.TryGetValue(name, out var port)
                ? new(new PeerEndPoint(name.Host, port))
                : throw new PeerUnreachableException(name.Host, 0, UnreachableReason.NameNotFound, $"{name} is not in the test's table.");
        }
    }
}
