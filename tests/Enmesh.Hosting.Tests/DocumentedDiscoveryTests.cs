using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>
/// The examples of docs/discovery.md are settings that a node takes, and every key of its tables is one.
/// </summary>
[Trait("Ring", "loopback")]
public sealed partial class DocumentedDiscoveryTests : IAsyncDisposable
{
    private readonly TestHost _host = new();

    private static string Page { get; } = Read("discovery.md");

    [Fact]
    public void The_example_is_valid()
    {
        var options = Bind(JsonBlock().Matches(Page).Single(block => block.Value.Contains("\"old\"", StringComparison.Ordinal)).Groups["text"].Value);
        Assert.Equal(
            [("local", 1.0), ("old", 60.0), ("pods", 5.0)],
            options.Discovery.Select(source => (source.Name, source.Interval.TotalSeconds)).Order());
        Assert.Equal(4, options.Cluster.ExpectedPeers);
    }

    [Fact]
    public async Task Every_example_is_valid()
    {
        foreach (var block in JsonBlock().Matches(Page).Concat(JsonBlock().Matches(Read("cluster.md"))))
        {
            await using var host = new TestHost();
            var options = Bind(block.Groups["text"].Value, host);
            Assert.NotEmpty(options.Discovery);
            Assert.Empty(options.Validate());
        }
    }

    [Theory]
    [InlineData("### `epmd`", "\"Discovery\": { \"x\": { \"Strategy\": \"epmd\", %KEYS% } }")]
    [InlineData("### `dns`", "\"Discovery\": { \"x\": { \"Strategy\": \"dns\", \"Domains\": [ \"orders\" ], %KEYS% } }")]
    [InlineData("### `dns-srv`", "\"Discovery\": { \"x\": { \"Strategy\": \"dns-srv\", \"Domains\": [ \"_dist._tcp.orders\" ], %KEYS% } }")]
    [InlineData("### `hosts-file`", "\"Discovery\": { \"x\": { \"Strategy\": \"hosts-file\", %KEYS% } }")]
    [InlineData("### `rancher`", "\"Discovery\": { \"x\": { \"Strategy\": \"rancher\", %KEYS% } }")]
    [InlineData("### `gossip`", "\"Discovery\": { \"x\": { \"Strategy\": \"gossip\", %KEYS% } }")]
    [InlineData("## Sources", "\"Discovery\": { \"x\": { \"Strategy\": \"epmd\", %KEYS% } }")]
    [InlineData("## The reconciler", "\"Cluster\": { %KEYS% }")]
    [InlineData("## Joining", "\"Cluster\": { \"Join\": { %KEYS% } }")]
    public void Every_key_of_the_tables_is_known(string heading, string place)
    {
        var page = heading == "## Joining" ? Read("cluster.md") : Page;
        var section = page[page.IndexOf($"\n{heading}", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n#", 1, StringComparison.Ordinal)];
        var keys = TableKey().Matches(section).Select(match => match.Groups["key"].Value).Except(["Strategy", "Domains", "Join"]).ToArray();
        Assert.NotEmpty(keys);
        var settings = keys.Select(key => key switch
        {
            "Hosts" => "\"Hosts\": [ \"localhost\" ]",
            "Servers" => "\"Servers\": [ \"10.0.0.53\" ]",
            "Families" => "\"Families\": \"IPv4\"",
            "HostPart" => "\"HostPart\": \"Name\"",
            "Groups" => "\"Groups\": [ \"ff02::e52\", \"10.0.0.255\" ]",
            "Interface" => "\"Interface\": \"127.0.0.1\"",
            "Protocol" => "\"Protocol\": \"Libcluster\"",
            "SecretFile" => $"\"SecretFile\": \"{_host.CookieFile}\"",
            "File" => "\"File\": \"/etc/erlang/.hosts.erlang\"",
            "Url" => "\"Url\": \"http://127.0.0.1/latest/self/service\"",
            "Alive" => "\"Alive\": \"orders\"",
            "Removal" => "\"Removal\": \"After\"",
            "AcceptEvictions" => "\"AcceptEvictions\": \"true\"",
            "TimeoutFails" => "\"TimeoutFails\": \"true\"",
            "FirstNode" => "\"FirstNode\": \"Wait\"",
            "Jitter" => "\"Jitter\": \"0.5\"",
            "MinBackoff" => "\"MinBackoff\": \"3\"",
            "ForgetAfter" => "\"ForgetAfter\": \"90\"",
            "RemindEvery" => "\"RemindEvery\": \"90\"",
            _ => $"\"{key}\": \"12\"",
        });
        // An unknown key, or one out of its bounds, is refused with its name.
        Bind($"{{ \"Enmesh\": {{ \"Name\": \"orders\", {place.Replace("%KEYS%", string.Join(", ", settings), StringComparison.Ordinal)} }} }}");
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static string Read(string page) => File.ReadAllText(Path.Combine(Root(), "docs", page));

    private ErlangNodeOptions Bind(string json) => Bind(json, _host);

    private static ErlangNodeOptions Bind(string json, TestHost home)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        home.Builder.Configuration.AddJsonStream(stream);
        home.Builder.AddErlangNode(node => node.CookieFile = home.CookieFile);
        using var host = home.Builder.Build();
        return host.Services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue;
    }

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Enmesh.slnx")))
                return at.FullName;
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }

    [GeneratedRegex("```json\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"^\| `(?<key>[A-Za-z]+)` \|", RegexOptions.Multiline)]
    private static partial Regex TableKey();
}
