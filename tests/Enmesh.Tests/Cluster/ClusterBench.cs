using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Testing;
using Microsoft.Extensions.Logging;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>The reconciler with its sources, its clock and a node without a network around it.</summary>
public abstract class ClusterBench : IAsyncDisposable
{
    private protected static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);
    private readonly List<ClusterMembership> _clusters = [];

    private protected VirtualTime Time { get; } = new();

    private protected FakeConnector Node { get; } = new(Self);

    private protected LogLines Log { get; } = new();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var cluster in _clusters)
            await cluster.DisposeAsync();
        Assert.DoesNotContain(Log.Lines, line => line.Level >= LogLevel.Error);
        // A wait that was cancelled takes its timer back a moment after it has ended.
        await UntilAsync(() => Time.ArmedTimers == 0);
    }

    private protected static DiscoverySource Finds(params int[] peers) =>
        new("list", new FakeDiscovery(new PeerSnapshot.Complete([.. peers.Select(number => Peer(number))])));

    private protected static Task<ClusterView> ViewAsync(ClusterMembership cluster, Func<ClusterView, bool> condition) =>
        cluster.WaitForAsync(condition).WaitAsync(FarOff);

    private protected static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(FarOff);
        while (!condition())
            await Task.Delay(2, deadline.Token);
    }

    private protected ClusterMembership Cluster(params DiscoverySource[] sources) => Cluster(new ClusterOptions(), sources);

    private protected ClusterMembership Cluster(ClusterOptions options, params DiscoverySource[] sources)
    {
        var cluster = new ClusterMembership(Node, sources, options, Time, Log);
        _clusters.Add(cluster);
        return cluster;
    }

    // To the next question of a source whose interval is 100 s, give or take a tenth.
    private protected async Task AskAgainAsync()
    {
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(110));
        Time.Advance(TimeSpan.FromSeconds(110));
    }

    // The clock goes on in small steps, each after a moment for whoever was woken, until the view is the one wanted.
    private protected async Task<ClusterView> AdvanceUntilAsync(ClusterMembership cluster, Func<ClusterView, bool> condition)
    {
        using var deadline = new CancellationTokenSource(FarOff);
        while (!condition(cluster.View))
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2, deadline.Token);
        }
        return cluster.View;
    }
}
