using Enmesh.Discovery;
using Enmesh.Resolver;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

[Trait("Ring", "pure")]
public sealed class DnsSrvDiscoveryTests
{
    private const string Service = "_dist._tcp.orders";
    private static readonly NodeName Self = NodeName.Parse("orders@a.example");
    private readonly VirtualTime _time = new();
    private readonly ScriptedZone _zone = new();

    [Fact]
    public async Task The_target_is_the_host_part_and_the_port_is_the_distribution_port()
    {
        _zone.Services(Service, (0, 4370, "a.example"), (0, 4371, "B.Example"), (0, 0, "c.example"));
        Assert.Equal(
            [Peer("a.example", port: 4370), Peer("b.example", port: 4371), Peer("c.example")],
            Complete(await DiscoverAsync(Options())));
    }

    [Fact]
    public async Task Several_targets_on_one_host_are_several_members()
    {
        _zone.Services(Service, (0, 4370, "x.example"), (0, 4371, "y.example"));
        _zone.Addresses("x.example.", "10.0.0.1");
        _zone.Addresses("y.example.", "10.0.0.1");
        Assert.Equal(
            [Peer("x.example", port: 4370), Peer("y.example", port: 4371)], Complete(await DiscoverAsync(Options())));
    }

    [Fact]
    public async Task The_addresses_of_the_targets_can_be_the_host_parts()
    {
        _zone.Services(Service, (0, 4370, "a.example"), (0, 4371, "b.example"));
        _zone.Addresses("a.example.", "10.0.0.1", "fd00::1");
        _zone.Addresses("b.example.", "10.0.0.2");
        var options = Options();
        options.HostPart = DnsHostPart.Address;
        Assert.Equal(
            [Peer("10.0.0.1", port: 4370), Peer("10.0.0.2", port: 4371), Peer("fd00::1", port: 4370)],
            Complete(await DiscoverAsync(options)));
        options.Families = DnsAddressFamilies.IPv6;
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(options));
        Assert.Equal(Peer("fd00::1", port: 4370), Assert.Single(incomplete.Peers));
        Assert.Equal("the target b.example has no address", incomplete.Reason);
    }

    [Fact]
    public async Task Servers_of_its_own_are_asked_for_the_addresses_of_the_targets_as_well()
    {
        _zone.Services(Service, (0, 4370, "a.example"), (0, 4371, "b.example"));
        _zone.Addresses("a.example.", "10.0.0.1", "fd00::1");
        _zone["b.example.", DnsType.A] = new DnsAnswer.Failed(DnsProblem.ServerFailure, "10.0.0.53:53 answered SERVFAIL");
        var options = new DnsSrvDiscoveryOptions { Domains = [Service], Servers = ["10.0.0.53"] };
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(options));
        Assert.Equal(
            [Peer("a.example", "10.0.0.1", 4370), Peer("b.example", port: 4371)],
            incomplete.Peers.OrderBy(peer => peer.Name));
        Assert.Equal("the look-up of the address of b.example failed: 10.0.0.53:53 answered SERVFAIL", incomplete.Reason);
    }

    [Fact]
    public async Task A_port_of_the_options_outweighs_the_records()
    {
        _zone.Services(Service, (0, 80, "a.example"), (0, 443, "a.example"));
        var options = Options();
        options.Port = 4370;
        options.Alive = "billing";
        Assert.Equal(
            [new DiscoveredPeer(NodeName.Parse("billing@a.example"), null, 4370)], Complete(await DiscoverAsync(options)));
    }

    [Fact]
    public async Task The_best_priority_decides_among_the_ports_of_a_target_and_a_tie_is_said()
    {
        _zone.Services(Service, (1, 4371, "a.example"), (0, 4370, "a.example"), (0, 8080, "b.example"), (0, 4370, "b.example"));
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(Options()));
        Assert.Equal([Peer("a.example", port: 4370), Peer("b.example")], incomplete.Peers.OrderBy(peer => peer.Name));
        Assert.StartsWith("b.example has the ports 4370 and 8080, and nothing says which", incomplete.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("absent", "there is no such name")]
    [InlineData("nodata", "it has no SRV records")]
    [InlineData("root", "it has no SRV records")]
    public async Task An_empty_answer_is_incomplete_until_it_was_given_often_and_long_enough(string kind, string words)
    {
        if (kind == "nodata")
            _zone[Service, DnsType.Srv] = new DnsAnswer.NoData();
        else if (kind == "root")
            _zone.Services(Service, (0, 0, ""));
        var discovery = new DnsSrvDiscovery(Options(), _zone, _time);
        for (var i = 1; i <= 6; i++)
        {
            var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await discovery.DiscoverAsync(Self, CancellationToken.None));
            Assert.Empty(incomplete.Peers);
            Assert.Equal($"{Service} is empty: {words} (believed after 3 such answers and 30 s; so far {i})", incomplete.Reason);
            _time.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Empty(Complete(await discovery.DiscoverAsync(Self, CancellationToken.None)));
    }

    [Fact]
    public async Task A_failed_question_is_no_answer_and_beside_a_good_one_an_incomplete_one()
    {
        _zone["one", DnsType.Srv] = new DnsAnswer.Failed(DnsProblem.Timeout, "10.0.0.53:53 did not answer within 5 s");
        var options = new DnsSrvDiscoveryOptions { Domains = ["one"] };
        Assert.Equal(
            "the look-up of one (SRV) failed: 10.0.0.53:53 did not answer within 5 s",
            Assert.IsType<PeerSnapshot.Unavailable>(await DiscoverAsync(options)).Cause.Message);
        _zone.Services(Service, (0, 4370, "a.example"));
        options.Domains.Add(Service);
        Assert.Equal(
            Peer("a.example", port: 4370),
            Assert.Single(Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(options)).Peers));
    }

    [Fact]
    public async Task A_target_that_is_no_host_name_is_left_out_and_named()
    {
        _zone.Services(Service, (0, 4370, "two\\032words.example"), (0, 4370, "a.example"));
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(Options()));
        Assert.Equal(Peer("a.example", port: 4370), Assert.Single(incomplete.Peers));
        Assert.Contains("'two\\032words.example', which is no host name", incomplete.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_say_what_is_wrong_and_give_an_example_of_their_own() => Assert.Equal(
        "Domains: there is none. Name at least one, as in _dist._tcp.orders-headless.",
        Assert.Single(new DnsSrvDiscoveryOptions().Validate()));

    private static DnsSrvDiscoveryOptions Options() => new() { Domains = [Service] };

    private static DiscoveredPeer Peer(string host, string? address = null, int? port = null) =>
        new(NodeName.Parse($"orders@{host}"), address, port);

    private static IEnumerable<DiscoveredPeer> Complete(PeerSnapshot snapshot) =>
        Assert.IsType<PeerSnapshot.Complete>(snapshot).Peers.OrderBy(peer => peer.Name);

    private ValueTask<PeerSnapshot> DiscoverAsync(DnsSrvDiscoveryOptions options) =>
        new DnsSrvDiscovery(options, _zone, _time).DiscoverAsync(Self, CancellationToken.None);
}
