using System.CommandLine;
using System.CommandLine.Help;
using Enmesh.Cli.Consoles;
using Enmesh.Cli.Doctor;
using Enmesh.Cli.Ssh;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary>The command's verbs, and what becomes of an error.</summary>
internal static class CommandLine
{
    // Nothing is wrapped that a program reads.
    private const int PipeWidth = 1000;

    // The nodes of `up` end one by one, each in its own time; whoever is impatient presses Ctrl-C again.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    internal static async Task<int> RunAsync(string[] args)
    {
        var root = CreateRoot();
        var parsed = root.Parse(args);
        if (args.Length == 0)
        {
            root.Parse("--help").Invoke();
            return ExitCode.Usage;
        }
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in Problems(parsed))
                Complain(problem);
            Complain($"See: {string.Join(' ', Path(parsed.CommandResult.Command))} --help");
            return ExitCode.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // A node drains for as long as it was told to, and heeds signals itself.
                ProcessTerminationTimeout = parsed.CommandResult.Command.Name == NodeCommand.Name ? null : TerminationTimeout,
            }).ConfigureAwait(false);
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
    internal static IAnsiConsole Screen { get; } = CreateScreen();

    /// <summary>What the user types to run this command, for hints that can be copied.</summary>
    internal static string Program { get; } = Environment.GetEnvironmentVariable("ENMESH_COMMAND") is { Length: > 0 } typed ? typed : "enmesh";

    /// <summary>Says on stderr what is wrong. Never mixed with what a program reads on stdout.</summary>
    internal static void Complain(string message) => Console.Error.WriteLine($"enmesh: {TerminalText.Safe(message)}");

    /// <summary>All verbs.</summary>
    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand(
            $"""
            Nodes of an Erlang cluster in .NET.

            Begin with `{Program} up`: three nodes on this machine, connected with each other, and who sees whom.
            With Erlang on the PATH, `{Program} up --beam 1` puts a real Erlang node among them.
            """);
        root.Subcommands.Add(UpCommand.Create());
        root.Subcommands.Add(NodeCommand.Create());
        root.Subcommands.Add(PingCommand.Create());
        root.Subcommands.Add(TraceCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        root.Subcommands.Add(NodesCommand.Create());
        root.Subcommands.Add(DiscoverCommand.Create());
        root.Subcommands.Add(FunctionsCommand.Create());
        root.Subcommands.Add(ConsoleCommand.Create());
        root.Subcommands.Add(EvalCommand.Create());
        root.Subcommands.Add(SshCommand.Create());
        root.Subcommands.Add(RpcCommand.Create());
        root.Subcommands.Add(MessageCommands.CreateSend());
        root.Subcommands.Add(MessageCommands.CreateCall());
        root.Subcommands.Add(ProcessesCommand.Create());
        root.Subcommands.Add(LinksCommand.Create());
        root.Subcommands.Add(NamesOfClusterCommands.CreatePg());
        root.Subcommands.Add(NamesOfClusterCommands.CreateGlobal());
        root.Subcommands.Add(NamesCommand.Create());
        root.Subcommands.Add(EpmdCommand.Create());
        root.Subcommands.Add(TermCommand.Create());
        root.Subcommands.Add(CertsCommand.Create());
        root.Subcommands.Add(LeaseCommand.Create());
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new VerbHelp((HelpAction)help.Action!);
        return root;
    }

    private static IEnumerable<string> Problems(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count == 0)
            return parsed.Errors.Select(error => error.Message);
        var verbs = string.Join(", ", command.Subcommands.Select(verb => verb.Name));
        return [parsed.UnmatchedTokens is [var first, ..] ? $"There is no '{first}'. There are {verbs}." : $"Say what to do: {verbs}."];
    }

    private static IAnsiConsole CreateScreen()
    {
        if (!Console.IsOutputRedirected)
            return AnsiConsole.Create(new AnsiConsoleSettings());
        var plain = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        plain.Profile.Width = PipeWidth;
        return plain;
    }

    private static IEnumerable<string> Path(Command command) =>
        command is RootCommand ? [Program] : [.. command.Parents.OfType<Command>().SelectMany(Path), command.Name];
}
