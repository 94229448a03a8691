using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Processes;

/// <summary>How a body that throws ends its process, and what is said of it.</summary>
[Trait("Ring", "loopback")]
public sealed class CrashTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopbackCluster _cluster = new();
    private readonly LogKeeper _logs = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task An_exception_is_a_reason_with_type_message_and_stack_and_one_entry_in_the_log()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", logs: _logs);
        var other = await _cluster.StartAsync("other@127.0.0.1");
        var process = node.Spawn(CrashAsync, "careless");

        var reason = await ReasonAsync(other, process, () => other.TrySend(process, 1));

        Assert.Equal("exception", reason.TupleElements[0].AtomText);
        Assert.Equal(Term.Binary("System.InvalidOperationException"), reason.TupleElements[1]);
        Assert.Equal(Term.Binary("as intended"), reason.TupleElements[2]);
        Assert.Contains(nameof(CrashAsync), Text(reason.TupleElements[3].AsList!.Value[0]), StringComparison.Ordinal);
        await _logs.UntilAsync("Process careless crashed.");
        Assert.Single(_logs.Lines, line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_cancelled_body_ends_with_shutdown_and_nothing_is_said_of_it_nor_of_exits()
    {
        var node = await _cluster.StartAsync("node@127.0.0.1", logs: _logs);
        foreach (var (body, expected) in new (Func<ProcessContext, Task> Body, string Reason)[]
        {
            (static _ => throw new OperationCanceledException(), "shutdown"),
            (static _ => Task.FromCanceled(new CancellationToken(canceled: true)), "shutdown"),
            (static _ => throw new ProcessExitException(new Atom("enough")), "enough"),
            (static _ => Task.CompletedTask, "normal"),
        })
        {
            var process = node.Spawn(async context =>
            {
                await context.ReceiveAsync();
                await body(context);
            });
            Assert.Equal(expected, (await ReasonAsync(node, process, () => node.TrySend(process, 1))).AtomText);
        }
        Assert.DoesNotContain(_logs.Lines, line => line.Level >= LogLevel.Warning);
    }

    private static async Task CrashAsync(ProcessContext context)
    {
        await context.ReceiveAsync();
        throw new InvalidOperationException("as intended");
    }

    private static async Task<Term> ReasonAsync(ErlangNode watching, Pid process, Func<bool> end)
    {
        var reason = new TaskCompletionSource<Term>(TaskCreationOptions.RunContinuationsAsynchronously);
        watching.Spawn(async context =>
        {
            await context.MonitorAsync(process);
            Assert.True(end());
            reason.SetResult((await context.ReceiveAsync()).TupleElements[4]);
        });
        return await reason.Task.WaitAsync(Patience);
    }

    private static string Text(Term term) => term.TryGetBinary(out var bytes) ? System.Text.Encoding.UTF8.GetString(bytes.Span) : term.ToString()!;
}
