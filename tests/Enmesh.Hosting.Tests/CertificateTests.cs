using System.Text;
using Enmesh.Certificates;
using Enmesh.Epmd;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.TestSupport;
using Enmesh.Transport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>A host that gets its nodes' certificate from cert-manager.</summary>
[Trait("Ring", "loopback")]
public sealed class CertificateTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-certificate-").FullName;
    private readonly EpmdServer _epmd =
        EpmdServer.Start(new EpmdSettings(0, []), new TcpTransport(), TimeProvider.System, NullLogger.Instance);

    private KubeApiServer _server = null!;
    private KubeIssuer _issuer = null!;

    private string Volume => Path.Combine(_directory, "tls");

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        _issuer = new KubeIssuer(_server, TimeProvider.System);
        var trust = Path.Combine(_directory, "ca.pem");
        await File.WriteAllTextAsync(trust, _issuer.Root.CertificatePem);
        var config = Path.Combine(_directory, "kubeconfig");
        await File.WriteAllTextAsync(config, _server.KubeConfig);
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:Certificate:Directory", Volume), ("Enmesh:Certificate:Issuer", "orders"), ("Enmesh:Certificate:TrustFile", trust),
            ("Enmesh:Certificate:PodName", "orders-0"), ("Enmesh:Certificate:PodUid", "uid-orders-0"),
            ("Enmesh:Tls:CertificateFile", Path.Combine(Volume, "tls.crt")), ("Enmesh:Tls:KeyFile", Path.Combine(Volume, "tls.key")),
            ("Enmesh:Tls:CaFile", trust), ("Enmesh:EpmdPort", $"{_epmd.Port}"));
        _host.Builder.Services.AddKubernetesClient(() => KubernetesAccess.FromKubeConfig(config));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _epmd.DisposeAsync();
        await _issuer.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_certificate_is_there_before_the_node_whichever_was_added_first()
    {
        _host.Builder.AddErlangNode();
        _host.Builder.AddNodeCertificate();
        await _host.StartAsync();
        var renewal = _host.Services.GetRequiredService<NodeCertificateRenewal>();
        Assert.Equal(("127.0.0.1", "DNS:127.0.0.1, IP:127.0.0.1"), (renewal.Current!.Host, renewal.Current.Names));
        using var stored = StoredPair.Find(Volume)!;
        Assert.Null(TrustCheck.Problem(stored.Chain, [_issuer.Root.Certificate], TimeProvider.System.GetUtcNow()));
        Assert.Equal("orders@127.0.0.1", _host.Node.Name.Text);
        await _host.StopAsync();
        Assert.Equal(1, _server.Count("create"));
    }

    [Fact]
    public async Task A_host_without_a_certificate_does_not_start_and_says_why()
    {
        _issuer.Mood = IssuerMood.Deny;
        _host.Builder.AddNodeCertificate();
        _host.Builder.AddErlangNode();
        var e = await Assert.ThrowsAsync<CertificateRequestException>(_host.StartAsync);
        Assert.Contains("is denied: No policy approved this request", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_only_due_holds_nothing_up()
    {
        _issuer.Backdated = TimeSpan.FromHours(20);
        _host.Builder.AddNodeCertificate(options => options.Duration = TimeSpan.FromHours(24));
        await new NodeCertificateRequester(
            new KubernetesClient(KubernetesAccess.FromKubeConfig(Path.Combine(_directory, "kubeconfig"))),
            new() { Directory = Volume, Issuer = "orders", Host = "127.0.0.1", WithoutPod = true }).EnsureAsync();
        _issuer.Mood = IssuerMood.Ignore;
        await _host.StartAsync();
        // It starts, and asks for another meanwhile.
        await Eventually.HoldsAsync(() => _server.Count("create") == 2, "a second request");
        await _host.StopAsync();
    }

    [Theory]
    [InlineData("..2030_01_01_00_00_00.1", "orders-0.orders.shop.svc.cluster.local", "is filled before the pod has an address, so it cannot name one")]
    [InlineData("..enmesh_1", "127.0.0.2", "Request one for this host, or name the node by one of those.")]
    [InlineData("..enmesh_1", "127.0.0.1", null)]
    public async Task Files_that_cannot_be_this_nodes_are_refused_with_the_reason(string set, string host, string? reason)
    {
        Directory.CreateDirectory(Path.Combine(Volume, set));
        var pair = _issuer.Root.Issue(new() { Hosts = [host] });
        await File.WriteAllTextAsync(Path.Combine(Volume, set, "tls.crt"), pair.ChainPem);
        await File.WriteAllTextAsync(Path.Combine(Volume, set, "tls.key"), pair.KeyPem);
        File.CreateSymbolicLink(Path.Combine(Volume, "..data"), set);
        foreach (var file in new[] { "tls.crt", "tls.key" })
            File.CreateSymbolicLink(Path.Combine(Volume, file), $"..data/{file}");
        _host.Builder.AddErlangNode();
        if (reason is null)
        {
            await _host.StartAsync();
            await _host.StopAsync();
            return;
        }
        var problem = Assert.Single(await _host.RefusedAsync());
        Assert.StartsWith($"Enmesh:Tls: The certificate is for DNS:{host}", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_by_key()
    {
        _host.Set(("Enmesh:Certificate:Isuer", "x"), ("Enmesh:Certificate:Issuer", ""), ("Enmesh:Certificate:Key", "Dsa"), ("Enmesh:Certificate:Duration", "1"));
        _host.Builder.AddNodeCertificate();
        Assert.Equal(
            ["Enmesh:Certificate:Duration", "Enmesh:Certificate:Issuer", "Enmesh:Certificate:Isuer", "Enmesh:Certificate:Key"],
            (await _host.RefusedAsync()).Select(problem => problem.Split(": ")[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_example_has_only_keys_that_there_are_and_every_option_is_named_in_the_text()
    {
        var page = File.ReadAllText(Repository.PathTo("docs", "certificates.md"));
        foreach (var property in typeof(NodeCertificateOptions).GetProperties().Where(property => property.Name != nameof(NodeCertificateOptions.Labels)))
            Assert.Contains(property.Name, page, StringComparison.Ordinal);
        var json = page[page.IndexOf("{ \"Enmesh\": { \"Certificate\"", StringComparison.Ordinal)..];
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json[..json.IndexOf('\n', StringComparison.Ordinal)]));
        var example = new ConfigurationBuilder().AddJsonStream(stream).Build();
        Assert.All(
            example.GetSection(NodeCertificateExtensions.Section).GetChildren(),
            child => Assert.NotNull(typeof(NodeCertificateOptions).GetProperty(child.Key)));
    }
}
