using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;
using static Enmesh.Kubernetes.Tests.KubeApi.KubeObjects;

namespace Enmesh.Kubernetes.Tests.Discovery;

/// <summary>Whatever happens to the watch, in the end the answer is what the server has.</summary>
[Trait("Ring", "loopback")]
public sealed class ConvergenceTests : DiscoveryFixture
{
    private const int Steps = 150;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_copy_that_is_watched_becomes_equal_to_the_original(int seed)
    {
        var random = new Random(seed);
        var discovery = Discovery();
        using var end = new CancellationTokenSource();
        PutSlice("slice-0", "IPv4", Endpoint("pod-0", "10.0.0.1"));
        await discovery.DiscoverAsync(Self, CancellationToken.None);
        var watching = discovery.WatchAsync(Self, () => { }, end.Token);
        for (var step = 0; step < Steps; step++)
        {
            Disturb(random);
            if (random.Next(4) == 0)
                await discovery.DiscoverAsync(Self, CancellationToken.None);
            Time.Advance(TimeSpan.FromSeconds(random.Next(3)));
            if (random.Next(3) == 0)
                await Task.Yield();
        }
        Server.Fault = null;
        var expected = Server.Store.Snapshot().Objects
            .SelectMany(pair => pair.Value["endpoints"]!.AsArray())
            .Select(endpoint => $"orders@{endpoint!["addresses"]![0]}")
            .Distinct().Order(StringComparer.Ordinal).ToArray();
        using var deadline = new CancellationTokenSource(Eventually.FarOff);
        while (!(await CompleteAsync(discovery)).SequenceEqual(expected))
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, deadline.Token);
        }
        // And so it stays, with a watch that is well.
        while (Server.OpenWatches == 0)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await CompleteAsync(discovery);
            await Task.Delay(5, deadline.Token);
        }
        Assert.Equal(expected, await CompleteAsync(discovery));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(Eventually.FarOff));
    }

    private void Disturb(Random random)
    {
        var slice = $"slice-{random.Next(4)}";
        switch (random.Next(12))
        {
            case 0:
                Server.Signal((WatchSignal)random.Next(5));
                break;
            case 1:
                Server.Store.Compact();
                break;
            case 2:
                // slice-0 stays: an empty answer would have to be confirmed first.
                if (slice != "slice-0")
                    Server.Remove(Slices, "orders", slice);
                break;
            case 3:
                Server.Fault = random.Next(2) == 0 ? null : request => request.Verb == "watch" ? new KubeRefusal(503, "ServiceUnavailable", "away") : null;
                break;
            default:
                PutSlice(slice, "IPv4", [.. Enumerable.Range(0, 1 + random.Next(4)).Select(_ => random.Next(20)).Distinct()
                    .Select(pod => Endpoint($"pod-{pod}", $"10.0.0.{pod + 1}"))]);
                break;
        }
    }
}
