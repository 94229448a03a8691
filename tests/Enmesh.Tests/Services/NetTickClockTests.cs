using Enmesh.Peers;
using Enmesh.Services;
using Enmesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>The net_ticktime changes in two steps, one change at a time.</summary>
[Trait("Ring", "pure")]
public sealed class NetTickClockTests : IDisposable
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(8);
    private readonly VirtualTime _time = new();
    private readonly List<TickPace> _paces = [];
    private readonly NetTickClock _clock;

    public NetTickClockTests() => _clock = new NetTickClock(Before, 4, _paces.Add, _time, NullLogger.Instance);

    public void Dispose() => _clock.Dispose();

    [Fact]
    public void A_change_takes_its_transition_period_and_then_holds()
    {
        Assert.Equal(NetTickTimeChange.Initiated, _clock.Change(After, TimeSpan.FromSeconds(60)));
        Assert.Equal((After, true), (_clock.NetTickTime, _clock.IsChanging));
        Assert.Equal([new TickPace(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(15))], _paces);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(_clock.IsChanging);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((After, false), (_clock.NetTickTime, _clock.IsChanging));
        Assert.Equal(new TickPace(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)), _paces[^1]);
        Assert.Equal(2, _paces.Count);
    }

    [Fact]
    public void A_second_change_waits_for_the_first_and_the_same_time_is_no_change()
    {
        Assert.Equal(NetTickTimeChange.Unchanged, _clock.Change(Before, TimeSpan.FromSeconds(1)));
        Assert.Equal(NetTickTimeChange.Initiated, _clock.Change(After, TimeSpan.FromSeconds(1)));
        Assert.Equal(NetTickTimeChange.Ongoing, _clock.Change(After, TimeSpan.FromSeconds(1)));
        Assert.Equal(NetTickTimeChange.Ongoing, _clock.Change(Before, TimeSpan.FromSeconds(1)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(NetTickTimeChange.Unchanged, _clock.Change(After, TimeSpan.FromSeconds(1)));
        Assert.Equal(NetTickTimeChange.Initiated, _clock.Change(Before, TimeSpan.Zero));
    }
}
