using System.Globalization;
using System.Text.Json.Nodes;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

[Trait("Ring", "loopback")]
public sealed class RequestCleanerTests : IssuerFixture
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task What_is_settled_or_stale_goes_and_the_rest_stays()
    {
        Issuer.Mood = IssuerMood.Ignore;
        Put("issued-old", Hour, "Issued");
        Put("issued-new", 0.9 * Hour, "Issued");
        Put("denied-old", Hour, "Denied");
        Put("failed-old", 2 * Hour, "Failed");
        Put("pending-old", 24 * Hour, null);
        Put("pending-new", 23 * Hour, null);
        // Approved after days: what counts is since when it is as it is.
        Put("issued-late", 48 * Hour, "Issued", settled: 0.5 * Hour);
        Put("others", 48 * Hour, "Issued", managedBy: "somebody");
        Put("leaving", 48 * Hour, "Issued", leaving: true);
        var results = await CleanAsync();
        Assert.Equal(
            [
                "denied-old denied Removed", "failed-old failed Removed", "issued-late issued Kept", "issued-new issued Kept",
                "issued-old issued Removed", "leaving issued Kept", "pending-new pending Kept", "pending-old pending Removed",
            ],
            results);
        Assert.Equal(["issued-late", "issued-new", "leaving", "others", "pending-new"], Names);
        // Twice is as good as once.
        Assert.DoesNotContain(await CleanAsync(), line => line.EndsWith("Removed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_only_says_what_it_would_do()
    {
        Issuer.Mood = IssuerMood.Ignore;
        Put("old", 2 * Hour, "Issued");
        Assert.Equal(["old issued Removed"], await CleanAsync(options => options.DryRun = true));
        Assert.Equal(["old"], Names);
        Assert.Equal(0, Server.Count("delete"));
    }

    [Fact]
    public async Task A_limit_takes_the_oldest_first()
    {
        Issuer.Mood = IssuerMood.Ignore;
        for (var i = 0; i < 5; i++)
            Put($"old-{i}", (2 + i) * Hour, "Issued");
        var results = await CleanAsync(options => options.Limit = 2);
        Assert.Equal(["old-0 issued OverLimit", "old-1 issued OverLimit", "old-2 issued OverLimit", "old-3 issued Removed", "old-4 issued Removed"], results);
    }

    [Fact]
    public async Task Many_come_in_pages_and_a_selector_narrows_them_down()
    {
        Issuer.Mood = IssuerMood.Ignore;
        for (var i = 0; i < 1200; i++)
            Put($"old-{i:d4}", 2 * Hour, "Issued", app: i < 2 ? "orders" : "other");
        Assert.Equal(2, (await CleanAsync(options => options.Selector = "app=orders")).Count);
        Assert.Equal(1198, (await CleanAsync(options => options.Limit = 5000)).Count);
        Assert.Empty(Names);
        Assert.Equal(1 + 3, Server.Count("list"));
    }

    [Fact]
    public async Task What_changes_or_goes_meanwhile_is_left_to_whoever_did_it()
    {
        Issuer.Mood = IssuerMood.Ignore;
        Put("changed", 3 * Hour, "Issued");
        Put("gone", 2 * Hour, "Issued");
        Put("another", Hour, "Issued");
        Server.Fault = request =>
        {
            if (request.Verb != "delete" || request.Name != "changed")
                return null;
            // All of it happens between the list and the first removal.
            Server.Store.Change(new(KubeObjects.Requests, "orders", "changed"), there =>
            {
                there!["metadata"]!["annotations"] = new JsonObject { ["note"] = "new" };
                return there;
            });
            Server.Remove(KubeObjects.Requests, "orders", "gone");
            Server.Remove(KubeObjects.Requests, "orders", "another");
            Put("another", 9 * Hour, "Issued");
            return null;
        };
        Assert.Equal(["another issued Changed", "changed issued Changed", "gone issued Gone"], await CleanAsync());
        Assert.Equal(["another", "changed"], Names);
    }

    [Fact]
    public async Task Two_at_a_time_do_no_harm()
    {
        Issuer.Mood = IssuerMood.Ignore;
        for (var i = 0; i < 40; i++)
            Put($"old-{i}", 2 * Hour, "Issued");
        Put("new", TimeSpan.Zero, "Issued");
        var both = await Task.WhenAll(CleanAsync(), CleanAsync());
        Assert.Equal(["new"], Names);
        Assert.Equal(40, both.SelectMany(lines => lines).Count(line => line.EndsWith("Removed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_right_that_is_missing_is_said_with_its_role()
    {
        Put("old", 2 * Hour, "Issued");
        Server.Denied = [$"delete {KubeObjects.Requests}"];
        var e = await Assert.ThrowsAsync<KubernetesException>(() => CleanAsync());
        Assert.Contains("verbs: [\"delete\"]", e.MissingRule!, StringComparison.Ordinal);
    }

    private string[] Names => [.. Requests.Select(request => (string)request["metadata"]!["name"]!).Order(StringComparer.Ordinal)];

    private async Task<IReadOnlyList<string>> CleanAsync(Action<RequestCleanerOptions>? configure = null)
    {
        var options = new RequestCleanerOptions();
        configure?.Invoke(options);
        var told = new List<CleanedRequest>();
        var results = await new RequestCleaner(Client, options, Time).CleanAsync(told.Add).WaitAsync(Eventually.FarOff);
        Assert.Equal(results, told);
        return [.. results.Select(result => $"{result.Name} {result.State} {result.Outcome}").Order(StringComparer.Ordinal)];
    }

    private void Put(
        string name, TimeSpan age, string? reason, TimeSpan? settled = null, string managedBy = "enmesh", bool leaving = false, string app = "orders")
    {
        string At(TimeSpan ago) => (Time.GetUtcNow() - ago).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var wanted = new JsonObject { ["metadata"] = KubeObjects.Labels(("app.kubernetes.io/managed-by", managedBy), ("app", app)) };
        wanted["metadata"]!["creationTimestamp"] = At(age);
        if (leaving)
            wanted["metadata"]!["deletionTimestamp"] = At(TimeSpan.Zero);
        if (reason is not null)
        {
            wanted["status"] = new JsonObject
            {
                ["certificate"] = reason == "Issued" ? "AAAA" : null,
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = reason == "Denied" ? "Denied" : "Ready",
                    ["status"] = reason == "Failed" ? "False" : "True",
                    ["reason"] = reason,
                    ["lastTransitionTime"] = At(settled ?? age),
                }),
            };
        }
        Server.Put(KubeObjects.Requests, "orders", name, wanted);
    }
}
