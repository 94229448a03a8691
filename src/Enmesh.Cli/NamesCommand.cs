using System.CommandLine;
using Enmesh.Epmd;
using Enmesh.Transport;

namespace Enmesh.Cli;

/// <summary><c>enmesh names [HOST]</c>: what does EPMD know?</summary>
internal static class NamesCommand
{
    internal static Command Create()
    {
        var host = new Argument<string>("host") { Description = "The host whose EPMD is asked.", HelpName = "HOST", DefaultValueFactory = _ => "127.0.0.1" };
        var port = NumberOptions.Port("--epmd-port", "The port of EPMD. Default: $ERL_EPMD_PORT, else 4369.");
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var command = new Verb(
            "names",
            "List the nodes that are registered with the EPMD of a host.",
            """
            As epmd -names. EPMD knows names and distribution ports; whether a node may be talked to is a matter of the cookie: see ping.

            Examples:
              enmesh names                         on this host
              enmesh names 10.0.0.7 --json
            """) { host, port, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asked = parsed.GetValue(host)!;
            var epmd = parsed.GetValue(port) ?? EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;
            var names = await new EpmdClient(new TcpTransport(), TimeProvider.System, epmd)
                .NamesAsync(asked, cancellationToken)
                .ConfigureAwait(false);
            if (parsed.GetValue(json))
                Json.Print(new NamesResult(
                    asked, epmd,
                    [.. names.Select(entry => new NameResult(EpmdName.Readable(entry.Name), entry.Port))]));
            else if (names.Count == 0)
                CommandLine.Complain($"No node is registered with EPMD on {asked}:{epmd}.");
            else
                PrintAsEpmdDoes(names);
            return ExitCode.Success;
        });
        return command;
    }

    private static void PrintAsEpmdDoes(IReadOnlyList<EpmdListing> names)
    {
        foreach (var entry in names)
            Console.Out.WriteLine($"name {EpmdName.Readable(entry.Name)} at port {entry.Port}");
    }
}
