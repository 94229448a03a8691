using System.CommandLine;
using Enmesh.Cli.Consoles;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Cli;

/// <summary>What the verbs have in common that ask a node for something.</summary>
internal sealed class AskVerb
{
    internal Argument<string> Node { get; } = new("node") { Description = "The node that is asked: alive@host.", HelpName = "NODE" };

    internal ToolNode Tool { get; } = new();

    /// <summary>Makes the command; the node's name is its first argument.</summary>
    internal Verb Create(string name, string summary, string more, Argument[] arguments, Func<AskedNode, Task<int>> run)
    {
        var command = new Verb(name, summary, more) { Node };
        foreach (var argument in arguments)
            command.Arguments.Add(argument);
        Tool.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = NodeName.Parse(parsed.GetValue(Node)!);
            var own = await Tool.ConnectAsync(parsed, target, cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
                return await run(new(own, target, parsed, Tool, cancellationToken)).ConfigureAwait(false);
        });
        return command;
    }
}

/// <summary>A node that is connected and is to be asked.</summary>
internal sealed record AskedNode(ErlangNode Own, NodeName Target, ParseResult Parsed, ToolNode Tool, CancellationToken CancellationToken)
{
    internal bool AsJson => Parsed.GetValue(Tool.Json);

    internal TimeSpan Timeout => Tool.TimeoutOf(Parsed);

    internal Task<Term> RpcAsync(string module, string function, params Term[] arguments) =>
        Own.RpcAsync(Target, module, function, arguments, Timeout, CancellationToken);

    /// <summary>A term as text on one line: what peers have named cannot reach the terminal.</summary>
    internal static string Show(Term term) => TerminalText.Safe(ErlangText.Print(term, OneLine));

    /// <summary>A term on as many lines as it takes.</summary>
    internal static string ShowWhole(Term term) => TerminalText.Safe(ErlangText.Print(term, ErlangPrintOptions.PrettyUnicode with { MaxLength = MaxPrinted }));

    /// <summary>An argument that is a term; the dot may be left out.</summary>
    internal static Term ParseTerm(string text) => ErlangText.Parse(text);

    /// <summary>Whom a verb names: a registered name of the node, or a pid.</summary>
    internal Processes.ProcessAddress AddressOf(string text)
    {
        if (ParseTerm(text) is { Pid: { } pid })
            return pid;
        return ParseTerm(text).Atom is { } name
            ? Processes.ProcessAddress.FromName(name, Target)
            : throw new FormatException($"'{text}' is neither a registered name nor a pid.");
    }

    /// <summary>Prints rows of equal columns; a cell has one line, whatever a peer has put into it.</summary>
    internal static void PrintTable(params IReadOnlyList<string[]> rows)
    {
        if (rows.Count == 0)
            return;
        rows = [.. rows.Select(row => Array.ConvertAll(row, TerminalText.OneLine))];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => Math.Min(MaxColumn, rows.Max(row => row[column].Length))).ToArray();
        foreach (var row in rows)
            Console.Out.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    /// <summary>Prints the term that the node answers with, or why there is none.</summary>
    internal async Task<int> PrintAsync(Func<ValueTask<Term>> ask)
    {
        try
        {
            var value = await ask().ConfigureAwait(false);
            if (AsJson)
                Json.Print(new ValueResult(Target.Text, Show(value), null));
            else
                Console.Out.WriteLine(ShowWhole(value));
            return ExitCode.Success;
        }
        catch (Exception e) when (ProblemOf(e) is not null)
        {
            if (AsJson)
                Json.Print(new ValueResult(Target.Text, null, ProblemOf(e)));
            else
                CommandLine.Complain(TerminalText.Safe(e.Message));
            return ExitCode.No;
        }
    }

    /// <summary>What says why there is no answer; null for what is none of these.</summary>
    internal static string? ProblemOf(Exception error) => error switch
    {
        RpcException rpc => $"{rpc.Class.ToString().ToLowerInvariant()}: {Show(rpc.Reason)}",
        Processes.CallExitException exit => $"exit: {Show(exit.Reason)}",
        TimeoutException => error.Message,
        _ => null,
    };

    private const int MaxColumn = 60;
    private const int MaxPrinted = 1_000_000;

    private static readonly ErlangPrintOptions OneLine = new() { Unicode = true, PrintableUnicode = true, LineLength = 0, MaxLength = 10_000 };
}
