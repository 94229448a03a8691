using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;
using static Enmesh.Kubernetes.Tests.Api.ClientFixture;

namespace Enmesh.Kubernetes.Tests.Api;

/// <summary>Lists, page by page, and single objects.</summary>
[Trait("Ring", "loopback")]
public sealed class ListTests : IAsyncLifetime
{
    private KubeApiServer _server = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        _client = _server.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_list_of_many_pages_is_one_list_of_one_moment()
    {
        for (var i = 0; i < 25; i++)
            _server.Put("pods", Space, $"pod-{i:d2}", KubeObjects.Pod("orders", "Running", $"10.0.0.{i}"));
        // What changes between the pages is not in the list.
        _server.Fault = request =>
        {
            if (request.Query.ContainsKey("continue"))
                _server.Put("pods", Space, $"pod-{_server.Store.Revision}", KubeObjects.Pod("orders", "Running", "10.0.1.1"));
            return null;
        };
        var list = await _client.ListAsync(KubernetesResources.Pods, Space, new() { PageSize = 10 });
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"pod-{i:d2}"), list.Items!.Select(pod => pod.Metadata.Name));
        Assert.Equal(3, _server.Requests.Count);
        Assert.Equal("10.0.0.24", list.Items![24].Status!.PodIP);
        Assert.True(string.IsNullOrEmpty(list.Metadata.Continue));
        Assert.Equal("1025", list.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_list_whose_pages_expire_is_read_in_one_go()
    {
        for (var i = 0; i < 25; i++)
            _server.Put("pods", Space, $"pod-{i:d2}", KubeObjects.Pod("orders", "Running", $"10.0.0.{i}"));
        _server.Fault = request =>
        {
            if (request.Query.ContainsKey("continue"))
                _server.Store.Compact();
            return null;
        };
        var list = await _client.ListAsync(KubernetesResources.Pods, Space, new() { PageSize = 10 });
        Assert.Equal(25, list.Items!.Count);
        Assert.Equal(["10", "10", ""], _server.Requests.Select(request => request.Query["limit"].ToString()));
    }

    [Fact]
    public async Task Nothing_is_an_empty_list_with_a_version()
    {
        var list = await _client.ListAsync(KubernetesResources.EndpointSlices, Space);
        Assert.Equal([], list.Items!);
        Assert.Equal("1000", list.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Selectors_and_versions_reach_the_server_unharmed()
    {
        _server.Put("pods", Space, "a", KubeObjects.Pod("orders", "Running", "10.0.0.1"));
        _server.Put("pods", Space, "b", KubeObjects.Pod("billing", "Running", "10.0.0.2"));
        _server.Put("pods", "other", "c", KubeObjects.Pod("orders", "Running", "10.0.0.3"));
        var list = await _client.ListAsync(
            KubernetesResources.Pods, Space, new() { LabelSelector = "app in (orders, mail),app!=billing", ResourceVersion = "0" });
        Assert.Equal("a", Assert.Single(list.Items!).Metadata.Name);
        Assert.Equal("0", _server.Requests[0].Query["resourceVersion"]);
        list = await _client.ListAsync(KubernetesResources.Pods, Space, new() { FieldSelector = "metadata.name=b" });
        Assert.Equal("b", Assert.Single(list.Items!).Metadata.Name);
    }

    [Fact]
    public async Task An_answer_that_is_no_list_is_not_taken_for_an_empty_one()
    {
        // As a captive portal, or a proxy that answers in the server's place.
        await using var other = await FixedAnswer.StartAsync(200, "{}");
        using var client = new KubernetesClient(new KubernetesAccess(other.Address, Space, "a test"));
        var failed = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync(KubernetesResources.Pods, Space));
        Assert.Equal(KubernetesFailure.Malformed, failed.Failure);
    }

    [Fact]
    public async Task Objects_are_created_read_changed_and_deleted()
    {
        var request = new CertificateRequest
        {
            Metadata = new() { GenerateName = "orders-" },
            Spec = new() { Request = "cGVt", IssuerRef = new() { Name = "ca" }, Usages = ["server auth", "client auth"], Duration = "24h" },
        };
        var created = await _client.CreateAsync(KubernetesResources.CertificateRequests, Space, request);
        Assert.StartsWith("orders-", created.Metadata.Name, StringComparison.Ordinal);
        var name = created.Metadata.Name!;
        var signed = await _client.PatchAsync(
            KubernetesResources.CertificateRequests, Space, name,
            KubernetesPatch.Merge(new() { ["status"] = new JsonObject { ["certificate"] = "Y2VydA==" } }));
        Assert.Equal(("Y2VydA==", "cGVt"), (signed.Status!.Certificate, signed.Spec!.Request));
        var read = await _client.GetAsync(KubernetesResources.CertificateRequests, Space, name);
        Assert.Equal(signed.Metadata.ResourceVersion, read.Metadata.ResourceVersion);
        Assert.Equal(["server auth", "client auth"], read.Spec!.Usages);
        await AssertFailsAsync(
            KubernetesFailure.Conflict,
            () => _client.DeleteAsync(KubernetesResources.CertificateRequests, Space, name, uid: "another"));
        await _client.DeleteAsync(
            KubernetesResources.CertificateRequests, Space, name, read.Metadata.Uid, read.Metadata.ResourceVersion);
        await AssertFailsAsync(
            KubernetesFailure.NotFound, () => _client.GetAsync(KubernetesResources.CertificateRequests, Space, name));
    }

    [Fact]
    public async Task A_merge_of_an_old_version_is_a_conflict_and_changes_nothing()
    {
        var lease = await _client.CreateAsync(
            KubernetesResources.Leases, Space, new() { Metadata = new() { Name = "work" }, Spec = new() { HolderIdentity = "a" } });
        KubernetesPatch Take(string who) => KubernetesPatch.Merge(new()
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = lease.Metadata.ResourceVersion },
            ["spec"] = new JsonObject { ["holderIdentity"] = who },
        });
        await _client.PatchAsync(KubernetesResources.Leases, Space, "work", Take("b"));
        await AssertFailsAsync(
            KubernetesFailure.Conflict, () => _client.PatchAsync(KubernetesResources.Leases, Space, "work", Take("c")));
        Assert.Equal("b", (await _client.GetAsync(KubernetesResources.Leases, Space, "work")).Spec!.HolderIdentity);
    }

    [Fact]
    public async Task Server_side_apply_creates_owns_and_takes_over()
    {
        static JsonObject Wanted(string who) => new()
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = "work" },
            ["spec"] = new JsonObject { ["holderIdentity"] = who },
        };
        await _client.PatchAsync(KubernetesResources.Leases, Space, "work", KubernetesPatch.Apply(Wanted("a"), "one"));
        var conflict = await AssertFailsAsync(
            KubernetesFailure.Conflict,
            () => _client.PatchAsync(KubernetesResources.Leases, Space, "work", KubernetesPatch.Apply(Wanted("b"), "two")));
        Assert.Contains("conflict with \"one\"", conflict.Message, StringComparison.Ordinal);
        var forced = await _client.PatchAsync(
            KubernetesResources.Leases, Space, "work", KubernetesPatch.Apply(Wanted("b"), "two", force: true));
        Assert.Equal("b", forced.Spec!.HolderIdentity);
    }

    [Fact]
    public async Task Times_of_leases_have_six_digits_as_the_api_demands()
    {
        var time = new DateTimeOffset(2030, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)).AddTicks(1234567);
        await _client.CreateAsync(
            KubernetesResources.Leases, Space, new() { Metadata = new() { Name = "work" }, Spec = new() { RenewTime = time } });
        var stored = _server.Store.Find(new(KubeObjects.Leases, Space, "work"))!;
        Assert.Equal("2030-02-03T02:05:06.123456Z", (string?)stored["spec"]!["renewTime"]);
        var read = await _client.GetAsync(KubernetesResources.Leases, Space, "work");
        Assert.Equal(time.AddTicks(-7), read.Spec!.RenewTime);
    }

    private static async Task<KubernetesException> AssertFailsAsync(KubernetesFailure failure, Func<Task> act)
    {
        var failed = await Assert.ThrowsAsync<KubernetesException>(act);
        Assert.Equal(failure, failed.Failure);
        return failed;
    }
}
