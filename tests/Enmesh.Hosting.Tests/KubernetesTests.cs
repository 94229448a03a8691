using System.Text;
using System.Text.RegularExpressions;
using Enmesh.Discovery;
using Enmesh.Kubernetes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Leases;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>Discovery through the Kubernetes API, and the API itself, in a host.</summary>
[Trait("Ring", "loopback")]
public sealed partial class KubernetesTests : IAsyncDisposable
{
    private readonly TestHost _host = new();

    private static string Page { get; } = File.ReadAllText(Repository.PathTo("docs", "kubernetes-discovery.md"));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public void The_example_is_valid()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(JsonBlock().Match(Page).Groups["text"].Value));
        _host.Builder.Configuration.AddJsonStream(stream);
        var source = Assert.Single(Bind().Discovery);
        Assert.Equal("pods", source.Name);
        Assert.IsType<KubernetesDiscovery>(source.Discovery);
    }

    [Fact]
    public void Every_key_of_the_table_is_known_and_no_other_option_exists()
    {
        var values = new Dictionary<string, string>
        {
            ["Lookup"] = "pods",
            ["Naming"] = "dns",
            ["Family"] = "IPv6",
            ["Watch"] = "false",
            ["UseCachedResources"] = "true",
            ["Namespaces"] = "orders,billing",
            ["Service"] = "orders",
            ["Selector"] = "app=orders",
            ["Port"] = "4371",
            ["EmptyAge"] = "12",
            ["EmptyConfirmations"] = "4",
        };
        var section = Page[Page.IndexOf("\n## Keys", StringComparison.Ordinal)..Page.IndexOf("\n## Rights", StringComparison.Ordinal)];
        var keys = TableKey().Matches(section).Select(match => match.Groups["key"].Value).ToArray();
        string[] polling = ["Interval", "Jitter", "Timeout"];
        Assert.Equal(
            typeof(KubernetesDiscoveryOptions).GetProperties().Select(property => property.Name).Except(polling).Order(StringComparer.Ordinal),
            keys.Order(StringComparer.Ordinal));
        // The two exclude each other.
        foreach (var key in keys.Except(["PortName"]))
            _host.Set(($"Enmesh:Discovery:k8s:{key}", values.GetValueOrDefault(key, "some")));
        _host.Set(("Enmesh:Discovery:k8s:Strategy", "Kubernetes"), ("Enmesh:Discovery:k8s:Interval", "3"));
        Assert.Equal(TimeSpan.FromSeconds(3), Assert.Single(Bind().Discovery).Interval);
    }

    [Fact]
    public async Task What_is_wrong_is_told_by_key_and_value()
    {
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:Discovery:a:Strategy", "kubernetes"), ("Enmesh:Discovery:a:Lookup", "Services"), ("Enmesh:Discovery:a:Label", "x"),
            ("Enmesh:Discovery:b:Strategy", "kubernetes"), ("Enmesh:Discovery:b:Lookup", "Pods"), ("Enmesh:Discovery:b:Port", "0"));
        _host.Builder.AddErlangNode();
        var problems = await _host.RefusedAsync();
        Assert.Contains("Enmesh:Discovery:a:Lookup: 'Services' is not one of EndpointSlices, Pods, Endpoints.", problems);
        Assert.Contains(problems, problem => problem.StartsWith("Enmesh:Discovery:a:Label: there is no such setting.", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith("Enmesh:Discovery:a:Service: there is none", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith("Enmesh:Discovery:b:Selector: there is none", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith("Enmesh:Discovery:b:Port: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_has_one_client_and_a_candidate_for_each_lease()
    {
        var config = _host.WriteCookie("kubeconfig", """
            current-context: c
            contexts: [{name: c, context: {cluster: k, namespace: orders}}]
            clusters: [{name: k, cluster: {server: "https://k:1"}}]
            """);
        _host.Builder.Services.AddKubernetesClient(() => KubernetesAccess.FromKubeConfig(config)).AddLeaderElector("one").AddLeaderElector(
            "two", options => options.Identity = "me");
        await using var services = _host.Builder.Services.BuildServiceProvider();
        Assert.Equal("orders", services.GetRequiredService<IKubernetesClient>().Namespace);
        Assert.Equal("me", services.GetRequiredKeyedService<LeaderElector>("two").Identity);
        Assert.NotSame(services.GetRequiredKeyedService<LeaderElector>("one"), services.GetRequiredKeyedService<LeaderElector>("two"));
    }

    [Fact]
    public async Task An_api_that_is_named_counts_whatever_was_added_before()
    {
        var config = _host.WriteCookie("kubeconfig", """
            current-context: c
            contexts: [{name: c, context: {cluster: k, namespace: billing}}]
            clusters: [{name: k, cluster: {server: "https://k:1"}}]
            """);
        _host.Builder.Services.AddLeaderElector("one").AddKubernetesClient(() => KubernetesAccess.FromKubeConfig(config)).AddLeaderElector("two");
        await using var services = _host.Builder.Services.BuildServiceProvider();
        Assert.Equal("billing", Assert.Single(services.GetServices<IKubernetesClient>()).Namespace);
    }

    [Fact]
    public async Task A_host_that_has_ended_leaves_no_connections_of_its_sources_behind()
    {
        await using var server = await KubeApiServer.StartAsync();
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:Discovery:k8s:Strategy", "kubernetes"), ("Enmesh:Discovery:k8s:Service", "orders"),
            ("Enmesh:Discovery:k8s:KubeConfig", _host.WriteCookie("kubeconfig", server.KubeConfig)));
        _host.Builder.AddErlangNode();
        IPeerDiscovery discovery;
        using (var host = _host.Builder.Build())
        {
            discovery = Assert.Single(host.Services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue.Discovery).Discovery;
            await discovery.DiscoverAsync(NodeName.Parse("orders@127.0.0.1"), CancellationToken.None);
        }
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => discovery.DiscoverAsync(NodeName.Parse("orders@127.0.0.1"), CancellationToken.None).AsTask());
        await Eventually.HoldsAsync(() => server.OpenConnections == 0, "the end of its connections");
    }

    private ErlangNodeOptions Bind()
    {
        _host.With("Enmesh", "orders");
        _host.Builder.AddErlangNode();
        using var host = _host.Builder.Build();
        return host.Services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue;
    }

    [GeneratedRegex("```json\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"^\| `(?<key>[A-Za-z]+)` \|", RegexOptions.Multiline)]
    private static partial Regex TableKey();
}
