using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>
/// The members are the addresses of one or more domains: <c>alive@address</c> for every A and AAAA record, or
/// <c>alive@name</c> with the host name behind each address.
/// </summary>
/// <remarks>
/// <para><b>Deployment.</b> On Kubernetes: a headless Service (<c>clusterIP: None</c>) that selects the pods, with
/// <c>publishNotReadyAddresses: true</c>, so that pods find each other before they are ready; <c>POD_IP</c> from the
/// downward API as the host part of every node's name. Elsewhere: a name with one record per host, kept by Consul,
/// Route 53, or <c>dnsmasq --host-record</c>; every node is named by its address.</para>
/// <code>{ "Strategy": "dns", "Domains": ["orders-headless"] }</code>
/// <para><b>Host names.</b> With <see cref="DnsStrategyOptions.HostPart"/> <c>Name</c> the PTR record of each address
/// gives the host part: for nodes that are named by their hosts (a StatefulSet, virtual machines, certificates with
/// names in them). Of several PTR records that below the domain asked for counts, else the first in the alphabet. An
/// address without one makes the answer incomplete. The addresses themselves are dialled, so forward look-ups need not
/// work everywhere. The node itself takes such a name with <see cref="ErlangNodeOptions.HostFrom"/>.</para>
/// <code>{ "Strategy": "dns", "Domains": ["orders-headless"], "HostPart": "Name" }</code>
/// <para><b>What counts as what.</b> Every question answered, and an address for every domain: complete. A domain that
/// does not exist or has no addresses: incomplete, until that was confirmed
/// <see cref="DnsStrategyOptions.EmptyConfirmations"/> times and for <see cref="DnsStrategyOptions.EmptyAge"/>. Some
/// questions failed (SERVFAIL, REFUSED, no answer): incomplete, with what was found. All failed: unavailable.</para>
/// <para>The resolver is our own. It follows resolv.conf (name servers, search list, ndots, timeout, attempts, rotate),
/// asks over UDP with EDNS and over TCP when an answer is cut off, and goes on to the next server when one fails.
/// <c>/etc/hosts</c> is not read.</para>
/// </remarks>
public sealed class DnsDiscovery : IPeerDiscovery
{
    private readonly DnsLookups _lookups;
    private readonly ImmutableArray<string> _domains;
    private readonly IReadOnlyList<DnsType> _types;
    private readonly EmptyDomains _empty;
    private readonly string? _alive;
    private readonly int? _port;
    private readonly bool _byName;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public DnsDiscovery(DnsDiscoveryOptions options, TimeProvider? time = null)
        : this(options, null, time ?? TimeProvider.System)
    {
    }

    internal DnsDiscovery(DnsDiscoveryOptions options, IDnsResolver? resolver, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _lookups = new DnsLookups(resolver ?? new DnsResolver(time, options.ReadServers()));
        _domains = [.. options.Domains];
        _types = options.AddressTypes;
        _empty = new EmptyDomains(options, time);
        _alive = options.Alive;
        _port = options.Port;
        _byName = options.HostPart == DnsHostPart.Name;
    }

    /// <summary>The domains that are asked for.</summary>
    internal IReadOnlyList<string> Domains => _domains;

    /// <inheritdoc/>
    public bool NamesSelf => true;

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        // All at once, so that a silent server costs its time-out once and not once per question.
        var questions = _domains.SelectMany(domain => _types.Select(type => (domain, type)));
        var answers = await _lookups.AskAllAsync(questions, cancellationToken).ConfigureAwait(false);
        var report = new DnsReport();
        var addresses = new Dictionary<IPAddress, string>();
        for (var i = 0; i < _domains.Length; i++)
            Weigh(i, answers.AsSpan(i * _types.Count, _types.Count), addresses, report);
        var alive = _alive ?? self.Alive;
        return report.Snapshot(_byName
            ? await NamedAsync(alive, addresses, report, cancellationToken).ConfigureAwait(false)
            : [.. addresses.Keys.Select(address => new DiscoveredPeer(NodeName.Parse($"{alive}@{address}"), Port: _port))]);
    }

    /// <param name="index">Which domain.</param>
    /// <param name="answers">The answers about it.</param>
    /// <param name="addresses">Gets the addresses, each with the full name it was found at.</param>
    /// <param name="report">Gets what is doubtful.</param>
    private void Weigh(
        int index, ReadOnlySpan<DnsAnswer> answers, Dictionary<IPAddress, string> addresses, DnsReport report)
    {
        var failed = report.Weigh(_domains[index], _types, answers);
        var found = false;
        var nameless = false;
        foreach (var answer in answers)
        {
            nameless |= answer is DnsAnswer.NoSuchName;
            if (answer is not DnsAnswer.Found { Records: var records })
                continue;
            foreach (var record in records.OfType<DnsRecord.Address>().Where(record => DnsLookups.IsReal(record.Value)))
            {
                addresses.TryAdd(record.Value, record.Owner);
                found = true;
            }
        }
        if (found || failed)
            _empty.Interrupted(index);
        else if (_empty.Doubt(index, nameless ? "there is no such name" : "it has no addresses") is { } doubt)
            report.Doubt(doubt);
    }

    private async Task<IReadOnlyCollection<DiscoveredPeer>> NamedAsync(
        string alive, Dictionary<IPAddress, string> addresses, DnsReport report, CancellationToken cancellationToken)
    {
        var inOrder = addresses.Keys.OrderBy(address => address.AddressFamily == AddressFamily.InterNetworkV6).ToArray();
        var answers = await _lookups.AskAllAsync(
            inOrder.Select(address => (ReverseName.Of(address), DnsType.Ptr)), cancellationToken).ConfigureAwait(false);
        var peers = new Dictionary<NodeName, DiscoveredPeer>();
        foreach (var (address, answer) in inOrder.Zip(answers))
        {
            if (answer is DnsAnswer.Failed failed)
                report.Doubt($"the look-up of the name of {address} (PTR) failed: {failed.Message}");
            else if (NameAmong(answer, addresses[address]) is { } host && NodeName.TryParse($"{alive}@{host}", out var name))
                peers.TryAdd(name, new DiscoveredPeer(name, address.ToString(), _port));
            else
                report.Doubt($"{address} has no PTR record with a host name, so nobody knows what the node there is called");
        }
        return peers.Values;
    }

    private static string? NameAmong(DnsAnswer answer, string domain) => (answer as DnsAnswer.Found)?.Records
        .OfType<DnsRecord.Pointer>()
        .Select(record => DnsLookups.HostOf(record.Target))
        .OfType<string>()
        .OrderBy(host => host.EndsWith($".{domain}", StringComparison.OrdinalIgnoreCase) ? 0 : 1)
        .ThenBy(host => host, StringComparer.Ordinal)
        .FirstOrDefault();
}
