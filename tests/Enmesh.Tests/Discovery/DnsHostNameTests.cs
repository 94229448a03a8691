using System.Net;
using Enmesh.Discovery;
using Enmesh.Resolver;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>The strategy <c>dns</c> with host names: the names behind the addresses.</summary>
[Trait("Ring", "pure")]
public sealed class DnsHostNameTests
{
    private const string Domain = "orders.shop.svc.cluster.local";
    private static readonly NodeName Self = NodeName.Parse($"orders@orders-0.{Domain}");
    private readonly ScriptedZone _zone = new();
    private readonly DnsDiscovery _discovery;

    public DnsHostNameTests() => _discovery = new(
        new DnsDiscoveryOptions { Domains = ["orders"], HostPart = DnsHostPart.Name, Port = 4371 }, _zone, new VirtualTime());

    [Theory]
    [InlineData("10.1.2.3", "3.2.1.10.in-addr.arpa.")]
    [InlineData("::ffff:10.1.2.3", "3.2.1.10.in-addr.arpa.")]
    [InlineData("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.")]
    public void The_name_of_an_address_is_as_the_rfcs_have_it(string address, string name) =>
        Assert.Equal(name, ReverseName.Of(IPAddress.Parse(address)));

    [Fact]
    public async Task The_names_behind_the_addresses_are_the_host_parts_and_the_addresses_are_dialled()
    {
        _zone.Addresses("orders", "10.0.0.1 10.0.0.2", owner: Domain);
        _zone.Pointers("1.0.0.10.in-addr.arpa.", $"orders-0.{Domain}");
        _zone.Pointers("2.0.0.10.in-addr.arpa.", $"Orders-1.{Domain}");
        Assert.Equal(
            [
                new DiscoveredPeer(Self, "10.0.0.1", 4371),
                new DiscoveredPeer(NodeName.Parse($"orders@orders-1.{Domain}"), "10.0.0.2", 4371),
            ],
            Assert.IsType<PeerSnapshot.Complete>(await DiscoverAsync()).Peers.OrderBy(peer => peer.Name));
    }

    [Fact]
    public async Task Of_several_names_the_one_below_the_domain_counts_else_the_first_in_the_alphabet()
    {
        _zone.Addresses("orders", "10.0.0.1 10.0.0.2", owner: Domain);
        _zone.Pointers("1.0.0.10.in-addr.arpa.", "a.other.svc.cluster.local", $"orders-0.{Domain.ToUpperInvariant()}", "b.example");
        _zone.Pointers("2.0.0.10.in-addr.arpa.", "web2.example", "web1.example");
        Assert.Equal(
            [$"orders@orders-0.{Domain}", "orders@web1.example"],
            Assert.IsType<PeerSnapshot.Complete>(await DiscoverAsync()).Peers.Select(peer => peer.Name.Text).Order());
    }

    [Fact]
    public async Task A_host_with_two_addresses_is_one_member_dialled_at_the_first()
    {
        _zone.Addresses("orders", "10.0.0.1", "fd00::1", owner: Domain);
        _zone.Pointers("1.0.0.10.in-addr.arpa.", $"orders-0.{Domain}");
        _zone.Pointers(ReverseName.Of(IPAddress.Parse("fd00::1")), $"orders-0.{Domain}");
        Assert.Equal(
            new DiscoveredPeer(Self, "10.0.0.1", 4371),
            Assert.Single(Assert.IsType<PeerSnapshot.Complete>(await DiscoverAsync()).Peers));
    }

    [Fact]
    public async Task An_address_without_a_name_or_whose_question_fails_makes_the_answer_incomplete()
    {
        _zone.Addresses("orders", "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4", owner: Domain);
        _zone.Pointers("1.0.0.10.in-addr.arpa.", $"orders-0.{Domain}");
        _zone.Pointers("3.0.0.10.in-addr.arpa.", "no\\032host.example");
        _zone["4.0.0.10.in-addr.arpa.", DnsType.Ptr] = new DnsAnswer.Failed(DnsProblem.Timeout, "10.0.0.53:53 did not answer within 5 s");
        var incomplete = Assert.IsType<PeerSnapshot.Incomplete>(await DiscoverAsync());
        Assert.Equal(Self, Assert.Single(incomplete.Peers).Name);
        Assert.Equal(
            "10.0.0.2 has no PTR record with a host name, so nobody knows what the node there is called; "
            + "10.0.0.3 has no PTR record with a host name, so nobody knows what the node there is called; "
            + "the look-up of the name of 10.0.0.4 (PTR) failed: 10.0.0.53:53 did not answer within 5 s",
            incomplete.Reason);
    }

    [Fact]
    public async Task A_thousand_addresses_are_asked_for_a_few_at_a_time()
    {
        string[] addresses = [.. Enumerable.Range(0, 1000).Select(i => $"10.1.{i / 250}.{i % 250}")];
        _zone.Addresses("orders", string.Join(' ', addresses), owner: Domain);
        foreach (var (i, address) in addresses.Index())
            _zone.Pointers(ReverseName.Of(IPAddress.Parse(address)), $"orders-{i}.{Domain}");
        var counting = new CountingResolver(_zone);
        var discovery = new DnsDiscovery(
            new DnsDiscoveryOptions { Domains = ["orders"], HostPart = DnsHostPart.Name }, counting, new VirtualTime());
        var found = Assert.IsType<PeerSnapshot.Complete>(await discovery.DiscoverAsync(Self, CancellationToken.None));
        Assert.Equal(1000, found.Peers.Count);
        Assert.InRange(counting.MostAtOnce, 1, 16);
    }

    private ValueTask<PeerSnapshot> DiscoverAsync() => _discovery.DiscoverAsync(Self, CancellationToken.None);

    private sealed class CountingResolver(IDnsResolver inner) : IDnsResolver
    {
        private int _now;

        internal int MostAtOnce { get; private set; }

        public async Task<DnsAnswer> ResolveAsync(string name, DnsType type, CancellationToken cancellationToken)
        {
            var now = Interlocked.Increment(ref _now);
            lock (inner)
                MostAtOnce = Math.Max(MostAtOnce, now);
            try
            {
                return await inner.ResolveAsync(name, type, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _now);
            }
        }
    }
}
