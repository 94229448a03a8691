using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>What <c>enmesh node</c> tells operators over HTTP, read by Prometheus itself.</summary>
[Trait("Ring", "system")]
public sealed class OperationsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // What promtool would have named otherwise: the runtime's own, and one that erlclu's dashboards know by this name.
    private static readonly string[] Known =
    [
        "connected_node_count", "dotnet_assembly_count", "dotnet_process_cpu_count", "dotnet_timer_count",
        "dotnet_thread_pool_thread_count", "dotnet_thread_pool_work_item_count",
    ];

    private readonly CommandHome _home = new();
    private readonly HttpClient _http = new() { Timeout = Patience };
    private ChildProcess _node = null!;
    private string _metrics = "";
    private string _probes = "";

    public async ValueTask InitializeAsync()
    {
        var port = BeamEpmd.FreePort().ToString(CultureInfo.InvariantCulture);
        _node = _home.Start(
            "node", "--name", "orders@127.0.0.1", "--cookie-file", _home.CookieFile, "--port", port,
            "--metrics", "127.0.0.1:0", "--probes", "127.0.0.2:0");
        _metrics = Regex.Match(await _node.WaitForLineAsync("Metrics: ", TimeSpan.FromMinutes(10)), @"http://\S+").Value;
        _probes = Regex.Match(await _node.WaitForLineAsync("Probes: ", Patience), @"http://[^/]+").Value;
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _http.Dispose();
        _home.Dispose();
    }

    [Fact]
    public async Task Probes_answer_and_neither_is_served_at_the_address_of_the_other()
    {
        Assert.Equal("live\n", await _http.GetStringAsync(new Uri($"{_probes}/livez")));
        Assert.Equal("ready\n", await _http.GetStringAsync(new Uri($"{_probes}/readyz")));
        using var wrong = await _http.GetAsync(new Uri(_metrics.Replace("/metrics", "/readyz", StringComparison.Ordinal)));
        Assert.Equal(404, (int)wrong.StatusCode);
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_change()
    {
        var text = await _http.GetStringAsync(new Uri(_metrics));
        var checking = await Otp.RunAsync(27, ["promtool", "check", "metrics"], input: text);
        var complaints = checking.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !Known.Any(name => line.StartsWith($"{name} ", StringComparison.Ordinal) || line.StartsWith($"{name}_total ", StringComparison.Ordinal)));
        Assert.Empty(complaints);
        Assert.True(checking.ExitCode is 0 or 3, checking.ToString()); // 3: it would have named some otherwise
    }

    [Fact]
    public async Task Prometheus_scrapes_it()
    {
        using var home = BeamHome.Create(await Otp.RootAsync(27), Otp.NewCookie());
        var target = new Uri(_metrics).Authority;
        await File.WriteAllTextAsync(
            Path.Combine(home.Outside, "prometheus.yml"),
            $$"""
            global: { scrape_interval: 1s }
            rule_files: [ enmesh.rules.yml ]
            scrape_configs: [ { job_name: enmesh, static_configs: [ { targets: [ "{{target}}" ] } ] } ]
            """);
        CopyRules(home);
        var port = BeamEpmd.FreePort();
        await using var prometheus = ChildProcess.Start(
            [
                .. home.Enter, "prometheus", $"--config.file={home.Inside}/prometheus.yml", $"--storage.tsdb.path={home.Inside}/data",
                $"--web.listen-address=127.0.0.1:{port}",
            ],
            home.Environment(null));
        await prometheus.WaitForLineAsync("Server is ready to receive web requests", Patience);
        Assert.Equal("1", await ScrapedAsync(port, "up", prometheus));
        Assert.Equal("0", await ScrapedAsync(port, "connected_node_count{node=\"orders@127.0.0.1\"}", prometheus));
        Assert.Equal("success", await StatusAsync(port, "rules?type=alert"));
        foreach (var expression in Dashboard())
            Assert.Equal("success", await StatusAsync(port, $"query?query={Uri.EscapeDataString(expression)}"));
    }

    [Fact]
    public async Task Each_alert_rule_is_set_off_by_what_it_is_for_and_by_nothing_else()
    {
        using var home = BeamHome.Create(await Otp.RootAsync(27), Otp.NewCookie());
        CopyRules(home);
        var tested = await ChildProcess.RunAsync(
            [.. home.Enter, "promtool", "test", "rules", $"{home.Inside}/enmesh.rules.test.yml"], home.Environment(null));
        Assert.True(tested.ExitCode == 0, tested.ToString());
        Assert.Contains("SUCCESS", tested.ToString(), StringComparison.Ordinal);
        var alerts = Regex.Matches(await File.ReadAllTextAsync(Repository.PathTo("deploy/metrics/enmesh.rules.yml")), @"alert: (\w+)").Select(match => match.Groups[1].Value);
        var tests = await File.ReadAllTextAsync(Repository.PathTo("deploy/metrics/enmesh.rules.test.yml"));
        Assert.All(alerts, alert => Assert.Contains($"alertname: {alert}\n", tests, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rules_and_dashboard_ask_for_metrics_that_there_are()
    {
        var documented = await File.ReadAllTextAsync(Repository.PathTo("docs/operations.md"));
        var expressions = string.Join('\n', [.. Dashboard(), .. (await File.ReadAllLinesAsync(Repository.PathTo("deploy/metrics/enmesh.rules.yml")))
            .Where(line => !line.Contains("summary:", StringComparison.Ordinal) && !line.Contains("description:", StringComparison.Ordinal))]);
        var metrics = Regex.Matches(expressions, @"\benmesh_\w+(?=[\[{) ])").Select(match => match.Value).Distinct().Except(["enmesh_node", "enmesh_tls_role", "enmesh_dial_stage"]);
        Assert.All(metrics, metric => Assert.Contains($"| `{Regex.Replace(metric, "_(count|sum|bucket)$", "")}` |", documented, StringComparison.Ordinal));
    }

    private static void CopyRules(BeamHome home)
    {
        foreach (var file in Directory.GetFiles(Repository.PathTo("deploy/metrics"), "*.yml"))
            File.Copy(file, Path.Combine(home.Outside, Path.GetFileName(file)));
    }

    /// <summary>What the dashboard asks, with what Grafana puts in place of its variables.</summary>
    private static IEnumerable<string> Dashboard()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Repository.PathTo("deploy/metrics/enmesh.dashboard.json")));
        return [.. json.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!
                .Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$job", ".*", StringComparison.Ordinal))];
    }

    private async Task<string> StatusAsync(int port, string what)
    {
        using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{port}/api/v1/{what}"));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.TryGetProperty("error", out var error) ? $"{what}: {error}" : json.RootElement.GetProperty("status").GetString()!;
    }

    private async Task<string> ScrapedAsync(int port, string query, ChildProcess prometheus)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var answer = await _http.GetStringAsync(
                new Uri($"http://127.0.0.1:{port}/api/v1/query?query={Uri.EscapeDataString(query)}"), limit.Token);
            if (Regex.Match(answer, @"""value"":\[[0-9.]+,""([^""]*)""\]") is { Success: true } match)
                return match.Groups[1].Value;
            Assert.False(limit.IsCancellationRequested, prometheus.Output);
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }
    }
}
