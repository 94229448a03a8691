using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Telemetry;
using Enmesh.Tests.Cluster;
using Xunit;
using static Enmesh.Kubernetes.Tests.KubeApi.KubeObjects;

namespace Enmesh.Kubernetes.Tests.Discovery;

/// <summary>What watching tells, what it spares, and what happens when it fails.</summary>
[Trait("Ring", "loopback")]
public sealed class WatchedDiscoveryTests : DiscoveryFixture
{
    private readonly CancellationTokenSource _end = new();
    private int _changes;

    [Fact]
    public async Task A_change_is_told_at_once_and_costs_no_list()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        await using var running = await BeginAsync(Discovery());
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"), Endpoint("b", "10.0.0.3"));
        await ChangedAsync(1);
        Assert.Equal(["orders@10.0.0.2", "orders@10.0.0.3"], await CompleteAsync(running.Discovery));
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2", ready: false, terminating: true), Endpoint("b", "10.0.0.3"));
        await ChangedAsync(2);
        Assert.Equal(["orders@10.0.0.3"], await CompleteAsync(running.Discovery));
        Server.Remove(Slices, "orders", "orders-a");
        PutSlice("orders-b", "IPv4", Endpoint("c", "10.0.0.4"));
        await ChangedAsync(4);
        Assert.Equal(["orders@10.0.0.4"], await CompleteAsync(running.Discovery));
        Assert.Equal((1, 1), (Server.Count("list"), Server.Count("watch")));
    }

    [Fact]
    public async Task What_makes_no_difference_for_the_members_is_not_told()
    {
        Server.Put("pods", "orders", "a", Pod("orders", "Running", "10.0.0.2"));
        await using var running = await BeginAsync(Discovery(new() { Lookup = KubernetesLookup.Pods, Selector = "app=orders" }));
        var restarted = Pod("orders", "Running", "10.0.0.2");
        restarted["status"]!["message"] = "a container has restarted";
        Server.Put("pods", "orders", "a", restarted);
        Server.Put("pods", "orders", "b", Pod("orders", "Pending"));
        Server.Put("pods", "orders", "b", Pod("orders", "Running", "10.0.0.3"));
        await ChangedAsync(1);
        Assert.Equal(["orders@10.0.0.2", "orders@10.0.0.3"], await CompleteAsync(running.Discovery));
        Assert.Equal(1, Volatile.Read(ref _changes));
    }

    [Fact]
    public async Task A_version_that_expires_is_followed_by_one_list()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        await using var running = await BeginAsync(Discovery());
        Server.Store.Compact();
        Server.Signal(WatchSignal.Expire);
        await ChangedAsync(1);
        // Until then the last answer stands.
        PutSlice("orders-a", "IPv4", Endpoint("b", "10.0.0.3"));
        Assert.Equal(["orders@10.0.0.3"], await CompleteAsync(running.Discovery));
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "another watch");
        PutSlice("orders-a", "IPv4", Endpoint("c", "10.0.0.4"));
        await ChangedAsync(2);
        Assert.Equal(["orders@10.0.0.4"], await CompleteAsync(running.Discovery));
        Assert.Equal((2, 2), (Server.Count("list"), Server.Count("watch")));
    }

    [Fact]
    public async Task A_list_that_fails_after_a_version_has_expired_is_asked_for_again_soon()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        await using var running = await BeginAsync(Discovery());
        Server.Fault = request => request.Verb == "list" ? new KubeRefusal(500, "InternalError", "etcd is away") : null;
        Server.Store.Compact();
        Server.Signal(WatchSignal.Expire);
        for (var failed = 1; failed <= 3; failed++)
        {
            await ChangedAsync(failed);
            await UnavailableAsync(running.Discovery);
            await Time.TimerDueInAsync(TimeSpan.FromSeconds(0.25 * (1 << failed)), TimeSpan.FromSeconds(0.375 * (1 << failed)));
            Time.Advance(Time.NextDue()!.Value - Time.Elapsed);
        }
        await ChangedAsync(4);
        Server.Fault = null;
        Assert.Equal(["orders@10.0.0.2"], await CompleteAsync(running.Discovery));
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "another watch");
        Assert.Equal((5, 4), (Server.Count("list"), Volatile.Read(ref _changes)));
    }

    [Theory]
    [InlineData(nameof(WatchSignal.Break))]
    [InlineData(nameof(WatchSignal.Cut))]
    public async Task A_watch_that_breaks_goes_on_where_it_was_and_questions_ask_meanwhile(string how)
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        await using var running = await BeginAsync(Discovery());
        Server.Signal(Enum.Parse<WatchSignal>(how));
        // Half a second, and up to half as much again.
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75));
        PutSlice("orders-a", "IPv4", Endpoint("b", "10.0.0.3"));
        Assert.Equal(["orders@10.0.0.3"], await CompleteAsync(running.Discovery));
        Assert.Equal(2, Server.Count("list"));
        PutSlice("orders-a", "IPv4", Endpoint("c", "10.0.0.4"));
        Time.Advance(TimeSpan.FromSeconds(0.75));
        await ChangedAsync(1);
        Assert.Equal(["orders@10.0.0.4"], await CompleteAsync(running.Discovery));
        Assert.Equal((2, 2), (Server.Count("list"), Server.Count("watch")));
    }

    [Fact]
    public async Task A_bookmark_spares_a_list_when_a_quiet_watch_ends_after_a_compaction()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        await using var running = await BeginAsync(Discovery());
        for (var i = 0; i < 5; i++)
            Server.Put(KubeObjects.Leases, "orders", "busy", new() { ["spec"] = new System.Text.Json.Nodes.JsonObject { ["leaseTransitions"] = i } });
        Server.Store.Compact();
        Server.Put(KubeObjects.Leases, "orders", "busy", []);
        Server.Signal(WatchSignal.Bookmark);
        // The stream has lasted, and said something.
        Time.Advance(TimeSpan.FromSeconds(60));
        Server.Signal(WatchSignal.End);
        await Eventually.HoldsAsync(() => Server.Count("watch") == 2 && Server.OpenWatches == 1, "another watch");
        Assert.Equal((1, 0), (Server.Count("list"), Volatile.Read(ref _changes)));
    }

    [Fact]
    public async Task A_watch_that_is_denied_is_told_and_each_question_is_one_list()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Server.Denied = [$"watch {Slices}"];
        var discovery = Discovery();
        await CompleteAsync(discovery);
        var denied = await Assert.ThrowsAsync<KubernetesException>(
            () => discovery.WatchAsync(Self, () => { }, CancellationToken.None).WaitAsync(Eventually.FarOff));
        Assert.Equal(KubernetesFailure.Forbidden, denied.Failure);
        for (var asked = 2; asked < 5; asked++)
        {
            await CompleteAsync(discovery);
            Assert.Equal(asked, Server.Count("list"));
        }
    }

    [Fact]
    public async Task Without_watching_each_question_is_one_list_and_nothing_else()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        var discovery = Discovery(new() { Service = "orders", Watch = false, UseCachedResources = true });
        var watching = discovery.WatchAsync(Self, () => { }, _end.Token);
        for (var i = 0; i < 10; i++)
            await CompleteAsync(discovery);
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        Assert.Equal(10, Server.Requests.Count);
        Assert.All(Server.Requests, request => Assert.Equal(("list", "0"), (request.Verb, request.Query["resourceVersion"].ToString())));
    }

    [Fact]
    public async Task A_server_that_ends_every_watch_at_once_is_not_asked_in_a_circle()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Server.EndsWatchesAtOnce = true;
        var discovery = Discovery();
        await CompleteAsync(discovery);
        var watching = discovery.WatchAsync(Self, () => { }, _end.Token);
        for (var pause = 0.5; pause < 30; pause *= 2)
        {
            await Time.TimerDueInAsync(TimeSpan.FromSeconds(pause), TimeSpan.FromSeconds(pause * 1.5));
            // To the end of the pause and no further, or the next watch would seem to have lasted.
            Time.Advance(Time.NextDue()!.Value - Time.Elapsed);
        }
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(45));
        Assert.Equal(7, Server.Count("watch"));
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(Eventually.FarOff));
    }

    [Fact]
    public async Task Several_namespaces_have_a_watch_each_and_one_that_fails_costs_the_others_nothing()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        Server.Put(Slices, "other", "orders-a", Slice("orders", "IPv4", Endpoint("y", "10.0.0.8")));
        var isDenied = true;
        Server.Fault = request => Volatile.Read(ref isDenied) && request is { Verb: "watch", Namespace: "other" } ? new KubeRefusal(403, "Forbidden", "not there") : null;
        var discovery = Discovery(new() { Service = "orders", Namespaces = ["orders", "other"] });
        await CompleteAsync(discovery);
        var watching = discovery.WatchAsync(Self, () => Interlocked.Increment(ref _changes), _end.Token);
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(30));
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "the watch of the first");
        Time.Advance(TimeSpan.FromSeconds(30));
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("'other'", Assert.Single(Log.Lines, line => line.Id == EventIds.NamespaceNotWatched).Text, StringComparison.Ordinal);
        Volatile.Write(ref isDenied, false);
        Time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.HoldsAsync(() => Server.OpenWatches == 2, "a watch each");
        // The first one's stream was there all the time.
        Assert.Equal(4, Server.Count("watch"));
        Server.Put(Slices, "other", "orders-a", Slice("orders", "IPv4", Endpoint("z", "10.0.0.9")));
        await ChangedAsync(1);
        Assert.Equal(["orders@10.0.0.2", "orders@10.0.0.9"], await CompleteAsync(discovery));
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(Eventually.FarOff));
    }

    [Fact]
    public async Task A_node_dials_a_watched_pod_though_its_interval_is_a_day()
    {
        PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"));
        var node = new FakeConnector(Self);
        var polling = new DiscoveryPolling { Interval = TimeSpan.FromDays(1) };
        var cluster = new ClusterMembership(
            node, [new DiscoverySource("k8s", Discovery(), polling)], new(), TimeProvider.System, Log);
        await using (cluster)
        {
            cluster.Start();
            await cluster.WaitForAsync(view => view.Connected == 1).WaitAsync(Eventually.FarOff);
            await Eventually.HoldsAsync(() => Server.OpenWatches == 1);
            PutSlice("orders-a", "IPv4", Endpoint("a", "10.0.0.2"), Endpoint("b", "10.0.0.3"));
            await cluster.WaitForAsync(view => view.Connected == 2).WaitAsync(Eventually.FarOff);
            Server.Denied = [$"watch {Slices}"];
            Server.Signal(WatchSignal.Break);
            await AdvanceUntilAsync(() => Log.Lines.Any(line => line.Id == EventIds.SourceNotWatched));
        }
        Assert.Equal(1, Server.Count("list"));
        Assert.Equal(0, Server.OpenWatches);
    }

    private async Task<Running> BeginAsync(KubernetesDiscovery discovery)
    {
        await CompleteAsync(discovery);
        var watching = discovery.WatchAsync(Self, () => Interlocked.Increment(ref _changes), _end.Token);
        await Eventually.HoldsAsync(() => Server.OpenWatches == 1, "a watch");
        return new Running(discovery, watching, _end);
    }

    private Task ChangedAsync(int times) =>
        Eventually.HoldsAsync(() => Volatile.Read(ref _changes) >= times, $"notice {times}");

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Eventually.FarOff);
        while (!condition())
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, deadline.Token);
        }
    }

    private sealed record Running(KubernetesDiscovery Discovery, Task Watching, CancellationTokenSource End) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await End.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Watching.WaitAsync(Eventually.FarOff));
        }
    }
}
