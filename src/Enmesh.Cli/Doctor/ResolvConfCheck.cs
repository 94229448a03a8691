using System.Net;
using Enmesh.Discovery;
using Enmesh.Resolver;

namespace Enmesh.Cli.Doctor;

/// <summary>Whom does this host ask for names, and do they answer?</summary>
internal sealed class ResolvConfCheck : ICheck
{
    private const string Step = "resolv.conf";
    private const int ServersHeeded = 3;

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var around = examination.Around;
        if (around.ReadResolvConf() is not { } conf || around.Read(ResolvConf.DefaultPath) is not { } text)
        {
            examination.Report(Step, Diagnoses.ResolvMissing, $"there is no {ResolvConf.DefaultPath}, so that a server on this very host is asked.");
            return;
        }
        var words = Lines(text).Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(line => line.Length > 1).ToList();
        string[] named = [.. words.Where(line => line[0] == "nameserver").Select(line => line[1])];
        foreach (var bad in named.Where(server => !IPAddress.TryParse(server, out _)))
            examination.Report(Step, Diagnoses.ResolvBadServer, $"'nameserver {bad}' is passed over: it is no address.");
        if (named.Length > ServersHeeded)
            examination.Report(Step, Diagnoses.ResolvTooMany, $"it names {named.Length} servers, and the first {ServersHeeded} alone are asked.");
        if (!named.Any(server => IPAddress.TryParse(server, out _)))
            examination.Report(Step, Diagnoses.ResolvMissing, "it names no server, so that one on this very host is asked.");
        if (!NeedsNames(examination))
        {
            examination.Good(Step, $"{Shown(conf)}; nothing here needs a name server.");
            return;
        }
        await AskAsync(examination, conf, cancellationToken).ConfigureAwait(false);
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Where(line => line.Length > 0 && line[0] is not ('#' or ';' or ' ' or '\t'));

    // A name by which something is found, or dialled.
    private static bool NeedsNames(Examination examination) => NameToAskFor(examination) is not null;

    private static string? NameToAskFor(Examination examination)
    {
        IEnumerable<string> hosts = [.. examination.Options.Discovery.SelectMany(DomainsOf), .. new[] { examination.Target?.Host, examination.Self?.Host }.OfType<string>()];
        return hosts.FirstOrDefault(host => !IPAddress.TryParse(host, out _) && DnsName.Problem(host) is null && !host.StartsWith("localhost", StringComparison.Ordinal));
    }

    private static IEnumerable<string> DomainsOf(DiscoverySource source) => source.Discovery switch
    {
        DnsDiscovery dns => dns.Domains,
        DnsSrvDiscovery srv => srv.Domains,
        _ => [],
    };

    private static async Task AskAsync(Examination examination, ResolvConf conf, CancellationToken cancellationToken)
    {
        var name = NameToAskFor(examination)!.TrimEnd('.');
        var client = new DnsClient(examination.Around.Time);
        var answers = await Task.WhenAll(conf.Servers.Select(async server => (
            Server: server,
            Answer: await client.QueryAsync(
                name, DnsType.A, conf with { Servers = [examination.Around.NameServer(server)], Attempts = 1 }, cancellationToken).ConfigureAwait(false))))
            .ConfigureAwait(false);
        var silent = answers.Where(one => one.Answer is DnsAnswer.Failed { Problem: DnsProblem.Timeout or DnsProblem.Unreachable }).ToArray();
        var failing = answers.Where(one => one.Answer is DnsAnswer.Failed { Problem: not (DnsProblem.Timeout or DnsProblem.Unreachable) }).ToArray();
        foreach (var (server, answer) in failing)
            examination.Report(Step, Diagnoses.ResolvServerFails, $"{server.Address}, asked for {name}: {((DnsAnswer.Failed)answer).Message}.");
        var diagnosis = silent.Length == answers.Length ? Diagnoses.ResolvSilent : Diagnoses.ResolvPartlySilent;
        foreach (var (server, answer) in silent)
            examination.Report(Step, diagnosis, $"{server.Address}, asked for {name}: {((DnsAnswer.Failed)answer).Message}.");
        if (silent.Length + failing.Length == 0)
            examination.Good(Step, $"{Shown(conf)}; {(answers.Length == 1 ? "the server answers" : "all servers answer")}.");
    }

    private static string Shown(ResolvConf conf) =>
        $"{string.Join(", ", conf.Servers.Select(server => server.Address))}; search {(conf.Search.IsEmpty ? "none" : string.Join(' ', conf.Search))}; ndots {conf.Ndots}";
}
