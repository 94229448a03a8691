using System.Globalization;
using System.Net;
using System.Text.Json;
using Enmesh.Hosting;
using Enmesh.Hosting.Tests;
using Enmesh.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Enmesh.Web.Tests.Status;

/// <summary>The page beside real Erlang.</summary>
[Trait("Ring", "interop")]
public sealed class RealPeerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TestHost _host = new();
    private readonly HttpClient _http = new() { Timeout = Patience };

    private IPEndPoint Page => _host.Services.GetRequiredService<EndpointService>().Page!;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Otp.Releases), MemberType = typeof(Otp))]
    public async Task A_real_node_says_whom_it_sees(int release)
    {
        await using var beam = await MeetAsync(release);
        Assert.Equal([_host.Node.Name.Text], (await ViewAsync(beam, "answered")).GetProperty("sees").EnumerateArray().Select(name => name.GetString()));
        var page = await _http.GetStringAsync(new Uri($"http://{Page}/"));
        Assert.DoesNotContain("<td class=n>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<td class=u>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_hangs_holds_nobody_up_and_is_heard_again_when_it_goes_on()
    {
        await using var beam = await MeetAsync(Otp.Newest);
        await ViewAsync(beam, "answered");
        await SignalAsync(beam, "STOP");
        try
        {
            var silent = await ViewAsync(beam, "silent");
            Assert.Equal("No answer within 2 s.", silent.GetProperty("problem").GetString());
            // It is connected still, and everything else is there.
            Assert.Contains("<td class=u>?", await _http.GetStringAsync(new Uri($"http://{Page}/")), StringComparison.Ordinal);
            Assert.Single(_host.Node.ConnectedNodes);
        }
        finally
        {
            await SignalAsync(beam, "CONT");
        }
        await ViewAsync(beam, "answered");
    }

    private static Task<CommandResult> SignalAsync(BeamNode beam, string signal) =>
        ChildProcess.RunAsync(["kill", $"-{signal}", beam.ProcessId.ToString(CultureInfo.InvariantCulture)]);

    private async Task<BeamNode> MeetAsync(int release)
    {
        var beam = await BeamNode.StartAsync(release, new() { Cookie = await File.ReadAllTextAsync(_host.CookieFile) });
        _host.With("Enmesh", "node").Set(
            ("Enmesh:Epmd", "off"), ("Enmesh:Listen", "false"), ("Enmesh:PeerPort", beam.Port.ToString(CultureInfo.InvariantCulture)),
            ("Enmesh:Web:Metrics", "off"), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "127.0.0.1:0"));
        _host.Builder.AddErlangNode();
        _host.Builder.AddErlangEndpoints();
        await _host.StartAsync();
        await _host.Node.ConnectAsync(NodeName.Parse(beam.Name));
        return beam;
    }

    private async Task<JsonElement> ViewAsync(BeamNode beam, string state)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            using var json = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"http://{Page}/api/views"), limit.Token));
            var view = json.RootElement.EnumerateArray().FirstOrDefault(view => view.GetProperty("name").GetString() == beam.Name);
            if (view.ValueKind == JsonValueKind.Object && view.GetProperty("state").GetString() == state)
                return view.Clone();
            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }
    }
}
