using Enmesh.Cluster;
using Xunit;

namespace Enmesh.Tests.Cluster;

[Trait("Ring", "pure")]
public sealed class EventWatchersTests
{
    private readonly EventWatchers _watchers = new();

    [Fact]
    public async Task Everybody_gets_every_event_from_the_call_on()
    {
        _watchers.Publish(Up(0));
        var first = _watchers.WatchAsync(CancellationToken.None);
        _watchers.Publish(Up(1));
        var second = _watchers.WatchAsync(CancellationToken.None);
        _watchers.Publish(Up(2));
        _watchers.End();
        Assert.Equal([Up(1), Up(2)], await first.ToListAsync());
        Assert.Equal([Up(2)], await second.ToListAsync());
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_loses_the_oldest_and_is_told_how_many()
    {
        var events = _watchers.WatchAsync(CancellationToken.None);
        for (var i = 0; i < 1100; i++)
            _watchers.Publish(Up(i));
        _watchers.End();
        var seen = await events.ToListAsync();
        Assert.Equal(new ClusterEvent.Missed(76), seen[0]);
        Assert.Equal(Enumerable.Range(76, 1024).Select(Up), seen.Skip(1));
    }

    [Fact]
    public async Task A_reader_may_stop_at_any_time()
    {
        using var cancel = new CancellationTokenSource();
        var events = _watchers.WatchAsync(cancel.Token).GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await events.DisposeAsync();
        _watchers.Publish(Up(1));
    }

    [Fact]
    public async Task Events_are_read_once()
    {
        var events = _watchers.WatchAsync(CancellationToken.None);
        _watchers.Publish(Up(1));
        _watchers.End();
        Assert.Equal([Up(1)], await events.ToListAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await events.ToListAsync());
    }

    [Fact]
    public async Task Nothing_is_kept_for_whoever_has_left_without_reading()
    {
        using var cancel = new CancellationTokenSource();
        var events = _watchers.WatchAsync(cancel.Token);
        _watchers.Publish(Up(1));
        await cancel.CancelAsync();
        Assert.Equal(0, _watchers.Count);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await events.ToListAsync(cancel.Token));
    }

    private static ClusterEvent Up(int number) => new ClusterEvent.PeerUp(NodeName.Parse($"a@h{number}"));
}
