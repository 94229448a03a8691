using Enmesh.Discovery;
using Enmesh.Resolver;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

[Trait("Ring", "pure")]
public sealed class DnsDiscoveryTests
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");
    private readonly VirtualTime _time = new();
    private readonly ScriptedZone _zone = new();

    [Fact]
    public async Task Every_address_of_every_domain_is_a_member()
    {
        Put("one", "10.0.0.1 10.0.0.2", "fd00::2");
        Put("two", "10.0.0.2 10.0.0.3", "");
        Assert.Equal(
            "orders@10.0.0.1 orders@10.0.0.2 orders@10.0.0.3 orders@fd00::2",
            Names(Assert.IsType<PeerSnapshot.Complete>(await DiscoverAsync(Domains("one", "two"))).Peers));
    }

    [Fact]
    public async Task The_name_before_the_at_and_the_port_can_be_given()
    {
        Put("one", "10.0.0.2", "");
        var options = Domains("one");
        options.Alive = "billing";
        options.Port = 4371;
        var peer = Assert.Single(Assert.IsType<PeerSnapshot.Complete>(await DiscoverAsync(options)).Peers);
        Assert.Equal(new DiscoveredPeer(NodeName.Parse("billing@10.0.0.2"), null, 4371), peer);
    }

    [Theory]
    [InlineData(DnsAddressFamilies.IPv4, "orders@10.0.0.2")]
    [InlineData(DnsAddressFamilies.IPv6, "orders@fd00::2")]
    public async Task One_family_alone_can_be_asked_for(DnsAddressFamilies families, string expected)
    {
        Put("one", "10.0.0.2", "fd00::2");
        var other = families == DnsAddressFamilies.IPv4 ? DnsType.Aaaa : DnsType.A;
        _zone["one", other] = new DnsAnswer.Failed(DnsProblem.Timeout, "is not to be asked for");
        var options = Domains("one");
        options.Families = families;
        Assert.Equal(expected, Names(Assert.IsType<PeerSnapshot.Complete>(await DiscoverAsync(options)).Peers));
    }

    [Fact]
    public async Task A_failed_question_makes_the_answer_incomplete_and_says_which()
    {
        Put("one", "10.0.0.2", "");
        Put("two", "10.0.0.3", "");
        _zone["two", DnsType.Aaaa] = new DnsAnswer.Failed(DnsProblem.ServerFailure, "10.0.0.53:53 answered SERVFAIL");
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(Domains("one", "two")));
        Assert.Equal("orders@10.0.0.2 orders@10.0.0.3", Names(incomplete.Peers));
        Assert.Equal("the look-up of two (AAAA) failed: 10.0.0.53:53 answered SERVFAIL", incomplete.Reason);
    }

    [Fact]
    public async Task When_all_questions_fail_there_is_no_answer()
    {
        _zone["one", DnsType.A] = _zone["one", DnsType.Aaaa] = new DnsAnswer.Failed(
            DnsProblem.Timeout, "10.0.0.53:53 did not answer within 5 s");
        var unavailable = Assert.IsType<PeerSnapshot.Unavailable>(await DiscoverAsync(Domains("one")));
        Assert.Equal(
            "the look-up of one (A, AAAA) failed: 10.0.0.53:53 did not answer within 5 s", unavailable.Cause.Message);
    }

    [Theory]
    [InlineData(typeof(DnsAnswer.NoSuchName), "there is no such name")]
    [InlineData(typeof(DnsAnswer.NoData), "it has no addresses")]
    public async Task An_empty_answer_is_incomplete_until_it_was_given_often_and_long_enough(Type kind, string words)
    {
        _zone["one", DnsType.A] = _zone["one", DnsType.Aaaa] = (DnsAnswer)Activator.CreateInstance(kind)!;
        var discovery = Discovery(Domains("one"));
        for (var i = 1; i <= 6; i++)
        {
            var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(
                await discovery.DiscoverAsync(Self, CancellationToken.None));
            Assert.Empty(incomplete.Peers);
            Assert.Equal(
                $"one is empty: {words} (believed after 3 such answers and 30 s; so far {i})", incomplete.Reason);
            _time.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Empty(
            Assert.IsType<PeerSnapshot.Complete>(await discovery.DiscoverAsync(Self, CancellationToken.None)).Peers);

        Put("one", "10.0.0.2", "");
        Assert.Single(
            Assert.IsType<PeerSnapshot.Complete>(await discovery.DiscoverAsync(Self, CancellationToken.None)).Peers);
        _zone.Clear();
        Assert.IsType<PeerSnapshot.Incomplete>(await discovery.DiscoverAsync(Self, CancellationToken.None));
    }

    [Fact]
    public async Task Time_alone_does_not_make_an_empty_answer_believed()
    {
        var discovery = Discovery(Domains("one"));
        for (var i = 0; i < 2; i++)
        {
            Assert.IsType<PeerSnapshot.Incomplete>(await discovery.DiscoverAsync(Self, CancellationToken.None));
            _time.Advance(TimeSpan.FromHours(1));
        }
        Assert.IsType<PeerSnapshot.Complete>(await discovery.DiscoverAsync(Self, CancellationToken.None));
    }

    [Fact]
    public async Task One_empty_domain_among_others_makes_the_answer_incomplete()
    {
        Put("one", "10.0.0.2", "");
        Assert.Equal(
            "orders@10.0.0.2",
            Names(Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(Domains("one", "two"))).Peers));
    }

    [Fact]
    public async Task The_address_that_is_none_counts_as_empty()
    {
        Put("one", "0.0.0.0", "::");
        Assert.Contains(
            "one is empty", Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync(Domains("one"))).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_named_at_once_by_key()
    {
        var options = new DnsDiscoveryOptions
        {
            Domains = ["orders", "or ders", "", "bücher.example"],
            Alive = "a@b",
            Servers = ["10.0.0.53", "[fd00::53]:5353", "fd00::53", "53", "dns.example", "10.0.0.53:99999"],
        };
        Assert.Equal(
            ["Domains:1", "Domains:2", "Domains:3", "Alive", "Servers:3", "Servers:4", "Servers:5"],
            options.Validate().Select(problem => problem[..problem.IndexOf(": ", StringComparison.Ordinal)]));
        Assert.Contains(
            "Servers:4", Assert.Throws<ArgumentException>(() => new DnsDiscovery(options)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Domains: there is none", Assert.Single(new DnsDiscoveryOptions().Validate()), StringComparison.Ordinal);
        Assert.Contains(
            "at most 16",
            Assert.Single(new DnsDiscoveryOptions { Domains = [.. Enumerable.Repeat("x", 17)] }.Validate()),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Servers_have_port_53_unless_they_say_otherwise()
    {
        var options =
            new DnsDiscoveryOptions { Servers = ["10.0.0.53", "10.0.0.53:5353", "fd00::53", "[fd00::53]:5353"] };
        Assert.Equal(
            ["10.0.0.53:53", "10.0.0.53:5353", "[fd00::53]:53", "[fd00::53]:5353"], options.ReadServers().Select(
                server => server.ToString()));
    }

    [Fact]
    public void Values_out_of_bounds_are_refused_where_they_are_set()
    {
        var options = new DnsDiscoveryOptions();
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Port = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Port = 65536);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Families = (DnsAddressFamilies)3);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.EmptyConfirmations = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.EmptyAge = TimeSpan.FromSeconds(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Interval = TimeSpan.FromMilliseconds(99));
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Jitter = 1.01);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Jitter = double.NaN);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Timeout = TimeSpan.FromMinutes(6));
    }

    private static DnsDiscoveryOptions Domains(params string[] domains) => new() { Domains = [.. domains] };

    private static string Names(IEnumerable<DiscoveredPeer> peers) =>
        string.Join(' ', peers.Select(peer => peer.Name).Order());

    private void Put(string domain, string v4, string v6) => _zone.Addresses(domain, v4, v6);

    private DnsDiscovery Discovery(DnsDiscoveryOptions options) => new(options, _zone, _time);

    private ValueTask<PeerSnapshot> DiscoverAsync(DnsDiscoveryOptions options) =>
        Discovery(options).DiscoverAsync(Self, CancellationToken.None);
}
