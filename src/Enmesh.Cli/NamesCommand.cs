using System.CommandLine;
using Enmesh.Epmd;
using Enmesh.Transport;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary><c>enmesh names [HOST]</c>: what does EPMD know?</summary>
internal static class NamesCommand
{
    internal static Command Create()
    {
        var host = new Argument<string>("host") { Description = "The host whose EPMD is asked.", HelpName = "HOST", DefaultValueFactory = _ => "127.0.0.1" };
        var port = new Option<int?>("--epmd-port") { Description = "The port of EPMD. Default: $ERL_EPMD_PORT, else 4369.", HelpName = "PORT" };
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var command = new Command("names", "List the nodes that are registered with the EPMD of a host, as epmd -names.") { host, port, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asked = parsed.GetValue(host)!;
            var epmd = parsed.GetValue(port) ?? EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;
            var names = await new EpmdClient(new TcpTransport(), TimeProvider.System, epmd).NamesAsync(asked, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
                Json.Print(new NamesResult(asked, epmd, [.. names.Select(entry => new NameResult(EpmdName.Readable(entry.Name), entry.Port))]));
            else if (names.Count == 0)
                Console.Out.WriteLine($"No node is registered with EPMD on {asked}:{epmd}.");
            else
                Print(names);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(IReadOnlyList<EpmdListing> names)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("name").AddColumn(new TableColumn("port").RightAligned());
        foreach (var entry in names)
            table.AddRow(Markup.Escape(EpmdName.Readable(entry.Name)), entry.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        CommandLine.Screen.Write(table);
    }
}
