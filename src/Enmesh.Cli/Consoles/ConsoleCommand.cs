using System.CommandLine;

namespace Enmesh.Cli.Consoles;

/// <summary><c>enmesh console</c></summary>
internal static class ConsoleCommand
{
    internal static Command Create()
    {
        var targets = new ConsoleTargets();
        var node = new Argument<string?>("node") { Description = "The node: alive@host, as --node.", HelpName = "NODE", Arity = ArgumentArity.ZeroOrOne };
        var command = new Verb(
            "console",
            "Open an Erlang shell on a node.",
            """
            On a node of this machine that is yours: in the node itself, through its console's socket. On a BEAM: there, with the full
            language. On another .NET node: in this command, with the functions that the node lets its peers call.

            Ctrl-C ends the expression, Ctrl-D leaves; the node goes on. Tab completes modules, functions, names, nodes and variables. Lines
            are remembered in ~/.local/state/enmesh/console_history, for you alone; none in which there is a cookie.

            Examples:
              enmesh console
              enmesh console orders@10.0.0.7
              enmesh console <expressions.txt
            """) { node };
        targets.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            screen => targets.OpenAsync(
                parsed, parsed.GetValue(node) ?? parsed.GetValue(targets.Node), screen.Print, () => screen.Columns, cancellationToken),
            HistoryFile.Open(Environment.GetEnvironmentVariable),
            cancellationToken));
        return command;
    }

    /// <summary>Shows a console where this command was started.</summary>
    internal static async Task<int> RunAsync(Func<IConsoleScreen, Task<IConsoleTarget>> open, HistoryFile history, CancellationToken cancellationToken)
    {
        IConsoleScreen screen = Console.IsInputRedirected || Console.IsOutputRedirected
            || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb"
            ? new PlainScreen(Console.In, Console.Out, prompts: !Console.IsInputRedirected)
            : new TerminalScreen();
        await using (screen.ConfigureAwait(false))
        {
            var target = await open(screen).ConfigureAwait(false);
            await using (target.ConfigureAwait(false))
                await ShowAsync(target, screen, history, cancellationToken).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    private static async Task ShowAsync(IConsoleTarget target, IConsoleScreen screen, HistoryFile history, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, target.Lost);
        try
        {
            await new ConsoleLoop(target, screen, history).RunAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PeerUnreachableException(target.Node, 0, UnreachableReason.Refused, $"{target.Node} has closed the console.", e);
        }
    }
}
