using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Global;

/// <summary>The example of <c>docs/global.md</c>, run.</summary>
[Trait("Ring", "loopback")]
public sealed class GlobalExamples
{
    private static readonly TaskCompletionSource<Term> Counted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_name_is_registered_and_sent_to_as_shown()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("node@127.0.0.1", published: true);

        var counter = node.Spawn(CountAsync);
        if (!await node.Global.RegisterAsync("counter", counter))
            Console.WriteLine("Somebody else is the counter.");

        await node.Global.SendAsync("counter", 1);          // from any node: global:send(counter, 1)
        Pid? where = node.Global.WhereIs("counter");        // asks nobody

        Assert.Equal(counter, where);
        Assert.Equal(1, (await Counted.Task.WaitAsync(TimeSpan.FromSeconds(30))).Int32);
    }

    private static async Task CountAsync(ProcessContext context)
    {
        Counted.SetResult(await context.ReceiveAsync());
        await context.ReceiveAsync();
    }
}
