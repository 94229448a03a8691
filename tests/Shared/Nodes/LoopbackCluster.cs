using System.Net;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.TestSupport;

/// <summary>Nodes that find each other by a table of the test's own, on loopback ports that the system chose.</summary>
internal sealed class LoopbackCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<NodeName, int> _ports = [];
    private readonly List<ErlangNode> _nodes = [];

    internal async Task<ErlangNode> StartAsync(
        string name, PeerLinkOptions? link = null, string cookie = "loopback-cookie-of-the-tests",
        TimeProvider? timeProvider = null, ILoggerFactory? logs = null, int port = 0, bool published = false,
        Func<NodePlan, NodePlan>? with = null, Action<ErlangNode>? made = null)
    {
        var own = NodeName.Parse(name);
        var plan = new NodePlan
        {
            Name = own,
            Cookies = _ => new PeerCookies(cookie),
            Locate = _ => Locate,
            Listen = ListenAddress.On(IPAddress.Parse(own.Host), port),
            Link = link ?? new(),
            IsPublished = published,
        };
        // The usual five and seven seconds are a promise to programs; a machine with other things to do may miss them.
        if (timeProvider is null)
            plan = plan with { CallTimeout = Patience, Handshake = new(Patience, Patience) };
        var node = new ErlangNode(with is null ? plan : with(plan), logs, timeProvider);
        _nodes.Add(node);
        made?.Invoke(node);
        await node.StartAsync();
        lock (_ports)
            _ports[node.Name] = node.Port!.Value;
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

    private ValueTask<PeerEndPoint> Locate(NodeName name, string host, CancellationToken cancellationToken)
    {
        lock (_ports)
        {
            return _ports.TryGetValue(name, out var port)
                ? new(new PeerEndPoint(host, port))
                : throw new PeerUnreachableException(
                    name.Host, 0, UnreachableReason.NameNotFound, $"{name} is not in the test's table.");
        }
    }
}
