using System.CommandLine;
using System.Security.Cryptography;
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

    /// <summary>A node that only dials, under a name that nobody else has.</summary>
    /// <param name="isLong">Whether those that it dials have long names.</param>
    /// <param name="tls">Its TLS.</param>
    /// <param name="timeout">How long whoever waits for it waits.</param>
    /// <param name="host">Its host part; one of its certificate's when null, since peers compare the two.</param>
    internal static ErlangNodeOptions Dialling(bool isLong, TlsOptions tls, TimeSpan timeout, string? host = null) => new()
    {
        // Nobody dials it, so that its host part only has to be of the target's kind, and that of its certificate.
        Name = $"enmesh-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}@{host ?? TlsCommandOptions.HostOf(tls, isLong) ?? (isLong ? "127.0.0.1" : "localhost")}",
        Tls = tls,
        ShortNames = !isLong,
        Hidden = true,
        Listen = false,
        // A handshake that stops halfway says at which step, if it gives up before the whole time is over.
        SetupTime = TimeSpan.FromSeconds(Math.Clamp(timeout.TotalSeconds * 0.7, 1, 120)),
    };

    private async Task<ErlangNode> ConnectAsync(
        ParseResult parsed, NodeName target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var found = await PortLookup.FindAsync(target, parsed.GetValue(Port), parsed.GetValue(EpmdPort), cancellationToken).ConfigureAwait(false);
        var options = Dialling(target.IsLong, Tls.Read(parsed), timeout);
        options.CookieFile = parsed.GetValue(CookieFile);
        options.Insecure = parsed.GetValue(Insecure);
        options.PeerPort = found.Port;
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
}
