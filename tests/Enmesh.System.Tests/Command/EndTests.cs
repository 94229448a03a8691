using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>How <c>enmesh node</c> ends on signals, as seen from outside.</summary>
[Trait("Ring", "system")]
public sealed class EndTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CommandHome _home = new();
    private readonly HttpClient _http = new() { Timeout = Patience };
    private ChildProcess? _node;
    private string _page = "";
    private string _probes = "";

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        _http.Dispose();
        _home.Dispose();
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task The_first_signal_takes_it_out_of_service_and_the_second_ends_it(string signal)
    {
        _home.Variables["Enmesh__DrainDelay"] = "3600";
        _home.Variables["DOTNET_SHUTDOWNTIMEOUTSECONDS"] = "7200";
        await StartAsync("--console", _home.PathTo("console/socket"));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync($"{_probes}/readyz")).Status);
        Assert.Equal("null\n", (await AskAsync($"{_page}/api/drain")).Body);

        await SignalAsync(signal);
        var (_, ready) = await UntilAsync($"{_probes}/readyz", answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal("draining: this program is about to stop\n", ready);
        var drain = await DrainAsync();
        Assert.Equal("serving", drain.GetProperty("phase").GetString());
        Assert.InRange(drain.GetProperty("secondsLeft").GetDouble(), 1, 3600);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync($"{_probes}/livez")).Status);
        Assert.Contains("Phase 1 of 3: serving on", (await AskAsync($"{_page}/")).Body, StringComparison.Ordinal);
        // Everything goes on: whoever comes is still let in.
        var pinged = await _home.RunAsync("ping", "orders@127.0.0.1", "--cookie-file", _home.CookieFile, "--port", await PortAsync());
        Assert.True(pinged.ExitCode == 0, pinged.ToString());

        // An operator may look on.
        var looked = await _home.RunAsync("eval", "--socket", _home.PathTo("console/socket"), "self() =/= undefined.");
        Assert.True((0, "true\n") == (looked.ExitCode, looked.Output), looked.ToString());

        await SignalAsync(signal);
        var end = await _node!.WaitForExitAsync(Patience);
        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Contains("A second signal: this program does not wait any more, and ends now.", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_pod_it_serves_on_for_twenty_seconds_unless_told_otherwise()
    {
        // Where it is told where to listen, and nothing else of a pod is there.
        _home.Variables["KUBERNETES_SERVICE_HOST"] = "192.0.2.1";
        await StartAsync("--listen", "127.0.0.1", "--metrics", "off");
        await SignalAsync("TERM");
        await UntilAsync($"{_probes}/readyz", answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        var drain = await DrainAsync();
        var length = drain.GetProperty("until").GetDateTimeOffset() - drain.GetProperty("since").GetDateTimeOffset();
        Assert.Equal(20, length.TotalSeconds, 0.01);
        await SignalAsync("TERM");
        Assert.Equal(0, (await _node!.WaitForExitAsync(Patience)).ExitCode);
    }

    [Fact]
    public async Task Elsewhere_it_ends_at_once_and_every_line_of_its_log_is_an_object_where_that_is_wanted()
    {
        await StartAsync("--log", "json");
        await SignalAsync("TERM");
        var end = await _node!.WaitForExitAsync(Patience);
        Assert.True(end.ExitCode == 0, end.ToString());
        var facts = end.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains("building: ", StringComparison.Ordinal))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        var leaving = Assert.Single(facts, fact => fact.GetProperty("EventId").GetInt32() == 1411);
        Assert.Equal("Enmesh.Cluster", leaving.GetProperty("Category").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", leaving.GetProperty("Timestamp").GetString());
        Assert.DoesNotContain(facts, fact => fact.GetProperty("EventId").GetInt32() == 2301);
    }

    private async Task StartAsync(params string[] arguments)
    {
        var port = BeamEpmd.FreePort().ToString(CultureInfo.InvariantCulture);
        _node = _home.Start(
            ["node", "--name", "orders@127.0.0.1", "--cookie-file", _home.CookieFile, "--port", port, "--page", "127.0.0.1:0", "--probes", "127.0.0.2:0", .. arguments]);
        _page = Regex.Match(await _node.WaitForLineAsync("Page: ", TimeSpan.FromMinutes(10)), @"http://[^/]+").Value;
        _probes = Regex.Match(await _node.WaitForLineAsync("Probes: ", Patience), @"http://[^/]+").Value;
    }

    private async Task<string> PortAsync() => Regex.Match(await _node!.WaitForLineAsync("is up on port ", Patience), @"port (\d+)").Groups[1].Value;

    // The launcher becomes the command, whatever number of steps that takes.
    private Task SignalAsync(string signal) => _node!.SignalAsync(signal);

    private async Task<JsonElement> DrainAsync()
    {
        var (_, body) = await UntilAsync($"{_page}/api/drain", answer => answer.Body != "null\n");
        using var json = JsonDocument.Parse(body);
        return json.RootElement.Clone();
    }

    private async Task<(HttpStatusCode Status, string Body)> AskAsync(string address)
    {
        using var answer = await _http.GetAsync(new Uri(address));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<(HttpStatusCode Status, string Body)> UntilAsync(string address, Func<(HttpStatusCode Status, string Body), bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var answer = await AskAsync(address);
            if (condition(answer))
                return answer;
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
