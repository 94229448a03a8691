using Enmesh.Cluster;
using Enmesh.Discovery;
using Microsoft.Extensions.Logging;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>Strategies, loggers and watchers of others that misbehave cost the cluster nothing.</summary>
[Trait("Ring", "pure")]
public sealed class FaultTests : ClusterBench
{
    [Fact]
    public async Task A_logger_that_throws_does_not_end_the_reconnecting()
    {
        await using var cluster = new ClusterMembership(Node, [Finds(1)], new ClusterOptions(), Time, new ThrowingLogger());
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 1);
        Node.LinkDown(Name(1));
        await ViewAsync(cluster, view => view.Connected == 0);
        await AdvanceUntilAsync(cluster, view => view.Connected == 1);
    }

    [Fact]
    public async Task A_strategy_that_throws_when_it_is_told_to_stop_is_asked_again()
    {
        var answers = 0;
        var stubborn = new FakeDiscovery(async token =>
        {
            if (Interlocked.Increment(ref answers) > 1)
                return new PeerSnapshot.Complete([Peer(1)]);
            token.Register(static () => throw new InvalidOperationException("oops"));
            await Task.Delay(Timeout.Infinite, token);
            return null!;
        });
        var cluster = Cluster(new DiscoverySource(
            "stubborn", stubborn, new DiscoveryPolling { Timeout = TimeSpan.FromSeconds(2), Interval = TimeSpan.FromSeconds(5) }));
        cluster.Start();
        await UntilAsync(() => stubborn.Asked == 1);
        await AdvanceUntilAsync(cluster, view => view.Connected == 1);
    }

    [Fact]
    public async Task A_strategy_that_throws_at_the_end_does_not_keep_whoever_waits()
    {
        var stubborn = new FakeDiscovery(async token =>
        {
            token.Register(static () => throw new InvalidOperationException("oops"));
            await Task.Delay(Timeout.Infinite, token);
            return null!;
        });
        var cluster = Cluster(new DiscoverySource("stubborn", stubborn));
        cluster.Start();
        await UntilAsync(() => stubborn.Asked == 1);
        var waiting = cluster.WaitForAsync(static _ => false);
        await cluster.DisposeAsync().AsTask().WaitAsync(FarOff);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(FarOff));
    }

    [Theory]
    [InlineData(null, 70_000, "The port of orders@10.0.1.1, 70000, is none.")]
    [InlineData("", 4370, "The address of orders@10.0.1.1 is none")]
    public async Task What_no_peer_can_have_is_the_strategys_failure(string? address, int port, string problem)
    {
        var cluster = Cluster(new DiscoverySource("odd", new FakeDiscovery(new PeerSnapshot.Complete([Peer(1, address, port)]))));
        cluster.Start();
        var view = await ViewAsync(cluster, view => view.Sources[0].State == SourceState.Failing);
        Assert.StartsWith(problem, view.Sources[0].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_without_measure_is_bounded_and_told()
    {
        var flood = Enumerable.Range(0, 10_001).Select(i => new DiscoveredPeer(NodeName.Parse($"x{i}@10.0.0.9"))).ToArray();
        Node.Script = (_, token) => Task.Delay(Timeout.Infinite, token);
        var cluster = Cluster(new DiscoverySource("flood", new FakeDiscovery(new PeerSnapshot.Complete(flood))));
        cluster.Start();
        var view = await ViewAsync(cluster, view => view.Sources[0].State == SourceState.Partial);
        Assert.Equal((10_000, "it names 10001 peers; more than 10000 are not taken"), (view.Discovered, view.Sources[0].Problem));
    }

    [Fact]
    public void An_attempt_of_which_nobody_knows_any_more_gives_its_place_back()
    {
        var bench = new ReconcilerBench();
        var dial = bench.Complete(1).Dials()[0].Dial;
        bench.Do(new ReconcilerEvent.Tick([], new HashSet<long> { dial }));
        Assert.Equal(MemberState.Dialing, bench.Member(1).State);

        bench.Do(new ReconcilerEvent.Tick([], new HashSet<long>()));
        Assert.Equal((MemberState.Backoff, "The attempt was lost."), (bench.Member(1).State, bench.Member(1).LastFailure?.Message));
        bench.Pass(10);
        Assert.Equal([Name(1)], bench.Wake().Dialled());
    }

    [Theory]
    [InlineData(PeerStage.Tcp)]
    [InlineData(PeerStage.Name)] // somebody else has the old address by now
    public void Who_moves_while_it_is_dialled_is_judged_by_its_new_address(PeerStage stage)
    {
        var bench = new ReconcilerBench();
        var dial = bench.CompleteFrom(0, Peer(1, "10.0.1.1")).Dials()[0].Dial;
        bench.CompleteFrom(0, Peer(1, "10.0.9.9"));

        var effects = bench.Failed(dial, stage);
        Assert.DoesNotContain(effects.Events(), e => e is ClusterEvent.WrongIdentity);
        bench.Pass(bench.Options.MinBackoff);
        Assert.Equal("10.0.9.9", Assert.Single(bench.Wake().Dials()).Peer.Address);
    }

    [Fact]
    public void Emptiness_is_believed_when_it_is_said_in_a_row()
    {
        var bench = new ReconcilerBench();
        bench.Complete(1);
        bench.Complete();
        bench.Pass(3600);
        bench.Unavailable();
        bench.Complete();
        bench.Complete();
        Assert.Equal(1, bench.View.Discovered);
        bench.Pass(30);
        bench.Complete();
        Assert.Equal(0, bench.View.Discovered);
    }

    [Fact]
    public void The_time_without_an_answer_neither_makes_forgotten_nor_keeps_from_it()
    {
        var bench = new ReconcilerBench(new ClusterOptions { ForgetAfter = TimeSpan.FromMinutes(10) });
        bench.Complete(1, 2);
        bench.Incomplete(1);
        bench.Pass(300);
        bench.Incomplete(1);
        bench.Unavailable();
        bench.Pass(3600);
        bench.Incomplete(1);
        Assert.Equal(2, bench.View.Discovered);
        bench.Pass(299);
        bench.Incomplete(1);
        Assert.Equal(2, bench.View.Discovered);
        bench.Pass(1);
        bench.Incomplete(1);
        Assert.Equal(1, bench.View.Discovered);
    }

    private sealed class ThrowingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("no room on the disk");
    }
}
