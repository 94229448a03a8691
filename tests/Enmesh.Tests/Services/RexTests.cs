using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>What runs beside what in <c>rex</c>.</summary>
[Trait("Ring", "loopback")]
public sealed class RexTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoopbackCluster _cluster = new();
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await _cluster.StartAsync("rex@127.0.0.1");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Blocking_calls_wait_for_each_other_and_for_nobody_else()
    {
        var begun = new List<string>();
        var doors = new Dictionary<string, TaskCompletionSource> { ["first"] = new(), ["second"] = new() };
        _node.Functions.Export("t", "wait", 1, async (context, arguments) =>
        {
            lock (begun)
                begun.Add(arguments[0].AtomText!);
            await doors[arguments[0].AtomText!].Task;
            return arguments[0];
        });
        var first = _node.Rpc.BlockCallAsync(_node.Name, "t", "wait", [new Atom("first")], Patience);
        var second = _node.Rpc.BlockCallAsync(_node.Name, "t", "wait", [new Atom("second")], Patience);
        doors["second"].SetResult();
        // Who does not ask for it is not held up.
        Assert.Equal("rex", (await CallAsync("call", "erlang", "node", [])).AtomText!.Split('@')[0]);
        lock (begun)
            Assert.DoesNotContain("second", begun);
        doors["first"].SetResult();
        Assert.Equal(["first", "second"], [(await first).AtomText!, (await second).AtomText!]);
        Assert.Equal(["first", "second"], begun);
    }

    [Fact]
    public async Task A_call_whose_process_is_killed_is_answered_all_the_same()
    {
        _node.Functions.Export("t", "die", 0, static async (context, _) =>
        {
            context.SendExit(context.Self, new Atom("kill"));
            return await context.ReceiveAsync();
        });
        Assert.Equal("{badrpc,{'EXIT',killed}}", (await CallAsync("call", "t", "die", [])).ToString());
        Assert.Equal("{badrpc,{'EXIT',killed}}", (await CallAsync("block_call", "t", "die", [])).ToString());
        Assert.Equal("'rex@127.0.0.1'", (await CallAsync("block_call", "erlang", "node", [])).ToString());
    }

    [Fact]
    public async Task Output_wanted_by_the_caller_comes_before_the_result()
    {
        var messages = new List<string>();
        var done = new TaskCompletionSource();
        _node.Functions.Export("t", "print", 0, static async (context, _) =>
        {
            await context.PrintAsync("one\n");
            await using (var output = context.CreateOutput())
            {
                await output.WriteAsync("two");
                await output.WriteLineAsync(" and more");
            }
            return 7;
        });
        _node.Spawn(async context =>
        {
            await context.SendAsync("rex", Term.Tuple(
                context.Self,
                Term.Tuple(
                    new Atom("call"), new Atom("t"), new Atom("print"), Term.Nil, new Atom("send_stdout_to_caller"))));
            do
                messages.Add((await context.ReceiveAsync()).ToString()!);
            while (!messages[^1].StartsWith("{rex,", StringComparison.Ordinal));
            done.SetResult();
        });
        await done.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(["{rex_stdout,<<\"one\\n\">>}", "{rex_stdout,<<\"two and more\\n\">>}", "{rex,7}"], messages);
    }

    private Task<Term> CallAsync(string kind, string module, string function, Term[] arguments) => _node.CallAsync(
        "rex",
        Term.Tuple(new Atom(kind), new Atom(module), new Atom(function), Term.List(arguments), _node.WhereIs("user")!),
        Patience).AsTask();
}
