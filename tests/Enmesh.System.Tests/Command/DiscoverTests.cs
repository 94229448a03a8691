using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary><c>enmesh discover</c>: what each source names, and why not.</summary>
[Trait("Ring", "system")]
public sealed class DiscoverTests : IAsyncLifetime
{
    private readonly CommandHome _home = new();
    private ChildProcess _epmd = null!;
    private string _epmdPort = "";

    public async ValueTask InitializeAsync()
    {
        _epmd = _home.Start("epmd", "--port", "0");
        _epmdPort = Regex.Match(
            await _epmd.WaitForLineAsync("EPMD listens", TimeSpan.FromMinutes(10)), @"port (\d+)").Groups[1].Value;
    }

    public async ValueTask DisposeAsync()
    {
        await _epmd.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task What_every_source_names_is_printed_and_who_the_node_itself_is()
    {
        var result = await _home.RunAsync(
            "discover", "--name", "orders@127.0.0.1", "--peer", "orders@127.0.0.1:4370", "--peer", "billing@127.0.0.1:4371");
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Matches(@"static +│? *static +│? *complete, [0-9.]+ ms +│? *billing@127\.0\.0\.1 +│? *:4371", result.Output);
        Assert.Matches(@"orders@127\.0\.0\.1 +│? *this node", result.Output);
    }

    [Fact]
    public async Task A_source_that_does_not_answer_is_told_with_its_reason_beside_the_others()
    {
        // Settings of the node count here, too: EPMD at a port of its own.
        File.WriteAllText(_home.PathTo("appsettings.json"), $$"""{ "Enmesh": { "EpmdPort": {{_epmdPort}} } }""");
        File.WriteAllText(_home.PathTo("hosts"), "broken(");
        var result = await _home.RunAsync(
            "discover", "--name", "orders@127.0.0.1", "--peer", "billing@127.0.0.1:4371", "--epmd-host", "localhost",
            "--hosts-file", _home.PathTo("hosts"), "--json");
        Assert.Equal((1, ""), (result.ExitCode, result.Errors));
        var json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("orders@127.0.0.1", json.GetProperty("node").GetString());
        var sources = json.GetProperty("sources").EnumerateArray().ToDictionary(source => source.GetProperty("name").GetString()!);
        Assert.Equal("complete", sources["epmd"].GetProperty("answer").GetString());
        Assert.Empty(sources["epmd"].GetProperty("members").EnumerateArray());
        Assert.Equal("unavailable", sources["hosts-file"].GetProperty("answer").GetString());
        Assert.Contains("is no list of hosts. Line 1, column ", sources["hosts-file"].GetProperty("problem").GetString());
        var member = Assert.Single(sources["static"].GetProperty("members").EnumerateArray());
        Assert.Equal("billing@127.0.0.1", member.GetProperty("name").GetString());
        Assert.Equal(4371, member.GetProperty("port").GetInt32());
    }

    [Fact]
    public async Task Nobody_at_all_is_a_no_and_said()
    {
        var result = await _home.RunAsync("discover", "--name", "orders@127.0.0.1", "--peer", "orders@127.0.0.1:4370");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("enmesh: No source names anybody besides orders@127.0.0.1.\n", result.Errors);
    }

    [Fact]
    public async Task Settings_that_are_wrong_are_all_told_by_key()
    {
        var result = await _home.RunAsync("discover", "--name", "orders@127.0.0.1", "--peer", "nobody", "--dns", "or ders");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Collection(
            result.Errors.TrimEnd().Split('\n').Order(StringComparer.Ordinal),
            dns => Assert.StartsWith("enmesh: Enmesh:Discovery:dns:Domains:0: 'or ders' has a character", dns),
            peer => Assert.StartsWith("enmesh: Enmesh:Discovery:static:Peers:0: 'nobody' is no node name", peer));

        var none = await _home.RunAsync("discover", "--name", "orders@127.0.0.1");
        Assert.Equal(2, none.ExitCode);
        Assert.StartsWith("enmesh: Enmesh:Discovery: there is no source of discovery. Name one: --dns", none.Errors);
    }
}
