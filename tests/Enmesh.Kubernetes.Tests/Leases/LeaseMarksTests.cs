using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Leases;
using Enmesh.Kubernetes.Tests.Api;
using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Leases;

/// <summary>What has been done under a lease is known to whoever comes later.</summary>
[Trait("Ring", "loopback")]
public sealed class LeaseMarksTests : IAsyncLifetime
{
    private readonly VirtualTime _time = new();
    private KubeApiServer _server = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        _client = _server.Client();
        _server.Put(KubeObjects.Leases, "orders", "migrations", KubeObjects.Read("""{ "spec": { "holderIdentity": "a" } }"""));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_mark_is_found_by_its_own_version_and_stays_beside_later_ones()
    {
        var marks = Marks();
        Assert.False(await marks.HasAsync("1.4.1", default));
        await marks.SetAsync("1.4.1", default);
        await marks.SetAsync("1.4.2", default);
        Assert.True(await marks.HasAsync("1.4.1", default));
        Assert.True(await marks.HasAsync("1.4.2", default));
        Assert.False(await marks.HasAsync("1.4", default));
        Assert.Equal("a", (string?)_server.Store.Find(new(KubeObjects.Leases, "orders", "migrations"))!["spec"]!["holderIdentity"]);
    }

    [Fact]
    public async Task A_lease_on_which_something_was_marked_is_given_up_all_the_same()
    {
        _server.Remove(KubeObjects.Leases, "orders", "migrations");
        var elector = new LeaderElector(_client, new() { Name = "migrations" }, _time);
        await using (await elector.AcquireAsync().WaitAsync(Eventually.FarOff))
            await Marks().SetAsync("1.4.2", default);
        Assert.Equal("", (string?)_server.Store.Find(new(KubeObjects.Leases, "orders", "migrations"))!["spec"]!["holderIdentity"]);
    }

    [Fact]
    public async Task Of_too_many_the_oldest_go()
    {
        var marks = Marks();
        for (var version = 0; version < 60; version++)
        {
            await marks.SetAsync($"1.{version}", default);
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.False(await marks.HasAsync("1.9", default));
        Assert.True(await marks.HasAsync("1.10", default));
        Assert.True(await marks.HasAsync("1.59", default));
    }

    [Fact]
    public async Task Who_waits_hears_who_is_at_it_and_goes_on_when_it_is_done()
    {
        var told = new List<string>();
        _server.Remove(KubeObjects.Leases, "orders", "migrations");
        var waiting = Marks().WaitAsync("1.4.2", TimeSpan.FromSeconds(2), why => { lock (told) told.Add(why); }, default);
        await UntilAsync(waiting, () => Told(told).Contains("there is no Lease 'migrations' yet"));
        _server.Put(KubeObjects.Leases, "orders", "migrations", KubeObjects.Read("""{ "spec": { "holderIdentity": "job-x" } }"""));
        await UntilAsync(waiting, () => Told(told).Contains("job-x is at it"));
        _server.Fault = _ => new KubeRefusal(503, "ServiceUnavailable", "the server is being updated");
        await UntilAsync(waiting, () => Told(told).Any(why => why.Contains("being updated", StringComparison.Ordinal)));
        _server.Fault = null;
        Assert.False(waiting.IsCompleted);
        await Marks().SetAsync("1.4.2", default);
        await UntilAsync(waiting, () => waiting.IsCompleted);
        await waiting;
    }

    [Fact]
    public async Task What_is_done_is_marked_also_when_the_server_is_away_for_a_while()
    {
        var told = new List<string>();
        _server.Fault = _ => new KubeRefusal(503, "ServiceUnavailable", "the server is being updated");
        var marking = Marks().SetPatientlyAsync("1.4.2", TimeSpan.FromSeconds(2), why => { lock (told) told.Add(why); }, default);
        await UntilAsync(marking, () => Told(told).Any(why => why.Contains("being updated", StringComparison.Ordinal)));
        Assert.False(marking.IsCompleted);
        _server.Fault = null;
        await UntilAsync(marking, () => marking.IsCompleted);
        await marking;
        Assert.True(await Marks().HasAsync("1.4.2", default));

        // Who gives up hears why it has not been.
        _server.Fault = _ => new KubeRefusal(503, "ServiceUnavailable", "the server is away");
        using var given = new CancellationTokenSource();
        var lost = Marks().SetPatientlyAsync("1.4.3", TimeSpan.FromSeconds(2), _ => given.Cancel(), given.Token);
        await Assert.ThrowsAsync<KubernetesException>(() => lost.WaitAsync(Eventually.FarOff));
    }

    [Fact]
    public async Task A_right_that_is_missing_is_not_waited_for()
    {
        _server.Denied = [$"get {KubeObjects.Leases}"];
        var failure = await Assert.ThrowsAsync<KubernetesException>(() => Marks().WaitAsync("1.4.2", TimeSpan.FromSeconds(2), _ => { }, default).WaitAsync(Eventually.FarOff));
        Assert.Equal(KubernetesFailure.Forbidden, failure.Failure);
    }

    [Theory]
    [InlineData("1.4.2", true)]
    [InlineData("v1.4.2_rc-1", true)]
    [InlineData("", false)]
    [InlineData("1.4.2/3", false)]
    [InlineData(".1", false)]
    [InlineData("1-", false)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", false)]
    public void A_mark_is_what_an_annotation_can_be_named(string mark, bool isGood) => Assert.Equal(isGood, LeaseMarks.Problem(mark) is null);

    private LeaseMarks Marks() => new(_client, null, "migrations", _time);

    private static string[] Told(List<string> told)
    {
        lock (told)
            return [.. told];
    }

    // The clock goes on whenever somebody waits for it.
    private async Task UntilAsync(Task waiting, Func<bool> holds) => await Eventually.HoldsAsync(() =>
    {
        if (holds())
            return true;
        Assert.False(waiting.IsFaulted, waiting.Exception?.Message);
        _time.Advance(TimeSpan.FromSeconds(2));
        return false;
    });
}
