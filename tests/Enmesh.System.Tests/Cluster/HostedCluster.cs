using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Cluster;

/// <summary>
/// Nodes of ours and real ones, each on a host of its own, all named <c>orders@ADDRESS</c> and found by one name in the
/// name server of the network, as behind a headless Service. Ours dial whom the name has; the real ones do nothing.
/// </summary>
internal sealed class HostedCluster : IAsyncDisposable
{
    internal const string Domain = "cluster.enmesh.test";
    internal const int TickTime = 8;
    private const int Port = 4370;
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(120);
    private static readonly Lazy<Task<CommandResult>> Built = new(static () =>
        ChildProcess.RunAsync([Repository.PathTo("enmesh"), "--version"], timeout: TimeSpan.FromMinutes(10)));

    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-mesh-").FullName;
    private readonly ConcurrentDictionary<string, ChildProcess> _ours = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BeamNode> _beams = new(StringComparer.Ordinal);
    private readonly string _cookie = RandomNumberGenerator.GetHexString(40);

    private HostedCluster(VirtualNetwork network, DnsServer dns)
    {
        Network = network;
        Dns = dns;
        File.WriteAllText(CookieFile, _cookie);
        File.SetUnixFileMode(CookieFile, UnixFileMode.UserRead);
    }

    internal VirtualNetwork Network { get; }

    internal DnsServer Dns { get; }

    /// <summary>The hosts on which a node runs.</summary>
    internal IReadOnlyList<string> Members => [.. _ours.Keys.Concat(_beams.Keys).Order(StringComparer.Ordinal)];

    internal string CookieFile => Path.Combine(_directory, "cookie");

    internal VirtualHost this[string host] => Network[host];

