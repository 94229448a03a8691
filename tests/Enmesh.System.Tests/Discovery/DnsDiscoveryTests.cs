using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Discovery;

/// <summary>
/// Nodes on hosts of their own find each other through a real name server, which fails, lies empty and comes back.
/// </summary>
[Trait("Ring", "system")]
public sealed class DnsDiscoveryTests : IAsyncLifetime
{
    private const string Domain = "cluster.enmesh.test";
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(90);

    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-discovery-").FullName;
    private VirtualNetwork _network = null!;
    private DnsServer _dns = null!;

    private string CookieFile => Path.Combine(_directory, "cookie");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(CookieFile, RandomNumberGenerator.GetHexString(40));
        File.SetUnixFileMode(CookieFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _network = await VirtualNetwork.CreateAsync("a", "b", "c", "names");
        _dns = await DnsServer.StartAsync(_network["names"]);
        foreach (var host in _network.Hosts)
            await host.UseDnsAsync(_dns);
    }

    public async ValueTask DisposeAsync()
    {
        await _dns.DisposeAsync();
        await _network.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_name_server_that_dies_or_knows_nobody_parts_nobody_and_new_names_are_dialled()
    {
        await _dns.PublishAsync(Domain, Address("a"), Address("b"));
        await using var a = await StartAsync("a", settings: ["Enmesh__Discovery__dns__EmptyAge=3600"]);
        await using var b = await StartAsync("b");
        await SeesAsync("a", "b");
        await SeesAsync("b", "a");

        await _dns.KillAsync();
        var failing = await a.WaitForLineAsync("Discovery source 'dns' fails", FarOff);
        Assert.Contains(
            $"{Address("names")}:53 is not there: nothing listens on the port", failing, StringComparison.Ordinal);
        await SeesAsync("a", "b");

        // The peer itself goes and comes: it is dialled by what was known before.
        await b.KillAsync();
        await SeesAsync("a");
        await using var bAgain = await StartAsync("b");
        await SeesAsync("a", "b");

        await _dns.PublishAsync(Domain, Address("a"), Address("b"), Address("c"));
        await a.WaitForLineAsync("Discovery source 'dns' answers again", FarOff);
        await a.WaitForLineAsync("names a new peer, orders@10.77.0.3", FarOff);
        await using var c = await StartAsync("c");
        await SeesAsync("a", "b", "c");
        await SeesAsync("b", "a", "c");
        await SeesAsync("c", "a", "b");

        await _dns.PublishAsync(Domain, Address("a"), Address("c"));
        await a.WaitForLineAsync("Discovery no longer names orders@10.77.0.2", FarOff);
        await SeesAsync("a", "b", "c");

        // Nobody at all, says the server: not believed at once, so that who goes and comes now is still dialled.
        await _dns.PublishAsync(Domain);
        await c.KillAsync();
        await SeesAsync("a", "b");
        await using var cAgain = await StartAsync("c");
        await SeesAsync("a", "b", "c");
        Assert.DoesNotContain("no longer names orders@10.77.0.3", a.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_of_both_families_are_found_each_at_its_node()
    {
        await _dns.PublishAsync(Domain, Address("a"), _network["b"].Address6, _network["c"].Address6);
        await using var b = await StartAsync("b", _network["b"].Address6);
        await using var c = await StartAsync("c", _network["c"].Address6);
        await UntilSeenAsync("b", _network["b"].Address6, _network["c"].Address6);
        await using var a = await StartAsync("a");
        await UntilSeenAsync("a", Address("a"), _network["b"].Address6, _network["c"].Address6);
    }

    [Fact]
    public async Task A_silent_name_server_before_a_good_one_costs_a_moment_and_no_peer()
    {
        await _dns.PublishAsync(Domain, Address("a"), Address("b"));
        foreach (var host in new[] { "a", "b" })
        {
            // Nobody has that address, and nobody says so.
            await File.WriteAllTextAsync(
                $"/etc/netns/{_network[host].Namespace}/resolv.conf",
                $"nameserver 10.77.0.250\nnameserver {Address("names")}\nsearch nowhere.test enmesh.test\noptions ndots:2 timeout:1\n");
        }
        await using var a = await StartAsync("a", domain: "cluster");
        await using var b = await StartAsync("b", domain: "cluster");
        await SeesAsync("a", "b");
        Assert.DoesNotContain("warn: Enmesh.Cluster", a.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_addresses_come_over_tcp()
    {
        await _dns.PublishAsync(
            Domain,
            [Address("a"), Address("b"), .. Enumerable.Range(0, 1000).Select(i => IPAddress.Parse(
                $"10.78.{i / 250}.{i % 250}"))]);
        await using var a = await StartAsync("a", settings: ["Enmesh__Cluster__WarnAfter=1"]);
        await a.WaitForLineAsync("Peers connected: 0, expected: 1001", FarOff);
        await using var b = await StartAsync("b");
        await SeesAsync("a", "b");
    }

    [Fact]
    public async Task A_mistyped_domain_is_said_in_so_many_words()
    {
        await using var a = await StartAsync("a", domain: "clutser", settings: ["Enmesh__Cluster__WarnAfter=1"]);
        Assert.Contains(
            "clutser is empty: there is no such name", await a.WaitForLineAsync("answers only in part", FarOff),
            StringComparison.Ordinal);
        Assert.Contains(
            "check the domain", await a.WaitForLineAsync("Discovery names no peer besides this node", FarOff),
            StringComparison.Ordinal);
    }

    private IPAddress Address(string host) => _network[host].Address;

    private async Task<ChildProcess> StartAsync(
        string host, IPAddress? address = null, string domain = Domain, string[]? settings = null)
    {
        address ??= Address(host);
        var node = _network[host].Start(
        [
            "env", "Enmesh__Discovery__dns__Interval=0.3", .. settings ?? [],
            Repository.PathTo("enmesh"), "node", "--name", $"orders@{address}", "--listen", $"{address}",
            "--no-tls", "--cookie-file", CookieFile, "--dns", domain,
        ]);
        try
        {
            // The first one may have to build the command.
            await node.WaitForLineAsync("is up on port", TimeSpan.FromMinutes(10));
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private Task SeesAsync(string host, params string[] others) =>
        UntilSeenAsync(host, Address(host), [.. others.Select(Address)]);

    /// <summary>Waits until the node on the host is connected to exactly these.</summary>
    private async Task UntilSeenAsync(string host, IPAddress address, params IPAddress[] others)
    {
        using var deadline = new CancellationTokenSource(FarOff);
        var wanted = string.Join(' ', others.Select(other => $"orders@{other}").Order(StringComparer.Ordinal));
        var seen = "nothing yet";
        while (seen != wanted)
        {
            Assert.False(deadline.IsCancellationRequested, $"{host} is to see {wanted}; it sees: {seen}");
            var result = await _network[host].RunAsync(
                Repository.PathTo("enmesh"), "nodes", $"orders@{address}", "--cookie-file", CookieFile, "--json");
            seen = result.ExitCode == 0
                ? string.Join(
                    ' ',
                    JsonDocument.Parse(result.Output).RootElement
                        .GetProperty("sees")
                        .EnumerateArray()
                        .Select(name => name.GetString()))
                : result.ToString();
        }
    }
}
