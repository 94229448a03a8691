using Enmesh.SystemTests.Network;
using Xunit;

namespace Enmesh.SystemTests.Cluster;

/// <summary>
/// Clusters of ours and real nodes on hosts of their own, to which everything is done that happens to clusters. Each
/// time all nodes of both kinds are asked whom they see, and the real ones whom they lost meanwhile.
/// </summary>
[Trait("Ring", "system")]
public sealed class MeshTests
{
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Nodes_come_and_go_one_by_one()
    {
        await using var cluster = await HostedCluster.StartFiveAsync("f", "g");
        await ForgetAsync(cluster);
        await cluster.PublishAsync("a", "b", "c", "d", "e", "f", "g");
        await Task.WhenAll(cluster.StartOursAsync("f"), cluster.StartBeamAsync("g", 29));
        MeshReport.Add("two more nodes, ours and OTP 29", "7 see each other", await cluster.IsWholeAsync());
        Assert.Equal("[{nodeup,\"6\"},{nodeup,\"7\"}]", await SortedAsync(cluster, "d"));

        await cluster.PublishAsync("a", "b", "d", "e", "g");
        await Task.WhenAll(cluster.EndAsync("c", "TERM"), cluster.EndAsync("f", "TERM"));
        MeshReport.Add("two of ours stopped", "5 see each other", await cluster.IsWholeAsync());
        await cluster.EndAsync("g", "TERM");
        await cluster.IsWholeAsync();
        Assert.Equal("[{nodedown,\"3\"},{nodedown,\"6\"},{nodedown,\"7\"}]", await SortedAsync(cluster, "d"));
    }

