using System.Collections.Immutable;
using System.Net;
using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>
/// The members are the addresses of one or more domains: <c>alive@address</c> for every A and AAAA record.
/// </summary>
/// <remarks>
/// <para><b>Deployment.</b> On Kubernetes: a headless Service (<c>clusterIP: None</c>) that selects the pods, with
/// <c>publishNotReadyAddresses: true</c>, so that pods find each other before they are ready; <c>POD_IP</c> from the
/// downward API as the host part of every node's name. Elsewhere: a name with one record per host, kept by Consul,
/// Route 53, or
/// <c>dnsmasq --host-record</c>; every node is named by its address.</para>
/// <code>{ "Strategy": "dns", "Domains": ["orders-headless"] }</code>
/// <para><b>What counts as what.</b> Every question answered, and an address for every domain: complete. A domain that
/// does not exist or has no addresses: incomplete, until that was confirmed
/// <see cref="DnsDiscoveryOptions.EmptyConfirmations"/> times and for <see cref="DnsDiscoveryOptions.EmptyAge"/>. Some
/// questions failed (SERVFAIL, REFUSED, no answer): incomplete, with what was found. All failed: unavailable.</para>
/// <para>The resolver is our own. It follows resolv.conf (name servers, search list, ndots, timeout, attempts, rotate),
/// asks over UDP with EDNS and over TCP when an answer is cut off, and goes on to the next server when one fails.
/// <c>/etc/hosts</c> is not read.</para>
/// </remarks>
public sealed class DnsDiscovery : IPeerDiscovery
{
    private readonly IDnsResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ImmutableArray<string> _domains;
    private readonly ImmutableArray<DnsType> _types;
    private readonly EmptyAnswers[] _empty;
    private readonly int _confirmations;
    private readonly TimeSpan _emptyAge;
    private readonly string? _alive;
    private readonly int? _port;

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
        _resolver = resolver ?? new DnsResolver(time, options.ReadServers());
        _time = time;
        _domains = [.. options.Domains];
        _types = options.Families switch
        {
            DnsAddressFamilies.IPv4 => [DnsType.A],
            DnsAddressFamilies.IPv6 => [DnsType.Aaaa],
            _ => [DnsType.A, DnsType.Aaaa],
        };
        _empty = new EmptyAnswers[_domains.Length];
        _confirmations = options.EmptyConfirmations;
        _emptyAge = options.EmptyAge;
        _alive = options.Alive;
        _port = options.Port;
    }

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        // All at once, so that a silent server costs its time-out once and not once per question.
        var questions = _domains.SelectMany(
            domain => _types.Select(type => _resolver.ResolveAsync(domain, type, cancellationToken)));
        var answers = await Task.WhenAll(questions).ConfigureAwait(false);
        var addresses = new HashSet<IPAddress>();
        var doubts = new List<string>();
        var failures = 0;
        for (var i = 0; i < _domains.Length; i++)
            failures += Weigh(i, answers.AsSpan(i * _types.Length, _types.Length), addresses, doubts);
        if (failures == answers.Length)
            return new PeerSnapshot.Unavailable(new DiscoveryException(string.Join("; ", doubts)));
        DiscoveredPeer[] peers = [.. addresses.Select(address => new DiscoveredPeer(Name(self, address), Port: _port))];
        return doubts.Count == 0
            ? new PeerSnapshot.Complete(peers)
            : new PeerSnapshot.Incomplete(peers, string.Join("; ", doubts));
    }

    /// <returns>How many of the answers are failures.</returns>
    private int Weigh(int index, ReadOnlySpan<DnsAnswer> answers, HashSet<IPAddress> addresses, List<string> doubts)
    {
        var domain = _domains[index];
        var failures = new List<(string Type, string Message)>();
        var found = false;
        var nameless = false;
        for (var i = 0; i < answers.Length; i++)
        {
            switch (answers[i])
            {
                case DnsAnswer.Found answer:
                    found |= Add(answer, addresses);
                    break;
                case DnsAnswer.Failed failed:
                    failures.Add((_types[i] == DnsType.A ? "A" : "AAAA", failed.Message));
                    break;
                case DnsAnswer.NoSuchName:
                    nameless = true;
                    break;
            }
        }
        foreach (var same in
            failures.GroupBy(failure => failure.Message, failure => failure.Type, StringComparer.Ordinal))
            doubts.Add($"the look-up of {domain} ({string.Join(", ", same)}) failed: {same.Key}");
        if (found)
            _empty[index] = default;
        else if (failures.Count == 0)
            DoubtEmptiness(index, nameless, doubts);
        return failures.Count;
    }

    private void DoubtEmptiness(int index, bool nameless, List<string> doubts)
    {
        var now = _time.GetElapsedTime(0);
        var empty = _empty[index] = _empty[index].Add(now);
        if (empty.AreBelieved(now, _confirmations, _emptyAge))
            return;
        var what = nameless ? "there is no such name" : "it has no addresses";
        doubts.Add(FormattableString.Invariant(
            $"{_domains[index]} is empty: {what} (believed after {_confirmations} such answers and {_emptyAge.TotalSeconds:0.#} s; so far {empty.Count})"));
    }

    // Name servers that block a name like to answer 0.0.0.0 or ::, which nobody can be dialled at.
    private static bool Add(DnsAnswer.Found answer, HashSet<IPAddress> addresses)
    {
        var found = false;
        foreach (var record in answer.Records)
        {
            if (record is DnsRecord.Address { Value: var address } && !address.Equals(IPAddress.Any)
                && !address.Equals(IPAddress.IPv6Any))
            {
                addresses.Add(address);
                found = true;
            }
        }
        return found;
    }

    private NodeName Name(NodeName self, IPAddress address) => NodeName.Parse($"{_alive ?? self.Alive}@{address}");
}
