using System.Collections.Immutable;
using System.Net.Sockets;
using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>
/// The members are the targets of SRV records, each at the port of its record: <c>alive@target</c>, or
/// <c>alive@address</c>.
/// </summary>
/// <remarks>
/// <para><b>The port of a record is the distribution port</b> of the member, so nodes may share a host and need neither
/// EPMD nor one port for all. A record with port 0 says nothing about it.</para>
/// <para><b>Deployment.</b> On Kubernetes: a headless Service with a <em>named</em> port, and
/// <c>publishNotReadyAddresses: true</c>; its records are at <c>_NAME._tcp.SERVICE</c>:</para>
/// <code>
/// spec:
///   clusterIP: None
///   publishNotReadyAddresses: true
///   ports: [ { name: dist, port: 4370 } ]
/// </code>
/// <code>{ "Name": "orders", "HostFrom": "srv:_dist._tcp.orders-headless",
///   "Discovery": { "pods": { "Strategy": "dns-srv", "Domains": ["_dist._tcp.orders-headless"] } } }</code>
/// <para>CoreDNS names the targets <c>10-0-0-7.orders-headless.shop.svc.cluster.local</c>, or by the pods' host names
/// in a StatefulSet. No change of CoreDNS (<c>endpoint_pod_names</c>) is needed:
/// <see cref="ErlangNodeOptions.HostFrom"/> takes the node's own host part from the very record whose address is its
/// own. Elsewhere: Consul (<c>orders.service.consul</c>), or <c>dnsmasq --srv-host</c>.</para>
/// <para>With <see cref="DnsStrategyOptions.HostPart"/> <c>Address</c> the addresses of the targets are the host parts,
/// and the records only give the ports. Where <see cref="DnsStrategyOptions.Servers"/> names servers, they are asked
/// for the targets' addresses, too, since the system's resolver need not know that zone.</para>
/// <para><b>What counts as what.</b> As with <see cref="DnsDiscovery"/>. A target without an address, and a target with
/// several ports at the best priority (a Service with several ports that was asked for without a port's name) make the
/// answer incomplete.</para>
/// </remarks>
public sealed class DnsSrvDiscovery : IPeerDiscovery
{
    private static readonly DnsType[] Types = [DnsType.Srv];

    private readonly DnsLookups _lookups;
    private readonly ImmutableArray<string> _domains;
    private readonly IReadOnlyList<DnsType> _addressTypes;
    private readonly EmptyDomains _empty;
    private readonly string? _alive;
    private readonly int? _port;
    private readonly bool _byAddress;
    private readonly bool _ownServers;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public DnsSrvDiscovery(DnsSrvDiscoveryOptions options, TimeProvider? time = null)
        : this(options, null, time ?? TimeProvider.System)
    {
    }

    internal DnsSrvDiscovery(DnsSrvDiscoveryOptions options, IDnsResolver? resolver, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _lookups = new DnsLookups(resolver ?? new DnsResolver(time, options.ReadServers()));
        _domains = [.. options.Domains];
        _addressTypes = options.AddressTypes;
        _empty = new EmptyDomains(options, time);
        _alive = options.Alive;
        _port = options.Port;
        _byAddress = options.HostPart == DnsHostPart.Address;
        _ownServers = options.Servers.Count > 0;
    }

    /// <summary>The domains that are asked for.</summary>
    internal IReadOnlyList<string> Domains => _domains;