    /// <summary>A network with a name server on the host <c>names</c>.</summary>
    internal static async Task<HostedCluster> CreateAsync(params string[] hosts)
    {
        _ = (await Built.Value).Successful;
        var network = await VirtualNetwork.CreateAsync([.. hosts, "names"]);
        try
        {
            var dns = await DnsServer.StartAsync(network["names"]);
            foreach (var host in network.Hosts)
                await host.UseDnsAsync(dns);
            return new(network, dns);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Three nodes of ours, a to c, and two real ones of different releases, d and e, that see each other.</summary>
    internal static async Task<HostedCluster> StartFiveAsync(params string[] moreHosts)
    {
        var cluster = await CreateAsync(["a", "b", "c", "d", "e", .. moreHosts]);
        try
        {
            await cluster.PublishAsync("a", "b", "c", "d", "e");
            await Task.WhenAll(
                cluster.StartOursAsync("a"), cluster.StartOursAsync("b"), cluster.StartOursAsync("c"),
                cluster.StartBeamAsync("d", 25), cluster.StartBeamAsync("e", 27));
            await cluster.IsWholeAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    internal string Name(string host) => $"orders@{this[host].Address}";

    internal ChildProcess Ours(string host) => _ours[host];

    internal BeamNode Beam(string host) => _beams[host];

    /// <summary>Says that the real nodes are going to miss somebody's ticks, which they report.</summary>
    internal void ExpectSilence()
    {
        foreach (var beam in _beams.Values)
            beam.Announce("not responding");
    }

    internal Task PublishAsync(params string[] hosts) =>
        Dns.PublishAsync(Domain, [.. hosts.Select(host => this[host].Address)]);

    internal async Task StartOursAsync(string host, params string[] settings)
    {
        var node = Start(host, "orders", CookieFile, settings);
        _ours[host] = node;
        await node.WaitForLineAsync("is up on port", FarOff);
    }

    /// <summary>A node that is none of the cluster's, on a host of it.</summary>
    internal async Task<ChildProcess> StartForeignAsync(string host)
    {
        var cookie = Path.Combine(_directory, "foreign-cookie");
        await File.WriteAllTextAsync(cookie, RandomNumberGenerator.GetHexString(40));
        File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        var node = Start(host, "billing", cookie, []);
        await node.WaitForLineAsync("is up on port", FarOff);
        return node;
    }

    /// <summary>An EPMD on a host, which others may ask.</summary>
    internal async Task<ChildProcess> StartEpmdAsync(string host)
    {
        var epmd = this[host].Start(
            "env", $"ERL_EPMD_ADDRESS={this[host].Address}", Repository.PathTo("enmesh"), "epmd");
        await epmd.WaitForLineAsync("EPMD listens on port 4369", FarOff);
        return epmd;
    }

    internal async Task StartBeamAsync(string host, int release, bool byEpmd = false)
    {
        var beam = await BeamNode.StartAsync(release, new()
        {
            Name = Name(host),
            Address = this[host].Address.ToString(),
            Port = byEpmd ? null : Port,
            EpmdPort = byEpmd ? 4369 : null,
            Cookie = _cookie,
            Through = this[host].Enter,
            Arguments = ["-kernel", "net_ticktime", $"{TickTime}"],
        });
        await beam.EvalAsync(
            """
            Watch = fun Watch(S) -> receive {seen, P} -> P ! {seen, lists:reverse(S)}, Watch([]); X -> Watch([X | S]) end end,
            register(watch, spawn(fun() -> net_kernel:monitor_nodes(true), Watch([]) end))
            """);
        _beams[host] = beam;
    }

    /// <summary>Ends the node on a host with a signal, and forgets it.</summary>
    internal async Task EndAsync(string host, string signal)
    {
        if (_ours.TryRemove(host, out var ours))
        {
            await ours.SignalAsync(signal);
            await ours.WaitForExitAsync(FarOff);
            await ours.DisposeAsync();
        }
        else if (_beams.TryRemove(host, out var beam))
        {
            if (signal == "KILL")
                await beam.KillAsync();
            else
                await beam.StopAsync();
            await beam.DisposeAsync();
        }
    }

    internal Task SuspendAsync(string host) =>
        _ours.TryGetValue(host, out var ours) ? ours.SignalAsync("STOP") : Beam(host).SuspendAsync();

    internal Task ResumeAsync(string host) =>
        _ours.TryGetValue(host, out var ours) ? ours.SignalAsync("CONT") : Beam(host).ResumeAsync();

    /// <summary>Waits until every node sees every other and nobody else, and says how long that took.</summary>
    internal Task<TimeSpan> IsWholeAsync() => AreAsync([Members.ToArray()]);

    /// <summary>Waits until the nodes fall into just these groups, in each of which every node sees every other.</summary>
    internal async Task<TimeSpan> AreAsync(params string[][] groups)
    {
        var time = Stopwatch.StartNew();
        foreach (var host in groups.SelectMany(group => group).OrderBy(host => _beams.ContainsKey(host) ? 0 : 1))
        {
            var wanted = groups.Single(group => group.Contains(host)).Where(other => other != host).Select(Name)
                .Order(StringComparer.Ordinal).ToArray();
            while (true)
            {
                var seen = await SeesAsync(host);
                if (seen is not null && seen.SequenceEqual(wanted))
                    break;
                Assert.True(
                    time.Elapsed < FarOff,
                    $"{host} is to see [{string.Join(' ', wanted)}]; it sees [{string.Join(' ', seen ?? ["nothing known"])}]");
            }
        }
        return time.Elapsed;
    }

    /// <summary>What the real node on the host was told of nodes that came and went since it was asked last.</summary>
    internal Task<string> ToldAsync(string host) => Beam(host).EvalAsync(
        "watch ! {seen, self()}, receive {seen, S} -> [{What, hd(lists:reverse(string:lexemes(atom_to_list(N), \".\")))} || {What, N} <- S] after 10000 -> silence end");

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _ours.Values)
        {
            await ResumeQuietlyAsync(node);
            await node.DisposeAsync();
        }
        foreach (var beam in _beams.Values)
            await beam.DisposeAsync();
        await Dns.DisposeAsync();
        await Network.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task ResumeQuietlyAsync(ChildProcess node)
    {
        if (!node.HasExited)
            await node.SignalAsync("CONT");
    }

    private ChildProcess Start(string host, string alive, string cookieFile, string[] settings) => this[host].Start(
    [
        "env", "Enmesh__Discovery__dns__Interval=0.5", $"Enmesh__NetTickTime={TickTime}", .. settings,
        Repository.PathTo("enmesh"), "node", "--name", $"{alive}@{this[host].Address}", "--listen",
        $"{this[host].Address}", "--no-tls", "--cookie-file", cookieFile, "--dns", Domain,
    ]);

    /// <summary>Whom the node on a host sees; null when it does not say.</summary>
    private async Task<IReadOnlyList<string>?> SeesAsync(string host)
    {
        if (_beams.TryGetValue(host, out var beam))
        {
            var nodes = await beam.EvalAsync("lists:sort(nodes())");
            return [.. nodes.Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => name.Trim('\''))];
        }
        var result = await this[host].RunAsync(
            Repository.PathTo("enmesh"), "nodes", Name(host), "--cookie-file", CookieFile, "--json");
        return result.ExitCode != 0 ? null :
        [
            .. JsonDocument.Parse(result.Output).RootElement.GetProperty("sees").EnumerateArray()
                .Select(name => name.GetString()!),
        ];
    }
}
