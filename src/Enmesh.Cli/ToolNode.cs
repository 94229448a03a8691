using System.CommandLine;
using System.Security.Cryptography;
using Enmesh.Epmd;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh.Cli;

/// <summary>
/// The options of every verb that talks to a node, and the node that does: hidden, listening nowhere.
/// </summary>
internal sealed class ToolNode
{
    internal Option<string?> CookieFile { get; } = new("--cookie-file")
    {
        Description = "The file with the cookie. Default: $ENMESH_COOKIE_FILE, else ~/.erlang.cookie.",
        HelpName = "FILE",
    };

    internal Option<bool> Insecure { get; } = new("--insecure") { Description = "Take weak and well-known cookies too." };

    internal Option<int?> Port { get; } =
        NumberOptions.Port("--port", "The node's distribution port. Default: what EPMD on its host says, else 4370.");

    internal Option<int?> EpmdPort { get; } = NumberOptions.Port(
        "--epmd-port", "The port of EPMD. Default: $ERL_EPMD_PORT, else 4369.");

    internal Option<double> Timeout { get; } = NumberOptions.Seconds(
        "--timeout", "How long to wait for an answer.", usual: 10, min: 0.1, max: 3600);

    internal TlsCommandOptions Tls { get; } = new();

    internal Option<bool> Json { get; } = new("--json") { Description = "Print JSON, for programs." };

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { CookieFile, Insecure, Port, EpmdPort, Timeout, Json })
            command.Options.Add(option);
        Tls.AddTo(command);
    }

    /// <summary>Where its node logs; nowhere when null.</summary>
    internal ILoggerFactory? Logs { get; set; }

    internal TimeSpan TimeoutOf(ParseResult parsed) => TimeSpan.FromSeconds(parsed.GetValue(Timeout));

    /// <summary>Starts the tool's own node and connects it to the one named.</summary>
    /// <exception cref="TimeoutException">It took too long; at which step, nobody knows.</exception>
    internal async Task<ErlangNode> ConnectAsync(
        ParseResult parsed, NodeName target, CancellationToken cancellationToken)
    {
        var timeout = TimeoutOf(parsed);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            return await ConnectAsync(parsed, target, timeout, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{target} did not answer within {timeout.TotalSeconds:0.#} s.", e);
        }
    }

    internal int EpmdPortOf(ParseResult parsed) =>
        parsed.GetValue(EpmdPort) ?? EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;

    private async Task<ErlangNode> ConnectAsync(
        ParseResult parsed, NodeName target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var port = parsed.GetValue(Port) ?? await AskEpmdAsync(parsed, target, cancellationToken).ConfigureAwait(false);
        var tls = Tls.Read(parsed);
        var options = new ErlangNodeOptions
        {
            // Nobody dials it, so that its host part only has to be of the target's kind, and that of its certificate.
            Name = $"enmesh-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}@{TlsCommandOptions.HostOf(tls, target.IsLong) ?? (target.IsLong ? "127.0.0.1" : "localhost")}",
            Tls = tls,
            ShortNames = !target.IsLong,
            CookieFile = parsed.GetValue(CookieFile),
            Insecure = parsed.GetValue(Insecure),
            Hidden = true,
            Listen = false,
            PeerPort = port,
            // A handshake that stops halfway says at which step, if it gives up before the whole time is over.
            SetupTime = TimeSpan.FromSeconds(Math.Clamp(timeout.TotalSeconds * 0.7, 1, 7)),
        };
        var node = await ErlangNode.StartAsync(options, Logs, cancellationToken: cancellationToken).ConfigureAwait(false);
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
