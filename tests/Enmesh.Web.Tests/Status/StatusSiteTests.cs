using System.Net;
using System.Text.Json;
using Enmesh.Hosting.Tests;
using Enmesh.TestSupport;
using Enmesh.Web.Status;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Enmesh.Web.Tests.Status;

/// <summary>The page of a real node, over HTTP.</summary>
[Trait("Ring", "loopback")]
public sealed class StatusSiteTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Paths = ["/", "/api", "/cert", "/sections", "/page.css", "/page.js", "/icon.svg", "/nothing"];

    private readonly TestHost _host = new();
    private readonly HttpClient _http = new() { Timeout = Patience };

    private IPEndPoint Page => _host.Services.GetRequiredService<EndpointService>().Page!;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task The_page_and_its_json_show_the_node_its_peers_and_what_they_see()
    {
        await StartAsync();
        await using var peer = await PeerAsync("peer");
        await peer.PingAsync(_host.Node.Name);
        var api = await JsonAsync("/api", json => json.GetProperty("views").EnumerateArray().Any(view => view.GetProperty("state").GetString() == "answered"));
        Assert.Equal(_host.Node.Name.Text, api.GetProperty("node").GetProperty("name").GetString());
        Assert.Equal("up", api.GetProperty("node").GetProperty("state").GetString());
        var view = api.GetProperty("views").EnumerateArray().Single(view => view.GetProperty("name").GetString() == "peer@127.0.0.1");
        Assert.Equal([_host.Node.Name.Text], view.GetProperty("sees").EnumerateArray().Select(name => name.GetString()));
        var link = Assert.Single((await JsonAsync("/api/links", _ => true)).EnumerateArray());
        Assert.Equal("tcp", link.GetProperty("transport").GetString());
        Assert.StartsWith("127.0.0.1:", link.GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.True(link.GetProperty("bytesReceived").GetInt64() > 0);
        var page = await _http.GetStringAsync(At("/"));
        Assert.Contains("<h1>node@127.0.0.1</h1>", page, StringComparison.Ordinal);
        Assert.Contains("<tr><th scope=\"row\">peer@127.0.0.1", page, StringComparison.Ordinal);
        Assert.Contains("<li>net_kernel", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_documentation_has_every_field_of_the_json_and_no_other()
    {
        await StartAsync();
        var api = await JsonAsync("/api", _ => true);
        var documented = (await File.ReadAllLinesAsync(Repository.PathTo("docs/operations.md")))
            .Where(line => line.StartsWith("| `/api/", StringComparison.Ordinal)).Select(line => line.Split('`')[1]["/api/".Length..]);
        Assert.Equal(api.EnumerateObject().Select(field => field.Name).Where(name => name != "at"), documented);
    }

    [Fact]
    public async Task Nothing_that_is_served_has_a_secret_in_it_and_all_of_it_is_guarded()
    {
        using var pki = new TestPki();
        var files = pki.Files("127.0.0.1");
        await StartAsync(
            ("Enmesh:Tls:CertificateFile", files.CertificateFile), ("Enmesh:Tls:KeyFile", files.KeyFile), ("Enmesh:Tls:CaFile", files.CaFile));
        var cookie = await File.ReadAllTextAsync(_host.CookieFile);
        foreach (var path in Paths)
        {
            using var answer = await _http.GetAsync(At(path));
            var body = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain(cookie, body, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("PRIVATE KEY", body, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
            Assert.False(answer.Headers.Contains("Server"));
        }
        var pem = await _http.GetStringAsync(At("/cert"));
        Assert.Equal(2, pem.Split("-----BEGIN CERTIFICATE-----").Length - 1);
        Assert.Contains("# A trusted authority", pem, StringComparison.Ordinal);
        Assert.Equal(2, (await JsonAsync("/api/certificates", _ => true)).GetArrayLength());
    }

    [Theory]
    [InlineData("127.0.0.1:1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    [InlineData("10.0.0.7", HttpStatusCode.OK)]
    [InlineData("localhost:8080", HttpStatusCode.OK)]
    [InlineData("LOCALHOST.", HttpStatusCode.OK)]
    [InlineData("page.example.com", HttpStatusCode.OK)]
    [InlineData("a.b.cluster.example.com", HttpStatusCode.OK)]
    [InlineData("cluster.example.com", HttpStatusCode.MisdirectedRequest)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("evilcluster.example.com", HttpStatusCode.MisdirectedRequest)]
    [InlineData("xlocalhost", HttpStatusCode.MisdirectedRequest)]
    public async Task A_name_that_may_be_in_somebody_elses_dns_is_not_answered(string host, HttpStatusCode expected)
    {
        await StartAsync(("Enmesh:Web:PageHosts", "page.example.com,*.cluster.example.com"));
        foreach (var path in Paths[..3])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, At(path));
            request.Headers.Host = host;
            using var answer = await _http.SendAsync(request);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Pages_of_others_may_lead_here_and_not_read_here()
    {
        await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "/", ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "/live", ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Get, "/live", ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(HttpMethod.Get, "/api", ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")));
    }

    [Fact]
    public async Task It_answers_questions_only_and_says_what_there_is()
    {
        await StartAsync();
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await AskAsync(HttpMethod.Post, "/"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await AskAsync(HttpMethod.Options, "/api"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Head, "/"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Head, "/live"));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(HttpMethod.Get, "/metrics"));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(HttpMethod.Get, "/api/cookie"));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(HttpMethod.Get, "/?node=nobody@nowhere"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "/?node=node%40127.0.0.1"));
    }

    [Fact]
    public async Task An_open_page_learns_of_a_peer_that_comes_and_goes()
    {
        await StartAsync();
        using var stream = await OpenAsync();
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.ToString());
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        Assert.Contains("No peer is wanted or connected.", (await SectionAsync(lines, "members", _ => true))!, StringComparison.Ordinal);
        var peer = await PeerAsync("peer");
        await using (peer)
        {
            await peer.PingAsync(_host.Node.Name);
            await SectionAsync(lines, "mesh", html => html.Contains("peer@127.0.0.1", StringComparison.Ordinal));
        }
        await SectionAsync(lines, "mesh", html => !html.Contains("peer@127.0.0.1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_so_many_pages_are_kept_up_to_date_and_a_place_is_free_again_when_one_is_closed()
    {
        await StartAsync();
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < LiveFeed.Most; i++)
            open.Add(await OpenAsync());
        Assert.All(open, stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));
        using (var refused = await OpenAsync())
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(5), refused.Headers.RetryAfter!.Delta);
        }
        Assert.Equal(HttpStatusCode.OK, await AskAsync(HttpMethod.Get, "/sections")); // which asks now and then instead
        open[0].Dispose();
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            using var again = await OpenAsync();
            if (again.StatusCode == HttpStatusCode.OK)
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
        open.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task A_program_that_ends_waits_for_no_page_that_is_open()
    {
        await StartAsync();
        using var stream = await OpenAsync();
        await _host.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_peer_that_is_not_connected_is_asked_nothing_and_not_dialled()
    {
        await StartAsync();
        await using var peer = await PeerAsync("peer");
        await peer.PingAsync(_host.Node.Name);
        await peer.DisconnectAsync(_host.Node.Name);
        await _host.Node.Cluster.WaitForAsync(view => view.Members.IsEmpty).WaitAsync(Patience);
        await Assert.ThrowsAsync<Enmesh.Processes.CallExitException>(() => _host.Node.AskVisibleAsync(peer.Name, 10, Patience, CancellationToken.None));
        Assert.Empty(_host.Node.ConnectedNodes);
    }

    private async Task StartAsync(params (string, string?)[] settings)
    {
        _host.With("Enmesh", "node").Set(
            ("Enmesh:Epmd", "off"), ("Enmesh:Port", BeamEpmd.FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("Enmesh:Web:Metrics", "off"), ("Enmesh:Web:Probes", "off"), ("Enmesh:Web:Page", "127.0.0.1:0"));
        _host.Set(settings);
        Enmesh.Hosting.ErlangNodeExtensions.AddErlangNode(_host.Builder);
        _host.Builder.AddErlangEndpoints();
        await _host.StartAsync();
    }

    private Task<ErlangNode> PeerAsync(string alive) => ErlangNode.StartAsync(new()
    {
        Name = $"{alive}@127.0.0.1",
        CookieFile = _host.CookieFile,
        Listen = false,
        PeerPort = _host.Node.Port,
    });

    private Uri At(string path) => new($"http://{Page}{path}");

    private Task<HttpResponseMessage> OpenAsync() => _http.GetAsync(At("/live"), HttpCompletionOption.ResponseHeadersRead);

    private async Task<HttpStatusCode> AskAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, At(path));
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    private async Task<JsonElement> JsonAsync(string path, Func<JsonElement, bool> until)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            using var json = JsonDocument.Parse(await _http.GetStringAsync(At(path), limit.Token));
            if (until(json.RootElement))
                return json.RootElement.Clone();
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }

    private static async Task<string?> SectionAsync(StreamReader lines, string id, Func<string, bool> until)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await lines.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            using var json = JsonDocument.Parse(line["data: ".Length..]);
            if (json.RootElement.TryGetProperty(id, out var section) && until(section.GetString()!))
                return section.GetString();
        }
        throw new InvalidOperationException("The stream ended.");
    }
}
