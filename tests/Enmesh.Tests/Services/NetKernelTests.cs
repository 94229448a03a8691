using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>What <c>net_kernel</c> answers, who may be connected, and which nodes there are.</summary>
[Trait("Ring", "loopback")]
public sealed class NetKernelTests : IAsyncDisposable
{
    private readonly LoopbackCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData("{is_auth, 'a@b'}", "yes")]
    [InlineData("get_state", "#{name => 'asked@127.0.0.1',name_domain => longnames,name_type => static,started => static}")]
    [InlineData("longnames", "true")]
    [InlineData("allowed", "{ok,[]}")]
    [InlineData("ticktime", "60000")]
    [InlineData("{verbose, 1}", "0")]
    [InlineData("{connect, normal, 'asked@127.0.0.1'}", "true")]
    [InlineData("{connect, normal, 'asking@127.0.0.1'}", "true")]
    [InlineData("{connect, normal, 'other@127.0.0.1'}", "false")]
    [InlineData("{disconnect, 'asking@127.0.0.1'}", "false")]
    [InlineData("{allow, ['a@b']}", "{error,refused}")]
    [InlineData("{allow, [\"a\"]}", "error")]
    [InlineData("{new_ticktime, 8000, 60000}", "{error,refused}")]
    [InlineData("{getopts, 'x@y', [nodelay]}", "{error,noconnection}")]
    [InlineData("{setopts, 'asking@127.0.0.1', []}", "{error,enotsup}")]
    [InlineData("{spawn, nomod, nofun, [\"id\"], none}", "{'EXIT',{notsup,[]}}")]
    [InlineData("{spawn_opt, nomod, nofun, [], [], link, none}", "{'EXIT',{notsup,[]}}")]
    [InlineData("{spawn, 1, 2, 3, 4}", "{error,badarg}")]
    [InlineData("{nonsense, 1}", "{error,badarg}")]
    [InlineData("nonsense", "{error,badarg}")]
    [InlineData("{}", "{error,badarg}")]
    [InlineData("1", "{error,badarg}")]
    public async Task Every_request_is_answered_and_what_changes_something_is_refused(string request, string answer)
    {
        var (asked, asking) = (await _cluster.StartAsync("asked@127.0.0.1"), await _cluster.StartAsync("asking@127.0.0.1"));
        await _cluster.StartAsync("other@127.0.0.1");
        await asking.ConnectAsync(asked.Name);
        Assert.Equal(
            answer, (await asking.CallAsync(("net_kernel", asked.Name), ErlangText.Parse(request))).ToString());
        await asking.PingAsync(asked.Name);
    }

    [Fact]
    public async Task A_node_that_is_managed_by_peers_does_what_they_say()
    {
        var asked = await _cluster.StartAsync("asked@127.0.0.1", with: plan => plan with { ManagedByPeers = true });
        var (asking, other) = (await _cluster.StartAsync("asking@127.0.0.1"), await _cluster.StartAsync("other@127.0.0.1"));
        await asking.ConnectAsync(asked.Name);
        async Task<string> AskAsync(string request) =>
            (await asking.CallAsync(("net_kernel", asked.Name), ErlangText.Parse(request))).ToString();

        Assert.Equal("true", await AskAsync("{connect, normal, 'other@127.0.0.1'}"));
        Assert.Equal([asking.Name, other.Name], asked.Nodes(NodeKinds.Connected));
        Assert.Equal("true", await AskAsync("{disconnect, 'other@127.0.0.1'}"));
        Assert.Equal("false", await AskAsync("{disconnect, 'other@127.0.0.1'}"));
        Assert.Equal("false", await AskAsync("{connect, normal, 'nobody@127.0.0.1'}"));
        Assert.Equal("change_initiated", await AskAsync("{new_ticktime, 8000, 60000}"));
        Assert.Equal("{ongoing_change_to,8000}", await AskAsync("{new_ticktime, 9000, 1}"));
        Assert.Equal("{ongoing_change_to,8000}", await AskAsync("ticktime"));
        Assert.Equal("{error,badarg}", await AskAsync("{new_ticktime, 3999, 1}"));
        Assert.Equal("ok", await AskAsync("{allow, ['asking@127.0.0.1']}"));
        Assert.Equal("{ok,['asking@127.0.0.1']}", await AskAsync("allowed"));
        Assert.Equal("false", await AskAsync("{connect, normal, 'other@127.0.0.1'}"));
    }

    [Fact]
    public async Task A_function_that_is_exported_is_spawned_by_the_old_request_and_linked_if_asked_to()
    {
        var (asked, asking) = (await _cluster.StartAsync("asked@127.0.0.1"), await _cluster.StartAsync("asking@127.0.0.1"));
        asked.Functions.Export("shop", "serve", 1, async (context, arguments) =>
        {
            await context.SendAsync(arguments[0].Pid!, new Atom("served"));
            return await context.ReceiveAsync();
        });
        var heard = new TaskCompletionSource<(Term Served, Term Exit)>();
        asking.Spawn(async context =>
        {
            context.TrapExit = true;
            var request = Term.Tuple(
                new Atom("spawn_link"), new Atom("shop"), new Atom("serve"), Term.List(context.Self),
                context.GroupLeader);
            var process = (await context.CallAsync(("net_kernel", asked.Name), request)).Pid!;
            var served = await context.ReceiveAsync();
            context.SendExit(process, new Atom("kill"));
            heard.SetResult((served, (await context.ReceiveAsync()).TupleElements[2]));
        });
        var (said, reason) = await heard.Task.WaitAsync(
            TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(("served", "killed"), (said.AtomText, reason.AtomText));
    }

    [Fact]
    public async Task Only_allowed_nodes_and_hosts_are_connected_whoever_dials_and_links_that_are_up_stay()
    {
        var guarded = await _cluster.StartAsync(
            "guarded@127.0.0.1", with: plan => plan with { AllowedNodes = ["friend@127.0.0.1"] });
        var (friend, stranger) = (await _cluster.StartAsync("friend@127.0.0.1"), await _cluster.StartAsync(
            "stranger@127.0.0.2"));

        await friend.ConnectAsync(guarded.Name);
        var refused = await Assert.ThrowsAsync<HandshakeException>(() => stranger.ConnectAsync(guarded.Name));
        Assert.Equal(HandshakeFailure.NotAllowed, refused.Failure);
        refused = await Assert.ThrowsAsync<HandshakeException>(() => guarded.ConnectAsync(stranger.Name));
        Assert.Equal(HandshakeFailure.NotAllowed, refused.Failure);

        Assert.Throws<ArgumentException>(() => guarded.Allow("127.0.0.2", "a@b@c"));
        guarded.Allow("127.0.0.2");
        Assert.Equal(["127.0.0.2", "friend@127.0.0.1"], guarded.AllowedNodes);
        await guarded.ConnectAsync(stranger.Name);

        friend.Allow("nobody@127.0.0.1");
        await friend.PingAsync(guarded.Name);
        await friend.DisconnectAsync(guarded.Name);
        await Assert.ThrowsAsync<HandshakeException>(() => friend.ConnectAsync(guarded.Name));
    }

    [Fact]
    public async Task Nodes_are_listed_and_watched_by_kind()
    {
        var one = await _cluster.StartAsync("one@127.0.0.1", published: true);
        var (visible, hidden) = (await _cluster.StartAsync(
            "visible@127.0.0.1", published: true), await _cluster.StartAsync("hidden@127.0.0.1"));
        await one.ConnectAsync(visible.Name);
        await using var changes = one.WatchNodesAsync(
            NodeTypes.All).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(visible.Name, true, null), changes.Current);
        await hidden.ConnectAsync(one.Name);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(hidden.Name, true, null), changes.Current);

        Assert.Equal([visible.Name], one.Nodes());
        Assert.Equal([hidden.Name], one.Nodes(NodeKinds.Hidden));
        Assert.Equal([hidden.Name, visible.Name], one.Nodes(NodeKinds.Connected));
        Assert.Equal([hidden.Name, one.Name, visible.Name], one.Nodes(NodeKinds.Known));
        Assert.Equal([hidden.Name, one.Name], one.Nodes(NodeKinds.This | NodeKinds.Hidden));
        Assert.Empty(hidden.Nodes());
        Assert.Equal([one.Name], hidden.Nodes(NodeKinds.Hidden));

        await one.DisconnectAsync(visible.Name);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(visible.Name, false, "disconnect"), changes.Current);
        await hidden.DisconnectAsync(one.Name);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new NodeChange(hidden.Name, false, "connection_closed"), changes.Current);
    }

    [Fact]
    public async Task The_net_ticktime_changes_at_run_time_within_its_bounds()
    {
        var time = new VirtualTime();
        var node = await _cluster.StartAsync("one@127.0.0.1", timeProvider: time);
        Assert.Equal(TimeSpan.FromSeconds(60), node.NetTickTime);
        Assert.Equal(NetTickTimeChange.Initiated, node.SetNetTickTime(TimeSpan.FromSeconds(8)));
        Assert.Equal(NetTickTimeChange.Ongoing, node.SetNetTickTime(TimeSpan.FromSeconds(9)));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(NetTickTimeChange.Unchanged, node.SetNetTickTime(TimeSpan.FromSeconds(8)));
        Assert.Equal(TimeSpan.FromSeconds(8), node.NetTickTime);
        Assert.Throws<ArgumentOutOfRangeException>(() => node.SetNetTickTime(TimeSpan.FromSeconds(3)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => node.SetNetTickTime(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public async Task A_service_that_a_peer_kills_is_there_again()
    {
        var (asked, asking) = (await _cluster.StartAsync("asked@127.0.0.1"), await _cluster.StartAsync("asking@127.0.0.1"));
        await asking.ConnectAsync(asked.Name);
        var before = asked.WhereIs("net_kernel")!;
        var down = new TaskCompletionSource();
        asking.Spawn(async context =>
        {
            await context.MonitorAsync(before);
            context.SendExit(before, new Atom("kill"));
            await context.ReceiveAsync();
            down.SetResult();
        });
        await down.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (asked.WhereIs("net_kernel") is null)
            await Task.Delay(5, patience.Token);
        Assert.NotEqual(before, asked.WhereIs("net_kernel"));
        await asking.PingAsync(asked.Name);
    }
}
