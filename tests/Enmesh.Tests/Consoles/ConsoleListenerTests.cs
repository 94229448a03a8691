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
    public void A_directory_that_is_open_to_others_is_refused()
    {
        var open = Directory.CreateDirectory(Path.Combine(_directory, "open")).FullName;
        File.SetUnixFileMode(open, (UnixFileMode)0b111_101_101);

        var refused = Assert.Throws<IOException>(() => _node.ListenForConsoles(Path.Combine(open, "node.console")));
        Assert.Contains("is open to others", refused.Message, StringComparison.Ordinal);
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
                return (await ConsoleFrames.ReadAsync(Stream, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromMinutes(5)))?.ToString();
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
