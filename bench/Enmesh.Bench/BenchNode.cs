using Enmesh.Epmd;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Tls;
using Enmesh.Transport;

namespace Enmesh.Bench;

/// <summary>A node as the product starts one with EPMD, except that its cookie comes from the environment.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    private BenchNode(ErlangNode node) => Node = node;

    internal ErlangNode Node { get; }

    /// <summary>The node that the driver wants this one to talk to.</summary>
    internal static NodeName Target => NodeName.Parse(Settings.Required("PEER_TARGET"));

    /// <param name="published">Whether it is a visible node, as the BEAM beside it.</param>
    internal static async Task<BenchNode> StartAsync(bool published = false)
    {
        var bench = new BenchNode(Make(published));
        await bench.Node.StartAsync();
        return bench;
    }

    /// <summary>A node that has to do with no other; it has not started.</summary>
    internal static BenchNode Unconnected() => new(new ErlangNode(new NodePlan
    {
        Name = NodeName.Parse("local@127.0.0.1"),
        Cookies = static _ => new PeerCookies("nobody-calls-this-node"),
        Locate = static _ => static (peer, host, _) =>
            throw new PeerUnreachableException(host, 0, UnreachableReason.Refused, $"{peer} is not called."),
    }));

    private static ErlangNode Make(bool published)
    {
        var protocol = Settings.Optional("PEER_PROTO") ?? "tcp";
        if (protocol is not ("tcp" or "tls"))
            throw new NotSupportedException($"This peer has no distribution over {protocol}.");
        var cookie = new PeerCookies(Settings.Required("PEER_COOKIE"));
        return new ErlangNode(new NodePlan
        {
            Name = NodeName.Parse(Settings.Required("PEER_NODE")),
            Cookies = _ => cookie,
            IsPublished = published,
            Listen = ListenAddress.Loopback(),
            Tls = protocol == "tls" ? TlsSetup.From(TlsOf(Settings.Required("PEER_TLS_DIR"))) : null,
            Epmd = EpmdMode.Register,
            EpmdSettings = EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable),
            Locate = client => async (peer, host, token) =>
                new PeerEndPoint(host, (await client.LookUpAsync(peer, host, token)).Port),
        });
    }

    private static TlsOptions TlsOf(string directory) => new()
    {
        CertificateFile = Path.Combine(directory, "node.pem"),
        KeyFile = Path.Combine(directory, "node.key"),
        CaFile = Path.Combine(directory, "ca.pem"),
    };

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
