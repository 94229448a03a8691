using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>Nothing that is sent to the node's services ends one of them.</summary>
[Trait("Ring", "loopback")]
public sealed class HostileRequestTests : IAsyncLifetime
{
    private static readonly string[] Services = ["rex", "user", "logger_proxy", "net_kernel"];

    private readonly LoopbackCluster _cluster = new();
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await _cluster.StartAsync("hostile@127.0.0.1");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Garbage_is_passed_over()
    {
        var before = Services.Select(name => _node.WhereIs(name)).ToArray();
        var sink = (Term)_node.Spawn(static context => context.ReceiveAsync(static _ => false).AsTask());
        var parts = new List<Term>
        {
            1, -1, 1.5, Term.Nil, Term.EmptyTuple, Term.CharList("~p~s~999999999c"), Term.Binary(255, 254), sink,
            new Atom("call"), new Atom("user"), new Atom("error"),
            Term.ListWithTail([1], 2), Term.Map((1, 2)), Term.CharList("text"), new Atom("send_stdout_to_caller"),
            long.MaxValue, new BitString(new byte[] { 1 }, 3),
        };
        foreach (var tag in new[] { "call", "block_call", "cast", "sbcast", "send", "features_request", "io_request", "log", "system", "$gen_call", "$gen_cast", "put_chars", "requests", "is_auth" })
        {
            for (var size = 0; size < 5; size++)
            {
                for (var shift = 0; shift < parts.Count; shift++)
                {
                    var inner = Tuple(new Atom(tag), size, shift);
                    await SendAsync(inner);
                    await SendAsync(Term.Tuple(sink, inner));
                    await SendAsync(Term.Tuple(new Atom("$gen_call"), Term.Tuple(sink, shift), inner));
                    await SendAsync(Term.Tuple(new Atom("$gen_cast"), inner));
                    await SendAsync(Term.Tuple(new Atom("io_request"), sink, shift, inner));
                }
            }
        }
        foreach (var meta in
            new[] { "#{time => 99999999999999999}", "#{time => -1}", "#{pid => x, file => [a]}", "#{1 => 2}" })
            await SendAsync(Term.Tuple(new Atom("log"), new Atom("error"), Term.CharList("x"), ErlangText.Parse(meta)));
        // All of it is behind us once each has answered something of the kind it knows.
        Assert.Equal(
            "'hostile@127.0.0.1'", (await _node.Rpc.BlockCallAsync(_node.Name, "erlang", "node", [])).ToString());
        Assert.StartsWith(
            "{status,", (await _node.RpcAsync(_node.Name, "sys", "get_status", [new Atom("logger_proxy"), 60_000])).ToString(),
            StringComparison.Ordinal);
        Assert.Equal("ok", (await _node.RpcAsync(_node.Name, "io", "put_chars", [Term.CharList("")])).ToString());
        Assert.Equal(before, Services.Select(name => _node.WhereIs(name)));

        Term Tuple(Atom tag, int size, int shift) =>
            Term.Tuple([tag, .. Enumerable.Range(shift, size).Select(i => parts[(i * 7) % parts.Count])]);
    }

    [Fact]
    public async Task A_service_that_somebody_kills_comes_back()
    {
        foreach (var name in new[] { "user", "logger_proxy", "rex" })
        {
            var killed = _node.WhereIs(name)!;
            _node.Spawn(context =>
            {
                context.SendExit(killed, new Atom("kill"));
                return Task.CompletedTask;
            });
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (_node.WhereIs(name) is not { } present || present == killed)
                await Task.Delay(5, patience.Token);
        }
        Assert.Equal("ok", (await PrintAsync()).ToString());
        Assert.Equal(
            "'hostile@127.0.0.1'", (await _node.Rpc.BlockCallAsync(_node.Name, "erlang", "node", [])).ToString());

        // A process may have begun with the group leader of before.
        async Task<Term> PrintAsync()
        {
            while (true)
            {
                try
                {
                    return await _node.RpcAsync(_node.Name, "io", "put_chars", [Term.CharList("")]);
                }
                catch (RpcException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
                {
                    await Task.Yield();
                }
            }
        }
    }

    [Fact]
    public async Task The_exceptions_of_Erlang_end_a_process_with_their_reasons()
    {
        var reasons = new List<string>();
        var done = new TaskCompletionSource();
        _node.Spawn(async context =>
        {
            foreach (var error in new[] { ErlangException.Exit(new Atom("out")), ErlangException.Error(new Atom("bad"), Term.List(1)), ErlangException.Throw(new Atom("ball")) })
            {
                context.SpawnMonitor(_ => throw error);
                var down = await context.ReceiveAsync();
                reasons.Add(down.TupleElements[4].TupleElements is [var reason, _] ? reason.ToString() : down.TupleElements[4].ToString());
            }
            done.SetResult();
        });
        await done.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["out", "bad", "{nocatch,ball}"], reasons);
    }

    private async Task SendAsync(Term message)
    {
        foreach (var name in Services)
            await _node.SendAsync(name, message, TestContext.Current.CancellationToken);
    }
}
