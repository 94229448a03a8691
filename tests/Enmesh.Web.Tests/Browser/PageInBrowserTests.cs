using System.Net;
using Enmesh.Web.Status;
using Enmesh.Web.Tests.Status;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Web.Tests.Browser;

/// <summary>The page as a browser shows it. Its pictures are kept in artifacts/pictures.</summary>
[Trait("Ring", "system")]
public sealed class PageInBrowserTests : IAsyncLifetime
{
    // The contrast of each text with what is behind it (WCAG 2): 4.5 for small text, 3 for large; what is worse is named.
    private const string PoorContrast =
        """
        (() => {
          const parse = color => color.match(/[\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
          const behind = one => { for (; one; one = one.parentElement) { const back = parse(getComputedStyle(one).backgroundColor); if (back.length < 4 || back[3] > 0) return back; } return [255, 255, 255]; };
          return [...document.body.querySelectorAll("*")].filter(one => !one.closest("svg") && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(one => {
            const style = getComputedStyle(one), a = light(parse(style.color)), b = light(behind(one));
            const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
            const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700;
            return contrast < (large ? 3 : 4.5) ? `${one.tagName}.${one.className} ${contrast.toFixed(2)}: ${one.textContent.slice(0, 40)}` : null;
          }).filter(Boolean).join("\n");
        })()
        """;

    private readonly StandInStatuses _statuses = new(StandIn.Cluster(7));
    private StatusSite _site = null!;
    private SmallServer _server = null!;
    private Chromium _browser = null!;
    private Uri _address = null!;

