using System.Net;
using System.Net.NetworkInformation;
using Enmesh.Cluster;
using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Cluster;

/// <summary>A node that is named by a host name, and is discovered by address.</summary>
[Trait("Ring", "loopback")]
public sealed class SelfCheckTests
{
    private readonly SelfCheck _check = new(
        new FakeConnector(NodeName.Parse("orders@orders-0.orders")) { Port = 4370 }, TimeProvider.System);

    [Theory]
    [InlineData("orders@orders-0.orders", null, null, true)]
    [InlineData("orders@orders-0.orders", "10.255.255.1", 9999, true)]
    [InlineData("orders@127.0.0.1", null, null, true)]
    [InlineData("orders@::1", null, null, true)]
    [InlineData("orders@127.0.0.1", null, 4370, true)]
    [InlineData("orders@127.0.0.1", null, 4371, false)]
    [InlineData("billing@127.0.0.1", null, 4370, false)]
    [InlineData("orders@203.0.113.7", null, null, false)]
    [InlineData("orders@other", "127.0.0.1", null, true)]
    [InlineData("orders@127.0.0.1", "203.0.113.7", null, false)]
    [InlineData("orders@orders-1.orders", null, null, false)]
    public void A_peer_of_our_alive_part_at_an_address_of_this_host_is_ourselves(
        string name, string? address, int? port, bool expected) =>
        Assert.Equal(expected, _check.IsSelf(new DiscoveredPeer(NodeName.Parse(name), address, port)));

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("127.0.0.1,::1", "127.0.0.2", false)]
    [InlineData("127.0.0.1", "::1", true)] // of the other family: nobody else is likely there
    [InlineData("0.0.0.0", "127.0.0.2", true)]
    [InlineData("0.0.0.0", "::1", true)]
    [InlineData("::", "127.0.0.2", true)]
    [InlineData("", "127.0.0.2", true)]
    public void A_peer_of_our_alive_part_at_an_address_where_we_do_not_listen_is_another_node(string listens, string address, bool expected)
    {
        var check = new SelfCheck(
            new FakeConnector(NodeName.Parse("orders@orders-0.orders"))
            {
                Addresses = [.. listens.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)],
            },
            TimeProvider.System);
        Assert.Equal(expected, check.IsSelf(new DiscoveredPeer(NodeName.Parse($"orders@{address}"))));
        Assert.Equal(expected, check.IsSelf(new DiscoveredPeer(NodeName.Parse($"orders@{address}"), null, 4370)));
    }

    [Fact]
    public void The_addresses_of_all_interfaces_are_this_host()
    {
        var addresses = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .ToArray();
        Assert.NotEmpty(addresses);
        foreach (var unicast in addresses)
        {
            // As a name server would give it, without a scope.
            var address = new IPAddress(unicast.Address.GetAddressBytes());
            Assert.True(
                _check.IsSelf(new DiscoveredPeer(NodeName.Parse($"orders@{address}"))), $"{address} is not known.");
        }
    }

    [Fact]
    public void The_name_of_this_host_is_this_host() =>
        Assert.True(_check.IsSelf(new DiscoveredPeer(NodeName.Parse($"orders@{Environment.MachineName}"))));
}
