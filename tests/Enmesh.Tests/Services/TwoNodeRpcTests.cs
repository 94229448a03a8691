using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>Two nodes of ours call each other's functions, without a BEAM anywhere.</summary>
[Trait("Ring", "loopback")]
public sealed class TwoNodeRpcTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoopbackCluster _cluster = new();
    private readonly StringWriter _console = new();
    private ErlangNode _caller = null!;
    private ErlangNode _callee = null!;

    public async ValueTask InitializeAsync()
    {
        _caller = await _cluster.StartAsync(
            "caller@127.0.0.1", with: plan => plan with { UserDevice = _ => new WriterDevice(_console) });
        _callee = await _cluster.StartAsync("callee@127.0.0.1");
        _callee.Functions.Export("t", "echo", 1, static (_, arguments) => new(arguments[0]));
        _callee.Functions.Export("t", "fail", 1, static (_, arguments) => throw (arguments[0].AtomText switch
        {
            "throw" => ErlangException.Throw(1),
            "exit" => ErlangException.Exit(2),
            "error" => ErlangException.Error(3),
            _ => new InvalidOperationException("net"),
        }));
        _callee.Functions.Export("t", "print", 0, static async (context, _) =>
        {
            await context.PrintAsync("~s from ~p~n", Term.CharList("hello"), context.Node.Atom);
            return Atoms.Ok;
        });
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Values_and_failures_come_back()
    {
        Assert.Equal(
            "{a,[1]}",
            (await _caller.RpcAsync(_callee.Name, "t", "echo", [Term.Tuple(new Atom("a"), Term.List(1))])).ToString());
        Assert.Equal((ErlangExceptionClass.Throw, "1", false), await FailAsync("throw"));
        Assert.Equal((ErlangExceptionClass.Exit, "2", false), await FailAsync("exit"));
        Assert.Equal((ErlangExceptionClass.Error, "3", false), await FailAsync("error"));
        Assert.Equal(
            (ErlangExceptionClass.Error, "{exception,<<\"System.InvalidOperationException\">>,<<\"net\">>}", false),
            await FailAsync("net"));
    }

    [Fact]
    public async Task The_stack_of_a_failure_leads_to_the_line_that_threw_and_ends_with_the_function_called()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => _caller.RpcAsync(_callee.Name, "t", "fail", [new Atom("net")]));
        var stack = error.Stack.AsList!.Value;
        Assert.Equal("{t,fail,1,[]}", stack[^1].ToString());
        var first = stack[0].TupleElements.ToArray();
        Assert.Contains(nameof(TwoNodeRpcTests), first[0].AtomText, StringComparison.Ordinal);
        Assert.Contains("{file,\"TwoNodeRpcTests.cs\"},{line,", first[3].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(stack, frame => frame.ToString().Contains("FunctionRunner", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_printed_there_appears_here()
    {
        Assert.Equal("ok", (await _caller.RpcAsync(_callee.Name, "t", "print", [])).AtomText);
        Assert.Equal("hello from 'callee@127.0.0.1'\n", _console.ToString());
        await _caller.RpcAsync(_callee.Name, "io", "format", [Term.CharList("~b~n"), Term.List(42)]);
        Assert.EndsWith("\n42\n", _console.ToString(), StringComparison.Ordinal);
        var bad = await Assert.ThrowsAsync<RpcException>(
            () => _caller.RpcAsync(_callee.Name, "io", "format", [Term.CharList("~b~n"), Term.Nil]));
        Assert.Equal("badarg", bad.Reason.AtomText);
    }

    [Fact]
    public async Task Printing_to_nobody_is_an_error_and_does_not_hang()
    {
        var outcome = new TaskCompletionSource<string>();
        var gone = _caller.Spawn(static _ => Task.CompletedTask);
        _caller.Spawn(async context =>
        {
            context.GroupLeader = gone;
            try
            {
                await context.PrintAsync("lost");
            }
            catch (IOException e)
            {
                outcome.SetResult(e.Message);
            }
        });
        Assert.EndsWith(
            "did not print it: {error,terminated}",
            await outcome.Task.WaitAsync(Patience, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_as_console_has_a_line_an_event()
    {
        var keeper = new Lines();
        var device = new LogDevice(keeper);
        device.Write("one\ntw");
        device.Write("o\n\nrest");
        Assert.Equal(["one", "two", ""], keeper.All);
        device.Write(new string('x', 20_000));
        Assert.Equal(16 << 10, keeper.All[^1].Length);
    }

    private async Task<(ErlangExceptionClass Class, string Reason, bool IsSignal)> FailAsync(string how)
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => _caller.RpcAsync(_callee.Name, "t", "fail", [new Atom(how)]));
        Assert.Equal(_callee.Name, error.Node);
        return (error.Class, error.Reason.ToString(), error.IsSignal);
    }

    private sealed class Lines : ILogger
    {
        internal List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
