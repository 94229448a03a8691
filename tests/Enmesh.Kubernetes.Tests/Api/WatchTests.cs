using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;
using static Enmesh.Kubernetes.Tests.Api.ClientFixture;

namespace Enmesh.Kubernetes.Tests.Api;

/// <summary>Watches: what they tell, how they end, what they leave behind.</summary>
[Trait("Ring", "loopback")]
public sealed class WatchTests : IAsyncLifetime
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
    public async Task A_watch_tells_each_change_from_its_version_on()
    {
        _server.Put("pods", Space, "before", KubeObjects.Pod("orders", "Running", "10.0.0.1"));
        await using var watch = await BeginAsync("1001");
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        _server.Put("pods", Space, "a", KubeObjects.Pod("orders", "Pending"));
        _server.Put("pods", Space, "other", KubeObjects.Pod("billing", "Running", "10.0.0.3"));
        _server.Put("pods", Space, "a", KubeObjects.Pod("orders", "Running", "10.0.0.2"));
        _server.Remove("pods", Space, "a");
        // Who no longer matches is gone for this watch.
        _server.Put("pods", Space, "before", KubeObjects.Pod("billing", "Running", "10.0.0.1"));
        Assert.Equal(
            ["Added a", "Modified a", "Deleted a", "Deleted before"],
            await TakeAsync(events, 4));
    }

    [Fact]
    public async Task A_bookmark_says_up_to_where_nothing_has_happened()
    {
        await using var watch = await BeginAsync("1000");
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        _server.Put(KubeObjects.Leases, Space, "unrelated", []);
        await Eventually.HoldsAsync(() => _server.OpenWatches == 1);
        _server.Signal(WatchSignal.Bookmark);
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Eventually.FarOff));
        Assert.Equal(KubernetesEventType.Bookmark, events.Current.Type);
        Assert.Equal("1001", events.Current.Object.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_version_that_has_expired_is_refused_at_the_beginning()
    {
        _server.Store.Compact();
        var gone = await Assert.ThrowsAsync<KubernetesException>(() => BeginAsync("1000"));
        Assert.Equal((KubernetesFailure.Gone, 410, "Expired"), (gone.Failure, gone.Status, gone.Reason));
    }

    [Fact]
    public async Task A_version_that_expires_later_is_told_in_the_stream()
    {
        var gone = await FailureAfterAsync(WatchSignal.Expire);
        Assert.Equal((KubernetesFailure.Gone, 410), (gone.Failure, gone.Status));
    }

    [Theory]
    [InlineData(nameof(WatchSignal.Break))]
    [InlineData(nameof(WatchSignal.Cut))]
    public async Task A_stream_that_breaks_is_told_from_one_that_ends(string signal)
    {
        var broken = await FailureAfterAsync(Enum.Parse<WatchSignal>(signal));
        Assert.Equal(KubernetesFailure.Unreachable, broken.Failure);
        Assert.True(broken.IsTransient);
    }

    [Fact]
    public async Task A_stream_that_the_server_ends_simply_ends()
    {
        await using var watch = await BeginAsync("1000");
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        await Eventually.HoldsAsync(() => _server.OpenWatches == 1);
        _server.Signal(WatchSignal.End);
        Assert.False(await events.MoveNextAsync().AsTask().WaitAsync(Eventually.FarOff));
    }

    [Fact]
    public async Task The_server_is_told_how_long_to_keep_the_stream_and_keeps_it_so_long()
    {
        await using var watch = await _client.WatchAsync(
            KubernetesResources.Pods, Space, new() { ResourceVersion = "1000", Lifetime = TimeSpan.FromSeconds(1) });
        Assert.Equal("1", _server.Requests[0].Query["timeoutSeconds"]);
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        Assert.False(await events.MoveNextAsync().AsTask().WaitAsync(Eventually.FarOff));
    }

    [Fact]
    public async Task A_watch_that_outlives_its_time_is_taken_for_dead()
    {
        var time = new Enmesh.Testing.VirtualTime();
        using var client = _server.Client(time);
        await using var watch = await client.WatchAsync(
            KubernetesResources.Pods, Space, new() { ResourceVersion = "1000", Lifetime = TimeSpan.FromMinutes(5) });
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(329));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        var dead = await Assert.ThrowsAsync<KubernetesException>(() => next.WaitAsync(Eventually.FarOff));
        Assert.Equal(KubernetesFailure.TimedOut, dead.Failure);
    }

    [Fact]
    public async Task Giving_up_ends_the_watch_on_both_sides()
    {
        using var cancel = new CancellationTokenSource();
        await using (var watch = await BeginAsync("1000"))
        {
            await using var events = watch.ReadAllAsync().GetAsyncEnumerator(cancel.Token);
            var next = events.MoveNextAsync().AsTask();
            await Eventually.HoldsAsync(() => _server.OpenWatches == 1);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Eventually.FarOff));
        }
        await Eventually.HoldsAsync(() => _server.OpenWatches == 0, "the end of the watch");
    }

    [Fact]
    public async Task A_watch_is_read_once()
    {
        await using var watch = await BeginAsync("1000");
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        _server.Put("pods", Space, "a", KubeObjects.Pod("orders", "Pending"));
        Assert.Equal(["Added a"], await TakeAsync(events, 1));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await watch.ReadAllAsync().GetAsyncEnumerator().MoveNextAsync());
    }

    [Theory]
    [InlineData("{\"type\":\"ADDED\",\"object\":{}}\n")]
    [InlineData("{\"type\":\"MOVED\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}}}\n")]
    [InlineData("{\"type\":\"ADDED\"}\n")]
    [InlineData("[]\n")]
    [InlineData("null\n")]
    [InlineData("not json\n")]
    [InlineData("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"},\"status\":{\"podIP\":7}}}\n")]
    public async Task What_is_no_event_is_told_as_such(string line)
    {
        await using var other = await FixedAnswer.StartAsync(200, line);
        using var client = new KubernetesClient(new KubernetesAccess(other.Address, Space, "a test"));
        await using var watch = await client.WatchAsync(KubernetesResources.Pods, Space, new() { ResourceVersion = "1" });
        var failed = await Assert.ThrowsAsync<KubernetesException>(async () => await watch.ReadAllAsync().GetAsyncEnumerator().MoveNextAsync());
        Assert.Equal(KubernetesFailure.Malformed, failed.Failure);
    }

    [Fact]
    public async Task Ten_thousand_watches_leave_nothing_behind()
    {
        var time = new Enmesh.Testing.VirtualTime();
        using var client = _server.Client(time);
        _server.EndsWatchesAtOnce = true;
        var before = 0L;
        for (var i = 0; i < 10_000; i++)
        {
            await using var watch = await client.WatchAsync(KubernetesResources.Pods, Space, new() { ResourceVersion = "1000" });
            await foreach (var happened in watch.ReadAllAsync())
                Assert.Fail($"Nothing has happened, and yet: {happened}");
            if (i == 2_000)
                before = GC.GetTotalMemory(forceFullCollection: true);
        }
        // The server of the test keeps its own record of 8,000 requests, about 2 kB each.
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"8,000 watches left {grown} bytes behind.");
        Assert.True(grown < 32 << 20, $"8,000 watches left {grown} bytes behind.");
        Assert.Equal(0, time.ArmedTimers);
        // One after the other needs one connection, and whatever the pool takes for a spare.
        Assert.InRange(_server.Connections, 1, 20);
    }

    private Task<KubernetesWatch<Pod>> BeginAsync(string version) => _client.WatchAsync(
        KubernetesResources.Pods, Space, new() { ResourceVersion = version, LabelSelector = "app=orders" });

    private static async Task<List<string>> TakeAsync(IAsyncEnumerator<KubernetesEvent<Pod>> events, int count)
    {
        var seen = new List<string>();
        while (seen.Count < count && await events.MoveNextAsync().AsTask().WaitAsync(Eventually.FarOff))
            seen.Add($"{events.Current.Type} {events.Current.Object.Metadata.Name}");
        return seen;
    }

    private async Task<KubernetesException> FailureAfterAsync(WatchSignal signal)
    {
        await using var watch = await BeginAsync("1000");
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        await Eventually.HoldsAsync(() => _server.OpenWatches == 1);
        _server.Signal(signal);
        return await Assert.ThrowsAsync<KubernetesException>(() => events.MoveNextAsync().AsTask().WaitAsync(Eventually.FarOff));
    }
}
