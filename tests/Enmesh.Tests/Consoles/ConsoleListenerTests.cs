using System.Net.Sockets;
using System.Runtime.Versioning;
using Enmesh.Consoles;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Consoles;

/// <summary>Consoles over the node's socket.</summary>
[Trait("Ring", "loopback")]
[UnsupportedOSPlatform("windows")]
public sealed class ConsoleListenerTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-console-").FullName;
    private readonly LoopbackCluster _cluster = new();
    private ErlangNode _node = null!;
    private IAsyncDisposable _listener = null!;

    private string SocketPath => Path.Combine(_directory, "own", "node.console");

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartAsync("orders@127.0.0.1");
        _listener = _node.ListenForConsoles(SocketPath);
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Nobody_else_can_open_it()
    {
        const UnixFileMode User = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(User, File.GetUnixFileMode(SocketPath));
        Assert.Equal(User | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(SocketPath)!));
    }

    [Fact]
    public async Task What_has_ended_leaves_the_socket_of_the_next_one_alone()
    {
        await _listener.DisposeAsync();
        await using var next = _node.ListenForConsoles(SocketPath);

        await _listener.DisposeAsync();

        Assert.True(File.Exists(SocketPath));
    }

    [Fact]
    public void A_directory_that_is_open_to_others_is_refused()
    {
        var open = Directory.CreateDirectory(Path.Combine(_directory, "open")).FullName;
        File.SetUnixFileMode(open, (UnixFileMode)0b111_101_101);

        var refused = Assert.Throws<IOException>(() => _node.ListenForConsoles(Path.Combine(open, "node.console")));
        Assert.Contains("is open to others", refused.Message, StringComparison.Ordinal);
    }

    // As below an emptyDir of a pod that has an fsGroup.
    [Fact]
    public async Task A_directory_that_passes_its_group_on_is_as_good()
    {
        var volume = Directory.CreateDirectory(Path.Combine(_directory, "volume")).FullName;
        File.SetUnixFileMode(volume, (UnixFileMode)0b010_111_111_111);
        await using var listener = _node.ListenForConsoles(Path.Combine(volume, "enmesh", "node.console"));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.Combine(volume, "enmesh")) & ~UnixFileMode.SetGroup);
    }

    [Fact]
    public void A_directory_of_somebody_else_is_refused()
    {
        Assert.SkipUnless(Owner.EffectiveUser() == 0, "only root may give a directory away");
        var foreign = Directory.CreateDirectory(Path.Combine(_directory, "foreign"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        using (var chown = System.Diagnostics.Process.Start("chown", ["12345", foreign]))
            chown.WaitForExit();

        var refused = Assert.Throws<IOException>(() => _node.ListenForConsoles(Path.Combine(foreign, "node.console")));
        Assert.Contains("belongs to somebody else", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_not_taken_for_the_socket_of_a_node_that_has_ended()
    {
        var file = Path.Combine(_directory, "own", "notes");
        File.WriteAllText(file, "");

        var refused = Assert.Throws<IOException>(() => _node.ListenForConsoles(file));
        Assert.Contains("is a file", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task The_socket_of_a_node_that_was_killed_is_replaced()
    {
        var path = Path.Combine(_directory, "own", "dead");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
            Assert.Equal((Owner.EffectiveUser(), true), Owner.OfFile(path));
            File.Move(path, path + "2"); // .NET removes the file of a socket that it disposes of
        }
        File.Move(path + "2", path);

        await using var listener = _node.ListenForConsoles(path);
        using var console = await Connection.OpenAsync(path);
        Assert.StartsWith("{hello", console.Hello, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_tells_of_calls_that_come_and_of_calls_that_go_from_when_it_is_asked_to()
    {
        var before = await _cluster.StartAsync("before@127.0.0.1");
        await before.PingAsync(_node.Name);
        using var console = await Connection.OpenAsync(SocketPath);
        await console.SendAsync(new Atom("trace"));
        // What is answered after it shows that it was heard.
        await console.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("ok.")));
        Assert.StartsWith("{answer,", await console.NextAsync(), StringComparison.Ordinal);

        var friend = await _cluster.StartAsync("friend@127.0.0.1");
        await friend.PingAsync(_node.Name);
        Assert.StartsWith("{trace,2,true,<<\"tcp 127.0.0.1:", await console.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("{trace,2,true,<<\"friend@127.0.0.1\">>,<<\"agreed\">>,<<\"the handshake is done: a hidden node, ", await console.NextAsync(), StringComparison.Ordinal);

        _cluster.Place(NodeName.Parse("stranger@127.0.0.1"), _cluster.PortOf(friend));
        await Assert.ThrowsAsync<HandshakeException>(() => _node.ConnectAsync(NodeName.Parse("stranger@127.0.0.1")));
        string[] steps = [await console.NextAsync() ?? "", await console.NextAsync() ?? "", await console.NextAsync() ?? ""];
        Assert.Equal(
            ["located", "connected", "failed"],
            steps.Select(step => step.Split("<<\"")[2].Split('"')[0]));
        Assert.All(steps, step => Assert.StartsWith("{trace,3,false,<<\"stranger@127.0.0.1\">>,", step, StringComparison.Ordinal));
        Assert.Contains("calls itself 'friend@127.0.0.1'", steps[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_long_comes_in_parts_and_whole()
    {
        using var console = await Connection.OpenAsync(SocketPath);
        await console.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("io:format(\"~ts\", [lists:duplicate(3000000, 128512)]).")));

        var (smileys, parts) = (0, 0);
        string? next;
        while ((next = await console.NextAsync()) is not null && next.StartsWith("{output", StringComparison.Ordinal))
            (smileys, parts) = (smileys + console.LastText.EnumerateRunes().Count(rune => rune.Value == 128512), parts + 1);
        Assert.Equal("{answer,<<\"ok\">>,false,false,2}", next);
        Assert.Equal(3_000_000, smileys);
        Assert.True(parts > 50);
    }

    [Fact]
    public void A_path_that_no_socket_can_have_is_refused()
    {
        var refused = Assert.Throws<IOException>(() => _node.ListenForConsoles(Path.Combine(_directory, new string('x', 200))));
        Assert.Contains("longer than", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_where_a_node_answers_is_not_taken_from_it()
    {
        Assert.Throws<IOException>(() => _node.ListenForConsoles(SocketPath));
    }

    [Fact]
    public async Task A_console_is_greeted_answered_and_shown_what_is_printed()
    {
        using var console = await Connection.OpenAsync(SocketPath);

        Assert.Equal("{hello,<<\"orders@127.0.0.1\">>,_,1}", console.Hello);
        await console.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("X = 1, io:format(\"hi~n\"), {X, node()}.")));
        Assert.Equal("{output,<<\"hi\\n\">>}", await console.NextAsync());
        Assert.Equal("{answer,<<\"{1,'orders@127.0.0.1'}\">>,false,false,2}", await console.NextAsync());
        await console.SendAsync(Term.Tuple(new Atom("complete"), Term.Binary("lists:rev")));
        Assert.Equal("{completions,3,[<<\"reverse(\">>]}", await console.NextAsync());
    }

    [Fact]
    public async Task Each_console_has_variables_of_its_own()
    {
        using var first = await Connection.OpenAsync(SocketPath);
        using var second = await Connection.OpenAsync(SocketPath);
        await first.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("X = 1.")));
        Assert.Equal("{answer,<<\"1\">>,false,false,2}", await first.NextAsync());
        await second.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("X.")));

        Assert.Equal("{answer,<<\"* 1:1: variable 'X' is unbound\">>,true,false,2}", await second.NextAsync());
    }

    [Fact]
    public async Task An_interrupt_ends_the_expression()
    {
        using var console = await Connection.OpenAsync(SocketPath);
        await console.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("io:format(\"begun~n\"), receive never -> ok end.")));
        Assert.Equal("{output,<<\"begun\\n\">>}", await console.NextAsync());
        await console.SendAsync(new Atom("interrupt"));

        Assert.Equal("{answer,<<\"** exception exit: killed\">>,true,false,2}", await console.NextAsync());
    }

    [Fact]
    public async Task What_a_console_has_asked_for_ends_with_it()
    {
        using (var console = await Connection.OpenAsync(SocketPath))
        {
            await console.SendAsync(Term.Tuple(new Atom("eval"), Term.Binary("register(busy, self()), io:format(\"begun~n\"), receive never -> ok end.")));
            Assert.Equal("{output,<<\"begun\\n\">>}", await console.NextAsync());
            Assert.NotNull(_node.WhereIs("busy"));
        }
        while (_node.WhereIs("busy") is not null)
            await Task.Delay(1);
    }

    [Fact]
    public async Task Whoever_says_something_else_is_shown_out()
    {
        using var console = await Connection.OpenAsync(SocketPath);
        await console.SendAsync(new Atom("nonsense"));

        Assert.Null(await console.NextAsync());
        using var other = await Connection.OpenAsync(SocketPath);
        Assert.StartsWith("{hello", other.Hello, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_goes_with_its_node()
    {
        using var console = await Connection.OpenAsync(SocketPath);
        await _listener.DisposeAsync();

        Assert.Null(await console.NextAsync());
        Assert.False(File.Exists(SocketPath));
        _listener = _node.ListenForConsoles(SocketPath);
    }

    private sealed class Connection(NetworkStream stream) : IDisposable
    {
        internal string Hello { get; private set; } = "";

        /// <summary>The text of the message that came last.</summary>
        internal string LastText { get; private set; } = "";

        internal static async Task<Connection> OpenAsync(string path)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            var connection = new Connection(new NetworkStream(socket, ownsSocket: true));
            var hello = await ConsoleFrames.ReadAsync(connection.Stream, CancellationToken.None);
            if (hello is { TupleElements: [var tag, var node, _, var line] })
                connection.Hello = Term.Tuple(tag, node, new Atom("_"), line).ToString().Replace("'_'", "_", StringComparison.Ordinal);
            return connection;
        }

        internal Task SendAsync(Term message) => ConsoleFrames.WriteAsync(Stream, message, CancellationToken.None).AsTask();

        internal async Task<string?> NextAsync()
        {
            try
            {
                var message = await ConsoleFrames.ReadAsync(Stream, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromMinutes(5));
                LastText = message is { TupleElements: [_, var text, ..] } ? ConsoleFrames.TextOf(text) : "";
                return message?.ToString();
            }
            catch (IOException)
            {
                return null;
            }
        }

        public void Dispose() => Stream.Dispose();

        private NetworkStream Stream => stream;
    }
}
