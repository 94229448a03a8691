using Enmesh.Shell;

namespace Enmesh.Cli.Consoles;

/// <summary>Where lines are typed and answers are shown.</summary>
internal interface IConsoleScreen : IAsyncDisposable
{
    int Columns { get; }

    /// <summary>Shows text, above a line that is being typed. From any thread.</summary>
    void Print(string text);

    /// <summary>Reads a line.</summary>
    /// <param name="prompt">What stands before it.</param>
    /// <param name="history">Former lines.</param>
    /// <param name="complete">How a line may go on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The line; null when there are no more. <see cref="LineRead.IsInterrupted"/> when it was thrown away.</returns>
    Task<LineRead?> ReadLineAsync(
        string prompt, IReadOnlyList<string> history, Func<string, Task<ShellCompletion>> complete, CancellationToken cancellationToken);

    /// <summary>Waits for something, and calls back when somebody presses Ctrl-C meanwhile.</summary>
    Task<T> WatchAsync<T>(Task<T> task, Action interrupt);
}

/// <summary>A line that was typed.</summary>
internal sealed record LineRead(string Text, bool IsInterrupted = false);

/// <summary>Reads forms of one line or several, has them evaluated, shows what comes of it.</summary>
internal sealed class ConsoleLoop(IConsoleTarget target, IConsoleScreen screen, HistoryFile history)
{
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        screen.Print(TerminalText.Safe(target.Banner) + "\n");
        var begun = "";
        while (!cancellationToken.IsCancellationRequested)
        {
            var prompt = $"({target.Node}){target.Line}> ";
            if (begun.Length > 0)
                prompt = ".. ".PadLeft(prompt.Length);
            var line = await screen.ReadLineAsync(
                TerminalText.Safe(prompt), history.Lines, text => target.CompleteAsync(text, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (line is null)
                break;
            begun = line.IsInterrupted ? "" : begun + line.Text + "\n";
            while (ShellSession.EndOfForm(begun) is { } end && begun.AsSpan().Trim().Length > 0)
            {
                var form = begun[..end];
                begun = begun[end..];
                history.Add(form);
                if (!await EvaluateAsync(form, cancellationToken).ConfigureAwait(false))
                    return;
            }
            if (begun.AsSpan().Trim().Length == 0)
                begun = "";
        }
        screen.Print("\n");
    }

    private async Task<bool> EvaluateAsync(string form, CancellationToken cancellationToken)
    {
        var answer = await screen.WatchAsync(target.EvaluateAsync(form, cancellationToken), target.Interrupt).ConfigureAwait(false);
        if (answer.Text.Length > 0)
            screen.Print(TerminalText.Safe(answer.Text) + "\n");
        return !answer.Leaves;
    }
}
