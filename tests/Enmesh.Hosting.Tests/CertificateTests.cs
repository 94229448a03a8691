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
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>A host that gets its nodes' certificate from cert-manager.</summary>
[Trait("Ring", "loopback")]
[Collection(TestHost.OwnsExitCode)]
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
            ("Enmesh:Tls:CertificateFile", Path.Combine(Volume, "tls.crt")), ("Enmesh:Tls:KeyFile", Path.Combine(Volume, "tls.key")),
            ("Enmesh:Tls:CaFile", trust), ("Enmesh:EpmdPort", $"{_epmd.Port}"));
        _host.Builder.Services.AddKubernetesClient(() => KubernetesAccess.FromKubeConfig(config));
    }

    private void AddNodeCertificate(Action<NodeCertificateOptions>? configure = null)
    {
        _host.Set(
            ("Enmesh:Certificate:Directory", Volume), ("Enmesh:Certificate:Issuer", "orders"),
            ("Enmesh:Certificate:TrustFile", Path.Combine(_directory, "ca.pem")),
            ("Enmesh:Certificate:PodName", "orders-0"), ("Enmesh:Certificate:PodUid", "uid-orders-0"));
        _host.Builder.AddNodeCertificate(configure);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _epmd.DisposeAsync();
        await _issuer.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_certificate_is_there_before_the_node_whichever_was_added_first(bool isNodeFirst)
    {
        if (isNodeFirst)
            _host.Builder.AddErlangNode();
        AddNodeCertificate();
        if (!isNodeFirst)
            _host.Builder.AddErlangNode();
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
        AddNodeCertificate();
        _host.Builder.AddErlangNode();
        var e = await Assert.ThrowsAsync<CertificateRequestException>(_host.StartAsync);
        Assert.Contains("is denied: No policy approved this request", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_only_due_holds_nothing_up()
    {
        _issuer.Backdated = TimeSpan.FromHours(20);
        AddNodeCertificate(options => options.Duration = TimeSpan.FromHours(24));
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
        AddNodeCertificate();
        _host.Set(("Enmesh:Certificate:Isuer", "x"), ("Enmesh:Certificate:Issuer", ""), ("Enmesh:Certificate:Key", "Dsa"), ("Enmesh:Certificate:Duration", "1"));
        Assert.Equal(
            ["Enmesh:Certificate:Duration", "Enmesh:Certificate:Issuer", "Enmesh:Certificate:Isuer", "Enmesh:Certificate:Key"],
            (await _host.RefusedAsync()).Select(problem => problem.Split(": ")[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_put_before_everything_runs_while_the_certificate_is_waited_for(bool isNodeFirst)
    {
        var probes = new Probes(() => _server.Count("create"));
        if (isNodeFirst)
            _host.Builder.AddErlangNode();
        // As the endpoints of Enmesh.Web do it.
        _host.Builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(probes));
        AddNodeCertificate();
        if (!isNodeFirst)
            _host.Builder.AddErlangNode();
        await _host.StartAsync();
        Assert.Equal(0, probes.RequestsBefore);
    }

    [Fact]
    public async Task The_host_part_is_that_of_the_nodes_wherever_their_names_come_from()
    {
        _host.Set(("Enmesh:Name", null));
        _host.Builder.AddErlangNode(options => options.Name = "orders@127.0.0.1");
        AddNodeCertificate();
        await _host.StartAsync();
        Assert.Equal("127.0.0.1", _host.Services.GetRequiredService<NodeCertificateRenewal>().Current!.Host);
    }

    [Theory]
    [InlineData(null, "invoices@127.0.0.2", "Enmesh:Certificate:Host: the nodes have several, 127.0.0.1, 127.0.0.2.")]
    [InlineData("ptr", "invoices", "Enmesh:Certificate:Host: the node's host part comes from ptr")]
    public async Task A_host_part_that_the_nodes_do_not_agree_on_has_to_be_named(string? from, string name, string problem)
    {
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangNode("second", options => (options.Name, options.HostFrom, options.CookieFile) = (name, from, _host.CookieFile));
        AddNodeCertificate();
        Assert.StartsWith(problem, Assert.Single(await _host.RefusedAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_reads_and_what_cannot_be_in_order_is_refused()
    {
        _host.Set(("Enmesh:Certificate:Issuer", "orders"));
        _host.Builder.AddErlangNode();
        _host.Builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);
        var problems = await _host.RefusedAsync();
        Assert.Contains(problems, problem => problem.StartsWith("Enmesh:Certificate: this program requests no certificate", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith("HostOptions:ServicesStartConcurrently: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Nobody_asks_for_it_twice()
    {
        AddNodeCertificate();
        Assert.Throws<InvalidOperationException>(() => _host.Builder.AddNodeCertificate());
    }

    [Fact]
    public async Task A_renewal_that_ends_for_an_unheard_of_reason_ends_the_host_and_not_in_silence()
    {
        AddNodeCertificate();
        _host.Builder.Services.Replace(ServiceDescriptor.Singleton(_ => Renewal(new BrokenClock())));
        try
        {
            await _host.StartAsync();
            var stopping = new TaskCompletionSource();
            _host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
            await stopping.Task.WaitAsync(Eventually.FarOff);
            Assert.Equal(1, Environment.ExitCode);
        }
        finally
        {
            Environment.ExitCode = 0;
        }
        Assert.Contains(_host.Logs.Lines, line => line is { Level: LogLevel.Critical } && line.Text.StartsWith("The certificate is not renewed any more", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_never_came_to_its_end_leaves_no_renewal_behind()
    {
        using var renewal = Renewal(TimeProvider.System);
        using var host = Host.CreateEmptyApplicationBuilder(new()).Build();
        var service = new NodeCertificateService(
            () => renewal, host.Services.GetRequiredService<IHostApplicationLifetime>(), NullLogger<NodeCertificateService>.Instance);
        await service.StartingAsync(CancellationToken.None);
        Assert.False(service.Renewing.IsCompleted);
        service.Dispose();
        await service.Renewing.WaitAsync(Eventually.FarOff);
    }

    private NodeCertificateRenewal Renewal(TimeProvider time) => new(
        new NodeCertificateRequester(
            new KubernetesClient(KubernetesAccess.FromKubeConfig(Path.Combine(_directory, "kubeconfig"))),
            new() { Directory = Volume, Issuer = "orders", Host = "127.0.0.1", WithoutPod = true }),
        time);

    private sealed class BrokenClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => throw new InvalidTimeZoneException("nobody has thought of it");
    }

    private sealed class Probes(Func<int> requests) : IHostedLifecycleService
    {
        internal int? RequestsBefore { get; private set; }

        public Task StartingAsync(CancellationToken cancellationToken)
        {
            RequestsBefore = requests();
            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
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
