using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Telemetry;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>The reconciler with its sources, its clock and a node without a network around it.</summary>
[Trait("Ring", "pure")]
public sealed class ClusterMembershipTests : ClusterBench
{
    [Fact]
    public async Task Discovered_peers_become_connected_and_the_view_and_the_events_say_so()
    {
        var cluster = Cluster(Finds(1, 2));
        var events = cluster.WatchAsync().GetAsyncEnumerator();
        cluster.Start();
        var view = await ViewAsync(cluster, view => view.Connected == 2);
        Assert.Equal((Self, 2, 2), (view.Self, view.Discovered, view.Expected));
        Assert.Equal([Name(1), Name(2)], view.Members.Select(member => member.Name));
        var seen = new List<ClusterEvent>();
        while (seen.Count < 4 && await events.MoveNextAsync().AsTask().WaitAsync(FarOff))
            seen.Add(events.Current);
        Assert.Equal(
            ["PeerDiscovered 1", "PeerDiscovered 2", "PeerUp 1", "PeerUp 2"],
            seen.Select(e => e is ClusterEvent.PeerUp up ? $"PeerUp {up.Peer.Text[^1]}" : $"PeerDiscovered {((ClusterEvent.PeerDiscovered)e).Peer.Text[^1]}").Order(StringComparer.Ordinal));
        await events.DisposeAsync();
    }

    [Fact]
    public async Task A_dead_peer_delays_nobody()
    {
        var never = new TaskCompletionSource();
        Node.Script = (peer, token) => peer.Name == Name(1) ? never.Task.WaitAsync(token) : Task.CompletedTask;
        var cluster = Cluster(Finds(1, 2, 3, 4));
        cluster.Start();
        var view = await ViewAsync(cluster, view => view.Connected == 3);
        Assert.Equal(MemberState.Dialing, view.Members[0].State);
    }

