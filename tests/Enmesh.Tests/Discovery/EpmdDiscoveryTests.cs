using Enmesh.Discovery;
using Enmesh.Epmd;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

[Trait("Ring", "pure")]
public sealed class EpmdDiscoveryTests
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");

    [Fact]
    public async Task Nodes_of_this_host_bear_its_name_and_nodes_of_others_that_of_theirs()
    {
        var snapshot = await DiscoverAsync(
            ["localhost", "10.0.0.8"],
            host => host == "localhost" ? [new("orders", 4370), new("billing", 4371)] : [new("orders", 4372)]);
        Assert.Equal(
            [("billing@10.0.0.1", 4371), ("orders@10.0.0.1", 4370), ("orders@10.0.0.8", 4372)],
            Assert.IsType<PeerSnapshot.Complete>(snapshot).Peers
                .Select(peer => (peer.Name.Text, peer.Port!.Value))
                .Order());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("LOCALHOST")]
    public async Task Every_way_to_say_this_host_is_understood(string host)
    {
        var snapshot = await DiscoverAsync([host], _ => [new("billing", 4371)]);
        Assert.Equal("billing@10.0.0.1", Assert.Single(Assert.IsType<PeerSnapshot.Complete>(snapshot).Peers).Name.Text);
    }

    [Fact]
    public async Task Without_hosts_this_one_is_asked()
    {
        var asked = new List<string>();
        await DiscoverAsync([], host =>
        {
            asked.Add(host);
            return [];
        });
        Assert.Equal(["localhost"], asked);
    }

    [Fact]
    public async Task A_host_that_does_not_answer_makes_the_answer_incomplete()
    {
        var snapshot = await DiscoverAsync(
            ["h1", "h2"], host => host == "h1" ? [new("a", 1)] : throw Unreachable(host));
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(snapshot);
        Assert.Equal("a@h1", Assert.Single(incomplete.Peers).Name.Text);
        Assert.Equal("No EPMD answers on h2.", incomplete.Reason);
    }

    [Fact]
    public async Task When_no_host_answers_there_is_no_answer()
    {
        var snapshot = await DiscoverAsync(["h1", "h2"], host => throw Unreachable(host));
        Assert.Equal(
            "No EPMD answers on h1. No EPMD answers on h2.",
            Assert.IsType<PeerSnapshot.Unavailable>(snapshot).Cause.Message);
    }

    [Fact]
    public async Task Names_that_no_node_can_have_are_passed_over_and_utf8_is_read()
    {
        var snapshot = await DiscoverAsync(
            ["h"], _ => [new("a b", 1), new("", 2), new("a@b", 3), new(EpmdName.FromBytes("bücher"u8), 4)]);
        Assert.Equal("bücher@h", Assert.Single(Assert.IsType<PeerSnapshot.Complete>(snapshot).Peers).Name.Text);
    }

    [Fact]
    public void Problems_are_named_by_key()
    {
        var options = new EpmdDiscoveryOptions { Hosts = ["ok", "not ok", "::1", "a@b"] };
        Assert.Equal(
            ["Hosts:1", "Hosts:3"], options.Validate().Select(problem => string.Join(':', problem.Split(':').Take(2))));
        Assert.Throws<ArgumentException>(() => new EpmdDiscovery(options));
        Assert.Contains(
            "at most 64",
            Assert.Single(new EpmdDiscoveryOptions { Hosts = [.. Enumerable.Repeat("h", 65)] }.Validate()),
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new EpmdDiscoveryOptions { Port = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EpmdDiscoveryOptions { Port = 65536 });
    }

    [Fact]
    public async Task A_host_that_has_lost_all_its_nodes_is_doubted_at_first()
    {
        var time = new VirtualTime();
        EpmdListing[] second = [new("b", 2)];
        var discovery = new EpmdDiscovery(
            new EpmdDiscoveryOptions { Hosts = ["h1", "h2"] },
            (host, _) => Task.FromResult<IReadOnlyList<EpmdListing>>(host == "h1" ? [new("a", 1)] : second), time);
        async Task<PeerSnapshot> AskAsync() => await discovery.DiscoverAsync(Self, CancellationToken.None);

        Assert.Equal(2, Assert.IsType<PeerSnapshot.Complete>(await AskAsync()).Peers.Count);
        second = [];
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("EPMD on h2 knows no node any more; was it started again?", Assert.IsType<PeerSnapshot.Incomplete>(await AskAsync()).Reason);
            time.Advance(TimeSpan.FromSeconds(10));
        }
        Assert.Equal("a@h1", Assert.Single(Assert.IsType<PeerSnapshot.Complete>(await AskAsync()).Peers).Name.Text);
    }

    private static EpmdException Unreachable(string host) =>
        new(EpmdFailure.Unreachable, host, 4369, $"No EPMD answers on {host}.");

    private static ValueTask<PeerSnapshot> DiscoverAsync(string[] hosts, Func<string, EpmdListing[]> names) =>
        new EpmdDiscovery(
            new EpmdDiscoveryOptions { Hosts = [.. hosts] },
            async (host, _) =>
            {
                await Task.Yield();
                return names(host);
            },
            TimeProvider.System).DiscoverAsync(Self, CancellationToken.None);
}
