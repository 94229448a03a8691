using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>User code that blocks every thread of the pool does not cost the node its peers.</summary>
[Trait("Ring", "interop")]
[Collection(nameof(StarvedPoolTests))]
public sealed class StarvedPoolTests
{
    private const int Blockers = 3000;

    [Fact]
    public async Task Peers_are_answered_while_user_code_blocks_every_thread()
    {
        await using var pair = await Pair.StartAsync(Otp.Newest);
        using var release = new ManualResetEventSlim();
        var (answered, starved) = (default(Term), false);
        var ready = new TaskCompletionSource();
        pair.Node.Spawn(context =>
        {
            // One of the node's own services, as net_kernel is one: it alone still runs, and opens the gate.
            context.Spawn(
                async service =>
                {
                    answered = await service.ReceiveAsync();
                    starved = ThreadPool.PendingWorkItemCount > 0;
                    release.Set();
                },
                new SpawnOptions { Name = new Atom("gate"), IsSystem = true });
            ready.SetResult();
            return Task.CompletedTask;
        });
        await ready.Task;
        await pair.Node.PingAsync(pair.BeamName);
        await pair.Beam.EvalAsync(
            $$"""
            register(prober, spawn(fun() ->
              receive go -> ok end,
              {gate, '{{pair.Node.Name}}'} ! [net_adm:ping('{{pair.Node.Name}}') || _ <- lists:seq(1, 20)]
            end))
            """);

        for (var i = 0; i < Blockers; i++)
        {
            pair.Node.Spawn(_ =>
            {
                release.Wait();
                return Task.CompletedTask;
            });
        }
        // This goes out although no thread is left to flush it, and what follows needs none either.
        Assert.True(pair.Node.TrySend(("prober", pair.BeamName), new Atom("go")));
        Assert.True(release.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken), "No answer came out of the starved node.");

        Assert.True(starved);
        Assert.Equal(Enumerable.Repeat((Term)new Atom("pong"), 20), answered.AsList!.Value);
        Assert.Equal([pair.BeamName], pair.Node.ConnectedNodes);
    }
}

/// <summary>Alone: nothing else in the process can run meanwhile.</summary>
[CollectionDefinition(nameof(StarvedPoolTests), DisableParallelization = true)]
public sealed class Alone;
