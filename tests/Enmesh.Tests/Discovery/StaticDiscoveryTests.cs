using Enmesh.Discovery;
using Xunit;

namespace Enmesh.Tests.Discovery;

[Trait("Ring", "pure")]
public sealed class StaticDiscoveryTests
{
    private static readonly NodeName Self = NodeName.Parse("orders@10.0.0.1");

    [Theory]
    [InlineData("orders@10.0.0.7", "orders@10.0.0.7", null)]
    [InlineData("orders@10.0.0.7:4371", "orders@10.0.0.7", 4371)]
    [InlineData("orders@host", "orders@host", null)]
    [InlineData("orders@host.example:1", "orders@host.example", 1)]
    [InlineData("orders@fd00::7", "orders@fd00::7", null)]
    [InlineData("orders@[fd00::7]", "orders@fd00::7", null)]
    [InlineData("orders@[fd00::7]:65535", "orders@fd00::7", 65535)]
    public async Task A_member_is_a_name_with_or_without_a_port(string text, string name, int? port)
    {
        var snapshot = await new StaticDiscovery(new StaticDiscoveryOptions { Peers = [text] }).DiscoverAsync(
            Self, CancellationToken.None);
        Assert.Equal(
            new DiscoveredPeer(NodeName.Parse(name), Port: port),
            Assert.Single(Assert.IsType<PeerSnapshot.Complete>(snapshot).Peers));
    }

    [Theory]
    [InlineData("orders", "no node name")]
    [InlineData("@host", "no node name")]
    [InlineData("orders@", "no node name")]
    [InlineData("a@b@c", "no node name")]
    [InlineData("orders@host:", "no port")]
    [InlineData("orders@host:0", "no port")]
    [InlineData("orders@host:65536", "no port")]
    [InlineData("orders@host:+1", "no port")]
    [InlineData("orders@host:x", "no port")]
    [InlineData("orders@:4370", "no node name")]
    [InlineData("orders@fd00::7:x", "brackets")]
    [InlineData("orders@[fd00::7", "alive@[address]:port")]
    [InlineData("orders@[fd00::7]4370", "alive@[address]:port")]
    [InlineData("orders@[fd00::7]:", "no port")]
    [InlineData("", "no node name")]
    public void What_is_no_member_is_named_with_its_key(string text, string words)
    {
        var options = new StaticDiscoveryOptions { Peers = ["a@b", text] };
        var problem = Assert.Single(options.Validate());
        Assert.StartsWith("Peers:1: ", problem, StringComparison.Ordinal);
        Assert.Contains(words, problem, StringComparison.Ordinal);
        Assert.Equal(
            problem,
            Assert.Throws<ArgumentException>(() => new StaticDiscovery(options)).Message.Split(" (Parameter", 2)[0]);
    }

    [Fact]
    public void All_problems_are_named_at_once()
    {
        Assert.StartsWith(
            "Peers: there is none", Assert.Single(new StaticDiscoveryOptions().Validate()), StringComparison.Ordinal);
        Assert.Equal(2, new StaticDiscoveryOptions { Peers = ["x", "a@b:1", "a@b:1", "a@b:2"] }.Validate().Count);
    }

    [Fact]
    public async Task Whoever_is_listed_twice_alike_is_one_member_and_later_changes_of_the_list_do_not_count()
    {
        var options = new StaticDiscoveryOptions { Peers = ["a@b:1", "a@b:1"] };
        var discovery = new StaticDiscovery(options);
        options.Peers.Clear();
        Assert.Single(
            Assert.IsType<PeerSnapshot.Complete>(await discovery.DiscoverAsync(Self, CancellationToken.None)).Peers);
    }
}
