using System.Text.RegularExpressions;
using Enmesh.Deploy;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Leases;
using Enmesh.Kubernetes.Tests.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Rights;

/// <summary>
/// What the code asks of the API is what <c>deploy/check</c> holds the shipped Roles to, neither more nor less: a verb that is gained or lost fails here
/// first, and in the overlays then.
/// </summary>
[Trait("Ring", "loopback")]
public sealed partial class RightsTests : IssuerFixture
{
    // Every place that asks the API, by file, verb and kind; a new one says here whose right it is.
    private static readonly string[] Places =
    [
        "KubernetesDiscovery.cs: watched EndpointSlices", "KubernetesDiscovery.cs: watched Endpoints", "KubernetesDiscovery.cs: watched Pods",
        "LeaseClaim.cs: Create Leases", "LeaseClaim.cs: Get Leases", "LeaseClaim.cs: Patch Leases",
        "LeaseMarks.cs: Get Leases", "LeaseMarks.cs: Patch Leases",
        "NodeCertificateRequester.cs: Create CertificateRequests", "NodeCertificateRequester.cs: Get CertificateRequests",
        // Only where POD_UID is not set, which the manifests do.
        "OwningPod.cs: Get Pods",
        "RequestCleaner.cs: Delete CertificateRequests", "RequestCleaner.cs: List CertificateRequests",
        "RequestWait.cs: Get CertificateRequests", "RequestWait.cs: Watch CertificateRequests",
        "WatchedObjects.cs: List", "WatchedObjects.cs: Watch",
    ];

    private IEnumerable<string> Asked =>
        Server.Requests.Select(request => new Right(request.Verb, request.Kind.Group, request.Kind.Plural).ToString()).Distinct().Order(StringComparer.Ordinal);

    [Theory]
    [InlineData(KubernetesLookup.EndpointSlices)]
    [InlineData(KubernetesLookup.Pods)]
    [InlineData(KubernetesLookup.Endpoints)]
    public async Task Discovery_lists_and_watches(KubernetesLookup lookup)
    {
        var discovery = new KubernetesDiscovery(new() { Lookup = lookup, Service = "orders", Selector = "app=orders" }, Client, Time, Log);
        var self = NodeName.Parse("orders@10.0.0.1");
        _ = await discovery.DiscoverAsync(self, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var watching = discovery.WatchAsync(self, static () => { }, stop.Token);
        await Eventually.HoldsAsync(() => Server.OpenWatches > 0, "the watch");
        await stop.CancelAsync();
        await watching.ContinueWith(static _ => { }, TaskScheduler.Default);
        Same(Enmesh.Deploy.Rights.Discovery(lookup.ToString()));
    }

    [Fact]
    public async Task A_certificate_is_created_read_and_watched()
    {
        Issuer.Mood = IssuerMood.Approve;
        var requesting = Requester().EnsureAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() => Server.Count("watch") > 0, "the watch");
        Issuer.Mood = IssuerMood.Sign;
        await requesting.WaitAsync(Eventually.FarOff);
        // A container that starts again finds its request by name.
        Directory.Delete(Volume, recursive: true);
        await Requester().EnsureAsync(CancellationToken.None).WaitAsync(Eventually.FarOff);
        var requests = Server.Requests.Select(request => new Right(request.Verb, request.Kind.Group, request.Kind.Plural)).ToHashSet();
        Assert.Subset(Enmesh.Deploy.Rights.Certificate.ToHashSet(), requests);
        Assert.Contains(new Right("create", "cert-manager.io", "certificaterequests"), requests);
        Assert.Contains(new Right("watch", "cert-manager.io", "certificaterequests"), requests);
    }

    [Fact]
    public async Task Cleaning_up_lists_and_deletes()
    {
        Issuer.Mood = IssuerMood.Ignore;
        Server.Put(KubeObjects.Requests, "orders", "old", KubeObjects.Read(
            """
            {
              "metadata": { "labels": { "app.kubernetes.io/managed-by": "enmesh" }, "creationTimestamp": "2000-01-01T00:00:00Z" },
              "status": { "conditions": [{ "type": "Ready", "status": "False", "reason": "Failed", "lastTransitionTime": "2000-01-01T00:00:00Z" }] }
            }
            """));
        await new RequestCleaner(Client, new RequestCleanerOptions()).CleanAsync(null, CancellationToken.None);
        Same(Enmesh.Deploy.Rights.Cleanup);
    }

    [Fact]
    public async Task Leading_creates_reads_and_patches_one_lease_and_waiting_reads_it()
    {
        var elector = new LeaderElector(Client, new() { Name = "migrations", Identity = "a" }, Time);
        var lease = await elector.AcquireAsync().WaitAsync(Eventually.FarOff);
        await new LeaseMarks(Client, null, "migrations", Time).SetAsync("1.4.2", CancellationToken.None);
        await lease.DisposeAsync();
        Same(Enmesh.Deploy.Rights.Lead("migrations"));
        var before = Server.Requests.Count;
        await new LeaseMarks(Client, null, "migrations", Time).WaitAsync("1.4.2", TimeSpan.FromSeconds(2), _ => { }, CancellationToken.None);
        Assert.All(Server.Requests.Skip(before), request => Assert.Equal(("get", "leases", "migrations"), (request.Verb, request.Kind.Plural, request.Name)));
    }

    [Fact]
    public void Every_place_that_asks_is_known()
    {
        var found = from file in Directory.GetFiles(Repository.PathTo("src"), "*.cs", SearchOption.AllDirectories)
                    // The client itself; and the doctor, who asks with the rights of whoever calls him, and does without those he lacks.
                    where !file.Contains("/Api/", StringComparison.Ordinal) && !file.Contains("/Doctor/", StringComparison.Ordinal)
                    let name = Path.GetFileName(file)
                    from call in Calls(File.ReadAllText(file))
                    select $"{name}: {call}";
        Assert.Equal(Places, found.Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Calls(string code) =>
    [
        .. Call().Matches(code).Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}".TrimEnd()),
        // Handed on to what lists and watches.
        .. Watched().Matches(code).Select(match => $"watched {match.Groups[1].Value}"),
    ];

    // Names of leases are the business of the Role, not of the request's kind.
    private void Same(IEnumerable<Right> rights) =>
        Assert.Equal(rights.Select(right => (right with { Name = null }).ToString()).Order(StringComparer.Ordinal), Asked);

    [GeneratedRegex(@"\.(List|Watch|Get|Create|Patch|Delete)Async\(\s*(?:KubernetesResources\.(\w+)|resource,)")]
    private static partial Regex Call();

    [GeneratedRegex(@"^\s+client, KubernetesResources\.(\w+), space, selection", RegexOptions.Multiline)]
    private static partial Regex Watched();
}
