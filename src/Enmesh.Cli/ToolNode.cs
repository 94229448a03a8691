using System.CommandLine;
using System.Security.Cryptography;
using Enmesh.Epmd;
using Enmesh.Transport;

namespace Enmesh.Cli;

/// <summary>The options of every verb that talks to a node, and the node that does: hidden, listening nowhere.</summary>
internal sealed class ToolNode
{
    internal Option<string?> CookieFile { get; } = new("--cookie-file")
    {
        Description = "The file with the cookie. Default: $ENMESH_COOKIE_FILE, else ~/.erlang.cookie. A cookie is never given on a command line.",
        HelpName = "FILE",
    };

    internal Option<bool> Insecure { get; } = new("--insecure") { Description = "Take weak and well-known cookies too." };

    internal Option<int?> Port { get; } = new("--port")
    {
        Description = "The node's distribution port. Default: what EPMD on its host says, else 4370.",
        HelpName = "PORT",
    };

    internal Option<int?> EpmdPort { get; } = new("--epmd-port") { Description = "The port of EPMD. Default: $ERL_EPMD_PORT, else 4369.", HelpName = "PORT" };

    internal Option<double> Timeout { get; } = new("--timeout") { Description = "Seconds to wait for an answer.", HelpName = "SECONDS", DefaultValueFactory = _ => 10 };

    internal Option<bool> Json { get; } = new("--json") { Description = "Print JSON, for programs." };

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { CookieFile, Insecure, Port, EpmdPort, Timeout, Json })
            command.Options.Add(option);
    }

    /// <summary>Starts the tool's own node and connects it to the one named.</summary>
    internal async Task<ErlangNode> ConnectAsync(ParseResult parsed, NodeName target, CancellationToken cancellationToken)
    {
        var port = parsed.GetValue(Port) ?? await AskEpmdAsync(parsed, target, cancellationToken).ConfigureAwait(false);
        var options = new ErlangNodeOptions
        {
            // Nobody dials it, so that its host part only has to be of the target's kind.
            Name = $"enmesh-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}@{(target.IsLong ? "127.0.0.1" : "localhost")}",
            ShortNames = !target.IsLong,
            CookieFile = parsed.GetValue(CookieFile),
            Insecure = parsed.GetValue(Insecure),
            Listen = false,
            PeerPort = port,
        };
        var node = await ErlangNode.StartAsync(options, cancellationToken: cancellationToken).ConfigureAwait(false);
        try
        {
            await node.ConnectAsync(target, cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal int EpmdPortOf(ParseResult parsed) =>
        parsed.GetValue(EpmdPort) ?? EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;

    // EPMD is asked first, since a BEAM has one unless told otherwise; without it there is only the fixed port.
    private async Task<int> AskEpmdAsync(ParseResult parsed, NodeName target, CancellationToken cancellationToken)
    {
        try
        {
            var client = new EpmdClient(new TcpTransport(), TimeProvider.System, EpmdPortOf(parsed));
            return (await client.LookUpAsync(target, cancellationToken).ConfigureAwait(false)).Port;
        }
        catch (EnmeshException) when (parsed.GetValue(EpmdPort) is null)
        {
            return ErlangNodeOptions.DefaultPort;
        }
    }
}
