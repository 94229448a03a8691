using System.Threading.Channels;
using Enmesh.Services.BuiltIns;
using Enmesh.Shell;
using Enmesh.Terms;

namespace Enmesh.Consoles;

/// <summary>One console and the shell that is its own.</summary>
internal sealed class ConsoleConnection(Stream stream, NodeName node, Func<ShellOptions, ShellSession> start)
{
    // A console that does not read what it is sent is left; nobody waits for it.
    private const int MaxWaiting = 10_000;

    private static readonly Atom Output = new("output");
    private static readonly Atom Answer = new("answer");
    private static readonly Atom Completions = new("completions");

    private readonly Channel<Term> _outgoing = Channel.CreateBounded<Term>(MaxWaiting);
    private int _columns = 80;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var session = start(new() { Output = text => Send(Term.Tuple(Output, Term.Binary(text)), ending), Columns = () => _columns });
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
                session.Interrupt();
                _outgoing.Writer.TryComplete();
                await ending.CancelAsync().ConfigureAwait(false);
                await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ServeAsync(ShellSession session, CancellationTokenSource ending)
    {
        var evaluating = Task.CompletedTask;
        while (await ConsoleFrames.ReadAsync(stream, ending.Token).ConfigureAwait(false) is { } message)
        {
            if (message.IsAtom("interrupt"))
                session.Interrupt();
            else if (message.TupleElements is [{ AtomText: "eval" }, var text])
                evaluating = EvaluateAfterAsync(evaluating, session, ConsoleFrames.TextOf(text), ending);
            else if (message.TupleElements is [{ AtomText: "complete" }, var begun])
                Complete(session, ConsoleFrames.TextOf(begun), ending);
            else if (message.TupleElements is [{ AtomText: "columns" }, { Int32: > 0 and var columns }])
                _columns = columns;
            else
                throw new IOException("A console said what none says.");
        }
    }

    private async Task EvaluateAfterAsync(Task before, ShellSession session, string text, CancellationTokenSource ending)
    {
        await before.ConfigureAwait(false);
        var answer = await session.EvaluateAsync(text, ending.Token).ConfigureAwait(false);
        Send(Term.Tuple(Answer, Term.Binary(answer.Text), answer.Failed, answer.Leaves, session.Line), ending);
    }

    private void Complete(ShellSession session, string text, CancellationTokenSource ending)
    {
        var completion = session.Complete(text);
        Send(Term.Tuple(Completions, completion.Length, Term.List([.. completion.Words.Select(Term.Binary)])), ending);
    }

    private void Send(Term message, CancellationTokenSource ending)
    {
        if (!_outgoing.Writer.TryWrite(message) && !ending.IsCancellationRequested)
            ending.Cancel();
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        await foreach (var message in _outgoing.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            await ConsoleFrames.WriteAsync(stream, message, cancellationToken).ConfigureAwait(false);
    }
}
