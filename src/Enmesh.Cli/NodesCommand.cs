using System.CommandLine;
using Enmesh.Cli.Consoles;
using Enmesh.Terms;

namespace Enmesh.Cli;

/// <summary><c>enmesh nodes NODE</c>: whom does it see?</summary>
internal static class NodesCommand
{
    internal static Command Create()
    {
        var node =
            new Argument<string>("node") { Description = "The node that is asked: alive@host.", HelpName = "NODE" };
        var tool = new ToolNode();
        var command = new Verb(
            "nodes",
            "List the nodes that a node is connected to.",
            """
            Hidden ones are among them, this command's own node is not.

            Example:
              enmesh nodes orders@10.0.0.7
            """) { node };
        tool.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var target = NodeName.Parse(parsed.GetValue(node)!);
            var own = await tool.ConnectAsync(parsed, target, cancellationToken).ConfigureAwait(false);
            await using (own.ConfigureAwait(false))
            {
                var seen = await SeenByAsync(
                    own, target, Connected, tool.TimeoutOf(parsed), cancellationToken).ConfigureAwait(false);
                var others = seen.Where(name => name != own.Name.Text).Order(StringComparer.Ordinal).ToList();
                if (parsed.GetValue(tool.Json))
                    Json.Print(new NodesResult(target.Text, others));
                else
                    others.ForEach(static name => Console.Out.WriteLine(TerminalText.OneLine(name)));
                return ExitCode.Success;
            }
        });
        return command;
    }

    /// <summary>The published nodes.</summary>
    internal static readonly Atom Visible = new("visible");

    /// <summary>The hidden ones as well.</summary>
    internal static readonly Atom Connected = new("connected");

    /// <summary>Asks a node for <c>nodes(Kind)</c>.</summary>
    internal static async Task<IReadOnlyList<string>> SeenByAsync(
        ErlangNode own, NodeName target, Atom kind, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var answer = await own.RpcAsync(
            target, "erlang", "nodes", [kind], timeout, cancellationToken).ConfigureAwait(false);
        return [.. (answer.AsList ?? default).Select(node => node.AtomText).OfType<string>()];
    }
}
