using System.CommandLine;
using Enmesh.Consoles;

namespace Enmesh.Cli.Consoles;

/// <summary>Finds the shell that somebody means: a node's socket here, else a node by its name.</summary>
internal sealed class ConsoleTargets
{
    internal Option<string?> Node { get; } = new("--node")
    {
        Description = "The node: alive@host. Without one, the only node of this machine whose console you may open.",
        HelpName = "NODE",
    };

    internal Option<string?> Socket { get; } = new("--socket")
    {
        Description = "The socket of the node's console. Default: the usual place, where the node has one.",
        HelpName = "PATH",
    };

    internal ToolNode Tool { get; } = new();

    internal void AddTo(Command command)
    {
        command.Options.Add(Node);
        command.Options.Add(Socket);
        Tool.AddTo(command);
    }

    /// <summary>Opens the shell.</summary>
    /// <exception cref="EnmeshException">There is none to be had; the message says why.</exception>
    /// <exception cref="FormatException">It is not clear which one is meant.</exception>
    internal async Task<IConsoleTarget> OpenAsync(
        ParseResult parsed, string? node, Action<string> output, Func<int> columns, CancellationToken cancellationToken)
    {
        var name = node is null ? null : NodeName.Parse(node);
        if (SocketOf(parsed, name) is { } path)
            return await SocketTarget.OpenAsync(path, output, columns(), cancellationToken).ConfigureAwait(false);
        var own = await Tool.ConnectAsync(parsed, name!, cancellationToken).ConfigureAwait(false);
        try
        {
            return await IsBeamAsync(own, name!, cancellationToken).ConfigureAwait(false)
                ? await BeamTarget.OpenAsync(own, name!, output, columns, cancellationToken).ConfigureAwait(false)
                : new InProcessTarget(own, name!, output, columns);
        }
        catch
        {
            await own.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private string? SocketOf(ParseResult parsed, NodeName? name)
    {
        if (parsed.GetValue(Socket) is { } given)
            return given;
        if (name is not null)
            return ConsolePath.Of(name, Environment.GetEnvironmentVariable) is var usual && File.Exists(usual) ? usual : null;
        return ConsolePath.All(Environment.GetEnvironmentVariable).Where(ConsoleListener.IsAnswered).ToArray() switch
        {
            [var only] => only,
            [] => throw new FormatException(
                $"No node of yours has a console on this machine ({ConsolePath.Directory(Environment.GetEnvironmentVariable)}). Name one: --node alive@host."),
            var several => throw new FormatException(
                $"Several nodes have a console here: {string.Join(", ", several.Select(Path.GetFileNameWithoutExtension))}. Name one: --node alive@host."),
        };
    }

    private static async Task<bool> IsBeamAsync(ErlangNode own, NodeName peer, CancellationToken cancellationToken)
    {
        var machine = await own.RpcAsync(
            peer, "erlang", "system_info", [new Terms.Atom("machine")], cancellationToken: cancellationToken).ConfigureAwait(false);
        return machine.ToString() == "\"BEAM\"";
    }
}
