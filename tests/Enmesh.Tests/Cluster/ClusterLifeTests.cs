using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Telemetry;
using Xunit;
using static Enmesh.Tests.Cluster.ReconcilerBench;

namespace Enmesh.Tests.Cluster;

/// <summary>Joining, links that are cut by rule, and members that do not see each other.</summary>
[Trait("Ring", "pure")]
public sealed class ClusterLifeTests : ClusterBench
{
    [Fact]
    public async Task User_code_waits_until_enough_members_are_there()
    {
        var gate = new TaskCompletionSource();
        Node.Script = (peer, token) => peer.Name == Name(2) ? gate.Task.WaitAsync(token) : Task.CompletedTask;
        var cluster = Cluster(new ClusterOptions { Join = { MinMembers = 3 } }, Finds(1, 2));
        cluster.Start();
        var joining = cluster.JoinAsync();
        await ViewAsync(cluster, view => view.Connected == 1);
        Assert.False(joining.IsCompleted);
        gate.SetResult();
        Assert.Equal(JoinState.Joined, await joining.WaitAsync(FarOff));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wait_that_takes_too_long_ends_as_it_was_told_to(bool fails)
    {
        Node.Script = (_, _) => throw new PeerUnreachableException("10.0.1.1", 4370, UnreachableReason.Refused, "Nobody is at home.");
        var options = new ClusterOptions { Join = { MinMembers = 2, TimeoutFails = fails } };
        var cluster = Cluster(options, Finds(1));
        cluster.Start();
        var joining = cluster.JoinAsync();
        await AdvanceUntilAsync(cluster, view => view.Join == JoinState.TimedOut);
        if (fails)
        {
            var failure = await Assert.ThrowsAsync<JoinTimeoutException>(() => joining.WaitAsync(FarOff));
            Assert.Equal(
                $"{Self} found 1 of 2 members within 60 s, itself included. Missing: {Name(1)} (Tcp: Nobody is at home.).",
                failure.Message);
        }
        else
        {
            Assert.Equal(JoinState.TimedOut, await joining.WaitAsync(FarOff));
        }
    }

    [Fact]
    public async Task Members_that_do_not_see_each_other_are_named_until_they_do()
    {
        var isParted = true;
        Node.Sees = peer => isParted && peer == Name(1) ? [Self, Name(3)] : [Self, .. Node.Connected.Where(node => node != peer)];
        var cluster = Cluster(Finds(1, 2, 3));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 3);
        var view = await AdvanceUntilAsync(cluster, view => view.Parted.Count > 0);
        Assert.Equal([new PartedPair(Name(1), Name(2))], view.Parted);
        isParted = false;
        await AdvanceUntilAsync(cluster, view => view.Parted.IsEmpty);
        await UntilAsync(() => Log.Lines.Any(line => line.Id == EventIds.Reunited));
        var told = Assert.Single(Log.Lines, line => line.Id == EventIds.Parted);
        Assert.EndsWith($"(1): {Name(1)} and {Name(2)}.", told.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_the_rules_no_longer_leave_is_cut()
    {
        PeerSnapshot answer = new PeerSnapshot.Complete([Peer(1), Peer(2)]);
        var polling = new DiscoveryPolling { Interval = TimeSpan.FromSeconds(100), Jitter = 0.1 };
        var options = new ClusterOptions { Removal = PeerRemoval.After, RemovalGrace = TimeSpan.FromSeconds(30) };
        var cluster = Cluster(options, new DiscoverySource("dns", new FakeDiscovery(_ => Task.FromResult(answer)), polling));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 2);
        answer = new PeerSnapshot.Complete([Peer(2)]);
        await AskAgainAsync();
        await ViewAsync(cluster, view => view.Discovered == 1);
        Assert.Equal(2, cluster.View.Connected);
        await AdvanceUntilAsync(cluster, view => view.Connected == 1);
        Assert.Equal([Name(2)], Node.Connected);
        await UntilAsync(() => Log.Lines.Any(line => line.Id == EventIds.PeerCut));
    }

    [Fact]
    public async Task What_was_suspected_of_silent_members_stays_until_one_of_them_tells()
    {
        var isSilent = false;
        var isParted = true;
        Node.Sees = peer =>
            isSilent && peer != Name(3) ? throw new DistributionProtocolException("I say nothing.")
            : isParted && peer == Name(1) ? [Self, Name(3)]
            : [Self, .. Node.Connected.Where(node => node != peer)];
        var cluster = Cluster(Finds(1, 2, 3));
        cluster.Start();
        await ViewAsync(cluster, view => view.Connected == 3);
        await AdvanceUntilAsync(cluster, view => view.Parted.Count > 0);
        isSilent = true;
        var looks = Node.Looks;
        await AdvanceUntilAsync(cluster, _ => Node.Looks > looks + 10);
        Assert.Equal([new PartedPair(Name(1), Name(2))], cluster.View.Parted);
        (isSilent, isParted) = (false, false);
        await AdvanceUntilAsync(cluster, view => view.Parted.IsEmpty);
        Assert.Single(Log.Lines, line => line.Id == EventIds.Parted);
    }
}
