using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>The code of docs/rpc.md.</summary>
[Trait("Ring", "loopback")]
public sealed class RpcExamples
{
    [Fact]
    public async Task An_exported_function_is_called()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("shop@127.0.0.1");
        var caller = await cluster.StartAsync("till@127.0.0.1");
        var prices = new Dictionary<string, int> { ["apple"] = 3 };

        node.Functions.Export("shop", "price", 1, async (context, arguments) =>
        {
            if (arguments[0].AtomText is not { } item)
                throw ErlangException.BadArgument();
            await context.PrintAsync("somebody asks for ~p~n", arguments[0]);   // on the caller's terminal
            return prices[item];
        });

        Assert.Equal(3, (await caller.RpcAsync(node.Name, "shop", "price", [new Atom("apple")])).Int32);
        var error = await Assert.ThrowsAsync<RpcException>(() => caller.RpcAsync(node.Name, "shop", "price", [7]));
        Assert.Equal("badarg", error.Reason.AtomText);
    }

    [Fact]
    public async Task A_process_shows_its_state()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("shop@127.0.0.1");
        var caller = await cluster.StartAsync("till@127.0.0.1");
        var count = 7;
        node.Spawn(
            async context =>
            {
                while (true)
                {
                    var message = await context.ReceiveAsync();
                    if (SystemRequest.TryRead(message, out var system))
                        system.Answer(context, new Atom("counter"), count);
                }
            },
            "counter");

        Assert.Equal(7, (await caller.RpcAsync(node.Name, "sys", "get_state", [new Atom("counter")])).Int32);
    }
}
