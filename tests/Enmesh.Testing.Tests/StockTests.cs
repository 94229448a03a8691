using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.TestingTests;

/// <summary>A user's tests of a user's server.</summary>
[Trait("Ring", "pure")]
public sealed class StockTests : IAsyncDisposable
{
    private static readonly Atom Free = new("free");
    private static readonly Atom Hold = new("hold");
    private static readonly Atom Price = new("price");
    private readonly TestCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_place_that_is_held_is_free_again_after_ten_seconds()
    {
        var node = await _cluster.StartNodeAsync("shop");
        var probe = node.CreateProbe();
        var stock = await node.Node.StartServerAsync(() => new Stock(2));
        await probe.CallAsync(stock, Hold);
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(4));
        await probe.CallAsync(stock, Hold);
        Assert.Equal("sold_out", (await probe.CallAsync(stock, Hold)).AtomText);

        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(5.999));
        Assert.Equal(0, (await probe.CallAsync(stock, Free)).Int32);
        await _cluster.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, (await probe.CallAsync(stock, Free)).Int32);
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(4));
        Assert.Equal(2, (await probe.CallAsync(stock, Free)).Int32);
        Assert.Equal(TimeSpan.FromSeconds(14), _cluster.Elapsed);
    }

    [Fact]
    public async Task A_timer_that_is_armed_again_each_time_fires_at_every_of_its_instants()
    {
        var node = await _cluster.StartNodeAsync("shop");
        var probe = node.CreateProbe();
        var stock = await node.Node.StartServerAsync(() => new Stock(2));
        await probe.CallAsync(stock, Term.Tuple(new Atom("subscribe"), probe.Self));
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal([1, 2, 3], probe.Messages.Select(tick => tick.TupleElements[1].Int32!.Value));

        // Within a time the clock goes no further than it must.
        await probe.ExpectAsync(tick => tick.TupleElements is [_, { Int32: 5 }], within: TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromSeconds(5), _cluster.Elapsed);
    }

    [Fact]
    public async Task A_probe_plays_the_server_that_the_one_under_test_asks()
    {
        var (shop, market) = (await _cluster.StartNodeAsync("shop"), await _cluster.StartNodeAsync("market"));
        var prices = market.CreateProbe("prices");
        var stock = await shop.Node.StartServerAsync(() => new Stock(2, ("prices", market.Name)));
        var answer = shop.CreateProbe().CallAsync(stock, Price);

        var call = await prices.ExpectCallAsync(request => request.IsAtom(Price));
        Assert.Equal(shop.Name.Atom, call.From.Node);
        Assert.False(answer.IsCompleted);
        await call.ReplyAsync(42);
        Assert.Equal(42, (await answer).Int32);
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_seen_by_nobody()
    {
        var (shop, market) = (await _cluster.StartNodeAsync("shop"), await _cluster.StartNodeAsync("market"));
        var prices = market.CreateProbe();
        var customer = shop.CreateProbe();
        var stock = await shop.Node.StartServerAsync(() => new Stock(2, prices.Self));
        var answer = customer.CallAsync(stock, new Atom("price_with_patience"));
        var call = await prices.ExpectCallAsync();
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal("unknown", (await answer).AtomText);

        await call.ReplyAsync(42);
        Assert.Equal(2, (await customer.CallAsync(stock, Free)).Int32);
        await customer.ExpectNoMessageAsync();
    }

    [Fact]
    public async Task A_call_of_the_tests_own_times_out_by_the_clock()
    {
        var node = await _cluster.StartNodeAsync("shop");
        var (caller, server) = (node.CreateProbe(), node.CreateProbe());
        var answer = caller.CallAsync(server.Self, Price);
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.False(answer.IsCompleted);
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        await Assert.ThrowsAsync<TimeoutException>(() => answer);
        await (await server.ExpectCallAsync()).ReplyAsync(1);
        await caller.ExpectNoMessageAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_crash_is_an_exit_to_those_linked_and_a_down_to_those_who_monitor()
    {
        var (shop, office) = (await _cluster.StartNodeAsync("shop"), await _cluster.StartNodeAsync("office"));
        var (owner, watcher) = (shop.CreateProbe(), office.CreateProbe());
        var stock = await owner.Context.StartServerAsync(() => new Stock(2));
        var monitor = await watcher.MonitorAsync(stock);
        await Assert.ThrowsAsync<CallExitException>(() => watcher.CallAsync(stock, new Atom("nonsense")));
        var reason = await owner.ExpectExitAsync(stock);
        Assert.Equal(Term.Binary("nonsense is not known here"), reason.TupleElements[2]);
        await watcher.ExpectDownAsync(monitor, reason);
        Assert.False(shop.Node.IsAlive(stock));
    }

    [Fact]
    public async Task A_supervised_crash_is_followed_by_another_start_until_there_are_too_many()
    {
        var node = await _cluster.StartNodeAsync("shop");
        var probe = node.CreateProbe();
        var shop = await node.Node.StartSupervisorAsync(new()
        {
            Intensity = 1,
            Period = TimeSpan.FromSeconds(5),
            Children = [ChildSpec.Server("stock", () => new Stock(3), new() { Name = "stock" })],
        });
        await probe.MonitorAsync(shop.Address);
        await CrashAsync();
        await _cluster.AdvanceAsync(TimeSpan.FromSeconds(6));
        await CrashAsync(); // the first one is forgotten by now
        await probe.ExpectNoMessageAsync();

        var last = node.Node.WhereIs("stock")!;
        probe.SendExit(last, ExitReason.Kill);
        await probe.ExpectDownAsync(shop.Pid!, ExitReason.Shutdown);
        Assert.Null(node.Node.WhereIs("stock"));

        async Task CrashAsync()
        {
            var stock = node.Node.WhereIs("stock")!;
            await probe.CallAsync(stock, Hold);
            await probe.MonitorAsync(stock);
            probe.SendExit(stock, ExitReason.Kill);
            await probe.ExpectDownAsync(stock, ExitReason.Killed);
            Assert.NotEqual(stock, node.Node.WhereIs("stock"));
            Assert.Equal(3, (await probe.CallAsync("stock", Free)).Int32);
        }
    }
}
