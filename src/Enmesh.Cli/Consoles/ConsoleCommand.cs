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
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, targets, parsed.GetValue(node) ?? parsed.GetValue(targets.Node), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, ConsoleTargets targets, string? node, CancellationToken cancellationToken)
    {
        IConsoleScreen screen = Console.IsInputRedirected || Console.IsOutputRedirected
            || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb"
            ? new PlainScreen(Console.In, Console.Out, prompts: !Console.IsInputRedirected)
            : new TerminalScreen();
        await using (screen.ConfigureAwait(false))
        {
            var target = await targets.OpenAsync(parsed, node, screen.Print, () => screen.Columns, cancellationToken).ConfigureAwait(false);
            await using (target.ConfigureAwait(false))
                await new ConsoleLoop(target, screen, HistoryFile.Open(Environment.GetEnvironmentVariable)).RunAsync(cancellationToken).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }
}
