using System.Threading.Channels;
using Enmesh.Peers;
using Enmesh.Services.BuiltIns;
using Enmesh.Shell;
using Enmesh.Terms;

namespace Enmesh.Consoles;

/// <summary>One console and the shell that is its own.</summary>
/// <param name="stream">The connection.</param>
/// <param name="node">Whose console it is.</param>
/// <param name="start">Opens a shell.</param>
/// <param name="follow">Tells of the node's calls from now on, until what it gives is disposed of.</param>
/// <param name="recordVisit">Where visits are recorded, visitors have to say who they are; null where there are none.</param>
internal sealed class ConsoleConnection(
    Stream stream, NodeName node, Func<ShellOptions, ShellSession> start, Func<Action<HandshakeNotice>, IDisposable> follow,
    Func<ConsoleVisitor, IConsoleRecord>? recordVisit = null)
{
    // A console that does not read what it is sent is left; nobody waits for it.
    private const int MaxWaiting = 10_000;
    private const long MaxCharactersWaiting = 32 << 20;

    // What is printed goes in parts, so that an interrupt or an answer never waits behind a long one.
    private const int PartCharacters = 64 << 10;

    private static readonly Atom Output = new("output");
    private static readonly Atom Answer = new("answer");
    private static readonly Atom Completions = new("completions");
    private static readonly Atom Trace = new("trace");

    private readonly Channel<(Term Message, int Characters)> _outgoing = Channel.CreateBounded<(Term, int)>(MaxWaiting);
    private int _columns = 80;
    private IDisposable? _following;
    private long _charactersWaiting;
    private IConsoleRecord? _record;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var session = start(new() { Output = text => Print(text, ending), Columns = () => _columns });
        await using (session.ConfigureAwait(false))
        {
            var writing = WriteAsync(ending.Token);
            Send(Term.Tuple(new Atom("hello"), Term.Binary(node.Text), Term.Binary(NodeFacts.Version), session.Line), ending);
            try
            {
                await ServeAsync(session, ending).ConfigureAwait(false);
            }
            finally
            {
                _following?.Dispose();
                session.Interrupt();
                // In this order: who finds the way closed finds that it is over, too, and does not end what is gone.
                await ending.CancelAsync().ConfigureAwait(false);
                _outgoing.Writer.TryComplete();
                await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _record?.Dispose();
            }
        }
    }

    private async Task ServeAsync(ShellSession session, CancellationTokenSource ending)
    {
        var evaluating = Task.CompletedTask;
        while (await ConsoleFrames.ReadAsync(stream, ending.Token).ConfigureAwait(false) is { } message)
        {
            if (recordVisit is not null && _record is null)
                _record = recordVisit(ConsoleFrames.VisitorOf(message) ?? throw new IOException("A visitor did not say who he is."));
            else if (message.IsAtom("interrupt"))
                session.Interrupt();
            else if (message.TupleElements is [{ AtomText: "eval" }, var text])
                evaluating = EvaluateAfterAsync(evaluating, session, ConsoleFrames.TextOf(text), ending);
            else if (message.TupleElements is [{ AtomText: "complete" }, var begun])
                Complete(session, ConsoleFrames.TextOf(begun), ending);
            else if (message.IsAtom("trace"))
                _following ??= follow(notice => Send(Told(notice), ending));
            else if (message.TupleElements is [{ AtomText: "columns" }, { Int32: > 0 and var columns }])
                _columns = columns;
            else
                throw new IOException("A console said what none says.");
        }
    }

    // On the thread of the call, which it does not hold up.
    private static Term Told(HandshakeNotice notice) => Term.Tuple(
        Trace, notice.Call, notice.IsIncoming, Term.Binary(notice.Peer), Term.Binary(notice.Step.ToString().ToLowerInvariant()),
        Term.Binary(notice.Text), notice.Elapsed.TotalMilliseconds);

    private async Task EvaluateAfterAsync(Task before, ShellSession session, string text, CancellationTokenSource ending)
    {
        _record?.Evaluating(text);
        // It takes its turn before the next message is read, which may interrupt it.
        var evaluation = session.EvaluateAsync(text, ending.Token);
        await before.ConfigureAwait(false);
        var answer = await evaluation.ConfigureAwait(false);
        Send(Term.Tuple(Answer, Term.Binary(answer.Text), answer.Failed, answer.Leaves, session.Line), ending);
    }

    private void Complete(ShellSession session, string text, CancellationTokenSource ending)
    {
        var completion = session.Complete(text);
        Send(Term.Tuple(Completions, completion.Length, Term.List([.. completion.Words.Select(Term.Binary)])), ending);
    }

    private void Print(string text, CancellationTokenSource ending)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(PartCharacters, text.Length - at);
            if (at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]))
                length--;
            Send(Term.Tuple(Output, Term.Binary(text.Substring(at, length))), ending, length);
            at += length;
        }
    }

    private void Send(Term message, CancellationTokenSource ending, int characters = 0)
    {
        if ((Interlocked.Add(ref _charactersWaiting, characters) > MaxCharactersWaiting || !_outgoing.Writer.TryWrite((message, characters)))
            && !ending.IsCancellationRequested)
        {
            ending.Cancel();
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        await foreach (var (message, characters) in _outgoing.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await ConsoleFrames.WriteAsync(stream, message, cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _charactersWaiting, -characters);
        }
    }
}