    [Fact]
    public async Task Nodes_are_restarted_one_after_another_at_their_addresses()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        foreach (var host in new[] { "a", "b", "c" })
        {
            await ForgetAsync(cluster);
            await cluster.EndAsync(host, "TERM");
            await cluster.StartOursAsync(host);
            MeshReport.Add($"{host} restarted", "5 see each other", await cluster.IsWholeAsync());
            var number = cluster[host].Address.ToString().Split('.')[^1];
            Assert.Equal($"[{{nodedown,\"{number}\"}},{{nodeup,\"{number}\"}}]", await cluster.ToldAsync("d"));
            Assert.Equal($"[{{nodedown,\"{number}\"}},{{nodeup,\"{number}\"}}]", await cluster.ToldAsync("e"));
        }
    }

    [Fact]
    public async Task An_address_that_was_given_to_somebody_else_is_told_once_and_its_owner_comes_back()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        await cluster.EndAsync("c", "TERM");
        await using (await cluster.StartForeignAsync("c"))
        {
            await cluster.Ours("a").WaitForLineAsync("calls itself 'billing@10.77.0.3'", FarOff);
            await cluster.Ours("b").WaitForLineAsync("calls itself 'billing@10.77.0.3'", FarOff);
            await cluster.IsWholeAsync();
        }
        Assert.Single(Lines(cluster, "a"), line => line.Contains("calls itself", StringComparison.Ordinal));
        await cluster.StartOursAsync("c");
        MeshReport.Add("c came back to an address given away", "5 see each other", await cluster.IsWholeAsync());
    }

    [Theory]
    [InlineData("c")]
    [InlineData("e")]
    public async Task A_killed_node_is_missed_by_all_and_comes_back(string host)
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        await ForgetAsync(cluster);
        await cluster.EndAsync(host, "KILL");
        MeshReport.Add($"{Kind(host)} killed", "4 see each other", await cluster.IsWholeAsync());
        await (host == "c" ? cluster.StartOursAsync(host) : cluster.StartBeamAsync(host, 27));
        MeshReport.Add($"{Kind(host)} started again", "5 see each other", await cluster.IsWholeAsync());
        var number = host == "c" ? "3" : "5";
        Assert.Equal($"[{{nodedown,\"{number}\"}},{{nodeup,\"{number}\"}}]", await cluster.ToldAsync("d"));
    }

    [Theory]
    [InlineData("c")]
    [InlineData("e")]
    public async Task A_stopped_process_is_dropped_for_its_silence_and_comes_back(string host)
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        cluster.ExpectSilence();
        await cluster.SuspendAsync(host);
        var others = cluster.Members.Where(member => member != host).ToArray();
        MeshReport.Add($"{Kind(host)} stopped (SIGSTOP)", "4 see each other", await cluster.AreAsync([others]));
        await cluster.ResumeAsync(host);
        MeshReport.Add($"{Kind(host)} goes on (SIGCONT)", "5 see each other", await cluster.IsWholeAsync());
    }

    [Fact]
    public async Task A_host_without_its_cable_is_dropped_for_its_silence_and_comes_back()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        cluster.ExpectSilence();
        await cluster.Network.UnplugAsync(cluster["c"]);
        MeshReport.Add(
            "cable of c pulled (half-open TCP)", "4 see each other, c nobody",
            await cluster.AreAsync(["a", "b", "d", "e"], ["c"]));
        await cluster.Network.PlugAsync(cluster["c"]);
        MeshReport.Add("cable of c put back", "5 see each other", await cluster.IsWholeAsync());
    }

    [Fact]
    public async Task A_partition_is_two_clusters_that_grow_together_again()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        cluster.ExpectSilence();
        string[] left = ["a", "d"], right = ["b", "c", "e"];
        await AcrossAsync(cluster, left, right, VirtualNetwork.CutAsync);
        MeshReport.Add("partition 2 | 3", "2 and 3 see each other", await cluster.AreAsync(left, right));
        await AcrossAsync(cluster, left, right, VirtualNetwork.HealAsync);
        MeshReport.Add("partition healed", "5 see each other", await cluster.IsWholeAsync());
        Assert.Equal("[]", await cluster.Beam("d").EvalAsync("global:registered_names()"));
    }

    [Fact]
    public async Task A_loss_in_one_direction_parts_nobody_else_and_heals()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        cluster.ExpectSilence();
        await ForgetAsync(cluster);
        await cluster["c"].FilterAsync("oneway", $"ip saddr {cluster["b"].Address} drop");
        // Nobody can say when the two part; that they do, and with which of the rest they stay, is what the BEAM does.
        await cluster.Ours("b").WaitForLineAsync($"{cluster.Name("c")} is down", FarOff);
        await cluster["c"].UnfilterAsync("oneway");
        MeshReport.Add("loss in one direction healed", "5 see each other", await cluster.IsWholeAsync());
    }

    [Fact]
    public async Task A_lossy_network_parts_nobody()
    {
        await using var cluster = await HostedCluster.CreateAsync("a", "b", "c", "d", "e");
        foreach (var host in cluster.Network.Hosts)
            await host.FilterAsync("lossy", "numgen random mod 100 < 5 drop");
        await cluster.PublishAsync("a", "b", "c", "d", "e");
        await Task.WhenAll(
            cluster.StartOursAsync("a"), cluster.StartOursAsync("b"), cluster.StartOursAsync("c"),
            cluster.StartBeamAsync("d", 25), cluster.StartBeamAsync("e", 27));
        MeshReport.Add("5 nodes form with 5 % loss", "5 see each other", await cluster.IsWholeAsync());
        await ForgetAsync(cluster);
        // As much traffic as fits into three times the silence that is allowed.
        await cluster.Beam("d").EvalAsync(
            $"""
            End = erlang:monotonic_time(second) + {3 * HostedCluster.TickTime},
            (fun Go() -> [pong = net_adm:ping(N) || N <- nodes()],
               case erlang:monotonic_time(second) < End of true -> Go(); false -> ok end end)()
            """,
            timeout: FarOff);
        await cluster.IsWholeAsync();
        Assert.Equal("[]", await cluster.ToldAsync("d"));
        Assert.Equal("[]", await cluster.ToldAsync("e"));
    }

    [Fact]
    public async Task A_slow_network_parts_nobody()
    {
        await using var cluster = await HostedCluster.CreateAsync("a", "b", "c", "d", "e");
        await using var slow = await DelayRelay.StartAsync(cluster.Network, cluster["c"], TimeSpan.FromMilliseconds(50));
        await cluster.PublishAsync("a", "b", "c", "d", "e");
        await Task.WhenAll(
            cluster.StartOursAsync("a"), cluster.StartOursAsync("b"), cluster.StartOursAsync("c"),
            cluster.StartBeamAsync("d", 25), cluster.StartBeamAsync("e", 27));
        MeshReport.Add("5 nodes form, c 50 ms away", "5 see each other", await cluster.IsWholeAsync());
        Assert.Equal("true", await cluster.Beam("d").EvalAsync(
            $"{{Us, pong}} = timer:tc(fun() -> net_adm:ping('{cluster.Name("c")}') end), Us >= 100000"));
        Assert.Equal("pong", await cluster.Beam("e").EvalAsync($"net_adm:ping('{cluster.Name("c")}')"));
    }

    [Fact]
    public async Task A_name_server_that_dies_knows_a_part_or_is_slow_parts_nobody()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        await ForgetAsync(cluster);
        await cluster.Dns.KillAsync();
        await cluster.Ours("a").WaitForLineAsync("Discovery source 'dns' fails", FarOff);
        await cluster.EndAsync("b", "KILL");
        await cluster.StartOursAsync("b");
        MeshReport.Add("b restarted while DNS is down", "a and c see b", await cluster.IsWholeAsync());

        await cluster.Dns.RestartAsync();
        await cluster.PublishAsync("a", "b");
        await cluster.Ours("a").WaitForLineAsync("no longer names", FarOff);
        await using (await DelayRelay.StartAsync(cluster.Network, cluster["names"], TimeSpan.FromMilliseconds(700)))
        {
            await cluster.PublishAsync("a", "b", "c", "d", "e");
            await cluster.Ours("a").WaitForLineAsync($"names a new peer, {cluster.Name("e")}", FarOff);
        }
        await cluster.IsWholeAsync();
        Assert.Equal("[{nodedown,\"2\"},{nodeup,\"2\"}]", await cluster.ToldAsync("d"));
    }

    [Fact]
    public async Task An_epmd_that_dies_parts_nobody_and_is_joined_again()
    {
        string[] byEpmd = ["Enmesh__Epmd=Register", "Enmesh__Port=0"];
        await using var cluster = await HostedCluster.CreateAsync("a", "b", "d");
        await cluster.PublishAsync("a", "b", "d");
        var onA = await cluster.StartEpmdAsync("a");
        await using var onB = await cluster.StartEpmdAsync("b");
        await using var onD = await cluster.StartEpmdAsync("d");
        await Task.WhenAll(
            cluster.StartOursAsync("a", byEpmd), cluster.StartOursAsync("b", byEpmd),
            cluster.StartBeamAsync("d", 27, byEpmd: true));
        MeshReport.Add("3 nodes form, ports from EPMD", "3 see each other", await cluster.IsWholeAsync());
        await cluster.ToldAsync("d");

        await onA.DisposeAsync();
        await cluster.Ours("a").WaitForLineAsync("has gone, and with it the registration", FarOff);
        Assert.Equal("2", await cluster.Beam("d").EvalAsync("length(nodes())"));
        Assert.Equal("[]", await cluster.ToldAsync("d"));
        await using var again = await cluster.StartEpmdAsync("a");
        await cluster.EndAsync("b", "KILL");
        await cluster.StartOursAsync("b", byEpmd);
        MeshReport.Add("EPMD of a restarted, then b", "3 see each other", await cluster.IsWholeAsync());
        Assert.Equal("[{nodedown,\"2\"},{nodeup,\"2\"}]", await cluster.ToldAsync("d"));
    }

    [Fact]
    public async Task A_node_that_drains_is_missed_once_and_dials_nobody()
    {
        await using var cluster = await HostedCluster.StartFiveAsync();
        await cluster.EndAsync("c", "TERM");
        await cluster.StartOursAsync("c", "Enmesh__DrainDelay=20");
        await cluster.IsWholeAsync();
        await ForgetAsync(cluster);
        await cluster.Ours("c").SignalAsync("TERM");
        await cluster.Ours("c").WaitForLineAsync("it dials nobody any more", FarOff);
        // It goes on with its work, lets others in, and does not call back whom it loses.
        await cluster.Beam("d").EvalAsync($"erlang:disconnect_node('{cluster.Name("c")}')");
        await cluster.Beam("d").WaitForAsync($"net_adm:ping('{cluster.Name("c")}')", "pong");
        await cluster.Ours("c").WaitForExitAsync(FarOff);
        MeshReport.Add("c drained", "4 see each other", await cluster.AreAsync([["a", "b", "d", "e"]]));
        Assert.DoesNotContain(
            Lines(cluster, "a"), line => line.Contains("warn: Enmesh.Cluster", StringComparison.Ordinal)
                && line.Contains(cluster.Name("c"), StringComparison.Ordinal));
        await cluster.EndAsync("c", "KILL");
    }

    private static string Kind(string host) => host == "c" ? "a node of ours" : "a real node";

    private static string[] Lines(HostedCluster cluster, string host) => cluster.Ours(host).Output.Split('\n');

    private static async Task<string> SortedAsync(HostedCluster cluster, string host)
    {
        var told = await cluster.ToldAsync(host);
        var all = told.Trim('[', ']').Split("},{").Select(one => one.Trim('{', '}')).Order(StringComparer.Ordinal);
        return $"[{string.Join(',', all.Select(one => $"{{{one}}}"))}]";
    }

    private static async Task ForgetAsync(HostedCluster cluster)
    {
        await cluster.ToldAsync("d");
        await cluster.ToldAsync("e");
    }

    private static async Task AcrossAsync(
        HostedCluster cluster, string[] left, string[] right, Func<VirtualHost, VirtualHost, Task> what)
    {
        foreach (var one in left)
        {
            foreach (var other in right)
                await what(cluster[one], cluster[other]);
        }
    }
}
