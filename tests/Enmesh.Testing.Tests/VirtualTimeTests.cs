using Enmesh.Testing;
using Xunit;

namespace Enmesh.TestingTests;

[Trait("Ring", "pure")]
public sealed class VirtualTimeTests
{
    [Fact]
    public void Timers_fire_in_the_order_they_are_due_and_see_their_own_instant()
    {
        var time = new VirtualTime();
        var fired = new List<(string, double)>();
        using var late = time.CreateTimer(_ => fired.Add(("late", time.Elapsed.TotalSeconds)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var soon = time.CreateTimer(_ => fired.Add(("soon", time.Elapsed.TotalSeconds)), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5));
        time.Advance(TimeSpan.FromSeconds(3.5));
        Assert.Equal([("soon", 1), ("soon", 2.5), ("late", 3)], fired);
        Assert.Equal(TimeSpan.FromSeconds(3.5), time.Elapsed);
    }

    [Fact]
    public async Task A_delay_ends_when_the_clock_has_moved_far_enough()
    {
        var time = new VirtualTime();
        var delay = Task.Delay(TimeSpan.FromSeconds(5), time);
        await time.TimerDueInAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(delay.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        await delay;
        Assert.Equal(0, time.ArmedTimers);
    }
}
