using System.CommandLine;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary>The command's verbs, and what becomes of an error.</summary>
internal static class CommandLine
{
    internal static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(
            $"""
            Enmesh: nodes of an Erlang cluster in .NET.

            Start with `enmesh up`: three nodes on this machine, connected with each other. `--beam 1` puts a real Erlang node among them.
            {ExitCode.Help}
            """);
        root.Subcommands.Add(UpCommand.Create());
        root.Subcommands.Add(NodeCommand.Create());
        root.Subcommands.Add(PingCommand.Create());
        root.Subcommands.Add(NodesCommand.Create());
        root.Subcommands.Add(NamesCommand.Create());
        root.Subcommands.Add(EpmdCommand.Create());
        root.Subcommands.Add(TermCommand.Create());
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                Complain(error.Message);
            Complain($"See: enmesh {string.Join(' ', parsed.CommandResult.Command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Select(parent => parent.Name).Append(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name)).Trim()} --help".Replace("  ", " ", StringComparison.Ordinal));
            return ExitCode.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.No; // Ctrl-C, before there was an answer
        }
        catch (Exception e) when (e is EnmeshException and not CookieException or TimeoutException)
        {
            Complain(e.Message);
            return ExitCode.No;
        }
        catch (Exception e) when (e is CookieException or ArgumentException or FormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Complain(e.Message);
            return ExitCode.Usage;
        }
    }

    /// <summary>Where tables go: in colours on a terminal, as plain text into a pipe.</summary>
    internal static IAnsiConsole Screen { get; } = AnsiConsole.Create(Console.IsOutputRedirected
        ? new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No }
        : new AnsiConsoleSettings());

    /// <summary>Says on stderr what is wrong. Never mixed with what a program reads on stdout.</summary>
    internal static void Complain(string message) => Console.Error.WriteLine($"enmesh: {message}");
}
