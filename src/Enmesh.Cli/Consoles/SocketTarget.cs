using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Enmesh.Consoles;
using Enmesh.Shell;
using Enmesh.Terms;

namespace Enmesh.Cli.Consoles;

/// <summary>A shell of a node of this machine, over the socket that only its user may open.</summary>
internal sealed class SocketTarget : IConsoleTarget
{
    // A node of this machine says hello at once, unless it has no thread to spare, or is no node.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly NetworkStream _stream;
    private readonly Action<string> _output;
    private readonly Channel<Term> _answers = Channel.CreateUnbounded<Term>();
    private readonly Channel<Term> _completions = Channel.CreateUnbounded<Term>();
    private readonly Channel<Term> _steps = Channel.CreateUnbounded<Term>();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _lost = new();
    private Task _reading = Task.CompletedTask;

    private SocketTarget(NetworkStream stream, Action<string> output) => (_stream, _output) = (stream, output);

    public string Banner { get; private set; } = "";

    public string Node { get; private set; } = "";

    public CancellationToken Lost => _lost.Token;

    public int Line { get; private set; } = 1;

    /// <summary>Opens a shell.</summary>
    /// <exception cref="IOException">Nobody answers there.</exception>
    internal static async Task<SocketTarget> OpenAsync(
        string path, Action<string> output, int columns, CancellationToken cancellationToken, ConsoleVisitor? visitor = null)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            var problem = File.Exists(path) ? e.Message : "there is no such socket";
            throw new PeerUnreachableException(path, 0, UnreachableReason.Refused, $"No node answers at {path}: {problem}.");
        }
        var target = new SocketTarget(new NetworkStream(socket, ownsSocket: true), output);
        try
        {
            // What is typed is for a node of one's own; anybody can listen in a directory for all.
            if (Owner.OfPeer(socket) is { } user && user != Owner.EffectiveUser())
                throw new PeerUnreachableException(path, 0, UnreachableReason.Refused, $"What answers at {path} is another user's (uid {user}); nothing was sent to it.");
            await target.GreetAsync(columns, visitor, cancellationToken).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
            return target;
        }
        catch (TimeoutException)
        {
            await target.DisposeAsync().ConfigureAwait(false);
            throw new PeerUnreachableException(path, 0, UnreachableReason.Refused, $"What listens at {path} has not said hello for {Patience.TotalSeconds} s.");
        }
        catch
        {
            await target.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<ConsoleAnswer> EvaluateAsync(string form, CancellationToken cancellationToken)
    {
        await SendAsync(Term.Tuple(new Atom("eval"), Term.Binary(form)), cancellationToken).ConfigureAwait(false);
        var answer = await NextAsync(_answers, cancellationToken).ConfigureAwait(false);
        if (answer.TupleElements is not [_, var text, { Boolean: { } failed }, { Boolean: { } leaves }, { Int32: { } line }])
            throw new IOException("The node said what none says.");
        Line = line;
        return new(ConsoleFrames.TextOf(text), failed, leaves);
    }

    /// <summary>Every step of every call of the node from now on, until the node ends: <c>{trace, Call, Incoming, Peer, Step, Text, Ms}</c>.</summary>
    internal async IAsyncEnumerable<Term> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await SendAsync(new Atom("trace"), cancellationToken).ConfigureAwait(false);
        await foreach (var step in _steps.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            yield return step;
    }

    public void Interrupt() => _ = SendAsync(new Atom("interrupt"), CancellationToken.None)
        .ContinueWith(static _ => { }, TaskScheduler.Default); // a node that has gone is noticed by whoever waits for it

    public async Task<ShellCompletion> CompleteAsync(string text, CancellationToken cancellationToken)
    {
        await SendAsync(Term.Tuple(new Atom("complete"), Term.Binary(text)), cancellationToken).ConfigureAwait(false);
        var answer = await NextAsync(_completions, cancellationToken).ConfigureAwait(false);
        return answer.TupleElements is [_, { Int32: { } length }, { AsList: { } words }]
            ? new(length, [.. words.Select(ConsoleFrames.TextOf)])
            : new(0, []);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        _lost.Dispose();
        _writing.Dispose();
    }

    private async Task GreetAsync(int columns, ConsoleVisitor? visitor, CancellationToken cancellationToken)
    {
        var hello = await ConsoleFrames.ReadAsync(_stream, cancellationToken).ConfigureAwait(false);
        if (hello is not { TupleElements: [{ AtomText: "hello" }, var node, var version, { Int32: { } line }] })
            throw new IOException("What answers there is no node, or refuses us.");
        (Node, Line) = (ConsoleFrames.TextOf(node), line);
        Banner = $"Enmesh {ConsoleFrames.TextOf(version)}, the shell of {Node} (Ctrl-D leaves it, type help(). for help)";
        if (visitor is not null)
            await SendAsync(ConsoleFrames.Of(visitor), cancellationToken).ConfigureAwait(false);
        await SendAsync(Term.Tuple(new Atom("columns"), columns), cancellationToken).ConfigureAwait(false);
        _reading = ReadAsync();
    }

    private async Task ReadAsync()
    {
        Exception? problem = null;
        try
        {
            while (await ConsoleFrames.ReadAsync(_stream, _ending.Token).ConfigureAwait(false) is { } message)
            {
                if (message.TupleElements is [{ AtomText: "output" }, var text])
                    _output(ConsoleFrames.TextOf(text));
                else if (message.TupleElements is [{ AtomText: "answer" }, ..])
                    _answers.Writer.TryWrite(message);
                else if (message.TupleElements is [{ AtomText: "completions" }, ..])
                    _completions.Writer.TryWrite(message);
                else if (message.TupleElements is [{ AtomText: "trace" }, ..])
                    _steps.Writer.TryWrite(message);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            problem = e;
        }
        _answers.Writer.TryComplete(problem);
        _completions.Writer.TryComplete(problem);
        _steps.Writer.TryComplete();
        if (!_ending.IsCancellationRequested)
            await _lost.CancelAsync().ConfigureAwait(false);
    }

    private async Task<Term> NextAsync(Channel<Term> channel, CancellationToken cancellationToken)
    {
        try
        {
            return await channel.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new PeerUnreachableException(Node, 0, UnreachableReason.Refused, $"{Node} has closed the shell.", e);
        }
    }

    private async Task SendAsync(Term message, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ConsoleFrames.WriteAsync(_stream, message, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }
}
