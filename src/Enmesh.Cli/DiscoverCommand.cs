using System.CommandLine;
using Enmesh.Cli.Consoles;
using Enmesh.Discovery;
using Spectre.Console;

namespace Enmesh.Cli;

/// <summary><c>enmesh discover</c>: what does each source of discovery see, and why not?</summary>
internal static class DiscoverCommand
{
    private const double UsualListening = 6;

    internal static Command Create()
    {
        var name = new Option<string?>("--name") { Description = "The name of the node that would ask, alive@host, or the part before the @.", HelpName = "NAME" };
        var hostFrom = new Option<string?>("--host-from") { Description = "Take the host part of the name from a name server: srv:NAME or ptr.", HelpName = "SOURCE" };
        var shortNames = new Option<bool>("--short-names") { Description = "Use a short host name, as erl -sname." };
        var listen = NumberOptions.Seconds("--listen-for", $"How long to listen to gossip. Default: {UsualListening}.", UsualListening, 0.1, 3600);
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var sources = new SourceOptions();
        var command = new Verb(
            "discover",
            "Print whom each configured source of discovery names, and why not.",
            """
            The settings are those of `enmesh node`: arguments, environment, appsettings.json. Each source is asked once; nobody is dialled,
            nothing is registered, and gossip is only listened to. No cookie is needed. The answer is yes when every source answers in full
            and somebody besides the node itself is named.

            Examples:
              enmesh discover --name orders@10.0.0.7 --dns orders-headless
              enmesh discover --name orders --host-from srv:_dist._tcp.orders --dns-srv _dist._tcp.orders --json
              Enmesh__Discovery__main__Strategy=gossip enmesh discover --name orders@10.0.0.7
            """) { name, hostFrom, shortNames, listen, json };
        sources.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new Dictionary<string, string?>(sources.Settings(parsed));
            if (parsed.GetValue(name) is { } own)
                settings["Name"] = own;
            if (parsed.GetValue(hostFrom) is { } from)
                settings["HostFrom"] = from;
            if (parsed.GetValue(shortNames))
                settings["ShortNames"] = "true";
            return RunAsync(settings, TimeSpan.FromSeconds(parsed.GetValue(listen)), parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Dictionary<string, string?> settings, TimeSpan listening, bool asJson, CancellationToken cancellationToken)
    {
        var configured = NodeConfiguration.Read(settings);
        var (section, options, problems) = configured;
        if (options.Discovery.Count == 0 && problems.Count == 0)
            problems = [$"{section.Path}:{nameof(options.Discovery)}: there is no source of discovery. Name one: --dns, --dns-srv, --epmd-host, --hosts-file, --gossip, --peer, or settings."];
        if (problems.Count > 0)
        {
            foreach (var problem in problems)
                CommandLine.Complain(problem);
            return ExitCode.Usage;
        }
        var self = await NodePlan.NameAsync(options, Environment.GetEnvironmentVariable, TimeProvider.System, cancellationToken)
            .ConfigureAwait(false);
        var answers = await Task.WhenAll(options.Discovery.Select(source => AskAsync(
            source, configured.StrategyOf(source.Name), self, listening, cancellationToken)))
            .ConfigureAwait(false);
        if (asJson)
            Json.Print(new DiscoverResult(self.Text, answers));
        else
            Print(self, answers);
        return answers.All(answer => answer.Answer == DiscoveryQuestion.Complete) && answers.Any(answer => answer.Members.Any(member => !member.Self))
            ? ExitCode.Success
            : ExitCode.No;
    }

    private static async Task<SourceResult> AskAsync(
        DiscoverySource source, string strategy, NodeName self, TimeSpan listening, CancellationToken cancellationToken)
    {
        var asked = await DiscoveryQuestion.AskAsync(source, self, listening, cancellationToken).ConfigureAwait(false);
        return new SourceResult(
            source.Name, strategy, asked.Answer, asked.Problem, Math.Round(asked.Took.TotalMilliseconds, 1),
            [.. asked.Peers.Select(peer => new MemberResult(peer.Name.Text, peer.Address, peer.Port, peer.Name == self))]);
    }

    private static void Print(NodeName self, SourceResult[] answers)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("Source", "Strategy", "Answer", "Member", "Dialled at");
        foreach (var answer in answers)
        {
            var first = true;
            foreach (var member in answer.Members.DefaultIfEmpty(null))
            {
                var at = member is null ? ""
                    : member.Self ? "this node"
                    : $"{member.Address}{(member.Port is { } port ? $":{port}" : "")}";
                string[] cells = first
                    ? [answer.Name, answer.Strategy, $"{answer.Answer}, {answer.Ms:0.0} ms", member?.Name ?? "nobody", at]
                    : ["", "", "", member!.Name, at];
                table.AddRow([.. cells.Select(TerminalText.OneLine).Select(Markup.Escape)]);
                first = false;
            }
        }
        CommandLine.Screen.Write(table);
        foreach (var answer in answers.Where(answer => answer.Problem is not null))
            CommandLine.Complain($"{answer.Name}: {answer.Problem}");
        if (!answers.Any(answer => answer.Members.Any(member => !member.Self)))
            CommandLine.Complain($"No source names anybody besides {self}.");
    }
}
