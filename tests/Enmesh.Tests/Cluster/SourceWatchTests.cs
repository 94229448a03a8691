using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Telemetry;
using Enmesh.Testing;
using Microsoft.Extensions.Logging;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>Sources that say by themselves when they are to be asked.</summary>
[Trait("Ring", "pure")]
public sealed class SourceWatchTests : IAsyncDisposable
{
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(200);
    private static readonly DiscoveryPolling Rarely = new() { Interval = TimeSpan.FromSeconds(100), Jitter = 0 };
    private readonly VirtualTime _time = new();
    private readonly FakeConnector _node = new(Self);
    private readonly LogLines _log = new();
    private ClusterMembership? _cluster;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        Assert.DoesNotContain(_log.Lines, line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_notice_is_followed_by_a_question_long_before_the_interval_ends()
    {
        var source = new Watched(Finds(1));
        var cluster = Cluster(source);
        await ViewAsync(cluster, view => view.Connected == 1);
        var changed = await source.WatchBegunAsync();
        // The longest pause between notice and question: a question has only just been asked.
        source.Answer = Finds(1, 2);
        changed();
        await _time.TimerDueInAsync(Gap);
        Assert.Equal(1, source.Asked);
        _time.Advance(Gap);
        await ViewAsync(cluster, view => view.Connected == 2);
        // Later there is no pause at all: the clock does not move.
        _time.Advance(TimeSpan.FromSeconds(1));
        source.Answer = Finds(1, 2, 3);
        changed();
        await ViewAsync(cluster, view => view.Connected == 3);
        Assert.Equal(3, source.Asked);
    }

    [Fact]
    public async Task A_thousand_notices_are_one_question()
    {
        var source = new Watched(Finds(1));
        var cluster = Cluster(source);
        await ViewAsync(cluster, view => view.Connected == 1);
        var changed = await source.WatchBegunAsync();
        source.Answer = Finds(1, 2);
        for (var i = 0; i < 1000; i++)
            changed();
        await _time.TimerDueInAsync(Gap);
        _time.Advance(Gap);
        await ViewAsync(cluster, view => view.Connected == 2);
        // No other question is due before the interval ends.
        await _time.TimerDueInAsync(TimeSpan.FromSeconds(100));
        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task A_notice_that_comes_while_the_source_answers_is_followed_by_another_question()
    {
        var slow = new TaskCompletionSource<PeerSnapshot>();
        var source = new Watched(Finds(1)) { Slow = slow.Task };
        var cluster = Cluster(source);
        var changed = await source.WatchBegunAsync();
        await source.FirstQuestion.WaitAsync(FarOff);
        changed();
        source.Slow = null;
        source.Answer = Finds(1, 2);
        slow.SetResult(Finds(1));
        await _time.TimerDueInAsync(Gap);
        _time.Advance(Gap);
        await ViewAsync(cluster, view => view.Connected == 2);
    }

    [Fact]
    public async Task A_source_that_cannot_be_watched_is_asked_at_its_interval_and_says_so_once()
    {
        var source = new Watched(Finds(1)) { Watch = (_, _) => throw new DiscoveryException("watching is denied.") };
        var cluster = Cluster(source);
        await ViewAsync(cluster, view => view.Connected == 1);
        await AdvanceUntilAsync(() => source.Begun >= 4 && source.Asked >= 2);
        var line = Assert.Single(_log.Lines, line => line.Id == EventIds.SourceNotWatched);
        Assert.Equal("Discovery source 'api' cannot be watched: watching is denied. It is asked every 100 s instead.", line.Text);
        Assert.Equal(SourceState.Healthy, cluster.View.Sources[0].State);
    }

    [Fact]
    public async Task A_watch_that_ended_is_begun_anew_and_heard_again()
    {
        var first = new TaskCompletionSource();
        var source = new Watched(Finds(1));
        source.Watch = (begun, token) => begun == 1 ? first.Task : Task.Delay(Timeout.Infinite, token);
        var cluster = Cluster(source, new() { Interval = TimeSpan.FromDays(1) });
        await ViewAsync(cluster, view => view.Connected == 1);
        await source.WatchBegunAsync();
        first.SetResult();
        await AdvanceUntilAsync(() => source.Begun == 2);
        var changed = await source.WatchBegunAsync(2);
        source.Answer = Finds(1, 2);
        changed();
        await AdvanceUntilAsync(() => cluster.View.Connected == 2);
        Assert.DoesNotContain(_log.Lines, line => line.Id == EventIds.SourceNotWatched);
    }

    [Fact]
    public async Task Stopping_waits_for_the_watch_but_not_forever()
    {
        var never = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        var source = new Watched(Finds(1))
        {
            Watch = async (_, token) =>
            {
                await using var told = token.Register(() => ended.TrySetResult());
                await never.Task;
            },
        };
        var cluster = Cluster(source);
        await source.WatchBegunAsync();
        var stopping = cluster.DisposeAsync().AsTask();
        await ended.Task.WaitAsync(FarOff);
        Assert.False(stopping.IsCompleted);
        await AdvanceUntilAsync(() => stopping.IsCompleted);
        await stopping;
        never.SetResult();
    }

    private static PeerSnapshot.Complete Finds(params int[] peers) =>
        new PeerSnapshot.Complete([.. peers.Select(number => Peer(number))]);

    private static Task<ClusterView> ViewAsync(ClusterMembership cluster, Func<ClusterView, bool> condition) =>
        cluster.WaitForAsync(condition).WaitAsync(FarOff);

    private ClusterMembership Cluster(Watched source, DiscoveryPolling? polling = null)
    {
        var tick = new ClusterOptions { TickInterval = TimeSpan.FromMinutes(5) };
        _cluster = new ClusterMembership(_node, [new DiscoverySource("api", source, polling ?? Rarely)], tick, _time, _log);
        _cluster.Start();
        return _cluster;
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(FarOff);
        while (!condition())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2, deadline.Token);
        }
    }

    private sealed class Watched(PeerSnapshot first) : IWatchedPeerDiscovery
    {
        private readonly TaskCompletionSource _asked = new();
        private readonly List<Action> _watches = [];
        private int _count;

        internal PeerSnapshot Answer { get; set; } = first;

        internal Task<PeerSnapshot>? Slow { get; set; }

        internal Func<int, CancellationToken, Task>? Watch { get; set; }

        internal int Asked => Volatile.Read(ref _count);

        internal Task FirstQuestion => _asked.Task;

        internal int Begun
        {
            get
            {
                lock (_watches)
                    return _watches.Count;
            }
        }

        public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _count);
            var slow = Slow;
            _asked.TrySetResult();
            return slow is null ? Answer : await slow.WaitAsync(cancellationToken);
        }

        public async Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken)
        {
            Assert.Equal(ReconcilerBench.Self, self);
            int begun;
            lock (_watches)
            {
                _watches.Add(changed);
                begun = _watches.Count;
            }
            await (Watch?.Invoke(begun, cancellationToken) ?? Task.Delay(Timeout.Infinite, cancellationToken));
        }

        internal async Task<Action> WatchBegunAsync(int number = 1)
        {
            using var deadline = new CancellationTokenSource(FarOff);
            while (Begun < number)
                await Task.Delay(2, deadline.Token);
            lock (_watches)
                return _watches[number - 1];
        }

    }
}
