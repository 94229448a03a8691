using System.CommandLine;
using Enmesh.Cli.Consoles;

namespace Enmesh.Cli;

/// <summary><c>enmesh functions NODE [MODULE…]</c>: what can be called there?</summary>
internal static class FunctionsCommand
{
    private const int LongestLine = 100;

    internal static Command Create()
    {
        var node =
            new Argument<string>("node") { Description = "The node that is asked: alive@host.", HelpName = "NODE" };
        var modules = new Argument<string[]>("module")
        {
            Description = "The modules, as Erlang writes them: calc, Elixir.Shop.Calc. Without one, all that the program exports.",
            HelpName = "MODULE",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var tool = new ToolNode();
        var command = new Verb(
            "functions",
            "List the functions of a node that peers may call, with their documentation.",
            """
            Of modules that are named all of the documentation is printed, else the first paragraphs. The built-ins of a .NET node are
            modules too: erlang, code. A BEAM is asked the same; there, modules have to be named.

            Examples:
              enmesh functions shop@10.0.0.7
              enmesh functions shop@10.0.0.7 calc
              enmesh functions shop@10.0.0.7 --json
            """) { node, modules };
        tool.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = NodeName.Parse(parsed.GetValue(node)!);
            var named = parsed.GetValue(modules) ?? [];
            var own = await tool.ConnectAsync(parsed, target, cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
            {
                var catalog = new FunctionCatalog(own, target, tool.TimeoutOf(parsed));
                var names = named.Length > 0
                    ? named
                    : await catalog.ModulesAsync(cancellationToken).ConfigureAwait(false);
                if (names is null)
                {
                    CommandLine.Complain(
                        $"{target} is a BEAM, whose modules are mostly Erlang's own. Say which ones you mean.");
                    return ExitCode.Usage;
                }
                var found = new List<ModuleResult>();
                foreach (var name in names)
                {
                    if (await catalog.DescribeAsync(name, cancellationToken).ConfigureAwait(false) is { } module)
                        found.Add(module);
                    else
                        CommandLine.Complain($"There is no module '{name}' on {target}.");
                }
                Print(found, target, parsed.GetValue(tool.Json), isWhole: named.Length > 0);
                return found.Count == names.Count ? ExitCode.Success : ExitCode.No;
            }
        });
        return command;
    }

    private static void Print(List<ModuleResult> modules, NodeName target, bool asJson, bool isWhole)
    {
        if (asJson)
            Json.Print(new FunctionsResult(target.Text, modules));
        else if (modules.Count > 0)
            Print(modules, isWhole);
        else if (!isWhole)
            CommandLine.Complain($"{target} exports no functions.");
    }

    private static void Print(List<ModuleResult> modules, bool isWhole)
    {
        foreach (var module in modules)
        {
            if (module != modules[0])
                Console.Out.WriteLine();
            Console.Out.WriteLine(TerminalText.OneLine(module.Name));
            PrintText(module.Doc, "  ", isWhole);
            foreach (var function in module.Functions)
            {
                Console.Out.WriteLine($"  {TerminalText.OneLine(function.Signature)}");
                PrintText(function.Doc, "      ", isWhole);
            }
        }
    }

    private static void PrintText(string? text, string indent, bool isWhole)
    {
        var paragraphs = (text ?? "").Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in
            paragraphs.Take(isWhole ? paragraphs.Length : 1)
                .SelectMany(paragraph => paragraph.Split('\n'))
                .SelectMany(Wrap))
            Console.Out.WriteLine(indent + TerminalText.Safe(line)); // the peer's own words
    }

    private static IEnumerable<string> Wrap(string line)
    {
        while (line.Length > LongestLine && line.LastIndexOf(' ', LongestLine) is > 0 and var space)
        {
            yield return line[..space];
            line = line[(space + 1)..];
        }
        yield return line;
    }
}
