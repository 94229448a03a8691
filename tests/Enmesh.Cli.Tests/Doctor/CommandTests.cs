using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Enmesh.SystemTests.Command;
using Enmesh.SystemTests.Network;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary><c>enmesh doctor</c> as a program: what it prints, its exit status, and networks that swallow packets.</summary>
[Trait("Ring", "system")]
public sealed class CommandTests : IDisposable
{
    private readonly CommandHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task It_walks_to_a_node_of_ours_and_leaves_it_as_it_was()
    {
        await using var node = _home.Start("node", "--name", "orders@127.0.0.1", "--cookie-file", _home.CookieFile, "--port", "0", "--epmd", "embedded", "--epmd-port", $"{BeamEpmd.FreePort()}");
        var port = (await node.WaitForLineAsync("is up on port", TimeSpan.FromMinutes(10))).Split(' ')[^1].TrimEnd('.');

        var healthy = await _home.RunAsync("doctor", "orders@127.0.0.1", "--port", port, "--cookie-file", _home.CookieFile);
        Assert.Equal((0, ""), (healthy.ExitCode, healthy.Errors));
        Assert.Contains("\nok    ping        orders@127.0.0.1: pong after ", healthy.Output, StringComparison.Ordinal);
        Assert.EndsWith("\nNothing is wrong.\n", healthy.Output, StringComparison.Ordinal);

        var other = _home.WriteCookie("other", Otp.NewCookie());
        var sick = await _home.RunAsync("doctor", "orders@127.0.0.1", "--port", port, "--cookie-file", other, "--json");
        Assert.Equal((14, ""), (sick.ExitCode, sick.Errors));
        var json = JsonNode.Parse(sick.Output)!;
        Assert.Equal(("orders@127.0.0.1", "failure", 14), ((string)json["target"]!, (string)json["verdict"]!, (int)json["exit_status"]!));
        var last = json["findings"]!.AsArray()[^1]!;
        Assert.Equal(("cookie", "cookie.differs", "handshake"), ((string)last["step"]!, (string)last["id"]!, (string)last["class"]!));
        Assert.NotEmpty((string)last["advice"]!);
        Assert.DoesNotContain(await File.ReadAllTextAsync(other), sick.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_which_step_fails_and_what_to_do()
    {
        var result = await _home.RunAsync("doctor", "orders@127.0.0.1", "--port", $"{BeamEpmd.FreePort()}", "--cookie-file", _home.CookieFile);
        Assert.Equal((12, ""), (result.ExitCode, result.Errors));
        var lines = result.Output.Split('\n');
        var failing = Array.FindIndex(lines, line => line.StartsWith("FAIL  tcp         orders@127.0.0.1: 127.0.0.1:", StringComparison.Ordinal) && line.EndsWith("  [tcp.refused]", StringComparison.Ordinal));
        Assert.True(failing > 0, result.Output);
        Assert.StartsWith("      what to do: The host is there and nothing listens on that port.", lines[failing + 1], StringComparison.Ordinal);
        Assert.Contains("1 failure, 0 warnings. Begin with tcp.refused of orders@127.0.0.1. Exit status 12.", result.Output, StringComparison.Ordinal);

        Assert.Equal(2, (await _home.RunAsync("doctor", "orders")).ExitCode);
    }

    [Fact]
    public async Task A_filter_that_drops_and_a_network_to_which_there_is_no_way()
    {
        await _home.RunAsync("--version"); // builds the command, where that was not done
        await using var network = await VirtualNetwork.CreateAsync("a", "b");
        var (a, b) = (network["a"], network["b"]);
        await b.FilterAsync("swallowing", "tcp dport 4370 drop");
        var dropped = await DoctorAsync(a, $"orders@{b.Address}");
        Assert.Equal(("tcp.no-answer", 12), dropped);
        await b.UnfilterAsync("swallowing");
        await b.FilterAsync("refusing", "tcp dport 4370 reject with tcp reset");
        Assert.Equal(("tcp.refused", 12), await DoctorAsync(a, $"orders@{b.Address}"));
        Assert.Equal(("tcp.no-route", 12), await DoctorAsync(a, "orders@10.99.0.1"));
        await File.WriteAllTextAsync($"/etc/netns/{a.Namespace}/resolv.conf", "nameserver 10.77.0.250\noptions timeout:1 attempts:1\n");
        Assert.Equal(("resolv.silent", 11), await DoctorAsync(a, "orders@b.cluster.test"));
    }

    private async Task<(string? Id, int ExitStatus)> DoctorAsync(VirtualHost host, string node)
    {
        var cookie = _home.WriteCookie($"cookie-{RandomNumberGenerator.GetHexString(8)}", Otp.NewCookie());
        var result = await host.RunAsync(Repository.PathTo("enmesh"), "doctor", node, "--port", "4370", "--cookie-file", cookie, "--json");
        var findings = JsonNode.Parse(result.Output)?["findings"]?.AsArray() ?? throw new InvalidOperationException(result.ToString());
        return ((string?)findings.First(finding => (string)finding!["verdict"]! == "failure")!["id"], result.ExitCode);
    }
}
