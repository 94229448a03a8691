using Enmesh.Cluster;
using Enmesh.Discovery;
using Enmesh.Hosting;
using Enmesh.Kubernetes;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Web;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>A section of the configuration, what its keys set, and the table that has them.</summary>
/// <param name="Path">Where it is in the configuration.</param>
/// <param name="Defaults">Makes what the keys set, with its defaults.</param>
/// <param name="Tables">The page and the beginning of the heading of each table with its keys; a later row for a key goes before an earlier one.</param>
internal sealed record SettingsSection(string Path, Func<object> Defaults, params IReadOnlyList<(string Document, string Heading)> Tables)
{
    /// <summary>The key by which a source says what asks; it is not among the strategy's own.</summary>
    internal const string Strategy = "Strategy";

    private static readonly (string, string) Sources = ("discovery.md", "## Sources");

    internal static IReadOnlyList<SettingsSection> All { get; } =
    [
        new("Enmesh", () => new ErlangNodeOptions(), ("configuration.md", "## Every setting of a node")),
        new("Enmesh:Tls", () => new TlsOptions(), ("tls.md", "## Settings")),
        new("Enmesh:Cluster", () => new ClusterOptions(), ("discovery.md", "## The reconciler")),
        new("Enmesh:Cluster:Join", () => new JoinOptions(), ("cluster.md", "## Joining")),
        new("Enmesh:Web", () => new ErlangEndpointOptions(), ("operations.md", "## Addresses")),
        new("Enmesh:Ssh", () => new ErlangSshOptions(), ("ssh.md", "## Settings")),
        new("Enmesh:Certificate", () => new NodeCertificateOptions(), ("certificates.md", "### Settings")),
        Source("static", () => new StaticDiscoveryOptions(), ("discovery.md", "### `static`")),
        Source("epmd", () => new EpmdDiscoveryOptions(), ("discovery.md", "### `epmd`")),
        Source("hosts-file", () => new HostsFileDiscoveryOptions(), ("discovery.md", "### `hosts-file`")),
        Source("dns", () => new DnsDiscoveryOptions(), ("discovery.md", "### `dns`:")),
        Source("dns-srv", () => new DnsSrvDiscoveryOptions(), ("discovery.md", "### `dns`:"), ("discovery.md", "### `dns-srv`")),
        Source("gossip", () => new GossipDiscoveryOptions(), ("discovery.md", "### `gossip`")),
        Source("kubernetes", () => new KubernetesDiscoveryOptions(), ("kubernetes-discovery.md", "## Keys")),
        Source("rancher", () => new RancherDiscoveryOptions(), ("discovery.md", "### `rancher`")),
    ];

    internal static SettingsSection At(string path) => All.Single(section => section.Path == path);

    /// <summary>The rows of its tables, one for each key.</summary>
    internal IReadOnlyDictionary<string, DocRow> Rows()
    {
        Dictionary<string, DocRow> rows = new(StringComparer.Ordinal);
        foreach (var row in Tables.SelectMany(table => DocTable.Below(table.Document, table.Heading)))
            rows[row.Key.StartsWith($"{Path}:", StringComparison.Ordinal) ? row.Key[(Path.Length + 1)..] : row.Key] = row;
        return rows;
    }

    private static SettingsSection Source(string strategy, Func<object> defaults, params IReadOnlyList<(string, string)> tables) =>
        new($"Enmesh:Discovery:{strategy}", defaults, [Sources, .. tables]);
}
