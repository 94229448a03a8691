using Enmesh.Global;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>Global names and locks between published nodes of this library.</summary>
[Trait("Ring", "loopback")]
public sealed class GlobalNamesTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopbackCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_name_registered_on_one_node_is_known_on_all_and_goes_with_its_process()
    {
        var (a, b, c) = await MeetAsync();
        var got = new TaskCompletionSource<Term>();
        var pid = a.Spawn(async context =>
        {
            got.SetResult(await context.ReceiveAsync());
            await context.ReceiveAsync();
        });

        Assert.True(await a.Global.RegisterAsync("counter", pid));
        Assert.Equal([pid, pid, pid], new[] { a, b, c }.Select(node => node.Global.WhereIs("counter")!));
        Assert.Equal("counter", Assert.Single(c.Global.Names).AtomText);
        Assert.False(await b.Global.RegisterAsync("counter", b.Spawn(Sleep)));
        Assert.False(await a.Global.RegisterAsync("second", pid));
        Assert.True(await c.Global.SendAsync("counter", 42));
        Assert.Equal(42, await got.Task.WaitAsync(Patience));

        await b.SendAsync(pid, new Atom("end"));
        await UntilAsync(() => a.Global.WhereIs("counter") is null && b.Global.Names.Count == 0 && c.Global.Names.Count == 0);
        Assert.False(await c.Global.SendAsync("counter", 42));
    }

    [Fact]
    public async Task A_name_can_be_taken_over_and_taken_back()
    {
        var (a, b, _) = await MeetAsync();
        var (first, second) = (a.Spawn(Sleep), b.Spawn(Sleep));
        Term name = Term.Tuple(new Atom("queue"), 7);
        Assert.True(await a.Global.RegisterAsync(name, first, ConflictMethod.NotifyAll));

        await b.Global.ReRegisterAsync(name, second);
        Assert.Equal(second, a.Global.WhereIs(name));
        Assert.True(a.IsAlive(first));

        await a.Global.UnregisterAsync(name);
        Assert.Null(b.Global.WhereIs(name));
        await a.Global.UnregisterAsync(name);
    }

    [Fact]
    public async Task Who_syncs_as_soon_as_it_is_connected_waits_for_the_names_of_the_other()
    {
        var a = await StartAsync("a");
        for (var round = 0; round < 10; round++)
        {
            var other = await StartAsync($"b{round}");
            Assert.True(await other.Global.RegisterAsync($"name{round}", other.Spawn(Sleep)));
            await a.ConnectAsync(other.Name);
            await a.Global.SyncAsync().WaitAsync(Patience);
            Assert.NotNull(a.Global.WhereIs($"name{round}"));
            await other.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_delegate_decides_whose_a_name_is_when_two_clusters_meet(bool keep)
    {
        var a = await StartAsync("a");
        var b = await StartAsync("b");
        var (ours, theirs) = (a.Spawn(Sleep), b.Spawn(Sleep));
        NameConflict? seen = null;
        Assert.True(await a.Global.RegisterAsync("x", ours, ConflictMethod.From(conflict =>
        {
            seen = conflict;
            return new(keep ? conflict.Theirs : null);
        })));
        Assert.True(await b.Global.RegisterAsync("x", theirs, ConflictMethod.From(_ => throw new InvalidOperationException("Not asked."))));

        await a.ConnectAsync(b.Name);
        await Task.WhenAll(a.Global.SyncAsync(), SyncedAsync(b, a)).WaitAsync(Patience);

        Assert.Equal(new NameConflict(new Atom("x"), theirs, ours), seen);
        Assert.Equal(keep ? theirs : null, a.Global.WhereIs("x"));
        Assert.Equal(keep ? theirs : null, b.Global.WhereIs("x"));
        await Assert.ThrowsAsync<ArgumentException>(() => a.Global.RegisterAsync("y", theirs, ConflictMethod.From(_ => default)));
    }

    [Fact]
    public async Task The_loser_of_a_conflict_is_killed_or_told()
    {
        var a = await StartAsync("a");
        var b = await StartAsync("b");
        var told = new TaskCompletionSource<Term>();
        Assert.True(await a.Global.RegisterAsync("exit", a.Spawn(Sleep)));
        var killed = b.Spawn(Sleep);
        Assert.True(await b.Global.RegisterAsync("exit", killed));
        Assert.True(await a.Global.RegisterAsync("notify", a.Spawn(Sleep), ConflictMethod.RandomNotify));
        Assert.True(await b.Global.RegisterAsync("notify", b.Spawn(async context => told.SetResult(await context.ReceiveAsync())), ConflictMethod.RandomNotify));

        await b.ConnectAsync(a.Name);
        await SyncedAsync(b, a);

        Assert.Equal(Term.Tuple(new Atom("global_name_conflict"), new Atom("notify")), await told.Task.WaitAsync(Patience));
        await UntilAsync(() => !b.IsAlive(killed));
        Assert.Equal("a@127.0.0.1", b.Global.WhereIs("exit")!.Node.Text);
    }

    [Fact]
    public async Task A_lock_is_one_requesters_on_all_nodes_and_free_when_its_holder_ends()
    {
        var (a, b, _) = await MeetAsync();
        var (one, other) = (new GlobalLockId(new Atom("printer"), 1), new GlobalLockId(new Atom("printer"), 2));

        Assert.True(await a.Global.SetLockAsync(one));
        Assert.True(await b.Global.SetLockAsync(one, retries: 0));
        Assert.False(await b.Global.SetLockAsync(other, retries: 0));
        await a.Global.DeleteLockAsync(one);
        Assert.False(await a.Global.SetLockAsync(other, retries: 0));
        await b.Global.DeleteLockAsync(one);

        var held = new TaskCompletionSource<bool>();
        var holder = a.Spawn(async context =>
        {
            held.SetResult(await a.Global.SetLockAsync(other, holder: context));
            await context.ReceiveAsync();
        });
        Assert.True(await held.Task.WaitAsync(Patience));
        Assert.False(await b.Global.SetLockAsync(one, retries: 0));
        await b.SendAsync(holder, 1);
        Assert.True(await b.Global.SetLockAsync(one).WaitAsync(Patience));
    }

    [Fact]
    public async Task What_is_done_in_a_transaction_is_done_by_one_at_a_time()
    {
        var (a, b, c) = await MeetAsync();
        var (inside, most, total) = (0, 0, 0);

        await Task.WhenAll(new[] { a, b, c }.Select((node, i) => node.Global.TransAsync(new(new Atom("till"), i), async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Yield();
            total++;
            Interlocked.Decrement(ref inside);
        }))).WaitAsync(Patience);

        Assert.Equal((1, 3), (most, total));
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.Global.TransAsync(new(new Atom("till"), 9), _ => throw new InvalidOperationException("No.")));
        Assert.True(await a.Global.SetLockAsync(new(new Atom("till"), 10), retries: 0));
        Assert.False(await b.Global.TransAsync(new(new Atom("till"), 11), _ => Task.CompletedTask, retries: 0));
    }

    [Fact]
    public async Task Giving_up_waiting_for_a_lock_leaves_nothing_set()
    {
        var (a, b, _) = await MeetAsync();
        Assert.True(await b.Global.SetLockAsync(new(new Atom("r"), 1), [b.Name]));
        using var giveUp = new CancellationTokenSource();
        var waiting = a.Global.SetLockAsync(new(new Atom("r"), 2), [a.Name, b.Name], cancellationToken: giveUp.Token);
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.True(await a.Global.SetLockAsync(new(new Atom("r"), 3), [a.Name], retries: 0));
    }

    [Fact]
    public async Task Whoever_leaves_by_disconnect_leaves_the_others_together()
    {
        var (a, b, c) = await MeetAsync();

        var left = await a.Global.DisconnectAsync();

        Assert.Equal([b.Name, c.Name], left.Order());
        await UntilAsync(() => a.ConnectedNodes.Count == 0 && b.ConnectedNodes.Count == 1 && c.ConnectedNodes.Count == 1);
        Assert.True(await b.Global.RegisterAsync("together", b.Spawn(Sleep)).WaitAsync(Patience));
        Assert.NotNull(c.Global.WhereIs("together"));
    }

    [Fact]
    public async Task A_node_that_ends_takes_its_names_with_it_and_nobody_else()
    {
        var (a, b, c) = await MeetAsync();
        Assert.True(await a.Global.RegisterAsync("gone", a.Spawn(Sleep)));
        Assert.True(await b.Global.RegisterAsync("stays", b.Spawn(Sleep)));

        await a.DisposeAsync();

        await UntilAsync(() => b.Global.Names.Count == 1 && c.Global.Names.Count == 1);
        Assert.NotNull(c.Global.WhereIs("stays"));
        Assert.Equal([c.Name], b.ConnectedNodes);
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.Global.SyncAsync());
    }

    [Fact]
    public async Task One_selective_disconnect_parts_one_or_both_from_everybody_and_they_can_come_back()
    {
        var (a, b, c) = await MeetAsync();

        await a.DisconnectAsync(b.Name);

        // Who of the two is first to tell the third, is parted from by nobody; when both are, both are alone.
        await UntilAsync(() => c.ConnectedNodes.Count < 2);
        using var deadline = new CancellationTokenSource(Patience);
        while (a.ConnectedNodes.Count < 2 || b.ConnectedNodes.Count < 2)
        {
            await Task.WhenAll(a.ConnectAsync(c.Name, deadline.Token), b.ConnectAsync(c.Name, deadline.Token));
            await Task.WhenAll(a.Global.SyncAsync(), b.Global.SyncAsync(), c.Global.SyncAsync()).WaitAsync(deadline.Token);
        }
        Assert.True(await a.Global.RegisterAsync("again", a.Spawn(Sleep)).WaitAsync(Patience));
        Assert.NotNull(b.Global.WhereIs("again"));
    }

    [Fact]
    public async Task Garbage_and_strangers_names_cost_the_server_nothing()
    {
        var (a, b, _) = await MeetAsync();
        var server = new Atom("global_name_server");
        foreach (var garbage in (string[])
        [
            "[]", "hello", "{in_sync,nobody,true}", "{'$gen_cast',{in_sync,nobody,true}}", "{'$gen_cast',{new_nodes,nobody,[],[],[{nobody,8},nobody2],[]}}",
            "{'$gen_cast',{init_connect,{8,1},nobody,{locker,a,b,c}}}", "{'$gen_cast',{exchange,'a@127.0.0.1',[x|y],[],1}}", "{'$gen_call',{a,b},c}",
            "{'$gen_cast',{new_nodes,'b@127.0.0.1',[{insert,x},{insert,{y,z,w}},{delete,1},2],[3],[4],[5]}}", "{lost_connection,a,b,c,d}",
            "{lost_connection,a,1,1,b}", "{remove_connection,nobody}", "{cancel_connect,'b@127.0.0.1',77}", "{init_connect_ack,'b@127.0.0.1',77,78}",
            "{'$gen_cast',{resolved,'b@127.0.0.1',[],[],x,[],77}}", "{'EXIT',a,b}", "{'DOWN',a,b,c,d}",
        ])
        {
            await b.SendAsync((server, a.Name), Enmesh.Terms.Text.ErlangText.Parse(garbage));
        }

        Assert.True(await b.Global.RegisterAsync("after", b.Spawn(Sleep)).WaitAsync(Patience));
        Assert.NotNull(a.Global.WhereIs("after"));
        Assert.Equal(8, await b.CallAsync((server, a.Name), new Atom("get_protocol_version")));
        Assert.Equal(Term.Nil, await b.CallAsync((server, a.Name), new Atom("get_names_ext")));
    }

    [Fact]
    public async Task A_hidden_node_takes_no_part()
    {
        var hidden = await _cluster.StartAsync("hidden@127.0.0.1");
        var a = await StartAsync("a");
        await hidden.ConnectAsync(a.Name);

        Assert.Throws<InvalidOperationException>(() => hidden.Global);
        await a.Global.SyncAsync().WaitAsync(Patience);
        Assert.Null(hidden.WhereIs("global_name_server"));
    }

    private static Task Sleep(ProcessContext context) => context.ReceiveAsync().AsTask();

    private static async Task SyncedAsync(ErlangNode node, ErlangNode with)
    {
        await UntilAsync(() => node.ConnectedNodes.Contains(with.Name));
        await node.Global.SyncAsync([with.Name]).WaitAsync(Patience);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, "It does not happen.");
            await Task.Delay(5);
        }
    }

    private Task<ErlangNode> StartAsync(string name) => _cluster.StartAsync($"{name}@127.0.0.1", published: true);

    /// <summary>Three nodes that know each other, though only two pairs were connected.</summary>
    private async Task<(ErlangNode, ErlangNode, ErlangNode)> MeetAsync()
    {
        var (a, b, c) = (await StartAsync("a"), await StartAsync("b"), await StartAsync("c"));
        await a.ConnectAsync(b.Name);
        await SyncedAsync(a, b);
        await b.ConnectAsync(c.Name);
        await Task.WhenAll(SyncedAsync(a, c), SyncedAsync(c, a), SyncedAsync(b, c), SyncedAsync(c, b));
        return (a, b, c);
    }
}