    [Fact]
    public async Task An_attempt_that_never_ends_is_given_up_and_tried_again()
    {
        var never = new TaskCompletionSource();
        Node.Script = (_, token) => never.Task.WaitAsync(token);
        var cluster = Cluster(Finds(1));
        cluster.Start();
        await ViewAsync(cluster, view => view.Members.Any(member => member.State == MemberState.Dialing));
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(30));
        await AdvanceUntilAsync(cluster, view => view.Members[0].LastFailure is not null);
        Assert.Contains("given up after 30 s", cluster.View.Members[0].LastFailure!.Message, StringComparison.Ordinal);
        Node.Script = null;
        await AdvanceUntilAsync(cluster, view => view.Connected == 1);
    }

    [Fact]
    public async Task A_lost_peer_is_dialled_again_within_a_second()
    {
        var cluster = Cluster(Finds(1));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 1);
        Node.LinkDown(Name(1));
        var view = await ViewAsync(cluster, view => view.Connected == 0);
        Assert.Equal(PeerStage.Tick, view.Members[0].LastFailure!.Stage);
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1));
        Assert.Single(Node.Dialled);
        Time.Advance(TimeSpan.FromSeconds(1));
        await ViewAsync(cluster, view => view.Connected == 1);
        Assert.Equal(2, Node.Dialled.Count);
    }

    [Fact]
    public async Task A_loss_that_nobody_told_is_found_by_the_next_tick()
    {
        var cluster = Cluster(Finds(1));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 1);
        var events = cluster.WatchAsync();
        Node.LinkDown(Name(1), notice: false);
        await AdvanceUntilAsync(cluster, _ => Node.Dialled.Count == 2);
        await ViewAsync(cluster, view => view.Connected == 1);
        await cluster.DisposeAsync();
        var seen = await events.ToListAsync();
        Assert.Equal(Name(1), Assert.IsType<ClusterEvent.PeerDown>(seen[0]).Peer);
        Assert.Equal(new ClusterEvent.PeerUp(Name(1)), Assert.Single(seen.Skip(1)));
    }

    [Fact]
    public async Task Each_failure_is_shown_with_its_stage()
    {
        var failures = new (Exception Thrown, PeerStage Stage)[]
        {
            (new PeerUnreachableException("h", 1, UnreachableReason.NameNotFound, "no such name"), PeerStage.Dns),
            (new PeerUnreachableException("h", 1, UnreachableReason.Refused, "refused"), PeerStage.Tcp),
            (new EpmdException(EpmdFailure.UnknownNode, "h", 4369, "not registered"), PeerStage.Epmd),
            (new TlsException(TlsFailure.Expired, "expired"), PeerStage.Tls),
            (new HandshakeException(HandshakeFailure.NameMismatch, null, "another name"), PeerStage.Name),
            (new HandshakeException(HandshakeFailure.NotAllowed, null, "not allowed"), PeerStage.NotAllowed),
            (new HandshakeException(HandshakeFailure.CookieMismatch, null, "another cookie"), PeerStage.Cookie),
            (new HandshakeException(HandshakeFailure.MissingFlags, null, "no maps"), PeerStage.Flags),
            (new HandshakeException(HandshakeFailure.Malformed, null, "garbage"), PeerStage.Handshake),
            (new InvalidOperationException("a defect"), PeerStage.Other),
        };
        Node.Script = (peer, _) => throw failures[int.Parse(peer.Name.Host.AsSpan("10.0.1.".Length), System.Globalization.CultureInfo.InvariantCulture) - 1].Thrown;
        var cluster = Cluster(Finds([.. Enumerable.Range(1, failures.Length)]));
        cluster.Start();
        var view = await ViewAsync(
            cluster,
            view => view.Members.Length == failures.Length
                && view.Members.All(member => member.LastFailure is not null));
        Assert.Equal(
            failures.Select((failure, i) => (Name(i + 1), failure.Stage, failure.Thrown.Message))
                .OrderBy(failure => failure.Item1),
            view.Members.Select(member => (member.Name, member.LastFailure!.Stage, member.LastFailure.Message)));
    }

    [Fact]
    public async Task Giving_way_to_the_attempt_of_the_peer_is_not_logged()
    {
        Node.Script = (_, _) => throw new HandshakeException(
            HandshakeFailure.AlreadyConnecting, Name(1), "the peer's own attempt goes ahead");
        var cluster = Cluster(Finds(1));
        cluster.Start();
        await ViewAsync(cluster, view => view.Members.Any(member => member.State == MemberState.Backoff));
        Assert.DoesNotContain(Log.Lines, line => line.Id == EventIds.DialFailed);
        Node.LinkUp(Name(1));
        await ViewAsync(cluster, view => view.Connected == 1);
    }

    [Fact]
    public async Task A_source_is_asked_again_after_its_interval_with_jitter()
    {
        var source = new FakeDiscovery(new PeerSnapshot.Complete([Peer(1)]));
        var cluster = Cluster(new DiscoverySource(
            "dns", source, new DiscoveryPolling { Interval = TimeSpan.FromSeconds(100), Jitter = 0.1 }));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 1);
        for (var round = 1; round <= 5; round++)
        {
            Assert.Equal(round, source.Asked);
            await AskAgainAsync();
            await UntilAsync(() => source.Asked == round + 1);
        }
    }

    [Fact]
    public async Task A_source_that_does_not_answer_in_time_fails_and_is_asked_again_only_when_it_has_stopped()
    {
        var stubborn = new TaskCompletionSource<PeerSnapshot>();
        var source = new FakeDiscovery(_ => stubborn.Task);
        var cluster = Cluster(new DiscoverySource("dns", source));
        cluster.Start();
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(30));
        Time.Advance(TimeSpan.FromSeconds(30));
        var view = await ViewAsync(cluster, view => view.Sources[0].State == SourceState.Failing);
        Assert.Equal("it did not answer within 30 s", view.Sources[0].Problem);
        await AdvanceUntilAsync(
            cluster, view => view.Sources[0].Problem!.Contains("has not stopped yet", StringComparison.Ordinal));
        await UntilAsync(() => source.Asked == 1);
        stubborn.SetResult(new PeerSnapshot.Complete([Peer(1)]));
        await AdvanceUntilAsync(cluster, view => view.Connected == 1);
        Assert.True(source.Asked > 1);
    }

    [Fact]
    public async Task A_source_is_told_to_stop_at_its_time_out()
    {
        var told = new TaskCompletionSource();
        var source = new FakeDiscovery(async token =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            catch (OperationCanceledException)
            {
                told.SetResult();
            }
            return null!;
        });
        var cluster = Cluster(new DiscoverySource("dns", source));
        cluster.Start();
        await Time.TimerDueInAsync(TimeSpan.FromSeconds(30));
        Time.Advance(TimeSpan.FromSeconds(30));
        await told.Task.WaitAsync(FarOff);
        await ViewAsync(cluster, view => view.Sources[0].State == SourceState.Failing);
    }

    [Fact]
    public async Task Whatever_a_strategy_does_wrong_is_its_failure_and_the_others_go_on()
    {
        var bad = new Func<CancellationToken, Task<PeerSnapshot>>[]
        {
            _ => throw new InvalidOperationException("thrown at once"),
            async _ => { await Task.Yield(); throw new TimeoutException("thrown later"); },
            _ => Task.FromResult<PeerSnapshot>(null!),
            _ => Task.FromResult<PeerSnapshot>(new PeerSnapshot.Complete(null!)),
            _ => Task.FromResult<PeerSnapshot>(new PeerSnapshot.Complete([null!])),
            _ => throw new OperationCanceledException("its own business"),
        };
        var cluster = Cluster(
            [.. bad.Select((script, i) => new DiscoverySource($"bad{i}", new FakeDiscovery(script))), Finds(1)]);
        cluster.Start();
        var view = await ViewAsync(
            cluster, view => view.Connected == 1 && view.Sources.All(source => source.State != SourceState.Starting));
        Assert.All(view.Sources[..^1], source => Assert.Equal(SourceState.Failing, source.State));
        Assert.Equal("thrown at once", view.Sources[0].Problem);
        Assert.Equal("thrown later", view.Sources[1].Problem);
        await UntilAsync(() => Log.Lines.Count(line => line.Id == EventIds.SourceFailing) == 6);
    }

    [Fact]
    public async Task A_strategy_that_blocks_its_thread_holds_up_nobody()
    {
        using var gate = new ManualResetEventSlim();
        var cluster = Cluster(new DiscoverySource("bad", new FakeDiscovery(_ =>
        {
            gate.Wait(CancellationToken.None);
            return Task.FromResult<PeerSnapshot>(new PeerSnapshot.Complete([]));
        })), Finds(1));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 1);
        gate.Set();
    }

    [Fact]
    public async Task Failing_and_recovering_are_logged_once_each()
    {
        PeerSnapshot answer = new PeerSnapshot.Complete([Peer(1)]);
        var polling = new DiscoveryPolling { Interval = TimeSpan.FromSeconds(100), Jitter = 0.1 };
        var cluster = Cluster(new DiscoverySource("dns", new FakeDiscovery(_ => Task.FromResult(answer)), polling));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 1);
        answer = new PeerSnapshot.Unavailable(new DiscoveryException("10.0.0.10:53 did not answer within 5 s"));
        for (var failures = 1; failures <= 4; failures++)
        {
            await AskAgainAsync();
            await ViewAsync(cluster, view => view.Sources[0].Failures == failures);
        }
        answer = new PeerSnapshot.Complete([Peer(1)]);
        await AskAgainAsync();
        await ViewAsync(cluster, view => view.Sources[0].State == SourceState.Healthy);
        await UntilAsync(() => Log.Lines.Count >= 3);
        Assert.Equal(
            [EventIds.PeerDiscovered, EventIds.SourceFailing, EventIds.SourceRecovered], Log.Lines.Select(line => line.Id));
        Assert.Contains("10.0.0.10:53 did not answer within 5 s", Log.Lines[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_ends_attempts_questions_streams_and_waits()
    {
        var never = new TaskCompletionSource();
        Node.Script = (_, token) => never.Task.WaitAsync(token);
        var asking = new FakeDiscovery(
            token => Task.Delay(Timeout.Infinite, token).ContinueWith<PeerSnapshot>(_ => null!, TaskScheduler.Default));
        var cluster = Cluster(Finds(1), new DiscoverySource("slow", asking));
        cluster.Start();
        await ViewAsync(cluster, view => view.Members.Length == 1);
        var waiting = cluster.WaitForAsync(view => view.Connected == 1);
        var events = cluster.WatchAsync().GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        await cluster.DisposeAsync().AsTask().WaitAsync(FarOff);
        Assert.False(await next.WaitAsync(FarOff));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(FarOff));
        Assert.Empty(await cluster.WatchAsync().ToListAsync());
        await events.DisposeAsync();
    }

    [Fact]
    public async Task A_stopped_cluster_was_perhaps_never_started()
    {
        var cluster = Cluster(Finds(1));
        await cluster.DisposeAsync();
        Assert.Empty(cluster.View.Members);
    }

    [Fact]
    public async Task A_flood_of_notices_loses_no_truth()
    {
        var cluster = Cluster();
        cluster.Start();
        await ViewAsync(cluster, _ => true);
        for (var i = 0; i < 20_000; i++)
        {
            Node.LinkUp(Name(i % 50));
            if (i % 3 != 0)
                Node.LinkDown(Name(i % 50));
        }
        var expected = Node.Connected.Order().ToArray();
        Assert.NotEmpty(expected);
        await AdvanceUntilAsync(cluster, view =>
            view.Members.Where(member => member.State == MemberState.Up)
                .Select(member => member.Name)
                .SequenceEqual(expected));
    }

    [Fact]
    public void Two_sources_of_one_name_and_bad_options_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Cluster(Finds(1), Finds(2)));
        var options = new ClusterOptions { MinBackoff = TimeSpan.FromSeconds(20) };
        Assert.Contains(
            "MinBackoff",
            Assert.Throws<ArgumentException>(() => new ClusterMembership(Node, [], options, Time, Log)).Message,
            StringComparison.Ordinal);
    }
}
