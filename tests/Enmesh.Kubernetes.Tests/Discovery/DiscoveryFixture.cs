using System.Text.Json.Nodes;
using Enmesh.Discovery;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Tests.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Testing;
using Enmesh.Tests.Cluster;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Discovery;

/// <summary>A server, and strategies that ask it.</summary>
public abstract class DiscoveryFixture : IAsyncLifetime
{
    private KubernetesClient _client = null!;

    private protected static NodeName Self { get; } = NodeName.Parse("orders@10.0.0.1");

    private protected KubeApiServer Server { get; private set; } = null!;

    private protected VirtualTime Time { get; } = new();

    private protected LogLines Log { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Server = await KubeApiServer.StartAsync();
        _client = Server.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected KubernetesDiscovery Discovery(KubernetesDiscoveryOptions? options = null, TimeProvider? time = null) =>
        new(options ?? new() { Service = "orders" }, _client, time ?? Time, Log);

    private protected static async Task<IReadOnlyList<string>> CompleteAsync(IPeerDiscovery discovery, NodeName? self = null)
    {
        var answer = await discovery.DiscoverAsync(self ?? Self, CancellationToken.None);
        return Texts(Assert.IsType<PeerSnapshot.Complete>(answer).Peers);
    }

    private protected static async Task<(IReadOnlyList<string> Peers, string Reason)> IncompleteAsync(IPeerDiscovery discovery)
    {
        var answer = Assert.IsType<PeerSnapshot.Incomplete>(await discovery.DiscoverAsync(Self, CancellationToken.None));
        return (Texts(answer.Peers), answer.Reason);
    }

    private protected static async Task<Exception> UnavailableAsync(IPeerDiscovery discovery) =>
        Assert.IsType<PeerSnapshot.Unavailable>(await discovery.DiscoverAsync(Self, CancellationToken.None)).Cause;

    private protected void PutSlice(string name, string family, params JsonObject[] endpoints) =>
        Server.Put(KubeObjects.Slices, "orders", name, KubeObjects.Slice("orders", family, endpoints));

    private static string[] Texts(IEnumerable<DiscoveredPeer> peers) =>
        [.. peers.Select(peer => $"{peer.Name}{(peer.Address is null ? "" : $" at {peer.Address}")}{(peer.Port is { } port ? FormattableString.Invariant($" port {port}") : "")}").Order(StringComparer.Ordinal)];
}
