using System.Text.Json.Nodes;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Tests.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Testing;
using Enmesh.Tests.Cluster;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

/// <summary>A pod with a memory volume, the API, and an issuer that does what the test says. The clock is the
/// test's.</summary>
public abstract class IssuerFixture : IAsyncLifetime
{
    internal const string PodIp = "10.0.0.7";
    private readonly string _above = Directory.CreateTempSubdirectory("enmesh-requests-").FullName;

    private protected KubeApiServer Server { get; private set; } = null!;

    private protected KubernetesClient Client { get; private set; } = null!;

    private protected KubeIssuer Issuer { get; private set; } = null!;

    private protected VirtualTime Time { get; } = new();

    private protected LogLines Log { get; } = new();

    private protected Dictionary<string, string> Pod { get; } = new(StringComparer.Ordinal)
    {
        ["POD_NAME"] = "orders-0",
        ["POD_UID"] = "uid-orders-0",
        ["POD_IP"] = PodIp,
    };

    private protected string Volume => Path.Combine(_above, "tls");

    private protected IReadOnlyList<JsonObject> Requests =>
        [.. Server.Store.Snapshot().Objects.Where(pair => pair.Key.Resource == KubeObjects.Requests).Select(pair => pair.Value)];

    public async ValueTask InitializeAsync()
    {
        Server = await KubeApiServer.StartAsync();
        Client = Server.Client();
        Issuer = new KubeIssuer(Server, Time);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Issuer.DisposeAsync();
        Client.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(_above, recursive: true);
    }

    private protected NodeCertificateRequester Requester(Action<NodeCertificateOptions>? configure = null)
    {
        var options = new NodeCertificateOptions { Directory = Volume, Issuer = "orders" };
        configure?.Invoke(options);
        return new(Client, options, Time, Log, name => Pod.GetValueOrDefault(name));
    }

    private protected string WriteTrust(string pem)
    {
        var file = Path.Combine(_above, "trust.pem");
        File.WriteAllText(file, pem);
        return file;
    }

    /// <summary>The pair in the volume, checked as a peer would.</summary>
    private protected StoredPair Stored()
    {
        var stored = StoredPair.Find(Volume)!;
        Assert.Null(TrustCheck.Problem(stored.Chain, [Issuer.Root.Certificate], Time.GetUtcNow()));
        return stored;
    }

    private protected bool HasPendingKey => Directory.Exists(Volume) && Directory.EnumerateFiles(Volume, "..pending*").Any();

    private protected bool HasPair => File.Exists(Path.Combine(Volume, "tls.crt")) || File.Exists(Path.Combine(Volume, "tls.key"));

    private protected Task SaidAsync(string part) =>
        Eventually.HoldsAsync(() => Log.Lines.Any(line => line.Text.Contains(part, StringComparison.Ordinal)), $"'{part}' in the log");
}
