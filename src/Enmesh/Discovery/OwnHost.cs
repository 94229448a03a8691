using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>Where the host part of this node's name is looked up: what <c>HostFrom</c> says.</summary>
/// <param name="Service">The name of the SRV records; null for the PTR records of the own addresses.</param>
internal sealed record OwnHostSource(string? Service)
{
    private const string SrvPrefix = "srv:";
    private const string Ptr = "ptr";

    /// <summary>Reads the setting.</summary>
    internal static bool TryParse(
        string text, [NotNullWhen(true)] out OwnHostSource? source, [NotNullWhen(false)] out string? problem)
    {
        source = null;
        problem = null;
        if (text.Equals(Ptr, StringComparison.OrdinalIgnoreCase))
            source = new OwnHostSource(Service: null);
        else if (!text.StartsWith(SrvPrefix, StringComparison.OrdinalIgnoreCase))
            problem = $"'{text}' is neither 'ptr' nor 'srv:' with a name behind it, as in srv:_dist._tcp.orders-headless.";
        else if (DnsName.Problem(text[SrvPrefix.Length..]) is { } wrong)
            problem = wrong;
        else
            source = new OwnHostSource(text[SrvPrefix.Length..]);
        return problem is null;
    }
}

/// <summary>
/// Finds the host name under which a name server knows this node. It asks again for a while: when a pod starts, its
/// records are seconds away.
/// </summary>
/// <param name="resolver">Who is asked.</param>
/// <param name="ours">The addresses of this node.</param>
/// <param name="port">The distribution port, which decides among several targets at one address; null when it is open.</param>
/// <param name="time">The clock.</param>
internal sealed class OwnHost(IDnsResolver resolver, IReadOnlyCollection<IPAddress> ours, int? port, TimeProvider time)
{
    private const int MaxShown = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly DnsLookups _lookups = new(resolver);

    /// <summary>The addresses that are ours: the pod's own as its environment says, else those of the host.</summary>
    internal static IReadOnlyCollection<IPAddress> AddressesOf(string? podIp) => IPAddress.TryParse(podIp?.Trim(), out var pod)
        ? [pod]
        : [.. OwnAddresses.Read().Where(OwnAddresses.IsForOthers).OrderBy(address => address.AddressFamily == AddressFamily.InterNetworkV6)];

    /// <summary>Finds it.</summary>
    /// <exception cref="DiscoveryException">It is not there; the message says what is there instead.</exception>
    internal async Task<string> FindAsync(OwnHostSource source, TimeSpan patience, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var (host, problem) = source.Service is { } service
                ? await BySrvAsync(service, cancellationToken).ConfigureAwait(false)
                : await ByPtrAsync(cancellationToken).ConfigureAwait(false);
            if (host is not null)
                return host;
            if (time.GetElapsedTime(start) >= patience)
                throw new DiscoveryException(FormattableString.Invariant(
                    $"The host part of this node's name is not to be had: {problem} It was asked for during {patience.TotalSeconds:0.#} s."));
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(string? Host, string Problem)> BySrvAsync(string service, CancellationToken cancellationToken)
    {
        var answer = await resolver.ResolveAsync(service, DnsType.Srv, cancellationToken).ConfigureAwait(false);
        if (answer is not DnsAnswer.Found { Records: var found })
        {
            return (null, answer switch
            {
                DnsAnswer.Failed failed => $"the look-up of {service} (SRV) failed: {failed.Message}.",
                DnsAnswer.NoData => $"{service} has no SRV records.",
                _ => $"there is no name {service}. A Service has such records for its named ports, and for pods that are not ready yet only with publishNotReadyAddresses.",
            });
        }
        var records = found.OfType<DnsRecord.Service>()
            .Where(record => DnsLookups.HostOf(record.Target) is not null)
            .ToLookup(record => DnsLookups.HostOf(record.Target)!, StringComparer.Ordinal);
        string[] targets = [.. records.Select(group => group.Key).Order(StringComparer.Ordinal)];
        DnsType[] types = [DnsType.A, DnsType.Aaaa];
        var answers = await _lookups.AskAllAsync(
            targets.SelectMany(target => types.Select(type => ($"{target}.", type))), cancellationToken).ConfigureAwait(false);
        var addresses = targets.Select((target, i) =>
            (Target: target, Addresses: DnsLookups.Addresses(answers.AsSpan(i * 2, 2).ToArray()).ToArray())).ToArray();
        string[] own = [.. addresses.Where(target => target.Addresses.Any(ours.Contains)).Select(target => target.Target)];
        if (own.Length > 1 && port is { } ourPort)
            own = [.. own.Where(target => records[target].Any(record => record.Port == ourPort))];
        return own switch
        {
            [var host] => (host, ""),
            [] when addresses.Any(target => target.Addresses.Any(ours.Contains)) =>
                (null, $"several targets of {service} have an address of this node ({Shown(ours)}), but none its port, {port}."),
            [] => (null, $"{service} leads to {Shown(addresses.Select(target => $"{target.Target} ({Shown(target.Addresses)})"))}, and none of these addresses is this node's ({Shown(ours)})."),
            _ => (null, $"the targets {Shown(own)} of {service} all have an address of this node ({Shown(ours)}); give it its name in full."),
        };
    }

    private async Task<(string? Host, string Problem)> ByPtrAsync(CancellationToken cancellationToken)
    {
        var answers = await _lookups.AskAllAsync(
            ours.Select(address => (ReverseName.Of(address), DnsType.Ptr)), cancellationToken).ConfigureAwait(false);
        foreach (var answer in answers.OfType<DnsAnswer.Found>())
        {
            string[] hosts = [.. answer.Records.OfType<DnsRecord.Pointer>()
                .Select(record => DnsLookups.HostOf(record.Target)).OfType<string>().Distinct(StringComparer.Ordinal)];
            if (hosts is [var host])
                return (host, "");
            if (hosts.Length > 1)
                return (null, $"this node's address has several names, {Shown(hosts)}; give the node its name in full, or take it from SRV records.");
        }
        return (null, answers.OfType<DnsAnswer.Failed>().FirstOrDefault() is { } failed
            ? $"the look-up of the names of this node's addresses ({Shown(ours)}) failed: {failed.Message}."
            : $"no PTR record names this node's addresses ({Shown(ours)}).");
    }

    private static string Shown<T>(IEnumerable<T> items)
    {
        var all = items.ToList();
        var text = string.Join(", ", all.Take(MaxShown));
        return all.Count == 0 ? "none" : all.Count > MaxShown ? $"{text} and {all.Count - MaxShown} more" : text;
    }
}
