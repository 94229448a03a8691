using System.Net;
using Enmesh.Discovery;
using Enmesh.Resolver;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Discovery;

/// <summary>The node's own host part, as a name server knows it.</summary>
[Trait("Ring", "pure")]
public sealed class OwnHostTests
{
    private const string Service = "_dist._tcp.orders";
    private readonly VirtualTime _time = new();
    private readonly ScriptedZone _zone = new();

    [Fact]
    public async Task It_is_the_target_whose_address_is_ours()
    {
        _zone.Services(Service, (0, 4370, "A.example"), (0, 4370, "b.example"));
        _zone.Addresses("a.example.", "10.0.0.1");
        _zone.Addresses("b.example.", "10.0.0.2", "fd00::2");
        Assert.Equal("a.example", await FindAsync("10.0.0.1"));
        Assert.Equal("b.example", await FindAsync("fd00::2"));
    }

    [Fact]
    public async Task Our_port_decides_among_several_targets_at_our_address()
    {
        _zone.Services(Service, (0, 4370, "a.example"), (0, 4371, "b.example"));
        _zone.Addresses("a.example.", "10.0.0.1");
        _zone.Addresses("b.example.", "10.0.0.1");
        Assert.Equal("b.example", await FindAsync("10.0.0.1", port: 4371));
        Assert.Equal(
            $"The host part of this node's name is not to be had: several targets of {Service} have an address of this node (10.0.0.1), but none its port, 4372. It was asked for during 0 s.",
            (await Assert.ThrowsAsync<DiscoveryException>(() => FindAsync("10.0.0.1", port: 4372))).Message);
        Assert.Contains(
            $"the targets a.example, b.example of {Service} all have an address of this node (10.0.0.1); give it its name in full.",
            (await Assert.ThrowsAsync<DiscoveryException>(() => FindAsync("10.0.0.1"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_asked_for_again_until_it_is_there()
    {
        _zone.Asked = question =>
        {
            // A pod's records come a while after it has started.
            if (question == 4)
            {
                _zone.Services(Service, (0, 4370, "a.example"));
                _zone.Addresses("a.example.", "10.0.0.1");
            }
        };
        var finding = FindAsync("10.0.0.1", patience: TimeSpan.FromSeconds(60));
        while (!finding.IsCompleted)
        {
            // Only while it waits, so that it asks once a second however slow its thread is.
            if (_time.ArmedTimers > 0)
                _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.Equal("a.example", await finding);
    }

    [Fact]
    public async Task When_it_is_not_there_the_node_says_what_is_there_instead()
    {
        Assert.Contains($"there is no name {Service}.", await ProblemAsync("10.0.0.9"), StringComparison.Ordinal);
        _zone[Service, DnsType.Srv] = new DnsAnswer.NoData();
        Assert.Contains($"{Service} has no SRV records.", await ProblemAsync("10.0.0.9"), StringComparison.Ordinal);
        _zone[Service, DnsType.Srv] = new DnsAnswer.Failed(DnsProblem.Timeout, "10.0.0.53:53 did not answer within 5 s");
        Assert.Contains(
            $"the look-up of {Service} (SRV) failed: 10.0.0.53:53 did not answer within 5 s.", await ProblemAsync("10.0.0.9"), StringComparison.Ordinal);
        _zone.Services(Service, (0, 4370, "a.example"), (0, 4370, "b.example"));
        _zone.Addresses("a.example.", "10.0.0.1");
        Assert.Contains(
            $"{Service} leads to a.example (10.0.0.1), b.example (none), and none of these addresses is this node's (10.0.0.9).",
            await ProblemAsync("10.0.0.9"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_name_behind_our_address_can_be_taken_instead()
    {
        _zone.Pointers("1.0.0.10.in-addr.arpa.", "Web1.example");
        Assert.Equal("web1.example", await FindAsync("10.0.0.1", source: "ptr"));
        _zone.Pointers("1.0.0.10.in-addr.arpa.", "web1.example", "shop.example");
        Assert.Contains("several names, web1.example, shop.example;", await ProblemAsync("10.0.0.1", "ptr"), StringComparison.Ordinal);
        Assert.Contains("no PTR record names this node's addresses (10.0.0.2).", await ProblemAsync("10.0.0.2", "ptr"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("srv:_dist._tcp.orders", null)]
    [InlineData("SRV:orders.example.", null)]
    [InlineData("ptr", null)]
    [InlineData("dns:orders", "'dns:orders' is neither 'ptr' nor 'srv:' with a name behind it")]
    [InlineData("srv:", "The name is empty.")]
    [InlineData("srv:or ders", "'or ders' has a character")]
    public void The_setting_is_read_or_refused_with_a_reason(string text, string? problem)
    {
        Assert.Equal(problem is null, OwnHostSource.TryParse(text, out _, out var said));
        Assert.StartsWith(problem ?? "", said ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void It_goes_with_the_first_part_of_a_name_alone()
    {
        var options = new ErlangNodeOptions { Name = "orders@web1.example", HostFrom = "somewhere" };
        Assert.Equal(
            ["HostFrom: 'somewhere' is neither", "HostFrom: the name 'orders@web1.example' has a host"],
            options.Validate().Select(problem => string.Join(' ', problem.Split(' ').Take(problem.Contains("neither", StringComparison.Ordinal) ? 4 : 7))));
    }

    private async Task<string> ProblemAsync(string own, string source = $"srv:{Service}") =>
        (await Assert.ThrowsAsync<DiscoveryException>(() => FindAsync(own, source: source))).Message;

    private Task<string> FindAsync(string own, int? port = null, TimeSpan patience = default, string source = $"srv:{Service}")
    {
        Assert.True(OwnHostSource.TryParse(source, out var parsed, out var problem), problem);
        return new OwnHost(_zone, [IPAddress.Parse(own)], port, _time).FindAsync(parsed, patience, CancellationToken.None);
    }
}
