using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>What is wrong in the configuration is told, all of it, each problem by its key.</summary>
[Trait("Ring", "loopback")]
public sealed class SettingsTests : IAsyncDisposable
{
    private readonly TestHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task All_problems_are_told_at_once_each_by_its_key()
    {
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:NetTickTime", "2"),
            ("Enmesh:EpmdPort", "a lot"),
            ("Enmesh:LastPort", "70000"),
            ("Enmesh:ListenAddresses", "127.0.0.1, nowhere"),
            ("Enmesh:Epmd", "sometimes"),
            ("Enmesh:ShortNames", "perhaps"),
            ("Enmesh:NetTikTime", "60"),
            ("Enmesh:Cluster:MaxParallelDials", "1"),
            ("Enmesh:Cluster:MinBackoff", "20"),
            ("Enmesh:Discovery:here:Strategy", "telepathy"),
            ("Enmesh:Discovery:there:Strategy", "static"),
            ("Enmesh:Discovery:there:Peers:0", "no-at-sign"),
            ("Enmesh:Discovery:there:Interval", "0.01"),
            ("Enmesh:Discovery:dns:Strategy", "dns"),
            ("Enmesh:Discovery:dns:Jitter", "much"));
        _host.Builder.AddErlangNode();

        var problems = await _host.RefusedAsync();

        Problem("Enmesh:NetTickTime", "00:00:02", "00:00:04");
        Problem("Enmesh:EpmdPort", "'a lot' is not a whole number");
        Problem("Enmesh:LastPort", "70000", "65535");
        Problem("Enmesh:ListenAddresses", "'nowhere' is not an IP address");
        Problem("Enmesh:Epmd", "'sometimes' is not one of Off, Register, Embedded");
        Problem("Enmesh:ShortNames", "'perhaps' is not true or false");
        Problem("Enmesh:NetTikTime", "no such setting", "NetTickTime, ");
        Problem("Enmesh:Cluster:MaxParallelDials", "'1'", "'2'");
        Problem("Enmesh:Cluster:MinBackoff", "more than half of MaxBackoff");
        Problem("Enmesh:Discovery:here:Strategy", "'telepathy'", "static, epmd, hosts-file, dns, dns-srv, kubernetes, gossip and rancher");
        Problem("Enmesh:Discovery:there:Peers:0", "'no-at-sign' is no node name");
        Problem("Enmesh:Discovery:there:Interval", "00:00:00.0100000");
        Problem("Enmesh:Discovery:dns:Jitter", "'much' is not a number");
        Problem("Enmesh:Discovery:dns:Domains", "");

