using Enmesh.Epmd;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Bench;

/// <summary>A node as the product starts one with EPMD, except that its cookie comes from the environment.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    private readonly EpmdPresence _presence;

    private BenchNode(ErlangNode node, EpmdPresence presence)
    {
        Node = node;
        _presence = presence;
    }

    internal ErlangNode Node { get; }

    /// <summary>The node that the driver wants this one to talk to.</summary>
    internal static NodeName Target => NodeName.Parse(Settings.Required("PEER_TARGET"));

    internal static async Task<BenchNode> StartAsync()
    {
        if (Settings.Optional("PEER_PROTO") is { } protocol and not "tcp")
            throw new NotSupportedException($"This peer has no distribution over {protocol}.");
        var name = NodeName.Parse(Settings.Required("PEER_NODE"));
        var cookie = new PeerCookies(Settings.Required("PEER_COOKIE"));
        var epmd = EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable);
        var transport = new TcpTransport();
        var listener = transport.Listen(ListenAddress.Loopback());
        var presence = await EpmdPresence.StartAsync(
            EpmdMode.Register, epmd, new EpmdEntry(EpmdName.Of(name), listener.Port), transport, TimeProvider.System, NullLogger.Instance);
        var client = new EpmdClient(transport, TimeProvider.System, epmd.Port);
        var node = ErlangNode.Start(new NodeParts
        {
            Name = name,
            Creation = presence.Creation,
            Cookies = _ => cookie,
            Transport = transport,
            Listener = listener,
            Locate = async (peer, token) => new PeerEndPoint(peer.Host, (await client.LookUpAsync(peer, token)).Port),
        });
        return new BenchNode(node, presence);
    }

    public async ValueTask DisposeAsync()
    {
        await _presence.DisposeAsync();
        await Node.DisposeAsync();
    }
}
