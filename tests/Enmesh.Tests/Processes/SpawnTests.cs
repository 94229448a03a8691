using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Processes;

[Trait("Ring", "loopback")]
public sealed class SpawnTests : ProcessBench
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exported_function_is_started_on_a_node_linked_and_monitored(bool remote)
    {
        var place = Place(remote);
        place.Functions.Export("worker", "run", 2, static async (context, arguments) =>
        {
            await context.SendAsync(arguments[0].Pid!, Term.Tuple(context.Self, context.GroupLeader, arguments[1]));
            throw new ProcessExitException(await context.ReceiveAsync());
        });
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            var options = new RemoteSpawnOptions { Link = true, Monitor = true, Tag = Atom("gone") };
            var (worker, monitor) = await context.SpawnAsync(place.Name, "worker", "run", [context.Self, 42], options);
            var hello = await context.ReceiveAsync();
            result.Add(hello == Term.Tuple(worker, context.GroupLeader, 42));
            result.Add(worker.Node == place.Name.Atom);
            await context.SendAsync(worker, Atom("done"));
            var ends = new[] { await context.ReceiveAsync(), await context.ReceiveAsync() };
            result.Add(ends.Contains(Term.Tuple(Atom("EXIT"), worker, Atom("done"))));
            result.Add(ends.Contains(Term.Tuple(Atom("gone"), monitor!, Atom("process"), worker, Atom("done"))));
        });
        Assert.Equal([true, true, true, true], seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_not_exported_exits_with_undef_as_on_a_beam(bool remote)
    {
        var seen = await RunAsync(async (context, result) =>
        {
            await context.SpawnAsync(
                Place(remote).Name, "no", "such", [1, 2], new RemoteSpawnOptions { Monitor = true });
            result.Add(ReasonOf(await context.ReceiveAsync()));
        });
        Assert.Equal("{undef,[{no,such,[1,2],[]}]}", seen[0].ToString());
    }

    [Fact]
    public async Task A_node_out_of_reach_starts_nothing()
    {
        await RunAsync(async (context, _) =>
        {
            var error = await Assert.ThrowsAsync<SpawnException>(
                () => context.SpawnAsync(NodeName.Parse("nowhere@127.0.0.1"), "a", "b", []).AsTask());
            Assert.Equal(Atom("noconnection"), error.Reason);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_exit_reason_of_a_started_process_can_be_awaited(bool crash)
    {
        Other.Functions.Export("m", "f", 1, (_, arguments) => crash
            ? throw new InvalidOperationException("as intended")
            : throw new ProcessExitException(Term.Tuple(Atom("result"), arguments[0])));
        await Node.ConnectAsync(Other.Name);
        var target = new SpawnTarget(new Atom("m"), new Atom("f"), Term.List(7).AsList!.Value);
        var reason = await Node.SpawnAndAwaitExitAsync(Other.Name, target);
        // {Reason, Stack}, as of any function that fails.
        if (crash)
            Assert.Equal(
                ["exception", "System.InvalidOperationException", "as intended"],
                reason.TupleElements[0].TupleElements.ToArray().Select(TextOf));
        else
            Assert.Equal(Term.Tuple(Atom("result"), 7), reason);
    }

    [Fact]
    public async Task Children_start_linked_monitored_and_with_their_parents_group_leader()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            context.TrapExit = true;
            context.GroupLeader = context.Self;
            var child = context.SpawnLink(inner => throw new ProcessExitException(inner.GroupLeader));
            result.Add(await context.ReceiveAsync() == Term.Tuple(Atom("EXIT"), child, context.Self));
            var (_, monitor) = context.SpawnMonitor(_ => Task.CompletedTask);
            result.Add((await context.ReceiveAsync()).TupleElements[1] == monitor);
        });
        Assert.Equal([true, true], seen);
    }

    [Fact]
    public async Task A_full_mailbox_drops_what_is_newest_or_ends_its_process()
    {
        var seen = await RunAsync(async (context, result) =>
        {
            var go = new TaskCompletionSource();
            var report = context.Self;
            var dropping = context.Spawn(
                async inner =>
                {
                    await go.Task;
                    while (await inner.ReceiveAsync(TimeSpan.Zero) is { } message)
                        await inner.SendAsync(report, message);
                    await inner.SendAsync(report, Atom("end"));
                },
                new SpawnOptions { MailboxLimit = new(3, MailboxFullMode.DropNewest) });
            for (var i = 1; i <= 5; i++)
                await context.SendAsync(dropping, i);
            go.SetResult();
            do
                result.Add(await context.ReceiveAsync());
            while (result[^1] != Atom("end"));

            var never = new TaskCompletionSource();
            var ending = context.Spawn(
                _ => never.Task, new SpawnOptions { MailboxLimit = new(3, MailboxFullMode.Exit) });
            await context.MonitorAsync(ending);
            for (var i = 1; i <= 5; i++)
                await context.SendAsync(ending, i);
            result.Add(ReasonOf(await context.ReceiveAsync()));
            never.SetResult();
        });
        Assert.Equal([1, 2, 3, Atom("end"), Term.Tuple(Atom("mailbox_full"), 3)], seen);
    }

    private static string TextOf(Term term) =>
        term.AtomText ?? System.Text.Encoding.UTF8.GetString(term.BitString!.Value.Span);
}