        void Problem(string key, params string[] parts)
        {
            var problem = Assert.Single(problems, problem => problem.StartsWith($"{key}: ", StringComparison.Ordinal));
            Assert.All(parts, part => Assert.Contains(part, problem));
        }
    }

    [Fact]
    public async Task A_node_without_name_and_cookie_says_what_to_set()
    {
        _host.Set(("Enmesh:CookieFile", "/nowhere/cookie"));
        _host.Builder.AddErlangNode();

        var problems = await _host.RefusedAsync();

        Assert.Collection(
            problems.Order(StringComparer.Ordinal),
            cookie => Assert.StartsWith("Enmesh:CookieFile: There is no cookie file /nowhere/cookie", cookie),
            name => Assert.StartsWith("Enmesh:Name: The node has no name. Set one: 'orders@10.0.0.7'", name));
    }

    [Fact]
    public async Task Settings_of_a_node_that_nobody_added_are_refused()
    {
        _host.With("Enmesh:Nodes:front", "front").With("Enmesh:Nodes:back", "back").With("Enmesh:Nodes:bakc", "slip");
        _host.Builder.AddErlangNode("front");
        _host.Builder.AddErlangNode("BACK"); // keys of a configuration are the same in any case

        Assert.Equal(
            ["Enmesh:Nodes:bakc: there is no node 'bakc' in this program, so nobody reads this; it has 'front', 'BACK'."],
            await _host.RefusedAsync());
    }

    [Fact]
    public async Task Settings_of_what_nobody_has_added_are_refused()
    {
        _host.With("Enmesh:Nodes:front", "front")
            .Set(("Enmesh:Web:Page", "8080"), ("Enmesh:Ssh:Listen", "10022"), ("Enmesh:Nodes:front:Ssh:AuthorizedKeysFile", "/keys"), ("Enmesh:Nodes:front:Ssh:Listen", "OFF"));
        _host.Builder.AddErlangNode("front");

        Assert.Equal(
            [
                "Enmesh:Web: this program serves no page, probes or metrics, so nobody reads this; call AddErlangEndpoints of Enmesh.Web.",
                "Enmesh:Ssh: this node serves no SSH, so nobody reads this; call AddSsh.",
            ],
            await _host.RefusedAsync());
    }

    [Fact]
    public async Task A_cookie_file_that_others_may_read_is_refused()
    {
        var open = _host.WriteCookie(
            "open", "a-cookie-that-is-long-enough",
            UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        _host.With("Enmesh", "orders").Set(("Enmesh:CookieFile", open));
        _host.Builder.AddErlangNode();

        var problem = Assert.Single(await _host.RefusedAsync());

        Assert.StartsWith($"Enmesh:CookieFile: The cookie file {open} (the option CookieFile) may be read", problem);
        Assert.Contains("0444", problem);
    }

    [Theory]
    [InlineData("a b@127.0.0.1", "'a b' can't stand before the '@'")]
    [InlineData("orders@web", "Long names are on, but the host in the name 'orders@web' has no dot")]
    [InlineData("orders@", "nothing stands behind the '@'")]
    [InlineData("orders@[::1]", "without: orders@::1")]
    public async Task A_bad_name_is_told_like_any_other_setting(string name, string problem)
    {
        _host.With("Enmesh", "orders").Set(("Enmesh:Name", name));
        _host.Builder.AddErlangNode();

        var told = Assert.Single(await _host.RefusedAsync());

        Assert.StartsWith("Enmesh:Name: ", told);
        Assert.Contains(problem, told);
    }

    [Fact]
    public async Task Problems_of_code_are_told_by_the_same_keys()
    {
        _host.With("Enmesh", "orders");
        _host.Builder.AddErlangNode(node => (node.Port, node.Epmd) = (0, EpmdMode.Off));

        var problem = Assert.Single(await _host.RefusedAsync());

        Assert.StartsWith("Enmesh:Port: 0 takes a port that peers can only learn from EPMD", problem);
    }

    [Fact]
    public async Task Problems_of_a_named_node_are_told_below_its_section()
    {
        _host.With("Enmesh:Nodes:red", "red").Set(("Enmesh:Nodes:red:SetupTime", "0"));
        _host.Builder.AddErlangNode("red");

        Assert.StartsWith("Enmesh:Nodes:red:SetupTime: ", Assert.Single(await _host.RefusedAsync()));
    }

    [Fact]
    public async Task Two_sources_of_one_name_are_refused()
    {
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:Discovery:main:Strategy", "static"),
            ("Enmesh:Discovery:main:Peers", "a@10.0.0.1,b@10.0.0.2:4371"));
        _host.Builder.AddErlangNode().AddDiscovery(
            "main",
            _ => new Discovery.StaticDiscovery(new Discovery.StaticDiscoveryOptions { Peers = ["c@10.0.0.3"] }));

        Assert.Equal("Enmesh:Discovery: two sources have the name 'main'.", Assert.Single(await _host.RefusedAsync()));
    }

    [Fact]
    public async Task Problems_with_TLS_are_told_by_their_keys()
    {
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:Tls:KeyFile", "/nowhere/tls.key"), ("Enmesh:Tls:Mode", "sometimes"), ("Enmesh:Tls:AllowedNames", "*.example.com"),
            ("Enmesh:Tls:RenewLinksWithin", "1"), ("Enmesh:Tls:Certificate", "x"));
        _host.Builder.AddErlangNode();

        var problems = await _host.RefusedAsync();

        foreach (var (key, part) in new[]
        {
            ("Enmesh:Tls:CertificateFile", "is missing; both ends show one"), ("Enmesh:Tls:CaFile", "is missing"),
            ("Enmesh:Tls:Mode", "'sometimes' is not one of Auto, Off"), ("Enmesh:Tls:AllowedNames", "there are no wildcards"),
            ("Enmesh:Tls:RenewLinksWithin", "00:01:00"), ("Enmesh:Tls:Certificate", "no such setting"),
        })
        {
            Assert.Contains(part, Assert.Single(problems, problem => problem.StartsWith($"{key}: ", StringComparison.Ordinal)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Files_for_TLS_that_are_not_there_are_told_before_the_node_starts()
    {
        _host.With("Enmesh", "orders").Set(("Enmesh:Tls:CertificateFile", "/nowhere/tls.crt"), ("Enmesh:Tls:CaFile", "/nowhere/ca.crt"));
        _host.Builder.AddErlangNode();

        Assert.Equal("Enmesh:Tls: There is no file /nowhere/tls.crt.", Assert.Single(await _host.RefusedAsync()));
    }

    [Fact]
    public async Task Plain_TCP_beyond_loopback_wants_to_be_asked_for()
    {
        _host.With("Enmesh", "orders").Set(("Enmesh:ListenAddresses", "0.0.0.0"));
        _host.Builder.AddErlangNode();

        var problem = Assert.Single(await _host.RefusedAsync());
        Assert.StartsWith("Enmesh:Tls: the node would listen on 0.0.0.0 without TLS", problem, StringComparison.Ordinal);
        Assert.EndsWith("or say Tls: off.", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Tls_is_off_by_one_word()
    {
        _host.With("Enmesh", "orders").Set(("Enmesh:ListenAddresses", "0.0.0.0"), ("Enmesh:Tls", "off"));
        _host.Builder.AddErlangNode();
        using var services = _host.Builder.Services.BuildServiceProvider();

        Assert.Equal(TlsMode.Off, services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue.Tls.Mode);
    }

    [Fact]
    public void Every_option_can_be_set_from_the_configuration()
    {
        _host.With("Enmesh", "orders").Set(
            ("Enmesh:ShortNames", "false"), ("Enmesh:Insecure", "true"), ("Enmesh:Port", "4371"),
            ("Enmesh:LastPort", "4379"),
            ("Enmesh:PeerPort", "4372"), ("Enmesh:ListenAddresses", null), ("Enmesh:ListenAddresses:0", "127.0.0.1"),
            ("Enmesh:ListenAddresses:1", "::1"),
            ("Enmesh:Listen", "true"), ("Enmesh:Epmd", "Embedded"), ("Enmesh:EpmdPort", "5000"),
            ("Enmesh:NetTickTime", "00:00:08"),
            ("Enmesh:NetTickIntensity", "5"), ("Enmesh:SetupTime", "2.5"), ("Enmesh:SendBufferBytes", "65536"),
            ("Enmesh:MaxMessageBytes", "65537"), ("Enmesh:AtomBudget", "7"), ("Enmesh:Hidden", "false"),
            ("Enmesh:PreventOverlappingPartitions", "false"), ("Enmesh:UserOutput", "log"),
            ("Enmesh:StopByPeers", "true"), ("Enmesh:MaxMailboxBytes", "8589934592"),
            ("Enmesh:AllowedNodes", "10.0.0.7,a@10.0.0.8"), ("Enmesh:ManagedByPeers", "true"),
            ("Enmesh:StartPg", "false"), ("Enmesh:PgScopes", "orders,stock"), ("Enmesh:Cluster:TickInterval", "1"),
            ("Enmesh:Cluster:MaxParallelDials", "3"), ("Enmesh:Cluster:DialTimeout", "4"),
            ("Enmesh:Cluster:MinBackoff", "0.25"),
            ("Enmesh:Cluster:MaxBackoff", "6"), ("Enmesh:Cluster:ExpectedPeers", "8"),
            ("Enmesh:Cluster:EmptyConfirmations", "9"),
            ("Enmesh:Cluster:EmptyAge", "10"), ("Enmesh:Cluster:ForgetAfter", "11"), ("Enmesh:Cluster:WarnAfter", "12"),
            ("Enmesh:Cluster:RemindEvery", "70"), ("Enmesh:Discovery:main:Strategy", "DNS"),
            ("Enmesh:Discovery:main:Domains", "orders-headless"), ("Enmesh:Discovery:main:Interval", "3"),
            ("Enmesh:Discovery:main:Jitter", "0.5"), ("Enmesh:Discovery:main:Timeout", "1.5"));
        _host.Builder.AddErlangNode();
        using var services = _host.Builder.Services.BuildServiceProvider();

        var options = services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue;

        Assert.Equal(
            (true, 4371, 4379, 4372, EpmdMode.Embedded, 5000),
            (options.Insecure, options.Port, options.LastPort, options.PeerPort, options.Epmd, options.EpmdPort));
        Assert.Equal(["127.0.0.1", "::1"], options.ListenAddresses.Select(address => address.ToString()));
        Assert.Equal(
            (8, 5, 2.5, 65536, 65537, 7, false, 8L << 30),
            (options.NetTickTime.TotalSeconds, options.NetTickIntensity, options.SetupTime.TotalSeconds, options.SendBufferBytes, options.MaxMessageBytes, options.AtomBudget,
                options.Hidden, options.MaxMailboxBytes));
        Assert.Equal(
            (UserOutput.Log, true, false),
            (options.UserOutput, options.StopByPeers, options.PreventOverlappingPartitions));
        Assert.Equal((true, false), (options.ManagedByPeers, options.StartPg));
        Assert.Equal(["10.0.0.7", "a@10.0.0.8", "orders", "stock"], options.AllowedNodes.Concat(options.PgScopes));
        var cluster = options.Cluster;
        Assert.Equal(
            (1, 3, 4, 0.25, 6, 8),
            (cluster.TickInterval.TotalSeconds, cluster.MaxParallelDials, cluster.DialTimeout.TotalSeconds,
                cluster.MinBackoff.TotalSeconds, cluster.MaxBackoff.TotalSeconds, cluster.ExpectedPeers));
        Assert.Equal(
            (9, 10, 11, 12, 70),
            (cluster.EmptyConfirmations, cluster.EmptyAge.TotalSeconds, cluster.ForgetAfter.TotalSeconds,
                cluster.WarnAfter.TotalSeconds, cluster.RemindEvery.TotalSeconds));
        var source = Assert.Single(options.Discovery);
        Assert.Equal(
            ("main", 3, 0.5, 1.5),
            (source.Name, source.Interval.TotalSeconds, source.Jitter, source.Timeout.TotalSeconds));
    }

    [Fact]
    public void Every_option_of_a_node_has_a_key()
    {
        // A property that somebody adds and forgets to bind would be refused as a misspelt key.
        _host.With("Enmesh", "orders").Set(("Enmesh:nothing", "x"), ("Enmesh:Cluster:nothing", "x"));
        _host.Builder.AddErlangNode();
        using var services = _host.Builder.Services.BuildServiceProvider();
        var refused = Assert.Throws<OptionsValidationException>(
            () => services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue);

        AssertKeys(typeof(ErlangNodeOptions), "Enmesh:nothing");
        AssertKeys(typeof(Cluster.ClusterOptions), "Enmesh:Cluster:nothing");

        void AssertKeys(Type options, string key)
        {
            var known = refused.Failures.Single(problem => problem.StartsWith(key, StringComparison.Ordinal));
            Assert.All(options.GetProperties(), property => Assert.Matches($@"\b{property.Name}\b", known));
        }
    }
}
