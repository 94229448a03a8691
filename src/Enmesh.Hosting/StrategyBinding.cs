using Enmesh.Discovery;

namespace Enmesh.Hosting;

/// <summary>Makes the sources of discovery that a configuration names, one by one.</summary>
internal static class StrategyBinding
{
    /// <summary>Every strategy by the name it has in the configuration, in the order in which they are told.</summary>
    private static readonly (string Name, Action<string, SettingKeys, ErlangNodeOptions, IServiceProvider> Bind)[] Strategies =
    [
        ("static", static (name, keys, node, _) => BindStatic(name, keys, node.Discovery)),
        ("epmd", static (name, keys, node, _) => BindEpmd(name, keys, node)),
        ("hosts-file", static (name, keys, node, _) => BindHostsFile(name, keys, node)),
        ("dns", static (name, keys, node, _) => BindDns(name, keys, node.Discovery)),
        ("dns-srv", static (name, keys, node, _) => BindDnsSrv(name, keys, node.Discovery)),
        ("kubernetes", static (name, keys, node, services) => KubernetesBinding.Bind(name, keys, node.Discovery, services)),
        ("gossip", static (name, keys, node, _) => BindGossip(name, keys, node.Discovery)),
        ("rancher", static (name, keys, node, _) => BindRancher(name, keys, node.Discovery)),
    ];

    /// <summary>Adds the source, or says what is wrong with it.</summary>
    internal static void Bind(string name, SettingKeys keys, ErlangNodeOptions node, IServiceProvider services)
    {
        var asked = keys.Take("Strategy");
        var bind = Array.Find(Strategies, strategy => strategy.Name.Equals(asked, StringComparison.OrdinalIgnoreCase)).Bind;
        if (bind is not null)
        {
            bind(name, keys, node, services);
            return;
        }
        var names = Strategies.Select(strategy => strategy.Name).ToArray();
        keys.Problem(
            "Strategy",
            $"{(asked is null ? "is missing" : $"there is no strategy '{asked}'")}; there are {string.Join(", ", names[..^1])} and {names[^1]}.");
    }

    internal static void BindPolling(SettingKeys keys, DiscoveryPolling polling)
    {
        keys.Duration(nameof(polling.Interval), value => polling.Interval = value);
        keys.Fraction(nameof(polling.Jitter), value => polling.Jitter = value);
        keys.Duration(nameof(polling.Timeout), value => polling.Timeout = value);
        keys.RefuseOthers();
    }

    private static void BindStatic(string name, SettingKeys keys, IList<DiscoverySource> sources)
    {
        var options = new StaticDiscoveryOptions();
        keys.Texts(nameof(options.Peers), options.Peers);
        BindPolling(keys, options);
        if (keys.Accept(options.Validate()))
            sources.Add(new DiscoverySource(name, new StaticDiscovery(options), options));
    }

    private static void BindEpmd(string name, SettingKeys keys, ErlangNodeOptions node)
    {
        // Where the node registers is where it looks for the others, unless told otherwise.
        var options = new EpmdDiscoveryOptions { Port = node.EpmdPort is > 0 ? node.EpmdPort : null };
        keys.Texts(nameof(options.Hosts), options.Hosts);
        keys.Number(nameof(options.Port), value => options.Port = value);
        BindPolling(keys, options);
        if (keys.Accept(options.Validate()))
            node.Discovery.Add(new DiscoverySource(name, new EpmdDiscovery(options), options));
    }

    private static void BindHostsFile(string name, SettingKeys keys, ErlangNodeOptions node)
    {
        var options = new HostsFileDiscoveryOptions { Port = node.EpmdPort is > 0 ? node.EpmdPort : null };
        keys.Text(nameof(options.File), value => options.File = value);
        keys.Number(nameof(options.Port), value => options.Port = value);
        BindPolling(keys, options);
        if (keys.Accept(options.Validate()))
            node.Discovery.Add(new DiscoverySource(name, new HostsFileDiscovery(options), options));
    }

    private static void BindRancher(string name, SettingKeys keys, IList<DiscoverySource> sources)
    {
        var options = new RancherDiscoveryOptions();
        keys.Text(nameof(options.Url), value => options.Url = value);
        keys.Text(nameof(options.Alive), value => options.Alive = value);
        keys.Number(nameof(options.Port), value => options.Port = value);
        BindPolling(keys, options);
        if (keys.Accept(options.Validate()))
            sources.Add(new DiscoverySource(name, new RancherDiscovery(options), options));
    }

    private static void BindDns(string name, SettingKeys keys, IList<DiscoverySource> sources)
    {
        var options = new DnsDiscoveryOptions();
        BindDnsKeys(keys, options);
        if (keys.Accept(options.Validate()))
            sources.Add(new DiscoverySource(name, new DnsDiscovery(options), options));
    }

    private static void BindDnsSrv(string name, SettingKeys keys, IList<DiscoverySource> sources)
    {
        var options = new DnsSrvDiscoveryOptions();
        BindDnsKeys(keys, options);
        if (keys.Accept(options.Validate()))
            sources.Add(new DiscoverySource(name, new DnsSrvDiscovery(options), options));
    }

    private static void BindGossip(string name, SettingKeys keys, IList<DiscoverySource> sources)
    {
        var options = new GossipDiscoveryOptions();
        keys.Texts(nameof(options.Groups), options.Groups);
        keys.Number(nameof(options.Port), value => options.Port = value);
        keys.Text(nameof(options.Interface), value => options.Interface = value);
        keys.Number(nameof(options.Ttl), value => options.Ttl = value);
        keys.Choice<GossipProtocol>(nameof(options.Protocol), value => options.Protocol = value);
        keys.Text(nameof(options.SecretFile), value => options.SecretFile = value);
        keys.Duration(nameof(options.SilentAfter), value => options.SilentAfter = value);
        keys.Duration(nameof(options.ForgetAfter), value => options.ForgetAfter = value);
        keys.Duration(nameof(options.MaxClockSkew), value => options.MaxClockSkew = value);
        BindPolling(keys, options);
        if (keys.Accept(options.Validate()))
            sources.Add(new DiscoverySource(name, new GossipDiscovery(options), options));
    }

    private static void BindDnsKeys(SettingKeys keys, DnsStrategyOptions options)
    {
        keys.Texts(nameof(options.Domains), options.Domains);
        keys.Text(nameof(options.Alive), value => options.Alive = value);
        keys.Choice<DnsHostPart>(nameof(options.HostPart), value => options.HostPart = value);
        keys.Choice<DnsAddressFamilies>(nameof(options.Families), value => options.Families = value);
        keys.Number(nameof(options.Port), value => options.Port = value);
        keys.Texts(nameof(options.Servers), options.Servers);
        keys.Number(nameof(options.EmptyConfirmations), value => options.EmptyConfirmations = value);
        keys.Duration(nameof(options.EmptyAge), value => options.EmptyAge = value);
        BindPolling(keys, options);
    }
}
