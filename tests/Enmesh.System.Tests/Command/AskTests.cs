using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>
/// The verbs that ask: <c>ping</c>, <c>nodes</c>, <c>names</c>, with <c>epmd</c> and <c>node</c> to be asked.
/// </summary>
[Trait("Ring", "system")]
public sealed class AskTests : IAsyncLifetime
{
    private readonly CommandHome _home = new();
    private ChildProcess _epmd = null!;
    private ChildProcess _node = null!;
    private string _epmdPort = "";
    private string _port = "";

    public async ValueTask InitializeAsync()
    {
        var patience = TimeSpan.FromMinutes(10);
        _epmd = _home.Start("epmd", "--port", "0");
        _epmdPort = Regex.Match(await _epmd.WaitForLineAsync("EPMD listens", patience), @"port (\d+)").Groups[1].Value;
        _node = _home.Start(
            "node", "--name", "orders@127.0.0.1", "--port", "0", "--epmd", "register", "--epmd-port", _epmdPort,
            "--cookie-file", _home.CookieFile);
        _port = Regex.Match(await _node.WaitForLineAsync(
            "orders@127.0.0.1 is up on port", patience), @"port (\d+)").Groups[1].Value;
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _epmd.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Ping_finds_the_node_through_epmd_or_by_its_port()
    {
        Succeeds(
            await PingAsync("orders@127.0.0.1", "--epmd-port", _epmdPort),
            "^pong from orders@127.0.0.1: connected in [0-9.]+ ms, answered in [0-9.]+ ms$");
        Succeeds(await PingAsync("orders@127.0.0.1", "--port", _port), "^pong from ");
        Succeeds(
            await PingAsync("orders@127.0.0.1", "--port", _port, "--json"),
            """^\{"node":"orders@127.0.0.1","answer":"pong","connected_ms":[0-9.]+,"answered_ms":[0-9.]+\}$""");
    }

    [Fact]
    public async Task A_node_that_a_peer_may_stop_ends_with_the_exit_code_that_the_peer_says()
    {
        _home.Variables["Enmesh__StopByPeers"] = "true";
        await using var stopped = _home.Start(
            "node", "--name", "stopped@127.0.0.1", "--port", "0", "--epmd", "register", "--epmd-port", _epmdPort,
            "--cookie-file", _home.CookieFile, "--console", "off");
        var port = Regex.Match(await stopped.WaitForLineAsync("stopped@127.0.0.1 is up on port", TimeSpan.FromMinutes(2)), @"port (\d+)").Groups[1].Value;
        // Whether the answer comes before the end is nobody's promise.
        await _home.RunAsync("rpc", "stopped@127.0.0.1", "init:stop", "3", "--port", port, "--cookie-file", _home.CookieFile);
        Assert.Equal(3, (await stopped.WaitForExitAsync(TimeSpan.FromMinutes(2))).ExitCode);
    }

    [Fact]
    public async Task Ping_says_why_it_is_not_answered()
    {
        var other = _home.WriteCookie("other", Otp.NewCookie());
        var wrong = await _home.RunAsync("ping", "orders@127.0.0.1", "--port", _port, "--cookie-file", other);
        Fails(wrong, "orders@127.0.0.1", "cookie");
        await _node.WaitForLineAsync("cookie");
        Fails(await PingAsync("invoices@127.0.0.1", "--port", _port), "invoices@127.0.0.1", "orders@127.0.0.1");
        Fails(await PingAsync("invoices@127.0.0.1", "--epmd-port", _epmdPort), "invoices", $"127.0.0.1:{_epmdPort}");
        Fails(
            await PingAsync("orders@127.0.0.1", "--port", "1"),
            "127.0.0.1:1 refused the connection: nothing listens there");

        var json = await _home.RunAsync("ping", "orders@127.0.0.1", "--port", _port, "--cookie-file", other, "--json");
        Assert.Equal(1, json.ExitCode);
        Assert.Matches("""^\{"node":"orders@127.0.0.1","answer":"pang","error":".*cookie.*"\}$""", json.Output.TrimEnd());

        // Nobody else was disturbed.
        Succeeds(await PingAsync("orders@127.0.0.1", "--port", _port), "^pong");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "no Erlang node")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "no Erlang node")]
    [InlineData("\0\u0001x", "does not keep to the handshake")]
    public async Task Ping_says_what_answers_there_that_is_no_node(string says, string message)
    {
        await using var server = new StubServer(Encoding.Latin1.GetBytes(says), keepOpen: false);

        Fails(await PingAsync("orders@127.0.0.1", "--port", server.Port), message);
    }

    [Fact]
    public async Task Ping_does_not_wait_for_ever_for_a_node_that_stops_halfway()
    {
        // 'sok': it takes our name, and then it is silent.
        await using var server = new StubServer("\0\u0003sok"u8.ToArray(), keepOpen: true);

        Fails(
            await PingAsync("orders@127.0.0.1", "--port", server.Port, "--timeout", "4"),
            "orders@127.0.0.1 has not sent its challenge within");
    }

    [Fact]
    public async Task Nodes_lists_whom_the_node_sees_and_not_the_command()
    {
        var alone = await AskAsync("nodes", "orders@127.0.0.1");
        Assert.Equal((0, ""), (alone.ExitCode, alone.Output));
        await using var other = _home.Start(
            "node", "--name", "invoices@127.0.0.1", "--port", "0", "--epmd", "register", "--epmd-port", _epmdPort,
            "--cookie-file", _home.CookieFile, "--peer", $"orders@127.0.0.1:{_port}");
        await _node.WaitForLineAsync("invoices@127.0.0.1");

        Succeeds(await AskAsync("nodes", "orders@127.0.0.1"), "^invoices@127.0.0.1$");
        Succeeds(await AskAsync("nodes", "orders@127.0.0.1", "--json"), """^\{"node":"orders@127.0.0.1","sees":\["invoices@127.0.0.1"\]\}$""");
    }

    [Fact]
    public async Task Names_lists_what_epmd_knows()
    {
        Succeeds(await _home.RunAsync("names", "--epmd-port", _epmdPort), $"^name orders at port {_port}$");
        Succeeds(
            await _home.RunAsync("names", "--epmd-port", _epmdPort, "--json"),
            $$"""^\{"host":"127.0.0.1","port":{{_epmdPort}},"names":\[\{"name":"orders","port":{{_port}}\}\]\}$""");
        Fails(await _home.RunAsync("names", "--epmd-port", "1"), "No EPMD answers on 127.0.0.1:1");
        Fails(await _home.RunAsync("names", "--epmd-port", _port), "EPMD");
    }

    [Fact]
    public async Task A_second_epmd_and_a_second_node_of_the_name_are_refused()
    {
        Fails(await _home.RunAsync("epmd", "--port", _epmdPort), _epmdPort, "in use");
        Fails(
            await _home.RunAsync(
                "node", "--name", "orders@127.0.0.1", "--port", "0", "--epmd", "register", "--epmd-port", _epmdPort,
                "--cookie-file", _home.CookieFile),
            "orders", "EPMD");
        Fails(
            await _home.RunAsync(
                "node", "--name", "x@127.0.0.1", "--port", _port, "--listen", "127.0.0.1", "--cookie-file",
                _home.CookieFile), _port, "in use");
    }

    [Fact]
    public async Task Node_and_epmd_end_with_sigterm()
    {
        await _node.SignalAsync("TERM");
        Assert.Equal(0, (await _node.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
        await _epmd.SignalAsync("TERM");
        Assert.Equal(0, (await _epmd.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
    }

    private static void Succeeds(CommandResult result, string pattern)
    {
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Matches(pattern, result.Output.TrimEnd());
    }

    /// <summary>It says one line on stderr, for people, with all of the parts.</summary>
    private static void Fails(CommandResult result, params string[] parts)
    {
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Empty(result.Output);
        var line = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("enmesh: ", line);
        Assert.All(parts, part => Assert.Contains(part, line));
    }

    private Task<CommandResult> PingAsync(string node, params string[] arguments) =>
        _home.RunAsync(["ping", node, "--cookie-file", _home.CookieFile, .. arguments]);

    private Task<CommandResult> AskAsync(string verb, string node, params string[] arguments) =>
        _home.RunAsync([verb, node, "--cookie-file", _home.CookieFile, "--epmd-port", _epmdPort, .. arguments]);

    /// <summary>Answers the first bytes of every caller with bytes of the test's own.</summary>
    private sealed class StubServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stopped = new();
        private readonly Task _serving;

        internal StubServer(byte[] answer, bool keepOpen)
        {
            _listener.Start();
            _serving = ServeAsync(answer, keepOpen);
        }

        internal string Port => $"{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public async ValueTask DisposeAsync()
        {
            await _stopped.CancelAsync();
            await _serving;
            _listener.Dispose();
            _stopped.Dispose();
        }

        private async Task ServeAsync(byte[] answer, bool keepOpen)
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptSocketAsync(_stopped.Token);
                    _ = await socket.ReceiveAsync(new byte[4096], _stopped.Token);
                    await socket.SendAsync(answer, _stopped.Token);
                    while (keepOpen && await socket.ReceiveAsync(new byte[4096], _stopped.Token) > 0)
                    {
                        // It listens, and says nothing any more.
                    }
                }
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException)
            {
                // The test is over, or the caller has gone.
            }
        }
    }
}
