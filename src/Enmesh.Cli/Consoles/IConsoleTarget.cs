using Enmesh.Shell;

namespace Enmesh.Cli.Consoles;

/// <summary>What a shell says to a line.</summary>
internal sealed record ConsoleAnswer(string Text, bool Failed, bool Leaves);

/// <summary>A shell somewhere: on a node of ours over its socket, on a BEAM, or here for a node of ours that is elsewhere.</summary>
internal interface IConsoleTarget : IAsyncDisposable
{
    /// <summary>What is said before the first prompt.</summary>
    string Banner { get; }

    /// <summary>The node whose shell it is.</summary>
    string Node { get; }

    /// <summary>The number of the next line.</summary>
    int Line { get; }

    /// <summary>Is cancelled when the shell has gone, for whoever waits for something else. A shell whose end only shows when it is asked has none.</summary>
    CancellationToken Lost => CancellationToken.None;

    /// <summary>Evaluates a form.</summary>
    /// <exception cref="IOException">The node has gone.</exception>
    Task<ConsoleAnswer> EvaluateAsync(string form, CancellationToken cancellationToken);

    /// <summary>Ends what is being evaluated.</summary>
    void Interrupt();

    /// <summary>How a line may go on.</summary>
    Task<ShellCompletion> CompleteAsync(string text, CancellationToken cancellationToken);
}
