using System.CommandLine;
using System.Globalization;

namespace Enmesh.Cli;

/// <summary>The options that name sources of discovery, and the settings they stand for; they come on top of the others.</summary>
internal sealed class SourceOptions
{
    private readonly Option<string[]> _peers = new("--peer") { Description = "A member of the cluster, alive@host or alive@host:port. May be repeated.", HelpName = "NODE" };
    private readonly Option<string[]> _hosts = new("--epmd-host") { Description = "Find the members that are registered with EPMD on this host. May be repeated.", HelpName = "HOST" };
    private readonly Option<string?> _hostsFile = new("--hosts-file") { Description = "Find the members that are registered with EPMD on the hosts in this file, as .hosts.erlang.", HelpName = "FILE" };
    private readonly Option<string[]> _domains = new("--dns") { Description = "Find the members behind the addresses of this domain. May be repeated.", HelpName = "DOMAIN" };
    private readonly Option<string[]> _services = new("--dns-srv") { Description = "Find the members behind these SRV records, each at its port. May be repeated.", HelpName = "NAME" };
    private readonly Option<bool> _gossip = new("--gossip") { Description = "Find the members that say so on this network, as libcluster's gossip does." };

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { _peers, _hosts, _hostsFile, _domains, _services, _gossip })
            command.Options.Add(option);
    }

    /// <summary>The settings, each below the section of the node.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> Settings(ParseResult parsed) =>
    [
        .. Source("static", "Peers", parsed.GetValue(_peers)),
        .. Source("epmd", "Hosts", parsed.GetValue(_hosts)),
        .. Source("hosts-file", "File", parsed.GetValue(_hostsFile)),
        .. Source("dns", "Domains", parsed.GetValue(_domains)),
        .. Source("dns-srv", "Domains", parsed.GetValue(_services)),
        .. parsed.GetValue(_gossip) ? [Strategy("gossip")] : Array.Empty<KeyValuePair<string, string?>>(),
    ];

    private static IEnumerable<KeyValuePair<string, string?>> Source(string strategy, string key, string[]? values) =>
        values is not { Length: > 0 }
            ? []
            : [Strategy(strategy), .. values.Select((value, i) =>
                KeyValuePair.Create($"Discovery:{strategy}:{key}:{i.ToString(CultureInfo.InvariantCulture)}", (string?)value))];

    private static IEnumerable<KeyValuePair<string, string?>> Source(string strategy, string key, string? value) =>
        value is null ? [] : [Strategy(strategy), KeyValuePair.Create($"Discovery:{strategy}:{key}", (string?)value)];

    private static KeyValuePair<string, string?> Strategy(string strategy) => new($"Discovery:{strategy}:Strategy", strategy);
}
