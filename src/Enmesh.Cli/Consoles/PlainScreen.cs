using System.Runtime.InteropServices;
using Enmesh.Shell;

namespace Enmesh.Cli.Consoles;

/// <summary>A pipe, a file, or a terminal that can do nothing: lines are read as they come.</summary>
internal sealed class PlainScreen(TextReader input, TextWriter output, bool prompts) : IConsoleScreen
{
    private readonly Lock _gate = new();

    public int Columns => 80;

    public void Print(string text)
    {
        lock (_gate)
        {
            output.Write(TerminalText.Safe(text));
            output.Flush();
        }
    }

    public async Task<LineRead?> ReadLineAsync(
        string prompt, IReadOnlyList<string> history, Func<string, Task<ShellCompletion>> complete, CancellationToken cancellationToken)
    {
        if (prompts)
            Print(prompt);
        // The console's own reader blocks whoever reads, and nothing ends that; what is typed after the end is nobody's.
        var reading = Task.Run(input.ReadLine, cancellationToken);
        return await reading.WaitAsync(cancellationToken).ConfigureAwait(false) is { } line ? new(line) : null;
    }

    public async Task<T> WatchAsync<T>(Task<T> task, Action interrupt)
    {
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            interrupt();
        });
        return await task.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => default;
}
