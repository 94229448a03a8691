using System.Text.Json.Nodes;
using Enmesh.Cli.Doctor;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Tests.Resolver;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>What Kubernetes makes of a Service, of names and of trust, and what of it keeps nodes from each other.</summary>
[Trait("Ring", "loopback")]
public sealed class KubernetesTests : DoctorFixture, IAsyncLifetime
{
    private const string Space = "orders";
    private const string Pod = "orders-0";

    private ScriptedDnsServer _names = null!;
    private KubeApiServer _server = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _names = new ScriptedDnsServer(static request => [request.Addresses("127.0.0.1", "127.0.0.9")]);
        _server = await KubeApiServer.StartAsync();
        _client = new KubernetesClient(new KubernetesAccess(_server.Address, Space, "a test"));
        Kubernetes = _client;
        Variables["POD_NAME"] = Pod;
        Put("pods", Pod, KubeObjects.Pod("orders", "Running", "127.0.0.1"));
        PutService();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _client.Dispose();
        await _server.DisposeAsync();
        await _names.DisposeAsync();
    }

    [Fact]
    public async Task A_headless_Service_that_has_all_is_healthy()
    {
        AssertHealthy(await ByDnsAsync());
    }

    [Theory]
    [InlineData("spec.clusterIP", "\"10.96.7.7\"", "service.not-headless")]
    [InlineData("spec.publishNotReadyAddresses", "false", "service.hides-unready")]
    [InlineData("spec.selector", "null", "service.no-selector")]
    [InlineData("spec.selector", "{\"app\": \"shop\"}", "service.selects-nobody")]
    public async Task A_trap_in_the_Service_is_named(string path, string value, string id)
    {
        PutService(spec => spec[path.Split('.')[1]] = JsonNode.Parse(value));
        AssertIds(await ByDnsAsync(), id);
    }

    [Fact]
    public async Task A_Service_that_selects_other_pods()
    {
        Put("pods", "shop-0", KubeObjects.Pod("shop", "Running", "127.0.0.9"));
        PutService(spec => spec["selector"] = new JsonObject { ["app"] = "shop" });
        var wrong = Only(await ByDnsAsync());
        Assert.Equal("service.selects-others", wrong.Diagnosis!.Id);
        Assert.Contains("selects app=shop, and this pod, orders-0, is not among them", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Service_that_is_not_there()
    {
        _server.Remove("services", Space, "orders");
        var examination = await ByDnsAsync();
        Assert.Equal(("service.missing", 11), (Only(examination).Diagnosis!.Id, examination.ExitStatus));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SRV_records_need_a_named_port(bool isNamed)
    {
        PutService(spec => spec["ports"] = new JsonArray(KubeObjects.Port(isNamed ? "dist" : "distribution", 4370)));
        var examination = await ExamineAsync(maxPeers: 0, settings:
        [
            ("Name", "orders@127.0.0.1"), ("Discovery:srv:Strategy", "dns-srv"), ("Discovery:srv:Domains:0", "_dist._tcp.orders.orders.svc.cluster.local."),
            ("Discovery:srv:Servers:0", _names.EndPoint.ToString()),
        ]);
        Assert.Equal(!isNamed, Wrong(examination).Exists(finding => finding.Diagnosis!.Id == "service.port-name"));
    }

    [Fact]
    public async Task Who_may_not_look_at_Services_is_told_so_and_nothing_is_made_of_it()
    {
        _server.Denied = ["get services"];
        var examination = await ByDnsAsync();
        AssertHealthy(examination);
        Assert.Contains(examination.Findings, finding => finding is { Step: "service", Severity: Severity.Skipped } && !finding.Text.Contains('\n', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "", "service.subdomain")]
    [InlineData(null, "endpoint_pod_names", null)]
    [InlineData("orders", "", null)]
    public async Task A_name_below_the_Service_that_DNS_does_not_have(string? subdomain, string directive, string? id)
    {
        var pod = KubeObjects.Pod("orders", "Running", "127.0.0.1");
        pod["spec"]!["subdomain"] = subdomain;
        Put("pods", Pod, pod);
        PutCorefile(directive);
        Around = Around with { Resolve = static (_, _) => Task.FromResult<System.Net.IPAddress[]>([System.Net.IPAddress.Loopback]) };
        var examination = await ByDnsAsync("orders@orders-0.orders.orders.svc.cluster.local");
        Assert.Equal(id is null ? [] : [id], Wrong(examination).Select(finding => finding.Diagnosis!.Id).Where(one => one != "discovery.self-missing"));
    }

    [Theory]
    [InlineData("pods insecure", null)]
    [InlineData("pods verified", null)]
    [InlineData("pods disabled", "coredns.pods-disabled")]
    [InlineData("", "coredns.pods-disabled")]
    public async Task Names_made_of_addresses_that_CoreDNS_does_not_answer(string directive, string? id)
    {
        PutCorefile(directive);
        Around = Around with { Resolve = static (_, _) => Task.FromResult<System.Net.IPAddress[]>([System.Net.IPAddress.Loopback]) };
        var examination = await ByDnsAsync("orders@127-0-0-1.orders.pod.cluster.local");
        Assert.Equal(id is null ? [] : [id], Wrong(examination).Select(finding => finding.Diagnosis!.Id).Where(one => one != "discovery.self-missing"));
    }

    [Fact]
    public async Task The_API_denies_what_discovery_asks()
    {
        _server.Denied = ["list endpointslices.discovery.k8s.io"];
        var examination = await ByApiAsync(_server.KubeConfig);
        var wrong = Only(examination);
        Assert.Equal(("kubernetes.denied", 11), (wrong.Diagnosis!.Id, examination.ExitStatus));
        Assert.Contains("resources: [\"endpointslices\"]", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_API_is_not_there()
    {
        var config = _server.KubeConfig.Replace(_server.Address.AbsoluteUri, $"http://127.0.0.1:{ScriptedPort.Nobody()}/", StringComparison.Ordinal);
        AssertIds(await ByApiAsync(config), "kubernetes.unreachable");
    }

    [Fact]
    public async Task The_slices_have_this_pod_and_others()
    {
        _server.Put(KubeObjects.Slices, Space, "orders-a", KubeObjects.Slice(
            "orders", "IPv4", KubeObjects.Endpoint(Pod, "127.0.0.1"), KubeObjects.Endpoint("orders-1", "127.0.0.9", ready: false)));
        AssertHealthy(await ByApiAsync(_server.KubeConfig));
    }

    [Fact]
    public async Task The_slices_have_other_pods_only()
    {
        _server.Put(KubeObjects.Slices, Space, "orders-a", KubeObjects.Slice("orders", "IPv4", KubeObjects.Endpoint("orders-1", "127.0.0.9")));
        var wrong = Only(await ByApiAsync(_server.KubeConfig));
        Assert.Equal("discovery.self-missing", wrong.Diagnosis!.Id);
    }

    [Theory]
    [InlineData(true, "bundle.live-secret")]
    [InlineData(false, null)]
    public async Task A_Bundle_that_points_at_the_live_Secret(bool isLive, string? id)
    {
        using var pki = new TestPki();
        PutBundle(isLive, pki.Authority.CertificatePem);
        AssertIds(await WithTlsAsync(pki), id is null ? [] : [id]);
    }

    [Fact]
    public async Task A_Bundle_whose_Secret_is_elsewhere_is_not_called_good()
    {
        using var pki = new TestPki();
        PutBundle(isLive: true, pki.Authority.CertificatePem, trustNamespace: "trust");
        var examination = await WithTlsAsync(pki);
        var found = Assert.Single(examination.Findings, finding => finding.Step == "bundle");
        Assert.Equal("Bundle orders-trust takes Secret orders-ca, which is not in namespace cert-manager; where is trust-manager's (--trust-namespace)?", found.Text);
    }

    [Fact]
    public async Task A_Bundle_that_is_ahead_of_the_file()
    {
        using var pki = new TestPki();
        using var next = new TestPki(name: "Next authority");
        PutBundle(false, pki.Authority.CertificatePem + next.Authority.CertificatePem);
        var wrong = Only(await WithTlsAsync(pki));
        Assert.Equal("bundle.ahead", wrong.Diagnosis!.Id);
        Assert.Contains("CN=Next authority", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Bundle_of_others_is_no_matter()
    {
        using var pki = new TestPki();
        using var other = new TestPki(name: "Somebody else");
        PutBundle(true, other.Authority.CertificatePem);
        AssertHealthy(await WithTlsAsync(pki));
    }

    private void Put(string resource, string name, JsonObject wanted) => _server.Put(resource, Space, name, wanted);

    private void PutService(Action<JsonObject>? change = null)
    {
        var spec = new JsonObject
        {
            ["clusterIP"] = "None",
            ["publishNotReadyAddresses"] = true,
            ["selector"] = new JsonObject { ["app"] = "orders" },
            ["ports"] = new JsonArray(KubeObjects.Port("dist", 4370)),
        };
        change?.Invoke(spec);
        Put("services", "orders", new() { ["spec"] = spec });
    }

    private void PutCorefile(string directive) => _server.Put("configmaps", "kube-system", "coredns", new()
    {
        ["data"] = new JsonObject
        {
            ["Corefile"] = $".:53 {{\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {{\n       {directive}\n       fallthrough in-addr.arpa ip6.arpa\n    }}\n    forward . /etc/resolv.conf\n}}\n",
        },
    });

    private void PutBundle(bool isLive, string pem, string trustNamespace = "cert-manager")
    {
        _server.Put("bundles.trust.cert-manager.io", "", "orders-trust", new()
        {
            ["spec"] = new JsonObject
            {
                ["sources"] = new JsonArray(
                    new JsonObject { ["useDefaultCAs"] = false },
                    new JsonObject { ["secret"] = new JsonObject { ["name"] = "orders-ca", ["key"] = "tls.crt" } }),
                ["target"] = new JsonObject { ["configMap"] = new JsonObject { ["key"] = "ca.crt" } },
            },
        });
        var secret = new JsonObject { ["data"] = new JsonObject { ["tls.key"] = "bm90IHRvIGJlIHJlYWQ=" } };
        if (isLive)
            secret["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["cert-manager.io/certificate-name"] = "orders-ca" } };
        _server.Put("secrets", trustNamespace, "orders-ca", secret);
        Put("configmaps", "orders-trust", new() { ["data"] = new JsonObject { ["ca.crt"] = pem } });
    }

    private Task<Examination> ByDnsAsync(string name = "orders@127.0.0.1") => ExamineAsync(maxPeers: 0, settings:
    [
        ("Name", name), ("Discovery:dns:Strategy", "dns"), ("Discovery:dns:Domains:0", "orders.orders.svc.cluster.local."), ("Discovery:dns:Families", "IPv4"),
        ("Discovery:dns:Servers:0", _names.EndPoint.ToString()),
    ]);

    private Task<Examination> ByApiAsync(string kubeConfig) => ExamineAsync(maxPeers: 0, settings:
    [
        ("Name", "orders@127.0.0.1"), ("Discovery:api:Strategy", "kubernetes"), ("Discovery:api:Service", "orders"), ("Discovery:api:PodName", Pod),
        ("Discovery:api:KubeConfig", Write("kubeconfig", kubeConfig)),
    ]);

    private Task<Examination> WithTlsAsync(TestPki pki)
    {
        var files = pki.Files("127.0.0.1");
        return ExamineAsync(maxPeers: 0, settings:
        [
            ("Name", "orders@127.0.0.1"), ("Discovery:static:Strategy", "static"), ("Discovery:static:Peers:0", "other@127.0.0.1"),
            ("Tls:CertificateFile", files.CertificateFile), ("Tls:KeyFile", files.KeyFile), ("Tls:CaFile", files.CaFile),
        ]);
    }
}
