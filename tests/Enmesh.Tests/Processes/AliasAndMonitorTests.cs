using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Processes;

[Trait("Ring", "loopback")]
public sealed class AliasAndMonitorTests : ProcessBench
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_alias_stands_for_its_process_until_it_is_taken_back(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var alias = context.CreateAlias();
            await SayAsync(context, remote, alias, 1, 2);
            result.Add(await context.ReceiveAsync());
            result.Add(await context.ReceiveAsync());
            result.Add(context.Unalias(alias));
            result.Add(context.Unalias(alias));
            await SayAsync(context, remote, alias, 3);
            result.Add(context.MessageCount);
        });
        Assert.Equal([1, 2, true, false, 0], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reply_alias_is_spent_by_the_first_message(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var alias = context.CreateAlias(AliasMode.Reply);
            await SayAsync(context, remote, alias, 1, 2);
            result.Add(await context.ReceiveAsync());
            result.Add(context.MessageCount);
            result.Add(context.Unalias(alias));
        });
        Assert.Equal([1, 0, false], seen);
    }

    [Theory]
    [InlineData(AliasMode.ExplicitUnalias, true)]
    [InlineData(AliasMode.Reply, true)]
    [InlineData(AliasMode.Demonitor, false)]
    [InlineData(AliasMode.ReplyDemonitor, false)]
    public async Task A_monitors_alias_outlives_it_only_in_some_modes(AliasMode mode, bool outlives)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var partner = context.Spawn(IdleAsync);
            var monitor = await context.MonitorAsync(partner, new MonitorOptions { Alias = mode });
            result.Add(context.Demonitor(monitor));
            await context.SendAsync(monitor, 7);
            result.Add(context.MessageCount == 1);
        });
        Assert.Equal([true, outlives], seen);
    }

    [Fact]
    public async Task The_reply_through_a_monitors_alias_takes_the_monitor_back()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var partner = Other.Spawn(IdleAsync);
            var monitor = await context.MonitorAsync(partner, new MonitorOptions { Alias = AliasMode.ReplyDemonitor });
            await SayAsync(context, true, monitor, 1);
            result.Add(await context.ReceiveAsync());
            result.Add(context.Demonitor(monitor));
            context.SendExit(partner, ExitReason.Kill);
            await context.MonitorAsync(partner);
            result.Add(ReasonOf(await context.ReceiveAsync()));
            result.Add(context.MessageCount);
        });
        Assert.Equal([1, false, Atom("noproc"), 0], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_monitor_with_a_tag_says_the_tag(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var tag = Term.Tuple(Atom("mine"), 1);
            await context.MonitorAsync(Place(remote).Spawn(_ => Task.CompletedTask), new MonitorOptions { Tag = tag });
            result.Add((await context.ReceiveAsync()).TupleElements[0]);
        });
        Assert.Equal([Term.Tuple(Atom("mine"), 1)], seen);
    }

    [Fact]
    public async Task Demonitor_with_flush_takes_the_message_out_and_no_other()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            await context.SendAsync(context.Self, 1);
            var monitor = await context.MonitorAsync("nobody");
            await context.SendAsync(context.Self, 2);
            result.Add(context.MessageCount);
            result.Add(context.Demonitor(monitor, flush: true));
            result.Add(await context.ReceiveAsync());
            result.Add(await context.ReceiveAsync());
            result.Add(context.MessageCount);
        });
        Assert.Equal([3, false, 1, 2, 0], seen);
    }

    [Fact]
    public async Task The_aliases_of_an_ended_process_are_dropped()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var alias = new TaskCompletionSource<Reference>();
            context.SpawnMonitor(inner =>
            {
                alias.SetResult(inner.CreateAlias());
                return Task.CompletedTask;
            });
            await context.ReceiveAsync();
            await context.SendAsync(await alias.Task, 1);
            result.Add(context.MessageCount);
        });
        Assert.Equal([0], seen);
    }

    [Fact]
    public async Task Timers_send_in_time_and_not_after_they_are_cancelled()
    {
        var armed = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource<TimeSpan?>();
        var run = RunAsync(async (context, result) =>
        {
            var late = context.SendAfter(TimeSpan.FromSeconds(5), context.Self, Atom("late"));
            var timer = context.StartTimer(TimeSpan.FromSeconds(2), context.Self, Atom("tick"));
            armed.SetResult();
            var message = await context.ReceiveAsync();
            result.Add(message == Term.Tuple(Atom("timeout"), timer, Atom("tick")));
            result.Add(context.ReadTimer(timer) is null);
            cancelled.SetResult(context.CancelTimer(late));
            result.Add(context.CancelTimer(late) is null);
        });
        await armed.Task.WaitAsync(Patience);
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(3), await cancelled.Task.WaitAsync(Patience));
        Assert.Equal([true, true, true], await run);
    }

    [Fact]
    public async Task Nodes_that_come_and_go_are_told_before_and_after_their_messages()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.Register(new Atom("watcher"));
            context.MonitorNodes(new NodeMonitorOptions { Types = NodeTypes.All, Info = true });
            await Other.SendAsync(("watcher", Node.Name), 1);
            result.Add(await context.ReceiveAsync());
            result.Add(await context.ReceiveAsync());
            await Other.SendAsync(("watcher", Node.Name), 2);
            await Other.DisconnectAsync(Node.Name);
            result.Add(await context.ReceiveAsync());
            result.Add(await context.ReceiveAsync());
            result.Add(context.DemonitorNodes(new NodeMonitorOptions { Types = NodeTypes.All, Info = true }));
            await Other.ConnectAsync(Node.Name);
            result.Add(context.MessageCount);
        });
        Assert.Equal(
            [
                "{nodeup,'other@127.0.0.1',[{node_type,hidden}]}", "1", "2",
                "{nodedown,'other@127.0.0.1',[{nodedown_reason,connection_closed},{node_type,hidden}]}", "true", "0",
            ],
            seen.Select(term => term.ToString()));
    }

    // Sends in order, and returns when all has arrived: the last one goes to the process itself.
    private async Task SayAsync(ProcessContext context, bool remote, Reference alias, params int[] numbers)
    {
        var self = context.Self;
        var done = new Atom("said");
        Place(remote).Spawn(async inner =>
        {
            foreach (var number in numbers)
                await inner.SendAsync(alias, number);
            await inner.SendAsync(self, done);
        });
        await context.ReceiveAsync(message => message.Atom == done);
    }
}
