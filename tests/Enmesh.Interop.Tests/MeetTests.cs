using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// Nodes as people start them find each other: through EPMD, theirs or ours, with long, short and IPv6 names.
/// </summary>
[Trait("Ring", "interop")]
public sealed class MeetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    public static MatrixTheoryData<int, bool> ReleasesAndEpmds =>
        new(Otp.Releases.Select(row => row.Data), [false, true]);

    [Theory]
    [MemberData(nameof(ReleasesAndEpmds))]
    public async Task Erl_call_finds_us_through_epmd_and_calls_functions(int release, bool embedded)
    {
        await using var place = await Place.StartAsync(release, embedded);
        var node = await place.StartNodeAsync("shop@127.0.0.1", embedded);
        node.Functions.Export("shop", "price", 1, (_, arguments) => new(
            arguments[0].AtomText == "apple"
                ? Term.Tuple(Atoms.Ok, 3)
                : throw new ArgumentException("There are apples only.")));

        Assert.Equal("'shop@127.0.0.1'", (await place.ErlCallAsync("shop@127.0.0.1", "erlang node")).Successful.Trim());
        Assert.Equal("{ok, 3}", (await place.ErlCallAsync("shop@127.0.0.1", "shop price [apple]")).Successful.Trim());
        Assert.Contains("badrpc", (await place.ErlCallAsync("shop@127.0.0.1", "os cmd [\"id\"]")).ToString());
    }

    [Theory]
    [MemberData(nameof(ReleasesAndEpmds))]
    public async Task A_stock_erl_and_we_find_each_other_through_epmd(int release, bool embedded)
    {
        await using var place = await Place.StartAsync(release, embedded);
        var node = await place.StartNodeAsync("ours@127.0.0.1", embedded);
        await using var beam = await place.StartBeamAsync("theirs@127.0.0.1");

        Assert.Equal("pong", await beam.EvalAsync("net_adm:ping('ours@127.0.0.1')"));
        await node.DisconnectAsync(NodeName.Parse(beam.Name));
        await beam.WaitForAsync("nodes()", "[]");
        await node.PingAsync(NodeName.Parse("theirs@127.0.0.1"));
        Assert.Equal("['ours@127.0.0.1']", await beam.EvalAsync("nodes()"));
        Assert.Equal(
            "[\"ours\",\"theirs\"]",
            await beam.EvalAsync("{ok, L} = net_adm:names({127,0,0,1}), lists:sort([N || {N, _} <- L])"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_with_short_names_meet(int release)
    {
        await using var place = await Place.StartAsync(release, embedded: true);
        var node = await place.StartNodeAsync("ours@localhost", embedded: true, options => options.ShortNames = true);
        await using var beam = await place.StartBeamAsync(
            "theirs@localhost", options => options with { ShortName = true });

        Assert.Equal("pong", await beam.EvalAsync("net_adm:ping('ours@localhost')"));
        await node.DisconnectAsync(NodeName.Parse(beam.Name));
        await beam.WaitForAsync("nodes()", "[]");
        await node.PingAsync(NodeName.Parse("theirs@localhost"));
        Assert.Equal("[ours@localhost]", await beam.EvalAsync("nodes()"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_with_IPv6_addresses_in_their_names_meet(int release)
    {
        await using var place = await Place.StartAsync(release, embedded: true);
        var node = await place.StartNodeAsync("ours@::1", embedded: true);
        await using var beam = await place.StartBeamAsync(
            "theirs@::1", options => options with { Address = "::1", Arguments = ["-proto_dist", "inet6_tcp"] });

        Assert.Equal("pong", await beam.EvalAsync("net_adm:ping('ours@::1')"));
        await node.DisconnectAsync(NodeName.Parse(beam.Name));
        await beam.WaitForAsync("nodes()", "[]");
        await node.PingAsync(NodeName.Parse("theirs@::1"));
        Assert.Equal("['ours@::1']", await beam.EvalAsync("nodes()"));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_beam_with_another_cookie_is_named_and_disturbs_nobody(int release)
    {
        await using var place = await Place.StartAsync(release, embedded: true);
        var node = await place.StartNodeAsync("ours@127.0.0.1", embedded: true);
        await using var friend = await place.StartBeamAsync("friend@127.0.0.1");
        await using var stranger = await place.StartBeamAsync(
            "stranger@127.0.0.1", options => options with { Cookie = Otp.NewCookie() });
        Assert.Equal("pong", await friend.EvalAsync("net_adm:ping('ours@127.0.0.1')"));
        await friend.EvalAsync(
            "persistent_term:put(downs, 0), Self = self(), spawn(fun() -> net_kernel:monitor_nodes(true, [{node_type, all}]), "
            + "Self ! watching, receive {nodedown, _, _} -> persistent_term:put(downs, 1) end end), receive watching -> ok end");

        stranger.Announce("Invalid challenge reply");
        Assert.Equal("pang", await stranger.EvalAsync("net_adm:ping('ours@127.0.0.1')"));
        var error = await Assert.ThrowsAsync<HandshakeException>(
            () => node.ConnectAsync(NodeName.Parse("stranger@127.0.0.1")));

        Assert.Equal(HandshakeFailure.CookieMismatch, error.Failure);
        Assert.Contains("stranger@127.0.0.1", error.Message);
        await place.Logs.UntilAsync(LogLevel.Warning, "stranger@127.0.0.1", "the cookies differ");
        await node.PingAsync(NodeName.Parse("friend@127.0.0.1"));
        Assert.Equal("0", await friend.EvalAsync("persistent_term:get(downs)"));
        Assert.Equal(["friend@127.0.0.1"], node.ConnectedNodes.Select(name => name.Text));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_changed_cookie_parts_nobody_and_beams_may_follow_one_by_one(int release)
    {
        await using var place = await Place.StartAsync(release, embedded: true);
        var node = await place.StartNodeAsync("ours@127.0.0.1", embedded: true);
        await using var late = await place.StartBeamAsync("late@127.0.0.1");
        Assert.Equal("pong", await late.EvalAsync("net_adm:ping('ours@127.0.0.1')"));
        late.Announce("locker process received an unexpected message"); // of OTP 23, whose lock is given back while the two part
        var cookie = await place.ChangeCookieAsync();
        Assert.Equal(["late@127.0.0.1"], node.ConnectedNodes.Select(name => name.Text));

        await PartAsync();
        Assert.Equal("pong", await late.EvalAsync("net_adm:ping('ours@127.0.0.1')"));
        await PartAsync();
        late.Announce("Invalid challenge reply"); // the new one is tried first
        await node.ConnectAsync(NodeName.Parse("late@127.0.0.1"));

        await late.EvalAsync($"erlang:set_cookie(node(), '{cookie}')");
        await PartAsync();
        Assert.Equal("pong", await late.EvalAsync("net_adm:ping('ours@127.0.0.1')"));
        await using var fresh = await place.StartBeamAsync("fresh@127.0.0.1", options => options with { Cookie = cookie });
        Assert.Equal("pong", await fresh.EvalAsync("net_adm:ping('ours@127.0.0.1')"));

        async Task PartAsync()
        {
            // What its global has begun to ask of us would connect the two again.
            Assert.Equal("ok", await late.EvalAsync("global:sync()"));
            await late.EvalAsync("erlang:disconnect_node('ours@127.0.0.1')");
            await Waiting.UntilAsync(() => node.ConnectedNodes.Count == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task We_are_connected_again_by_ourselves_when_the_beam_is_back(int release)
    {
        await using var place = await Place.StartAsync(release, embedded: true);
        var beam = await BeamNode.StartAsync(release, new() { Cookie = place.Cookie });
        try
        {
            await place.StartNodeAsync("ours@127.0.0.1", embedded: true, options =>
            {
                options.Cluster = new ClusterOptions { MaxBackoff = TimeSpan.FromSeconds(1) };
                options.Discovery.Add(new DiscoverySource(
                    "static",
                    new StaticDiscovery(new StaticDiscoveryOptions { Peers = [$"{beam.Name}:{beam.Port}"] })));
            });
            await beam.WaitForAsync("nodes()", "['ours@127.0.0.1']", Patience);

            await beam.KillAsync();
            await beam.DisposeAsync();
            beam = await BeamNode.StartAsync(release, beam.Options);

            await beam.WaitForAsync("nodes()", "['ours@127.0.0.1']", Patience);
        }
        finally
        {
            await beam.DisposeAsync();
        }
    }

    /// <summary>An EPMD of their kind or ours, one cookie, and the nodes that use them.</summary>
    private sealed class Place : IAsyncDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-meet-").FullName;
        private readonly int _release;
        private readonly int _epmdPort;
        private readonly BeamEpmd? _epmd;
        private ErlangNode? _node;

        private Place(int release, BeamEpmd? epmd)
        {
            _release = release;
            _epmd = epmd;
            _epmdPort = epmd?.Port ?? BeamEpmd.FreePort();
        }

        internal string Cookie { get; } = Otp.NewCookie();

        internal LogKeeper Logs { get; } = new();

        internal static async Task<Place> StartAsync(int release, bool embedded) =>
            new(release, embedded ? null : await BeamEpmd.StartAsync(release));

        internal async Task<ErlangNode> StartNodeAsync(
            string name, bool embedded, Action<ErlangNodeOptions>? more = null)
        {
            var file = Path.Combine(_directory, "cookie");
            await File.WriteAllTextAsync(file, Cookie);
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
            var options = new ErlangNodeOptions
            {
                Name = name,
                CookieFile = file,
                Port = 0,
                Epmd = embedded ? EpmdMode.Embedded : EpmdMode.Register,
                EpmdPort = _epmdPort,
            };
            more?.Invoke(options);
            return _node = await ErlangNode.StartAsync(options, Logs);
        }

        /// <summary>As a mounted secret is changed: the node's file is another from one moment to the next.</summary>
        internal async Task<string> ChangeCookieAsync()
        {
            var cookie = Otp.NewCookie();
            var file = Path.Combine(_directory, "cookie.new");
            await File.WriteAllTextAsync(file, cookie);
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
            File.Move(file, Path.Combine(_directory, "cookie"), overwrite: true);
            await Logs.UntilAsync(LogLevel.Information, "The cookie file", "has changed");
            return cookie;
        }

        internal Task<BeamNode> StartBeamAsync(string name, Func<BeamOptions, BeamOptions>? more = null)
        {
            var options = new BeamOptions { Name = name, Cookie = Cookie, EpmdPort = _epmdPort };
            return BeamNode.StartAsync(_release, more is null ? options : more(options));
        }

        internal Task<CommandResult> ErlCallAsync(string node, string call) =>
            Otp.RunAsync(_release, ["erl_call", "-name", node, "-a", call], Cookie, _epmdPort);

        public async ValueTask DisposeAsync()
        {
            if (_node is not null)
                await _node.DisposeAsync();
            if (_epmd is not null)
                await _epmd.DisposeAsync();
            Directory.Delete(_directory, recursive: true);
        }
    }
}
