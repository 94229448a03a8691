using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Processes;

/// <summary>
/// Two nodes and what the tests of processes need: bodies that report, and partners here or over a link.
/// </summary>
public abstract class ProcessBench : IAsyncLifetime
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoopbackCluster _cluster = new();

    private protected ErlangNode Node { get; private set; } = null!;

    private protected ErlangNode Other { get; private set; } = null!;

    private protected VirtualTime Time { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Node = await _cluster.StartAsync("node@127.0.0.1", timeProvider: Time);
        Other = await _cluster.StartAsync("other@127.0.0.1", timeProvider: Time);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _cluster.DisposeAsync();
    }

    /// <summary>Where a partner lives: in the same node, or over a link.</summary>
    private protected ErlangNode Place(bool remote) => remote ? Other : Node;

    /// <summary>Runs a body and gives what it has noted.</summary>
    private protected async Task<List<Term>> RunAsync(Func<ProcessContext, List<Term>, Task> body)
    {
        var done = new TaskCompletionSource<List<Term>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Node.Spawn(async context =>
        {
            var result = new List<Term>();
            try
            {
                await body(context, result);
                done.SetResult(result);
            }
#pragma warning disable CA1031 // handed to the test
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        return await done.Task.WaitAsync(Patience);
    }

    /// <summary>Waits for messages that nobody sends: lives until an exit signal ends it.</summary>
    private protected static async Task IdleAsync(ProcessContext context)
    {
        while (true)
            await context.ReceiveAsync();
    }

    /// <summary>Exits with what it is sent.</summary>
    private protected static async Task ExitWithMessageAsync(ProcessContext context) =>
        throw new ProcessExitException(await context.ReceiveAsync());

    /// <summary>The reason in <c>{'EXIT', From, Reason}</c> or <c>{'DOWN', _, _, _, Reason}</c>.</summary>
    private protected static Term ReasonOf(Term message) => message.TupleElements[^1];

    private protected static Term Atom(string name) => new Atom(name);
}
