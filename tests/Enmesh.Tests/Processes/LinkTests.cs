using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Processes;

[Trait("Ring", "loopback")]
public sealed class LinkTests : ProcessBench
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_linked_process_takes_its_partner_along(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var partner = Place(remote).Spawn(ExitWithMessageAsync);
            var linked = new TaskCompletionSource();
            var (victim, monitor) = context.SpawnMonitor(async inner =>
            {
                await inner.LinkAsync(partner);
                linked.SetResult();
                await IdleAsync(inner);
            });
            await linked.Task;
            await context.SendAsync(partner, Atom("boom"));
            var down = await context.ReceiveAsync();
            result.Add(down.TupleElements[1] == monitor);
            result.Add(down.TupleElements[3] == victim);
            result.Add(ReasonOf(down));
        });
        Assert.Equal([true, true, Atom("boom")], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_traps_exits_is_told_and_lives(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            foreach (var reason in new[] { Atom("boom"), Atom("normal"), Atom("kill") })
            {
                var partner = Place(remote).Spawn(ExitWithMessageAsync);
                await context.LinkAsync(partner);
                await context.LinkAsync(partner);
                await context.SendAsync(partner, reason);
                var exit = await context.ReceiveAsync();
                result.Add(exit.TupleElements[1] == partner);
                result.Add(ReasonOf(exit));
            }
            // One signal for each, though linked twice.
            result.Add(context.MessageCount);
        });
        Assert.Equal([true, Atom("boom"), true, Atom("normal"), true, Atom("kill"), 0], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_with_nobody_gives_noproc(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            var gone = await SpawnAndEndAsync(context, Place(remote));
            await context.LinkAsync(gone);
            var exit = await context.ReceiveAsync();
            result.Add(exit.TupleElements[1] == gone);
            result.Add(ReasonOf(exit));
        });
        Assert.Equal([true, Atom("noproc")], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_taken_back_says_nothing_and_can_be_made_again(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            var partner = Place(remote).Spawn(ExitWithMessageAsync);
            await context.LinkAsync(partner);
            result.Add(context.Unlink(partner));
            result.Add(context.Unlink(partner));
            await context.LinkAsync(partner);
            result.Add(context.Unlink(partner));
            var monitor = await context.MonitorAsync(partner);
            await context.SendAsync(partner, Atom("boom"));
            result.Add((await context.ReceiveAsync()).TupleElements[1] == monitor);
            result.Add(context.MessageCount);

            var another = Place(remote).Spawn(ExitWithMessageAsync);
            await context.LinkAsync(another);
            context.Unlink(another);
            await context.LinkAsync(another);
            await context.SendAsync(another, Atom("again"));
            result.Add(ReasonOf(await context.ReceiveAsync()));
        });
        Assert.Equal([true, false, true, true, 0, Atom("again")], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exit_signal_does_what_its_reason_says(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            // Not trapping: everything but normal ends it, and kill ends it as killed.
            foreach (var reason in new[] { Atom("boom"), Atom("kill"), Atom("shutdown") })
            {
                var victim = Place(remote).Spawn(IdleAsync);
                await context.MonitorAsync(victim);
                context.SendExit(victim, Atom("normal"));
                context.SendExit(victim, reason);
                result.Add(ReasonOf(await context.ReceiveAsync()));
            }
            // Trapping: all of them are messages, but kill.
            var report = context.Self;
            var trapper = Place(remote).Spawn(async inner =>
            {
                inner.TrapExit = true;
                await inner.SendAsync(report, Atom("ready"));
                while (true)
                    await inner.SendAsync(report, ReasonOf(await inner.ReceiveAsync()));
            });
            await context.ReceiveAsync();
            await context.MonitorAsync(trapper);
            context.SendExit(trapper, Atom("normal"));
            result.Add(await context.ReceiveAsync());
            context.SendExit(trapper, Atom("boom"));
            result.Add(await context.ReceiveAsync());
            context.SendExit(trapper, Atom("kill"));
            result.Add(ReasonOf(await context.ReceiveAsync()));
        });
        Assert.Equal(
            [Atom("boom"), Atom("killed"), Atom("shutdown"), Atom("normal"), Atom("boom"), Atom("killed")], seen);
    }

    [Fact]
    public async Task Who_sends_itself_normal_ends()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.SpawnMonitor(async inner =>
            {
                inner.SendExit(inner.Self, Atom("normal"));
                await IdleAsync(inner);
            });
            result.Add(ReasonOf(await context.ReceiveAsync()));
        });
        Assert.Equal([Atom("normal")], seen);
    }

    [Fact]
    public async Task Kill_is_told_at_once_even_when_the_code_does_not_give_up_the_thread()
    {
        using var release = new ManualResetEventSlim();
        try
        {
            var seen = await RunAsync(async (context, result) =>
            {
                var blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var (victim, _) = context.SpawnMonitor(
                    inner =>
                    {
                        blocked.SetResult();
                        release.Wait();
                        return Task.CompletedTask;
                    },
                    new SpawnOptions { Name = new Atom("stubborn") });
                await blocked.Task;
                context.SendExit(victim, ExitReason.Kill);
                result.Add(ReasonOf(await context.ReceiveAsync()));
                result.Add(Node.WhereIs("stubborn") is null);
                result.Add(Node.IsAlive(victim));
            });
            Assert.Equal([Atom("killed"), true, false], seen);
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public async Task The_loss_of_a_link_gives_every_watcher_its_noconnection_once()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            var partner = Other.Spawn(IdleAsync);
            await context.LinkAsync(partner);
            var byPid = await context.MonitorAsync(partner);
            var byName = await context.MonitorAsync(("net_kernel", Other.Name));
            await Node.DisconnectAsync(Other.Name);
            var messages = new List<Term>();
            for (var i = 0; i < 3; i++)
                messages.Add(await context.ReceiveAsync());
            Assert.All(messages, message => Assert.Equal(Atom("noconnection"), ReasonOf(message)));
            Assert.Equal(
                partner, messages.Single(message => message.TupleElements[0] == Atom("EXIT")).TupleElements[1]);
            Assert.Equal(
                new HashSet<Term> { byPid, byName },
                messages.Where(message => message.TupleElements[0] == Atom("DOWN"))
                    .Select(message => message.TupleElements[1])
                    .ToHashSet());
            result.Add(context.MessageCount);
        });
        Assert.Equal([0], seen);
    }

    [Fact]
    public async Task A_linked_process_elsewhere_ends_with_noconnection_when_the_link_is_lost()
    {
        var ended = new TaskCompletionSource<Term>();
        await RunAsync(async (context, _) =>
        {
            var partner = context.Self;
            Other.Spawn(async inner =>
            {
                try
                {
                    await inner.LinkAsync(partner);
                    await inner.SendAsync(partner, Atom("linked"));
                    await IdleAsync(inner);
                }
                catch (ProcessExitException e)
                {
                    ended.SetResult(e.Reason);
                    throw;
                }
            });
            Assert.Equal(Atom("linked"), await context.ReceiveAsync());
            context.TrapExit = true;
            await Node.DisconnectAsync(Other.Name);
            Assert.Equal(Atom("noconnection"), ReasonOf(await context.ReceiveAsync()));
        });
        Assert.Equal(Atom("noconnection"), await ended.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_link_to_a_node_out_of_reach_gives_noconnection()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            await context.LinkAsync(new Pid(new Atom("nowhere@127.0.0.1"), 1, 0, 5));
            result.Add(ReasonOf(await context.ReceiveAsync()));
        });
        Assert.Equal([Atom("noconnection")], seen);
    }

    private static async Task<Pid> SpawnAndEndAsync(ProcessContext context, ErlangNode place)
    {
        var gone = place.Spawn(static inner => inner.ReceiveAsync().AsTask());
        await context.MonitorAsync(gone);
        await context.SendAsync(gone, 1);
        await context.ReceiveAsync();
        return gone;
    }
}
