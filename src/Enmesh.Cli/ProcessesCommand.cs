using System.CommandLine;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh.Cli;

/// <summary><c>enmesh processes NODE</c></summary>
internal static class ProcessesCommand
{
    private const int AtATime = 32;

    private static readonly Term Items = Term.List(
        new Atom("registered_name"), new Atom("initial_call"), new Atom("current_function"), new Atom("message_queue_len"));

    internal static Command Create()
    {
        var verb = new AskVerb();
        var limit = NumberOptions.Count("--limit", "How many are shown, those with the most messages first.", usual: 50, max: 100_000);
        var command = verb.Create(
            "processes",
            "List the processes of a node, those with the longest mailboxes first.",
            """
            All are asked, and the first ones shown: pid, waiting messages, name or initial call, current function.

            Examples:
              enmesh processes orders@10.0.0.7
              enmesh processes orders@10.0.0.7 --limit 1000 --json
            """,
            [],
            node => RunAsync(node, node.Parsed.GetValue(limit)));
        command.Options.Add(limit);
        return command;
    }

    private static async Task<int> RunAsync(AskedNode node, int limit)
    {
        var pids = (await node.RpcAsync("erlang", "processes").ConfigureAwait(false)).AsList ?? default;
        var found = new List<ProcessResult>(pids.Count);
        foreach (var some in pids.Chunk(AtATime))
        {
            var asked = await Task.WhenAll(some.Select(pid => DescribeAsync(node, pid))).ConfigureAwait(false);
            found.AddRange(asked.OfType<ProcessResult>());
        }
        var shown = found.OrderByDescending(process => process.Messages).Take(limit).ToList();
        if (node.AsJson)
        {
            Json.Print(new ProcessesResult(node.Target.Text, found.Count, shown));
            return ExitCode.Success;
        }
        AskedNode.PrintTable([
            ["PID", "MESSAGES", "NAME OR INITIAL CALL", "CURRENT FUNCTION"],
            .. shown.Select(process => new[] { process.Pid, $"{process.Messages}", process.Name ?? process.InitialCall ?? "", process.CurrentFunction ?? "" })]);
        if (shown.Count < found.Count)
            CommandLine.Complain($"{shown.Count} of {found.Count} processes are shown; see --limit.");
        return ExitCode.Success;
    }

    private static async Task<ProcessResult?> DescribeAsync(AskedNode node, Term pid)
    {
        try
        {
            var info = await node.RpcAsync("erlang", "process_info", pid, Items).ConfigureAwait(false);
            if (info.AsList is not { } items)
                return null; // it has ended meanwhile
            return new(AskedNode.Show(pid), Of("registered_name").Atom is { } name ? AskedNode.Show(name) : null,
                FunctionOf(Of("initial_call")), FunctionOf(Of("current_function")), Of("message_queue_len").Int64 ?? 0);

            Term Of(string key) => items.FirstOrDefault(item => item.TupleElements is [{ AtomText: { } tag }, _] && tag == key)
                is { TupleElements: [_, var value] } ? value : default;
        }
        catch (RpcException)
        {
            return null;
        }
    }

    private static string? FunctionOf(Term term) => term.TupleElements is [{ Atom: { } module }, { Atom: { } function }, { Int32: { } arity }]
        ? $"{AskedNode.Show(module)}:{AskedNode.Show(function)}/{arity}" : null;
}
