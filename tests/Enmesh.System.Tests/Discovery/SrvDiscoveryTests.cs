using System.Security.Cryptography;
using System.Text.Json;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Discovery;

/// <summary>
/// Nodes on hosts of their own that are named by SRV or PTR records, and nodes that tell each other by IPv6 multicast.
/// </summary>
[Trait("Ring", "system")]
public sealed class SrvDiscoveryTests : IAsyncLifetime
{
    private const string Service = "_dist._tcp.cluster.enmesh.test";
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(90);

    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-srv-").FullName;
    private VirtualNetwork _network = null!;
    private DnsServer _dns = null!;

    private string CookieFile => Path.Combine(_directory, "cookie");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(CookieFile, RandomNumberGenerator.GetHexString(40));
        File.SetUnixFileMode(CookieFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _network = await VirtualNetwork.CreateAsync("a", "b", "names");
        _dns = await DnsServer.StartAsync(_network["names"]);
        foreach (var host in _network.Hosts)
        {
            await host.UseDnsAsync(_dns);
            // Each name is in the zone and nowhere else.
            await File.WriteAllTextAsync($"/etc/netns/{host.Namespace}/hosts", "127.0.0.1 localhost\n");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _dns.DisposeAsync();
        await _network.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_node_takes_its_name_from_the_record_of_its_address_and_peers_dial_the_port_in_it()
    {
        await PublishHostsAsync();
        await using var a = Start("a", 4370, Srv);
        // It waits for its record, as a pod does that has just begun.
        await using var b = Start("b", 4371, Srv);
        await _dns.PublishServiceAsync(Service, ("a.enmesh.test", 4370), ("b.enmesh.test", 4371));
        await a.WaitForLineAsync("orders@a.enmesh.test is up on port 4370", FarOff);
        await b.WaitForLineAsync("orders@b.enmesh.test is up on port 4371", FarOff);
        await a.WaitForLineAsync("Peer orders@b.enmesh.test is up", FarOff);
        await UntilSeenAsync("a", "orders@a.enmesh.test", 4370, "orders@b.enmesh.test");
    }

    [Fact]
    public async Task A_node_that_no_record_leads_to_says_what_the_records_lead_to()
    {
        await PublishHostsAsync();
        await _dns.PublishServiceAsync(Service, ("b.enmesh.test", 4370));
        var result = await _network["a"].RunAsync(
            ["env", "Enmesh__HostFromTimeout=0", .. Command("a", 4370, Srv("a"))]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            $"{Service} leads to b.enmesh.test ({_network["b"].Address}, {_network["b"].Address6}), and none of these addresses is this node's ({_network["a"].Address}",
            result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_requests_the_certificate_finds_the_name_that_the_node_will_have()
    {
        await PublishHostsAsync();
        await _dns.PublishServiceAsync(Service, ("a.enmesh.test", 4370), ("b.enmesh.test", 4370));
        _ = (await ChildProcess.RunAsync([Repository.PathTo("enmesh"), "certs", "dev-ca", _directory, "b.enmesh.test"], timeout: TimeSpan.FromMinutes(10))).Successful;
        await File.WriteAllTextAsync(Path.Combine(_directory, "kubeconfig"), """
            { "current-context": "none", "contexts": [{ "name": "none", "context": { "cluster": "none" } }],
              "clusters": [{ "name": "none", "cluster": { "server": "http://127.0.0.1:9" } }] }
            """);
        // The pair is there and good for this name, so nobody is asked; for any other one would be.
        var kept = await _network["b"].RunAsync(
            "env", "Enmesh__Name=orders", $"Enmesh__HostFrom=srv:{Service}", Repository.PathTo("enmesh"), "certs", "request", "--issuer", "orders",
            "--dir", Path.Combine(_directory, "b.enmesh.test"), "--without-pod", "--kubeconfig", Path.Combine(_directory, "kubeconfig"));
        Assert.StartsWith("kept: DNS:b.enmesh.test, valid until ", kept.Successful, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_are_named_by_the_names_behind_their_addresses()
    {
        await PublishHostsAsync();
        await _dns.PublishAsync("cluster.enmesh.test", _network["a"].Address, _network["b"].Address);
        await using var a = Start("a", 4370, Ptr);
        await using var b = Start("b", 4370, Ptr);
        await UntilSeenAsync("a", "orders@a.enmesh.test", 4370, "orders@b.enmesh.test");
        await UntilSeenAsync("b", "orders@b.enmesh.test", 4370, "orders@a.enmesh.test");
    }

    [Fact]
    public async Task Sealed_gossip_over_ipv6_makes_a_mesh()
    {
        await using var a = Start("a", 4370, Gossip);
        await using var b = Start("b", 4370, Gossip);
        await UntilSeenAsync("a", $"orders@{_network["a"].Address6}", 4370, $"orders@{_network["b"].Address6}");
        await UntilSeenAsync("b", $"orders@{_network["b"].Address6}", 4370, $"orders@{_network["a"].Address6}");
    }

    private static Source Srv(string host) => new(
        ["Enmesh__Discovery__dns-srv__Interval=0.3"],
        ["--name", "orders", "--host-from", $"srv:{Service}", "--dns-srv", Service]);

    private static Source Ptr(string host) => new(
        ["Enmesh__Discovery__dns__Interval=0.3", "Enmesh__Discovery__dns__HostPart=Name"],
        ["--name", "orders", "--host-from", "ptr", "--dns", "cluster.enmesh.test"]);

    private Source Gossip(string host) => new(
        [
            "Enmesh__Discovery__gossip__Interval=0.5", "Enmesh__Discovery__gossip__Groups=ff02::e52",
            "Enmesh__Discovery__gossip__Interface=eth0", "Enmesh__Discovery__gossip__Protocol=Sealed",
            $"Enmesh__Discovery__gossip__SecretFile={CookieFile}",
        ],
        ["--name", $"orders@{_network[host].Address6}", "--gossip"]);

    private async Task PublishHostsAsync()
    {
        foreach (var host in new[] { "a", "b" })
            await _dns.PublishAsync($"{host}.enmesh.test", _network[host].Address, _network[host].Address6);
    }

    private string[] Command(string host, int port, Source source) =>
    [
        "env", .. source.Settings, Repository.PathTo("enmesh"), "node", .. source.Arguments, "--port", $"{port}",
        "--listen", $"{_network[host].Address},{_network[host].Address6}", "--no-tls", "--cookie-file", CookieFile,
    ];

    private ChildProcess Start(string host, int port, Func<string, Source> source) =>
        _network[host].Start(Command(host, port, source(host)));

    /// <summary>Waits until the node is connected to exactly these.</summary>
    private async Task UntilSeenAsync(string host, string node, int port, params string[] others)
    {
        // The first one may have to build the command.
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var wanted = string.Join(' ', others);
        var seen = "nothing yet";
        while (seen != wanted)
        {
            Assert.False(deadline.IsCancellationRequested, $"{node} is to see {wanted}; it sees: {seen}");
            var result = await _network[host].RunAsync(
                Repository.PathTo("enmesh"), "nodes", node, "--port", $"{port}", "--cookie-file", CookieFile, "--json");
            seen = result.ExitCode == 0
                ? string.Join(' ', JsonDocument.Parse(result.Output).RootElement
                    .GetProperty("sees").EnumerateArray().Select(name => name.GetString()))
                : result.ToString();
        }
    }

    private sealed record Source(string[] Settings, string[] Arguments);
}
