using Enmesh.Groups;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>Scopes on nodes of ours, as a program uses them.</summary>
[Trait("Ring", "loopback")]
public sealed class ProcessGroupsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Term Group = new Atom("workers");

    [Fact]
    public async Task Whoever_joins_is_in_at_once_here_and_soon_elsewhere_until_it_leaves_or_ends()
    {
        await using var cluster = new LoopbackCluster();
        var (one, other) = (await StartAsync(cluster, "one"), await StartAsync(cluster, "other"));
        await one.ConnectAsync(other.Name);
        var worker = Idle(one);

        await one.Pg.JoinAsync(Group, [worker, worker]);
        Assert.Equal([worker, worker], one.Pg.Members(Group));
        await SeesAsync(other, 2);
        Assert.Empty(other.Pg.LocalMembers(Group));
        Assert.Equal([Group], other.Pg.Groups);
        Assert.Empty(other.Pg.LocalGroups);

        Assert.True(await one.Pg.LeaveAsync(Group, worker));
        await SeesAsync(other, 1);
        one.Spawn(context =>
        {
            context.SendExit(worker, new Atom("kill"));
            return Task.CompletedTask;
        });
        await SeesAsync(other, 0);
        await SeesAsync(one, 0);
        Assert.False(await one.Pg.LeaveAsync(Group, worker));
    }

    [Fact]
    public async Task A_process_joins_on_its_own_node_only()
    {
        await using var cluster = new LoopbackCluster();
        var (one, other) = (await StartAsync(cluster, "one"), await StartAsync(cluster, "other"));
        await Assert.ThrowsAsync<ArgumentException>(() => one.Pg.JoinAsync(Group, Idle(other)));
        await Assert.ThrowsAsync<ArgumentException>(() => one.Pg.LeaveAsync(Group, [Idle(one), Idle(other)]));
        await one.ConnectAsync(other.Name);
        var answer = await one.CallAsync(("pg", other.Name), Term.Tuple(new Atom("join_local"), Group, Idle(one)));
        Assert.Equal("{error,badarg}", answer.ToString());
        Assert.Empty(one.Pg.Groups);
    }

    [Fact]
    public async Task One_who_has_ended_already_is_out_again_at_once()
    {
        await using var cluster = new LoopbackCluster();
        var node = await StartAsync(cluster, "one");
        var ended = new TaskCompletionSource<Pid>();
        node.Spawn(context =>
        {
            ended.SetResult(context.Self);
            return Task.CompletedTask;
        });
        var gone = await ended.Task;
        await node.CallAsync("net_kernel", Term.Tuple(new Atom("is_auth"), node.Name.Atom));
        await node.Pg.JoinAsync(Group, gone);
        await SeesAsync(node, 0);
    }

    [Fact]
    public async Task A_watch_tells_who_is_in_and_then_every_change_in_order()
    {
        await using var cluster = new LoopbackCluster();
        var node = await StartAsync(cluster, "one");
        var worker = Idle(node);
        await node.Pg.JoinAsync(Group, worker);
        await using var changes = node.Pg.WatchAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(
            (Group, true, 1), (changes.Current.Group, changes.Current.HaveJoined, changes.Current.Members.Count));
        for (var number = 0; number < 100; number++)
            await node.Pg.JoinAsync(number, [worker, worker]);
        for (var number = 0; number < 100; number++)
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.Equal(
                (number, true, 2), (changes.Current.Group, changes.Current.HaveJoined, changes.Current.Members.Count));
        }
        await node.Pg.LeaveAsync(7, [worker, worker, worker]);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal((7, false, 2), (changes.Current.Group, changes.Current.HaveJoined, changes.Current.Members.Count));
    }

    [Fact]
    public async Task Whatever_a_peer_sends_the_scope_answers_or_ignores_and_keeps_its_groups()
    {
        await using var cluster = new LoopbackCluster();
        var (one, other) = (await StartAsync(cluster, "one"), await StartAsync(cluster, "other"));
        await one.ConnectAsync(other.Name);
        await one.Pg.JoinAsync(Group, Idle(one));
        foreach (var garbage in new Term[] { 1, new Atom("discover"), Term.Tuple(new Atom("nodeup"), new Atom("x@y")), Term.Tuple(new Atom("leave"), Idle(other), Idle(other), Term.List(Group)), Term.Tuple(new Atom("discover"), one.WhereIs("pg")!), Term.Tuple(new Atom("join"), other.WhereIs("pg")!, Group, Idle(one)), Term.Tuple(new Atom("$gen_cast"), new Atom("x")) })
            await other.SendAsync(("pg", one.Name), garbage);
        foreach (var request in new Term[] { 1, new Atom("x"), Term.Tuple(new Atom("join_local"), Group, 1), Term.Tuple(new Atom("demonitor"), 1) })
            Assert.Equal("{error,badarg}", (await other.CallAsync(("pg", one.Name), request)).ToString());
        Assert.Single(one.Pg.Members(Group));
        await SeesAsync(other, 1);
    }

    [Fact]
    public async Task A_hidden_node_has_no_default_scope_and_a_scope_of_its_own_sees_itself_alone()
    {
        await using var cluster = new LoopbackCluster();
        var hidden = await cluster.StartAsync("hidden@127.0.0.1");
        var published = await StartAsync(cluster, "published");
        await hidden.ConnectAsync(published.Name);
        Assert.Throws<InvalidOperationException>(() => hidden.Pg);
        var groups = hidden.StartPgScope("pg");
        Assert.Same(groups, hidden.StartPgScope("pg"));
        await groups.JoinAsync(Group, Idle(hidden));
        await hidden.PingAsync(published.Name);
        Assert.Empty(published.Pg.Members(Group));
        Assert.Single(hidden.Pg.Members(Group));
    }

    private static Task<ErlangNode> StartAsync(LoopbackCluster cluster, string name) => cluster.StartAsync(
        $"{name}@127.0.0.1", with: plan => plan with { IsPublished = true, PgScopes = [ProcessGroups.DefaultScope] });

    private static Pid Idle(ErlangNode node) =>
        node.Spawn(static async context => await context.ReceiveAsync(static _ => false));

    private static async Task SeesAsync(ErlangNode node, int count)
    {
        // Not by a watch: one that begins after the last member has left has nothing to tell.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (node.Pg.Members(Group).Count != count)
            await Task.Delay(5, patience.Token);
    }
}