    public async ValueTask InitializeAsync()
    {
        var anywhere = new IPEndPoint(IPAddress.Loopback, 0);
        _site = new(_statuses, new HostNames([], () => []), TimeProvider.System);
        _server = new("The page", [anywhere], NullLoggerFactory.Instance, _site.AnswerAsync);
        await _server.StartAsync(CancellationToken.None);
        _address = new($"http://{_server.Bound(anywhere)}/");
        _browser = await Chromium.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _site.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    public async Task It_can_be_read_wide_and_narrow_by_day_and_by_night(int nodes)
    {
        _statuses.Status = StandIn.Cluster(nodes);
        var page = await _browser.OpenAsync(_address);
        Assert.Equal(nodes * nodes, (int)(await page.EvaluateAsync("document.querySelectorAll('.matrix td').length"))!);
        Assert.Equal(nodes, (int)(await page.EvaluateAsync("document.querySelectorAll('svg .node').length"))!);
        Assert.Equal(nodes == 1 ? 0 : nodes - 1, (int)(await page.EvaluateAsync("document.querySelectorAll('#links tbody tr').length"))!);
        foreach (var (width, kind) in new[] { (1280, "wide"), (360, "phone") })
        {
            foreach (var dark in new[] { false, true })
            {
                await page.SizeAsync(width, 900);
                await page.DarkAsync(dark);
                await page.PictureAsync($"page-{nodes}-{kind}-{(dark ? "dark" : "light")}");
                Assert.Equal("", (string?)await page.EvaluateAsync(PoorContrast));
                // Tables scroll by themselves; the page does not sideways.
                Assert.True((bool)(await page.EvaluateAsync("document.documentElement.scrollWidth <= innerWidth"))!, $"{kind}: the page is wider than the screen");
            }
        }
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_node_that_goes_a_link_that_is_cut_and_a_certificate_that_ends_are_seen_without_a_reload()
    {
        var page = await _browser.OpenAsync(_address);
        await page.UntilAsync("document.querySelectorAll('.matrix .n').length === 0 && document.querySelector('.fine')");

        _statuses.Status = StandIn.Cluster(7, (3, 5));
        await page.UntilAsync("document.querySelectorAll('.matrix .n').length === 2 && document.querySelector('svg .broken')");
        await page.UntilAsync("document.querySelector('.troubles')?.innerText.includes('The cluster is parted')");
        await page.PictureAsync("page-link-cut");

        var gone = StandIn.NameOf(4);
        _statuses.Status = StandIn.Cluster(7).With(status => status with
        {
            Members = [.. status.Members.Select(member => member.Name == gone
                ? member with { State = "Backoff", Failures = 2, LastFailure = new("Tick", "It was silent for 60 s.", StandIn.Now.AddSeconds(-9)), RetryAt = StandIn.Now.AddSeconds(4) }
                : member)],
            Peers = status.Peers with { Connected = 5 },
            Links = [.. status.Links.Where(link => link.Peer != gone)],
            Views = [.. status.Views.Select(view => view.Name == gone ? new(gone, "unconnected", null, null, null) : view with { Sees = [.. view.Sees!.Where(name => name != gone)] })],
        });
        await page.UntilAsync("document.querySelectorAll('.matrix .n').length === 6 && document.querySelectorAll('svg .quiet').length === 1");
        await page.UntilAsync($"document.querySelector('#members tbody tr').innerText.includes('{gone}')");
        await page.PictureAsync("page-node-gone");

        _statuses.Status = StandIn.Cluster(7).With(status => status with
        {
            Certificates = [StandIn.Certificate("node", "CN=orders", "CN=Orders CA", StandIn.Now.AddDays(3)), status.Certificates[1]],
        });
        await page.UntilAsync("document.querySelector('#certificates .warn')?.innerText === '! 3 d'");
        await page.PictureAsync("page-certificate-ends");

        _statuses.Status = StandIn.Cluster(7).With(status => status with
        {
            Node = status.Node with { State = "draining" },
            Drain = new("serving", StandIn.Now.AddSeconds(-8), StandIn.Now.AddSeconds(12), 12, [], IsHurried: false),
        });
        await page.UntilAsync("document.querySelector('.drain .left')?.innerText === '12 s left at most.'");
        await page.PictureAsync("page-draining");
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task What_hostile_peers_say_is_text_in_the_browser_too()
    {
        const string Hostile = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>";
        _statuses.Status = StandIn.Cluster(2).With(status => status with
        {
            Members = [status.Members[0] with { LastFailure = new("Other", Hostile, StandIn.Now), Sources = [Hostile] }],
            Views = [.. status.Views, new(Hostile, "silent", null, null, Hostile)],
            Names = new(1, [Hostile], 0, [], 0, []),
        });
        var page = await _browser.OpenAsync(_address);
        await page.UntilAsync("Number(document.documentElement.dataset.updates) > 1"); // also where a section took the place of another
        Assert.Equal("1 0", (string?)await page.EvaluateAsync("`${document.scripts.length} ${document.images.length}`"));
        Assert.Equal(Hostile, (string?)await page.EvaluateAsync("document.querySelector('#names li').innerText"));
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task Tables_can_be_reached_and_scrolled_with_the_keyboard_and_keep_their_place_when_they_change()
    {
        _statuses.Status = StandIn.Cluster(60);
        var page = await _browser.OpenAsync(_address);
        await page.SizeAsync(360, 900);
        for (var i = 0; i < 20 && (string?)await page.EvaluateAsync("document.activeElement.closest('section')?.id") != "mesh"; i++)
            await page.KeyAsync("Tab");
        Assert.Equal("Who sees whom", (string?)await page.EvaluateAsync("document.activeElement.getAttribute('aria-label')"));
        await page.EvaluateAsync("document.activeElement.scrollLeft = 200");
        _statuses.Status = StandIn.Cluster(60, (3, 5));
        await page.UntilAsync("document.querySelectorAll('.matrix .n').length === 2");
        Assert.Equal("200 mesh", (string?)await page.EvaluateAsync("`${document.activeElement.scrollLeft} ${document.activeElement.closest('section')?.id}`"));
        Assert.Equal("H1 H2 H2 H2 H2 H2 H2 H2 H3 H3 H3", (string?)await page.EvaluateAsync(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(one => one.tagName).join(' ')"));
        Assert.Equal(0, (int)(await page.EvaluateAsync("[...document.querySelectorAll('th')].filter(one => !one.scope).length"))!);
    }

    [Fact]
    public async Task A_page_that_finds_no_place_asks_now_and_then_and_one_without_a_server_says_so()
    {
        using var http = new HttpClient();
        var taken = new List<HttpResponseMessage>();
        for (var i = 0; i < LiveFeed.Most; i++)
            taken.Add(await http.GetAsync(new Uri(_address, "/live"), HttpCompletionOption.ResponseHeadersRead));
        var page = await _browser.OpenAsync(_address);
        _statuses.Status = StandIn.Cluster(7, (3, 5));
        await page.UntilAsync("document.querySelectorAll('.matrix .n').length === 2");
        taken.ForEach(stream => stream.Dispose());
        await _site.DisposeAsync();
        await _server.StopAsync(CancellationToken.None);
        await page.UntilAsync("document.getElementById('live').innerText.startsWith('No answer since ')");
        Assert.Equal(49, (int)(await page.EvaluateAsync("document.querySelectorAll('.matrix td').length"))!);
    }
}
