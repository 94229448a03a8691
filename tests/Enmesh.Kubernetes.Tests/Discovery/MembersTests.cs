using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Telemetry;
using Xunit;
using static Enmesh.Kubernetes.Tests.KubeApi.KubeObjects;

namespace Enmesh.Kubernetes.Tests.Discovery;

/// <summary>Who is a member, and under which name.</summary>
[Trait("Ring", "loopback")]
public sealed class MembersTests : DiscoveryFixture
{
    [Theory]
    [InlineData(KubernetesNaming.Ip, "orders@10.0.0.7")]
    [InlineData(KubernetesNaming.Hostname, "orders@orders-0.orders.orders.svc.cluster.local at 10.0.0.7")]
    [InlineData(KubernetesNaming.Dns, "orders@10-0-0-7.orders.pod.cluster.local at 10.0.0.7")]
    public async Task Names_have_the_forms_that_libcluster_gives_them(KubernetesNaming naming, string name)
    {
        PutSlice("orders-a", "IPv4", Endpoint("orders-0", "10.0.0.7", hostname: "orders-0"));
        Assert.Equal([name], await CompleteAsync(Discovery(new() { Service = "orders", Naming = naming })));
        var pod = Pod("orders", "Running", "10.0.0.7");
        pod["spec"]!["hostname"] = "orders-0";
        pod["spec"]!["subdomain"] = "orders";
        Server.Put("pods", "orders", "orders-0", pod);
        Assert.Equal(
            [name],
            await CompleteAsync(Discovery(new() { Lookup = KubernetesLookup.Pods, Selector = "app=orders", Naming = naming })));
        Server.Put("endpoints", "orders", "orders", new()
        {
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(new JsonObject { ["ip"] = "10.0.0.7", ["hostname"] = "orders-0", ["targetRef"] = Target("orders-0") }),
            }),
        });
        Assert.Equal(
            [name],
            await CompleteAsync(Discovery(new() { Lookup = KubernetesLookup.Endpoints, Service = "orders", Naming = naming })));
    }

    [Fact]
    public async Task The_alive_part_and_the_domain_of_the_cluster_may_be_others()
    {
        PutSlice("orders-a", "IPv6", Endpoint("orders-0", "fd00:0:0::7"));
        Assert.Equal(
            ["mail@fd00--7.orders.pod.example.org at fd00::7"],
            await CompleteAsync(Discovery(
                new() { Service = "orders", Naming = KubernetesNaming.Dns, Alive = "mail", ClusterDomain = "example.org." })));
    }

    [Fact]
    public async Task Pods_that_are_not_ready_count_and_pods_that_terminate_do_not()
    {
        var unsaid = Endpoint("unsaid", "10.0.0.6", ready: null);
        unsaid.Remove("conditions");
        PutSlice(
            "orders-a", "IPv4",
            Endpoint("ready", "10.0.0.2"),
            Endpoint("unready", "10.0.0.3", ready: false, serving: false, terminating: false),
            Endpoint("leaving", "10.0.0.4", ready: false, serving: true, terminating: true),
            Endpoint("nothing-said", "10.0.0.5", ready: null),
            unsaid);
        Assert.Equal(
            ["orders@10.0.0.2", "orders@10.0.0.3", "orders@10.0.0.5", "orders@10.0.0.6"], await CompleteAsync(Discovery()));
    }

    [Fact]
    public async Task A_pod_in_several_slices_is_one_member_by_the_address_of_our_family()
    {
        PutSlice("orders-4", "IPv4", Endpoint("a", "10.0.0.2"), Endpoint("b", "10.0.0.3"));
        PutSlice("orders-6", "IPv6", Endpoint("a", "fd00::2"), Endpoint("b", "fd00::3"), Endpoint("six", "fd00::4"));
        var discovery = Discovery();
        Assert.Equal(["orders@10.0.0.2", "orders@10.0.0.3", "orders@fd00::4"], await CompleteAsync(discovery));
        Assert.Equal(
            ["orders@fd00::2", "orders@fd00::3", "orders@fd00::4"],
            await CompleteAsync(discovery, NodeName.Parse("orders@fd00::1")));
        Assert.Equal(
            ["orders@10.0.0.2", "orders@10.0.0.3"],
            await CompleteAsync(Discovery(new() { Service = "orders", Family = KubernetesFamily.IPv4 })));
    }

    [Fact]
    public async Task Of_two_sightings_of_a_pod_the_one_that_says_it_terminates_is_the_newer()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"), Endpoint("b", "10.0.0.3"));
        PutSlice("orders-b", "IPv4", Endpoint("a", "10.0.0.2", ready: false, terminating: true));
        Assert.Equal(["orders@10.0.0.3"], await CompleteAsync(Discovery()));
    }

    [Fact]
    public async Task Only_the_slices_of_the_service_count_and_a_selector_narrows_them()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Server.Put(Slices, "orders", "billing-a", Slice("billing", "IPv4", Endpoint("x", "10.0.0.9")));
        Server.Put(Slices, "other", "orders-a", Slice("orders", "IPv4", Endpoint("y", "10.0.0.8")));
        Assert.Equal(["orders@10.0.0.2"], await CompleteAsync(Discovery()));
        Assert.Equal(
            ["orders@10.0.0.2", "orders@10.0.0.8"],
            await CompleteAsync(Discovery(new() { Service = "orders", Namespaces = ["orders", "other"] })));
        Assert.Equal(
            ["orders@10.0.0.9"],
            await CompleteAsync(Discovery(new() { Selector = "kubernetes.io/service-name=billing" })));
    }

    [Fact]
    public async Task Pods_that_have_ended_or_are_deleted_do_not_count_and_those_without_an_address_not_yet()
    {
        foreach (var (phase, i) in ((string[])["Running", "Pending", "Unknown", "Succeeded", "Failed"]).Select((phase, i) => (phase, i)))
            Server.Put("pods", "orders", $"pod-{i}", Pod("orders", phase, $"10.0.0.{i + 2}"));
        var deleted = Pod("orders", "Running", "10.0.0.20");
        deleted["metadata"]!["deletionTimestamp"] = "2030-01-01T00:00:00Z";
        Server.Put("pods", "orders", "deleted", deleted);
        Server.Put("pods", "orders", "no-address", Pod("orders", "Pending"));
        Server.Put("pods", "orders", "two-families", Pod("orders", "Running", "fd00::30", "10.0.0.30"));
        var options = new KubernetesDiscoveryOptions { Lookup = KubernetesLookup.Pods, Selector = "app=orders" };
        Assert.Equal(
            ["orders@10.0.0.2", "orders@10.0.0.3", "orders@10.0.0.30", "orders@10.0.0.4"], await CompleteAsync(Discovery(options)));
        // A node named by a host name cannot tell by itself; the first address of a pod is the one it calls its own.
        Assert.Contains("orders@fd00::30", await CompleteAsync(Discovery(options), NodeName.Parse("orders@some-host")));
    }

    [Fact]
    public async Task Endpoints_that_are_not_ready_count_as_well()
    {
        Server.Put("endpoints", "orders", "orders", new()
        {
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(new JsonObject { ["ip"] = "10.0.0.2" }),
                ["notReadyAddresses"] = new JsonArray(new JsonObject { ["ip"] = "10.0.0.3", ["targetRef"] = Target("b") }),
                ["ports"] = new JsonArray(Port("dist", 4372)),
            }),
        });
        Assert.Equal(
            ["orders@10.0.0.2 port 4372", "orders@10.0.0.3 port 4372"],
            await CompleteAsync(Discovery(new() { Lookup = KubernetesLookup.Endpoints, Service = "orders", PortName = "dist" })));
    }

    [Fact]
    public async Task The_port_is_found_by_its_name_or_given_and_a_missing_one_is_said()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Server.Put("pods", "orders", "a", Pod("orders", "Running", "10.0.0.2"));
        Assert.Equal(["orders@10.0.0.2 port 4370"], await CompleteAsync(Discovery(new() { Service = "orders", PortName = "dist" })));
        Assert.Equal(["orders@10.0.0.2 port 5000"], await CompleteAsync(Discovery(new() { Service = "orders", Port = 5000 })));
        Assert.Equal(
            ["orders@10.0.0.2 port 4371"],
            await CompleteAsync(Discovery(new() { Lookup = KubernetesLookup.Pods, Selector = "app=orders", PortName = "dist" })));
        var (peers, reason) = await IncompleteAsync(Discovery(new() { Service = "orders", PortName = "erl" }));
        Assert.Equal(["orders@10.0.0.2"], peers);
        Assert.Equal("pod a in orders has no TCP port named 'erl'", reason);
    }

    [Fact]
    public async Task A_pod_without_a_host_name_is_said_and_hides_nobody()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"), Endpoint("b", "10.0.0.3", hostname: "b"));
        var (peers, reason) = await IncompleteAsync(Discovery(new() { Service = "orders", Naming = KubernetesNaming.Hostname }));
        Assert.Equal(["orders@b.orders.orders.svc.cluster.local at 10.0.0.3"], peers);
        Assert.Contains("pod a in orders has no host name below a Service", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_pod_is_reported_as_ourselves_even_where_its_name_would_be_another()
    {
        PutSlice("orders-a", "IPv4", Endpoint("me", "10.0.0.1"));
        var discovery = Discovery(new() { Service = "orders", PodName = "me" });
        Assert.Equal(["orders@10.0.0.1"], await CompleteAsync(discovery));
        Assert.Empty(Log.Lines);
        Assert.Equal(["orders@me"], await CompleteAsync(discovery, NodeName.Parse("orders@me")));
        await CompleteAsync(discovery, NodeName.Parse("orders@me"));
        var line = Assert.Single(Log.Lines);
        Assert.Equal(EventIds.OwnNameDiffers, line.Id);
        Assert.Contains("makes orders@10.0.0.1 of this pod, but the node's name is orders@me", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_pod_is_reported_though_it_terminates_so_that_only_a_wrong_selector_misses_it()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"), Endpoint("me", "10.0.0.1", ready: false, terminating: true));
        var discovery = Discovery(new() { Service = "orders", PodName = "me" });
        Assert.Equal(["orders@10.0.0.1", "orders@10.0.0.2"], await CompleteAsync(discovery));
        Assert.True(discovery.NamesSelf);
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Assert.Equal(["orders@10.0.0.2"], await CompleteAsync(discovery));
    }

    [Fact]
    public async Task Nothing_at_all_is_doubted_until_it_is_confirmed()
    {
        var discovery = Discovery();
        for (var i = 0; i < 3; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(10));
            var (peers, reason) = await IncompleteAsync(discovery);
            Assert.Empty(peers);
            Assert.StartsWith("no EndpointSlice of kubernetes.io/service-name=orders has an endpoint in orders", reason, StringComparison.Ordinal);
        }
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await CompleteAsync(discovery));
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Assert.Single(await CompleteAsync(discovery));
        Server.Remove(Slices, "orders", "orders-a");
        Assert.Empty((await IncompleteAsync(discovery)).Peers);
    }

    [Fact]
    public async Task A_denial_is_no_empty_cluster()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Server.Put(Slices, "other", "orders-a", Slice("orders", "IPv4", Endpoint("y", "10.0.0.8")));
        Server.Denied = [$"list {Slices}"];
        var cause = Assert.IsType<KubernetesException>(await UnavailableAsync(Discovery()));
        Assert.Equal(KubernetesFailure.Forbidden, cause.Failure);
        Assert.Contains("verbs: [\"list\", \"watch\"]", cause.Message, StringComparison.Ordinal);
        Server.Denied = [];
        Server.Fault = request => request.Namespace == "other" ? new KubeRefusal(500, "InternalError", "etcd is away") : null;
        var (peers, reason) = await IncompleteAsync(Discovery(new() { Service = "orders", Namespaces = ["orders", "other"] }));
        Assert.Equal(["orders@10.0.0.2"], peers);
        Assert.Contains("etcd is away", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_wants_to_be_left_alone_is_left_alone()
    {
        Server.Fault = _ => new KubeRefusal(429, "TooManyRequests", "slow down") { RetryAfter = 20 };
        var discovery = Discovery();
        await UnavailableAsync(discovery);
        Server.Fault = null;
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Time.Advance(TimeSpan.FromSeconds(19));
        await UnavailableAsync(discovery);
        Assert.Single(Server.Requests);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(await CompleteAsync(discovery));
    }

    [Fact]
    public void What_is_wrong_with_the_options_is_said_by_key()
    {
        static string[] Keys(KubernetesDiscoveryOptions options) => [.. options.Validate().Select(problem => problem.Split(": ")[0])];
        Assert.Equal(["Service"], Keys(new()));
        Assert.Equal(["Selector"], Keys(new() { Lookup = KubernetesLookup.Pods, Service = "orders" }));
        Assert.Equal(
            ["Service", "Namespaces:1", "Alive", "ClusterDomain", "PortName"],
            Keys(new() { Service = "Or.ders", Namespaces = ["ok", "Not"], Alive = "a@b", ClusterDomain = "..", Port = 1, PortName = "x" }));
        Assert.Throws<ArgumentException>(() => Discovery(new()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KubernetesDiscoveryOptions { Port = 0 });
    }
}
