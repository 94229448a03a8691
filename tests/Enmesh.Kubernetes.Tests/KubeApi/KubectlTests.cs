using System.Text.Json.Nodes;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>
/// The stock <c>kubectl</c> of Debian against the server of these tests: what it makes of the server is what it makes
/// of a real one, so the server is as strict and as generous as those.
/// </summary>
[Trait("Ring", "system")]
public sealed class KubectlTests : IAsyncLifetime
{
    // The release whose root has kubectl as well.
    private const int Release = 27;
    private KubeApiServer _server = null!;
    private BeamHome _home = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        _home = BeamHome.Create(await Otp.RootAsync(Release), Otp.NewCookie());
        for (var i = 0; i < 5; i++)
            _server.Put("pods", "orders", $"orders-{i}", KubeObjects.Pod("orders", "Running", $"10.0.0.{i}"));
        _server.Put(KubeObjects.Slices, "orders", "orders-a", KubeObjects.Slice("orders", "IPv4", KubeObjects.Endpoint("orders-0", "10.0.0.0")));
        _server.Put(KubeObjects.Leases, "orders", "leader", new() { ["spec"] = new JsonObject { ["holderIdentity"] = "orders-0" } });
    }

    public async ValueTask DisposeAsync()
    {
        _home.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task It_finds_the_kinds_and_gets_lists_and_single_objects()
    {
        Assert.Equal(
            [
                "bundles.trust.cert-manager.io", "certificaterequests.cert-manager.io", "configmaps", "endpoints", "endpointslices.discovery.k8s.io",
                "leases.coordination.k8s.io", "pods", "secrets", "services",
            ],
            (await KubectlAsync("api-resources", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Contains("orders-a", await KubectlAsync("get", "endpointslices"), StringComparison.Ordinal);
        Assert.Equal("10.0.0.3", await KubectlAsync("get", "pods", "orders-3", "-o", "jsonpath={.status.podIP}"));
        Assert.Equal("orders-0", await KubectlAsync("get", "lease", "leader", "-o", "jsonpath={.spec.holderIdentity}"));
        Assert.Equal(
            "orders-0 orders-1 orders-2 orders-3 orders-4",
            await KubectlAsync("get", "pods", "-o", "jsonpath={.items[*].metadata.name}"));
    }

    [Fact]
    public async Task It_pages_and_selects()
    {
        Assert.Equal(
            "orders-0 orders-1 orders-2 orders-3 orders-4",
            await KubectlAsync("get", "pods", "--chunk-size=2", "-l", "app in (orders, other)", "-o", "jsonpath={.items[*].metadata.name}"));
        Assert.Equal(["2", "2", "2"], _server.Requests.Select(request => request.Query["limit"].ToString()));
        Assert.Contains(
            "No resources found", (await RunAsync("get", "pods", "-l", "app=nothing")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_watches_from_its_list_on()
    {
        await using var watching = ChildProcess.Start(
            Command("get", "endpointslices", "-w", "--output-watch-events", "-o", "jsonpath={.type} {.object.metadata.name}{'\\n'}"),
            _home.Environment(null));
        await Eventually.HoldsAsync(() => _server.OpenWatches == 1, "the watch of kubectl");
        await watching.WaitForLineAsync("ADDED orders-a");
        _server.Put(KubeObjects.Slices, "orders", "orders-b", KubeObjects.Slice("orders", "IPv6"));
        await watching.WaitForLineAsync("ADDED orders-b");
        // What it must pass over without a word.
        _server.Signal(WatchSignal.Bookmark);
        _server.Put(KubeObjects.Slices, "orders", "orders-b", KubeObjects.Slice("orders", "IPv6", KubeObjects.Endpoint("x", "fd00::1")));
        await watching.WaitForLineAsync("MODIFIED orders-b");
        _server.Remove(KubeObjects.Slices, "orders", "orders-b");
        await watching.WaitForLineAsync("DELETED orders-b");
    }

    [Fact]
    public async Task It_patches_and_deletes()
    {
        await KubectlAsync("patch", "lease", "leader", "--type=merge", "-p", """{"spec":{"holderIdentity":"orders-1"}}""");
        Assert.Equal("orders-1", (string?)_server.Store.Find(new(KubeObjects.Leases, "orders", "leader"))!["spec"]!["holderIdentity"]);
        await KubectlAsync("delete", "lease", "leader", "--wait=false");
        Assert.Null(_server.Store.Find(new(KubeObjects.Leases, "orders", "leader")));
    }

    [Fact]
    public async Task It_understands_how_the_server_refuses()
    {
        Assert.Contains(
            "Error from server (NotFound): leases.coordination.k8s.io \"other\" not found",
            (await RunAsync("get", "lease", "other")).Errors, StringComparison.Ordinal);
        _server.Denied = [$"list {KubeObjects.Slices}"];
        Assert.Contains(
            "Error from server (Forbidden): endpointslices.discovery.k8s.io is forbidden",
            (await RunAsync("get", "endpointslices")).Errors, StringComparison.Ordinal);
        _server.Fault = _ => KubeRefusal.Expired("too old resource version");
        Assert.Contains("Error from server (Expired)", (await RunAsync("get", "pods", "orders-0")).Errors, StringComparison.Ordinal);
    }

    private async Task<string> KubectlAsync(params string[] arguments) => (await RunAsync(arguments)).Successful.Trim();

    private Task<CommandResult> RunAsync(params string[] arguments) => ChildProcess.RunAsync(Command(arguments), _home.Environment(null));

    private string[] Command(params string[] arguments) =>
        [.. _home.Enter, "kubectl", "--server", _server.Address.AbsoluteUri, "--kubeconfig", "/dev/null", "--namespace", "orders", .. arguments];
}
