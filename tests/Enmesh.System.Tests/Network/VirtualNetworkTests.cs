using System.Net;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Network;

/// <summary>The virtual network itself, with an Erlang on each host to look from there.</summary>
[Trait("Ring", "system")]
public sealed class VirtualNetworkTests : IAsyncLifetime
{
    private const int Port = 4370;

    private VirtualNetwork _network = null!;
    private BeamNode _a = null!;
    private BeamNode _b = null!;

    public async ValueTask InitializeAsync()
    {
        _network = await VirtualNetwork.CreateAsync("a", "b", "c");
        var nodes = await Task.WhenAll(LookFromAsync("a"), LookFromAsync("b"));
        (_a, _b) = (nodes[0], nodes[1]);
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _network.DisposeAsync();
    }

    [Fact]
    public async Task Hosts_reach_each_other_over_both_protocols_until_they_are_cut_apart()
    {
        await ListenAsync(_b);
        await ListenAsync(_a);

        Assert.Equal("ok", await ConnectAsync(_a, _network["b"].Address));
        Assert.Equal("ok", await ConnectAsync(_a, _network["b"].Address6));
        Assert.Equal("ok", await ConnectAsync(_b, _network["a"].Address));

        await VirtualNetwork.CutAsync(_network["a"], _network["b"]);
        Assert.Equal("timeout", await ConnectAsync(_a, _network["b"].Address));
        Assert.Equal("timeout", await ConnectAsync(_a, _network["b"].Address6));
        Assert.Equal("timeout", await ConnectAsync(_b, _network["a"].Address));
        // Nobody listens on c, and it says so: that link is whole.
        Assert.Equal("econnrefused", await ConnectAsync(_a, _network["c"].Address));

        await VirtualNetwork.HealAsync(_network["a"], _network["b"]);
        Assert.Equal("ok", await ConnectAsync(_a, _network["b"].Address));
        Assert.Equal("ok", await ConnectAsync(_a, _network["b"].Address6));
    }

    [Fact]
    public async Task A_host_whose_cable_is_out_is_not_reached()
    {
        await ListenAsync(_b);

        await _network.UnplugAsync(_network["b"]);
        Assert.NotEqual("ok", await ConnectAsync(_a, _network["b"].Address));

        await _network.PlugAsync(_network["b"]);
        await _a.WaitForAsync($"gen_tcp:connect({Erlang(_network["b"].Address)}, {Port}, [], 1000)", "{ok, _}");
    }

    [Fact]
    public async Task Names_come_from_the_dns_server_of_the_network_and_can_change()
    {
        await using var dns = await DnsServer.StartAsync(_network["c"]);
        await _network["a"].UseDnsAsync(dns);
        await using var node = await LookFromAsync("a");
        await dns.PublishAsync(
            "cluster.enmesh.test", _network["a"].Address, _network["b"].Address, _network["b"].Address6);

        Assert.Equal("[{10,77,0,1},{10,77,0,2}]", await AddressesAsync(node, "inet"));
        Assert.Equal("[{64887,0,0,0,0,0,0,2}]", await AddressesAsync(node, "inet6"));

        await dns.PublishAsync("cluster.enmesh.test");
        Assert.Equal("nxdomain", await AddressesAsync(node, "inet"));
    }

    [Fact]
    public async Task A_host_knows_its_own_name()
    {
        var short_ = await _network["b"].RunAsync("hostname");
        var full = await _network["b"].RunAsync("hostname", "--fqdn");

        Assert.Equal("b", short_.Successful.Trim());
        Assert.Equal("b.enmesh.test", full.Successful.Trim());
        Assert.Equal("{ok,\"b\"}", await _b.EvalAsync("inet:gethostname()"));
    }

    [Fact]
    public async Task Nothing_of_a_network_stays_behind()
    {
        var network = await VirtualNetwork.CreateAsync("x");
        await network.DisposeAsync();

        var left = await ChildProcess.RunAsync(["ip", "netns", "list"]);
        Assert.DoesNotContain(network.Id, left.Successful);
        Assert.DoesNotContain(network.Id, string.Join('\n', Directory.GetDirectories("/etc/netns")));
    }

    private static string Erlang(IPAddress address) => $"element(2, inet:parse_address(\"{address}\"))";

    private static async Task ListenAsync(BeamNode node) => await node.EvalAsync(
        $$"""
          Self = self(),
          spawn(fun() ->
            [{ok, _} = gen_tcp:listen({{Port}}, Options) || Options <- [[inet], [inet6, {ipv6_v6only, true}]]],
            Self ! ready,
            receive stop -> ok end
          end),
          receive ready -> ok end
          """);

    private static Task<string> ConnectAsync(BeamNode node, IPAddress address) => node.EvalAsync(
        $"case gen_tcp:connect({Erlang(address)}, {Port}, [], 1000) of {{ok, _}} -> ok; {{error, Why}} -> Why end");

    private static Task<string> AddressesAsync(BeamNode node, string family) => node.EvalAsync(
        $"case inet:getaddrs(\"cluster.enmesh.test\", {family}) of {{ok, All}} -> lists:sort(All); {{error, Why}} -> Why end");

    private Task<BeamNode> LookFromAsync(string host) =>
        BeamNode.StartAsync(Otp.Newest, new() { Distributed = false, Through = _network[host].Enter });
}
