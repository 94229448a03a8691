using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>
/// <c>eval</c>, <c>console</c> and the verbs that ask for one thing, with a node of ours here and real ones of every release.
/// </summary>
[Trait("Ring", "system")]
public sealed class EvalTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly CommandHome _home = new();
    private ChildProcess _epmd = null!;
    private ChildProcess _node = null!;
    private string _port = "";

    public static TheoryData<int> Releases => Otp.Releases;

    private string SocketPath => _home.PathTo("own/orders.console");

    public async ValueTask InitializeAsync()
    {
        _epmd = _home.Start("epmd", "--port", "0");
        var epmdPort = Regex.Match(await _epmd.WaitForLineAsync("EPMD listens", Patience), @"port (\d+)").Groups[1].Value;
        _node = _home.Start(
            "node", "--name", "orders@127.0.0.1", "--port", "0", "--epmd", "register", "--epmd-port", epmdPort,
            "--cookie-file", _home.CookieFile, "--console", SocketPath);
        var up = await _node.WaitForLineAsync("orders@127.0.0.1 is up on port", Patience);
        _port = Regex.Match(up, @"port (\d+)").Groups[1].Value;
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _epmd.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Eval_asks_the_node_of_this_machine_through_its_socket()
    {
        Is(0, "'orders@127.0.0.1'\n", await LocallyAsync("node()."));
        Is(0, "1\n{1,2}\n", await LocallyAsync("X = 1. {X, 2}"));
        Is(0, "hi\nok\n", await LocallyAsync("io:format(\"hi~n\")"));
        Is(0, "{\"node\":\"orders@127.0.0.1\",\"value\":\"#{a => 1}\",\"output\":\"hi\\n\"}\n", await LocallyAsync("io:put_chars(\"hi\\n\"), #{a => 1}.", "--json"));
        var failed = await LocallyAsync("hd([]).");
        Assert.Equal((1, ""), (failed.ExitCode, failed.Output));
        Assert.Contains("*** argument 1: not a nonempty list", failed.Errors, StringComparison.Ordinal);
        Is(0, "3\n", await _home.RunWithInputAsync("1 +\n 2.\n", "eval", "--socket", SocketPath));
        Assert.Equal(1, (await LocallyAsync("1 + .")).ExitCode);
    }

    [Fact]
    public async Task The_socket_of_a_node_that_was_killed_is_no_node()
    {
        var runtime = Directory.CreateDirectory(_home.PathTo("run"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        _home.Variables["XDG_RUNTIME_DIR"] = runtime;
        var dead = Path.Combine(Directory.CreateDirectory(Path.Combine(runtime, "enmesh")).FullName, "gone@127.0.0.1.console");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(dead + ".new"));
            File.Move(dead + ".new", dead); // or it would be tidied up
        }
        var none = await _home.RunAsync("eval", "node().");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("No node of yours has a console on this machine", none.Errors, StringComparison.Ordinal);

        File.CreateSymbolicLink(Path.Combine(runtime, "enmesh", "orders@127.0.0.1.console"), SocketPath);
        Is(0, "'orders@127.0.0.1'\n", await _home.RunAsync("eval", "node()."));
        Assert.True(File.Exists(dead));
    }

    [Fact]
    public async Task Trace_follows_the_calls_of_a_node_that_runs_here()
    {
        await using var trace = _home.Start("trace", "--socket", SocketPath);
        await trace.WaitForLineAsync("Following orders@127.0.0.1", Patience);
        // It may not yet be heard, so that somebody calls until it is.
        while (!trace.Output.Contains("the handshake is done: a hidden node", StringComparison.Ordinal))
            Assert.Equal(0, (await _home.RunAsync("ping", "orders@127.0.0.1", "--port", _port, "--cookie-file", _home.CookieFile)).ExitCode);
        Assert.Matches(@"call \d+ from enmesh-\w+@127\.0\.0\.1 agreed after \d+\.\d ms: the handshake is done: a hidden node", trace.Output);
        Assert.Equal(2, (await _home.RunAsync("trace")).ExitCode);
        Assert.Equal(2, (await _home.RunAsync("trace", "a@127.0.0.1", "--of", "b@127.0.0.1")).ExitCode);
    }

    [Fact]
    public async Task Eval_for_another_node_of_ours_calls_what_that_lets_its_peers_call()
    {
        Is(0, "true\n", await AtNodeAsync("is_process_alive(whereis(rex)) andalso node() =/= 'orders@127.0.0.1'."));
        var refused = await AtNodeAsync("os:cmd(\"id\").");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Peers may not touch", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("undefined function nosuch:thing/0", (await AtNodeAsync("nosuch:thing().")).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_beam_evaluates_itself(int release)
    {
        await using var beam = await BeamNode.StartAsync(release, new() { Name = Otp.NewName() });
        var cookie = _home.WriteCookie($"cookie{release}", beam.Cookie);
        string[] at = ["--node", beam.Name, "--port", beam.Port.ToString(CultureInfo.InvariantCulture), "--cookie-file", cookie];
        Task<CommandResult> EvalAsync(string expression) => _home.RunAsync(["eval", .. at, expression]);

        Is(0, $"'{beam.Name}'\n", await EvalAsync("node()."));
        Is(0, "3\n[3,6]\nok\nok\n", await EvalAsync("X = 3. [X * Y || Y <- [1,2]]. f(X). io:format(\"\")."));
        Is(0, "hi <0.1.0>\nok\n", await EvalAsync("io:format(\"hi ~p~n\", [pid(0,1,0)])."));
        var failed = await EvalAsync("foo(1).");
        Assert.Equal((1, "** exception error: undefined shell command foo/1\n"), (failed.ExitCode, failed.Errors));
        Assert.Equal("* 1:5: syntax error before: '.'\n", (await EvalAsync("1 + .")).Errors);

        // What is lost does not go on there.
        var before = await beam.EvalAsync("length(processes())");
        await using (var lost = _home.Start(["eval", .. at, "register(lost_one, self()), io:format(\"begun~n\"), receive never -> ok end."]))
        {
            await lost.WaitForLineAsync("begun", Patience);
            Assert.Equal("true", await beam.EvalAsync("is_pid(whereis(lost_one))"));
        }
        await beam.EvalAsync("(fun Wait() -> case whereis(lost_one) of undefined -> ok; _ -> timer:sleep(10), Wait() end end)()");
        Assert.NotEmpty(before);
    }

    [Fact]
    public async Task A_console_without_a_terminal_reads_lines_as_they_come()
    {
        var console = await _home.RunWithInputAsync("X = 1.\nX +\n1.\nq().\n5.\n", "console", "--socket", SocketPath);

        Assert.Equal(0, console.ExitCode);
        Assert.Equal(["1", "2"], console.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1));
    }

    [Fact]
    public async Task A_console_at_a_terminal_edits_completes_and_interrupts()
    {
        // script(1) gives the command a terminal of its own, and passes on what we type.
        var command = $"'{Repository.PathTo("enmesh")}' console --socket '{SocketPath}'";
        await using var console = ChildProcess.Start(
            ["script", "-qefc", command, "/dev/null"], new Dictionary<string, string?> { ["TERM"] = "xterm", ["XDG_STATE_HOME"] = _home.PathTo("state") }, keepInput: true);
        await console.WaitForLineAsync("the shell of orders@127.0.0.1", Patience);
        await TypeAsync("lists:rev\t[1,2]).\r", "[2,1]");
        await TypeAsync("X = 41X\b.\r", "41");
        await TypeAsync("io:format(\"waiting~n\"), timer:sleep(infinity).\r", "waiting");
        await TypeAsync("\x03", "** exception exit: killed");
        await TypeAsync("timer:sleep(infinity).\r\x03", "** exception exit: killed");
        await TypeAsync("X + 1.\r", "42");
        await console.Input.WriteAsync("\x04");
        await console.Input.FlushAsync();
        await console.WaitForExitAsync(Patience);
        Assert.Contains("lists:reverse([1,2]).", await File.ReadAllTextAsync(_home.PathTo("state/enmesh/console_history")), StringComparison.Ordinal);

        async Task TypeAsync(string keys, string answer)
        {
            await console.Input.WriteAsync(keys);
            await console.Input.FlushAsync();
            await console.WaitForLineAsync(answer, Patience);
        }
    }

    [Fact]
    public async Task Verbs_ask_for_one_thing_each()
    {
        Is(0, "'orders@127.0.0.1'\n", await AskAsync("rpc", "erlang:node"));
        Is(0, "[]\n", await AskAsync("rpc", "erlang:nodes", "visible"));
        Assert.Equal(1, (await AskAsync("rpc", "nosuch:thing")).ExitCode);
        Assert.Matches("""^\{"node":"orders@127.0.0.1","error":"error: undef"\}\n$""", (await AskAsync("rpc", "nosuch:thing", "--json")).Output);
        Is(0, "{\"node\":\"orders@127.0.0.1\",\"to\":\"nobody\",\"sent\":true}\n", await AskAsync("send", "nobody", "{ok, 1}", "--json"));
        Assert.Equal(1, (await AskAsync("call", "nobody", "hi")).ExitCode);
        Assert.Matches("""^\{"node":"orders@127.0.0.1","error":"exit: noproc"\}\n$""", (await AskAsync("call", "nobody", "hi", "--json")).Output);
        Assert.Contains("net_kernel", (await AskAsync("processes")).Output, StringComparison.Ordinal);
        Assert.Matches("""^\{"node":"orders@127.0.0.1","count":\d+,"processes":\[\{"pid":"#Pid<""", (await AskAsync("processes", "--json")).Output);
        Assert.Contains("hidden", (await AskAsync("links")).Output, StringComparison.Ordinal);
        Is(0, "{\"node\":\"orders@127.0.0.1\",\"scope\":\"pg\",\"groups\":[]}\n", await AskAsync("pg", "--json"));
        Is(0, "{\"node\":\"orders@127.0.0.1\",\"names\":[]}\n", await AskAsync("global", "--json"));
    }

    private Task<CommandResult> LocallyAsync(string expression, params string[] options) =>
        _home.RunAsync(["eval", "--socket", SocketPath, expression, .. options]);

    private Task<CommandResult> AtNodeAsync(string expression) =>
        _home.RunAsync("eval", "--node", "orders@127.0.0.1", "--port", _port, "--cookie-file", _home.CookieFile, expression);

    private Task<CommandResult> AskAsync(string verb, params string[] arguments) =>
        _home.RunAsync([verb, "orders@127.0.0.1", "--port", _port, "--cookie-file", _home.CookieFile, .. arguments]);

    private static void Is(int exitCode, string output, CommandResult result) =>
        Assert.Equal((exitCode, output), (result.ExitCode, result.Output));
}
