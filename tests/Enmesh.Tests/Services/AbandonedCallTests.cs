using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>
/// A function whose caller waits no longer is told so, whatever way it was called by. (By <c>erpc</c>: see the tests of
/// modules.)
/// </summary>
[Trait("Ring", "loopback")]
public sealed class AbandonedCallTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopbackCluster _cluster = new();
    private readonly TaskCompletionSource<Pid> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ErlangNode _caller = null!;
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _caller = await _cluster.StartAsync("caller@127.0.0.1");
        _node = await _cluster.StartAsync("called@127.0.0.1");
        _node.Functions.Export("t", "wait", 0, async (context, _) =>
        {
            _begun.SetResult(context.Self);
            await Task.WhenAny(_mayEnd.Task, Task.Delay(Timeout.InfiniteTimeSpan, context.Abandoned));
            if (context.Abandoned.IsCancellationRequested)
                _abandoned.SetResult();
            return Atoms.Ok;
        });
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_caller_that_gives_up_is_noticed(bool byRex, bool fromHere)
    {
        using var stop = new CancellationTokenSource();
        var rpc = (fromHere ? _node : _caller).Rpc;
        var call = byRex
            ? rpc.BlockCallAsync(_node.Name, "t", "wait", [], Timeout.InfiniteTimeSpan, stop.Token)
            : rpc.CallAsync(_node.Name, "t", "wait", [], Timeout.InfiniteTimeSpan, stop.Token);
        await _begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _abandoned.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Time_that_is_over_is_noticed()
    {
        var node = await _cluster.StartAsync("short@127.0.0.1");
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Functions.Export("t", "told", 0, async (context, _) =>
        {
            using var told = context.Abandoned.Register(ended.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.Abandoned);
            return Atoms.Ok;
        });
        await Assert.ThrowsAsync<TimeoutException>(
            () => node.Rpc.CallAsync(node.Name, "t", "told", [], TimeSpan.FromMilliseconds(1)));
        // It may not have begun in that time: then the token is cancelled when it does.
        await ended.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_link_to_a_caller_by_rex_is_noticed(bool asPlainMessage)
    {
        var call = asPlainMessage ? AskPlainlyAsync() : BlockCallAsync();
        await _begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _caller.DisconnectAsync(_node.Name);
        await _abandoned.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        if (!asPlainMessage)
            Assert.Equal("noconnection", (await call).AtomText);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_is_awaited_to_its_end_is_not_told_anything(bool asPlainMessage)
    {
        var call = asPlainMessage ? AskPlainlyAsync() : BlockCallAsync();
        await _begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        // Somebody else's link and call have nothing to do with it.
        var other = await _cluster.StartAsync("other@127.0.0.1");
        await other.ConnectAsync(_node.Name);
        await other.DisconnectAsync(_node.Name);
        await Assert.ThrowsAsync<RpcException>(() => _node.Rpc.CallAsync(_node.Name, "t", "nothing", []));
        _mayEnd.SetResult();
        Assert.Equal("ok", (await call.WaitAsync(Patience, TestContext.Current.CancellationToken)).AtomText);
        Assert.False(_abandoned.Task.IsCompleted);
    }

    private async Task<Term> BlockCallAsync()
    {
        try
        {
            return await _caller.Rpc.BlockCallAsync(_node.Name, "t", "wait", [], Timeout.InfiniteTimeSpan);
        }
        catch (CallExitException e)
        {
            return e.Reason;
        }
    }

    // As erl_call and other C nodes do, which have no monitors.
    private async Task<Term> AskPlainlyAsync()
    {
        await _caller.ConnectAsync(_node.Name);
        var answer = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        _caller.Spawn(async context =>
        {
            var call = Term.Tuple(new Atom("call"), new Atom("t"), new Atom("wait"), Term.Nil, new Atom("user"));
            await context.SendAsync(("rex", _node.Name), Term.Tuple(context.Self, call));
            var message = await context.ReceiveAsync();
            answer.SetResult(message.TupleElements is [_, var result] ? result : message);
        });
        return await answer.Task;
    }
}