    /// <inheritdoc/>
    public bool NamesSelf => true;

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        var answers = await _lookups.AskAllAsync(
            _domains.Select(domain => (domain, DnsType.Srv)), cancellationToken).ConfigureAwait(false);
        var report = new DnsReport();
        var targets = new SortedDictionary<string, List<DnsRecord.Service>>(StringComparer.Ordinal);
        for (var i = 0; i < _domains.Length; i++)
            Weigh(i, answers[i], targets, report);
        var members = targets
            .Select(target => new SrvMember(target.Key, _port ?? PortOf(target.Key, target.Value, report)))
            .ToArray();
        var alive = _alive ?? self.Alive;
        return report.Snapshot(_byAddress || _ownServers
            ? await ResolvedAsync(alive, members, report, cancellationToken).ConfigureAwait(false)
            : [.. members.Select(member => member.Named(alive, null, report)).OfType<DiscoveredPeer>()]);
    }

    private void Weigh(
        int index, DnsAnswer answer, SortedDictionary<string, List<DnsRecord.Service>> targets, DnsReport report)
    {
        var failed = report.Weigh(_domains[index], Types, [answer]);
        var found = false;
        foreach (var record in ((answer as DnsAnswer.Found)?.Records ?? []).OfType<DnsRecord.Service>())
        {
            // The root as the target: decidedly not available at this domain (RFC 2782).
            if (record.Target.Length == 0)
                continue;
            found = true;
            if (DnsLookups.HostOf(record.Target) is not { } host)
                report.Doubt($"{_domains[index]} leads to '{record.Target}', which is no host name");
            else if (targets.TryGetValue(host, out var records))
                records.Add(record);
            else
                targets.Add(host, [record]);
        }
        if (found || failed)
            _empty.Interrupted(index);
        else if (_empty.Doubt(index, answer is DnsAnswer.NoSuchName ? "there is no such name" : "it has no SRV records") is { } doubt)
            report.Doubt(doubt);
    }

    // Priorities choose among ways to one service. Here every target is a member of its own, so they only choose among
    // the ports of one.
    private static int? PortOf(string target, List<DnsRecord.Service> records, DnsReport report)
    {
        var best = records.Min(record => record.Priority);
        var ports = records.Where(record => record.Priority == best && record.Port > 0)
            .Select(record => (int)record.Port).Distinct().Order().ToArray();
        if (ports.Length > 1)
            report.Doubt($"{target} has the ports {string.Join(" and ", ports)}, and nothing says which is for distribution; ask for one port by its name, as in _dist._tcp.orders-headless, or set Port");
        return ports is [var port] ? port : null;
    }

    private async Task<IReadOnlyCollection<DiscoveredPeer>> ResolvedAsync(
        string alive, SrvMember[] members, DnsReport report, CancellationToken cancellationToken)
    {
        var answers = await _lookups.AskAllAsync(
            members.SelectMany(member => _addressTypes.Select(type => ($"{member.Target}.", type))),
            cancellationToken).ConfigureAwait(false);
        var peers = new Dictionary<NodeName, DiscoveredPeer>();
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[i];
            var own = answers.AsSpan(i * _addressTypes.Count, _addressTypes.Count).ToArray();
            var addresses = DnsLookups.Addresses(own)
                .OrderBy(address => address.AddressFamily == AddressFamily.InterNetworkV6).ToArray();
            if (own.OfType<DnsAnswer.Failed>().FirstOrDefault() is { } failed)
                report.Doubt($"the look-up of the address of {member.Target} failed: {failed.Message}");
            else if (addresses.Length == 0)
                report.Doubt($"the target {member.Target} has no address");
            DiscoveredPeer?[] found = _byAddress
                ? [.. addresses.Select(address => new DiscoveredPeer(NodeName.Parse($"{alive}@{address}"), Port: member.Port))]
                : [member.Named(alive, addresses.FirstOrDefault()?.ToString(), report)];
            foreach (var peer in found.OfType<DiscoveredPeer>())
                peers.TryAdd(peer.Name, peer);
        }
        return peers.Values;
    }

    private sealed record SrvMember(string Target, int? Port)
    {
        internal DiscoveredPeer? Named(string alive, string? address, DnsReport report)
        {
            if (NodeName.TryParse($"{alive}@{Target}", out var name))
                return new DiscoveredPeer(name, address, Port);
            report.Doubt($"{alive}@{Target} can be no node's name");
            return null;
        }
    }
}
