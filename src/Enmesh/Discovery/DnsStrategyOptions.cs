using System.Globalization;
using System.Net;
using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>Which addresses of a domain count.</summary>
public enum DnsAddressFamilies
{
    /// <summary>IPv4 and IPv6: A and AAAA records.</summary>
    Both,

    /// <summary>IPv4 alone: A records.</summary>
    IPv4,

    /// <summary>IPv6 alone: AAAA records.</summary>
    IPv6,
}

/// <summary>What stands behind the <c>@</c> of the members' names.</summary>
public enum DnsHostPart
{
    /// <summary>The address, as in <c>orders@10.0.0.7</c>.</summary>
    Address,

    /// <summary>
    /// The host name, as in <c>orders@orders-0.orders.shop.svc.cluster.local</c>, in small letters: the target of an SRV
    /// record, or what the PTR record of an address says.
    /// </summary>
    Name,
}

/// <summary>What the strategies that ask name servers have in common.</summary>
public abstract class DnsStrategyOptions : DiscoveryPolling
{
    internal const int MaxDomains = 16;

    private protected DnsStrategyOptions(DnsHostPart hostPart) => HostPart = hostPart;

    /// <summary>
    /// The domains that are asked for, as in <c>orders-headless</c> or <c>orders.example.org.</c>. The search list of
    /// resolv.conf applies unless a name ends with a dot. 1 to 16.
    /// </summary>
    public IList<string> Domains { get; init; } = [];

    /// <summary>The part of the members' names before the <c>@</c>. Default: that of this node.</summary>
    public string? Alive { get; set; }

    /// <summary>
    /// What stands behind the <c>@</c>. Default: the address with <see cref="DnsDiscovery"/>, the name with
    /// <see cref="DnsSrvDiscovery"/>. All nodes of the cluster, this one among them, must be named alike.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public DnsHostPart HostPart
    {
        get;
        set => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Address or Name.");
    }

    /// <summary>
    /// Which addresses count. Default both. A cluster of one family saves half of the questions by saying so.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public DnsAddressFamilies Families
    {
        get;
        set => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Both, IPv4 or IPv6.");
    }

    /// <summary>
    /// The members' distribution port, 1 to 65535, whatever the records say. Default: none, so that the port of an SRV
    /// record is dialled where there is one, else EPMD gives the port where EPMD is in use, and else the fixed port is
    /// dialled (4370 unless the node is told otherwise).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int? Port
    {
        get;
        set => field = value is null ? null : Bounds.Within(value.Value, 1, ushort.MaxValue, nameof(value));
    }

    /// <summary>
    /// Name servers to ask instead of those in resolv.conf: <c>10.96.0.10</c>, <c>127.0.0.1:5353</c>,
    /// <c>[fd00::53]:53</c>.
    /// </summary>
    public IList<string> Servers { get; init; } = [];

    /// <summary>
    /// How many answers in a row must say that a domain is empty before that is believed. Default 3; 1 to 1000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int EmptyConfirmations
    {
        get;
        set => field = Bounds.Within(value, 1, 1000);
    } = EmptyAnswers.DefaultConfirmations;

    /// <summary>How long the answers must have said so as well. Default 30 s; 0 to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan EmptyAge
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.Zero, TimeSpan.FromDays(1));
    } = EmptyAnswers.DefaultAge;

    private protected abstract string DomainExample { get; }

    internal IReadOnlyList<DnsType> AddressTypes => Families switch
    {
        DnsAddressFamilies.IPv4 => [DnsType.A],
        DnsAddressFamilies.IPv6 => [DnsType.Aaaa],
        _ => [DnsType.A, DnsType.Aaaa],
    };

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (Domains.Count == 0)
            problems.Add($"{nameof(Domains)}: there is none. Name at least one, as in {DomainExample}.");
        if (Domains.Count > MaxDomains)
            problems.Add($"{nameof(Domains)}: there are {Domains.Count}; at most {MaxDomains} are asked for.");
        for (var i = 0; i < Domains.Count; i++)
        {
            if (DnsName.Problem(Domains[i]) is { } problem)
                problems.Add($"{Key(nameof(Domains), i)}: {problem}");
        }
        if (Alive is not null && !NodeName.TryParse($"{Alive}@host", out _))
            problems.Add($"{nameof(Alive)}: '{Alive}' cannot stand before the '@' of a node name.");
        for (var i = 0; i < Servers.Count; i++)
        {
            if (ReadServer(Servers[i]) is null)
                problems.Add($"{Key(nameof(Servers), i)}: '{Servers[i]}' is no address, as 10.96.0.10, 127.0.0.1:5353 or [fd00::53]:53.");
        }
        return problems;
    }

    internal IEnumerable<IPEndPoint> ReadServers() => Servers.Select(server => ReadServer(server)!);

    private static string Key(string name, int index) => $"{name}:{index.ToString(CultureInfo.InvariantCulture)}";

    private static IPEndPoint? ReadServer(string text)
    {
        // The parser of the BCL takes "53" for an address, too.
        if (!text.AsSpan().ContainsAny('.', ':') || !IPEndPoint.TryParse(text, out var server))
            return null;
        if (server.Port == 0)
            server.Port = ResolvConf.DefaultPort;
        return server;
    }
}
