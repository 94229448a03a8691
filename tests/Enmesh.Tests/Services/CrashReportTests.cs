using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>Who hears of it when a function fails that was spawned.</summary>
[Trait("Ring", "loopback")]
public sealed class CrashReportTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopbackCluster _cluster = new();
    private readonly LogKeeper _callersLog = new();
    private readonly LogKeeper _log = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task The_node_of_the_one_who_spawned_it_logs_it_once()
    {
        var caller = await _cluster.StartAsync("caller@127.0.0.1", logs: _callersLog);
        var node = await StartAsync();
        await Assert.ThrowsAsync<RpcException>(() => caller.RpcAsync(node.Name, "t", "fail", [new Atom("error")]));
        await Assert.ThrowsAsync<RpcException>(() => caller.RpcAsync(node.Name, "t", "fail", [new Atom("exit")]));
        foreach (var how in new[] { "exit", "error", "throw", "net" })
            await SpawnAndAwaitAsync(caller, node, "fail", new Atom(how));
        await SpawnAndAwaitAsync(caller, node, "nothing");
        await caller.Rpc.CastAsync(node.Name, "t", "fail", [new Atom("last")]);

        await _callersLog.UntilAsync("last_of_all");
        var told = _callersLog.Lines.Where(line => line.Level == LogLevel.Error)
            .Select(line => line.Text.Replace("\n ", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal))
            .ToList();
        Assert.All(told, text => Assert.Matches(
            @"^Errorinprocess#Pid<called@127\.0\.0\.1\d+\.\d+/\w+>onnode'called@127\.0\.0\.1'withexitvalue:\n", text));
        Assert.Collection(
            told,
            text => Assert.Contains("{oops,[{", text, StringComparison.Ordinal),
            text => Assert.Contains("{{nocatch,ball},", text, StringComparison.Ordinal),
            text => Assert.Contains("InvalidOperationException", text, StringComparison.Ordinal),
            text => Assert.Contains("{undef,[{t,nothing,[],[]}]}", text, StringComparison.Ordinal),
            text => Assert.Contains("{{exception,{last_of_all,", text, StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task What_a_node_spawns_on_itself_is_logged_there()
    {
        var node = await StartAsync();
        await SpawnAndAwaitAsync(node, node, "fail", new Atom("exit"));
        await SpawnAndAwaitAsync(node, node, "fail", new Atom("error"));
        var line = Assert.Single(_log.Lines, line => line.Level >= LogLevel.Error).Text;
        Assert.Matches(@"^Process #Pid<called@127\.0\.0\.1 \d+\.\d+/\w+>, which was spawned to run a function, has failed: \{oops,\[", line);
    }

    private async Task<ErlangNode> StartAsync()
    {
        var node = await _cluster.StartAsync("called@127.0.0.1", logs: _log);
        node.Functions.Export("t", "fail", 1, static (_, arguments) => throw (arguments[0].AtomText switch
        {
            "throw" => ErlangException.Throw(new Atom("ball")),
            "exit" => ErlangException.Exit(new Atom("out")),
            "error" => ErlangException.Error(new Atom("oops")),
            "last" => ErlangException.Error(new Atom("last_of_all")),
            _ => new InvalidOperationException("net"),
        }));
        return node;
    }

    private static async Task SpawnAndAwaitAsync(
        ErlangNode caller, ErlangNode node, string function, params Term[] arguments)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        caller.Spawn(async context =>
        {
            await context.SpawnAsync(node.Name, "t", function, arguments, new() { Monitor = true });
            await context.ReceiveAsync();
            ended.SetResult();
        });
        await ended.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }
}
