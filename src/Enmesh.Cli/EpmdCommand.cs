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
        var port = new Option<int?>("--port") { Description = "The port. Default: $ERL_EPMD_PORT, else 4369; 0 takes a free one.", HelpName = "PORT" };
        var command = new Command(
            "epmd",
            "Be the EPMD of this host until Ctrl-C: stock erl registers with it and epmd -names asks it. "
            + "Listens on loopback, and on the addresses in $ERL_EPMD_ADDRESS; only nodes of this host may register.") { port };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable);
            if (parsed.GetValue(port) is { } given)
                settings = settings with { Port = given };
            var server = EpmdServer.Start(settings, new TcpTransport(), TimeProvider.System, NullLogger.Instance);
            await using (server.ConfigureAwait(false))
            {
                Console.Out.WriteLine($"EPMD listens on port {server.Port}.");
                await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            }
            return ExitCode.Success;
        });
        return command;
    }
}
