using System.Threading.Channels;
using Enmesh.Shell;

namespace Enmesh.Cli.Consoles;

/// <summary>A terminal: lines are edited in place, and what comes meanwhile is shown above them.</summary>
internal sealed class TerminalScreen : IConsoleScreen
{
    private const int MostShown = 100;

    private readonly Channel<EditKey> _keys = Channel.CreateUnbounded<EditKey>();
    private readonly Queue<EditKey> _typedAhead = new();
    private readonly EditorScreen _editor = new();
    private readonly Lock _gate = new();
    private string _prompt = "";
    private LineEditor? _line;

    internal TerminalScreen()
    {
        Console.TreatControlCAsInput = true; // it is a key like others, so that it reaches the expression and not this process
        // Blocks in a read that nothing can end; it ends with the process.
        new Thread(ReadKeys) { IsBackground = true, Name = "enmesh console keys" }.Start();
    }

    // A terminal that does not know its size says 0.
    public int Columns => Console.WindowWidth is > 0 and var width ? Math.Max(20, width) : 80;

    public void Print(string text)
    {
        lock (_gate)
        {
            var shown = TerminalText.Safe(text);
            if (_line is null)
            {
                Console.Out.Write(shown);
            }
            else
            {
                Console.Out.Write(_editor.Erase());
                Console.Out.Write(shown.EndsWith('\n') ? shown : shown + "\n");
                Console.Out.Write(_editor.Draw(_prompt, _line.Text, _line.Cursor, Columns));
            }
            Console.Out.Flush();
        }
    }

    public async Task<LineRead?> ReadLineAsync(
        string prompt, IReadOnlyList<string> history, Func<string, Task<ShellCompletion>> complete, CancellationToken cancellationToken)
    {
        var line = new LineEditor([.. history.Select(former => former.Replace('\n', ' '))]);
        Begin(prompt, line);
        while (true)
        {
            var key = _typedAhead.Count > 0 ? _typedAhead.Dequeue() : await _keys.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            switch (line.Feed(key))
            {
                case EditOutcome.Submitted:
                    return End(new LineRead(line.Text));
                case EditOutcome.Interrupted:
                    return End(new LineRead("", IsInterrupted: true));
                case EditOutcome.Left:
                    return End(null);
                case EditOutcome.Completing:
                    await CompleteAsync(line, complete).ConfigureAwait(false);
                    break;
                case EditOutcome.Clearing:
                    Console.Out.Write("\x1b[H\x1b[2J");
                    break;
            }
            Draw();
        }
    }

    public async Task<T> WatchAsync<T>(Task<T> task, Action interrupt)
    {
        while (true)
        {
            var key = _keys.Reader.WaitToReadAsync().AsTask();
            await Task.WhenAny(task, key).ConfigureAwait(false);
            if (task.IsCompleted)
                return await task.ConfigureAwait(false);
            while (_keys.Reader.TryRead(out var pressed))
            {
                if (pressed.Kind == EditKind.Interrupt)
                    interrupt();
                else
                    _typedAhead.Enqueue(pressed);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Console.TreatControlCAsInput = false;
        return default;
    }

    private void ReadKeys()
    {
        try
        {
            while (true)
                _keys.Writer.TryWrite(EditKey.Of(Console.ReadKey(intercept: true)));
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            _keys.Writer.TryWrite(new EditKey(EditKind.Interrupt)); // the terminal has gone
            _keys.Writer.TryWrite(new EditKey(EditKind.EndOrDelete));
        }
    }

    private void Begin(string prompt, LineEditor line)
    {
        lock (_gate)
            (_prompt, _line) = (prompt, line);
        Draw();
    }

    private LineRead? End(LineRead? read)
    {
        lock (_gate)
        {
            Console.Out.Write(_editor.Leave());
            Console.Out.Flush();
            _line = null;
        }
        return read;
    }

    private void Draw()
    {
        lock (_gate)
        {
            if (_line is not null)
                Console.Out.Write(_editor.Draw(_prompt, _line.Text, _line.Cursor, Columns));
            Console.Out.Flush();
        }
    }

    // As far as all words agree; where they part they are shown.
    private async Task CompleteAsync(LineEditor line, Func<string, Task<ShellCompletion>> complete)
    {
        var before = line.BeforeCursor;
        var found = await complete(before).ConfigureAwait(false);
        if (found.Words.Count == 0)
            return;
        var common = Completion.CommonPrefix(found.Words);
        if (common.Length > found.Length)
            line.Replace(found.Length, TerminalText.Safe(common));
        else if (found.Words.Count > 1)
            Print(InColumns(found.Words) + "\n");
    }

    private string InColumns(IReadOnlyList<string> words)
    {
        var shown = words.Take(MostShown).ToList();
        var width = shown.Max(word => word.Length) + 2;
        var perRow = Math.Max(1, Columns / width);
        var rows = shown.Chunk(perRow).Select(row => string.Concat(row.Select(word => word.PadRight(width))).TrimEnd());
        return string.Join('\n', rows) + (words.Count > MostShown ? $"\n... and {words.Count - MostShown} more" : "");
    }
}
