using System.CommandLine;
using Enmesh.Epmd;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Cli;

/// <summary><c>enmesh epmd</c>: be the port mapper of this host.</summary>
internal static class EpmdCommand
{
    internal static Command Create()
    {
        var port = NumberOptions.Port(
            "--port", "The port. Default: $ERL_EPMD_PORT, else 4369; 0 takes a free one.", min: 0);
        var command = new Verb(
            "epmd",
            "Be the EPMD of this host, Erlang's port mapper, until Ctrl-C.",
            """
            Stock erl registers with it, epmd -names asks it. It listens on loopback, and on the addresses in $ERL_EPMD_ADDRESS; only nodes of
            this host may register.
            """) { port };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable);
            if (parsed.GetValue(port) is { } given)
                settings = settings with { Port = given };
            var server = EpmdServer.Start(settings, new TcpTransport(), TimeProvider.System, NullLogger.Instance);
            await using (server.ConfigureAwait(false))
            {
                Console.Out.WriteLine($"EPMD listens on port {server.Port}.");
                await Task.Delay(Timeout.Infinite, cancellationToken)
                    .ContinueWith(static _ => { }, TaskScheduler.Default)
                    .ConfigureAwait(false);
            }
            return ExitCode.Success;
        });
        return command;
    }
}
