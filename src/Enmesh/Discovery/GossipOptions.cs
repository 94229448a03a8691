using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

namespace Enmesh.Discovery;

/// <summary>How the packets of <see cref="GossipDiscovery"/> are written.</summary>
public enum GossipProtocol
{
    /// <summary>
    /// As libcluster's <c>Cluster.Strategy.Gossip</c>: plain, or encrypted when there is a secret. It is no proof of
    /// anything: whoever knows the secret, or guesses it, or flips bits, may have the nodes dial where it likes.
    /// </summary>
    Libcluster,

    /// <summary>
    /// Our own, for clusters without libcluster: encrypted and authenticated (AES-GCM, with keys derived from the secret
    /// by HKDF), with time stamps and a window against packets that are sent again.
    /// </summary>
    Sealed,
}

/// <summary>What <see cref="GossipDiscovery"/> can be told.</summary>
public sealed class GossipDiscoveryOptions : DiscoveryPolling
{
    internal const int MaxGroups = 8;
    internal const string DefaultGroup = "233.252.1.32";

    /// <summary>Makes the options with their defaults.</summary>
    public GossipDiscoveryOptions()
    {
    }

    /// <summary>
    /// Where the packets go, at most 8: multicast groups of IPv4 or IPv6, broadcast addresses, or single hosts. Default:
    /// none, which stands for <c>233.252.1.32</c>, libcluster's group from its version 3.3 on (before it was
    /// <c>230.1.1.251</c>).
    /// </summary>
    public IList<string> Groups { get; init; } = [];

    /// <summary>The UDP port, on every node the same. Default 45892, as with libcluster; 1 to 65535.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int Port
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ushort.MaxValue);
            field = value;
        }
    } = 45892;

    /// <summary>
    /// The network that the groups are joined on and the packets leave by: the name of an interface, as <c>eth0</c>, or
    /// one of its addresses. Default: none, so that the system's routes decide.
    /// </summary>
    public string? Interface { get; set; }

    /// <summary>How many routers a packet may pass. Default 1, which keeps it on its network; 0 to 255.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int Ttl
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 255);
            field = value;
        }
    } = 1;

    /// <summary>How the packets are written. Default: as libcluster does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public GossipProtocol Protocol
    {
        get;
        set => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Libcluster or Sealed.");
    }

    /// <summary>
    /// The file with the secret, one line. With more lines, the first is used and the others are taken as well, so that a
    /// secret can be changed without an interruption. <see cref="GossipProtocol.Sealed"/> needs one, of at least 20
    /// characters. Default: none, and packets in the clear.
    /// </summary>
    public string? SecretFile { get; set; }

    /// <summary>
    /// Silence after which a member is doubted: the answer is incomplete then, and still names it. Default 30 s; 1 s to
    /// 1 day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan SilentAfter
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Silence after which a member is named no longer. Default 10 min; 1 s to 1 day, more than <see cref="SilentAfter"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan ForgetAfter
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How far the clocks of two nodes may differ with <see cref="GossipProtocol.Sealed"/>. Default 60 s; 1 s to 1 day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan MaxClockSkew
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
    } = TimeSpan.FromSeconds(60);

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (Groups.Count > MaxGroups)
            problems.Add($"{nameof(Groups)}: there are {Groups.Count}; at most {MaxGroups} are joined.");
        for (var i = 0; i < Groups.Count; i++)
        {
            if (!IPAddress.TryParse(Groups[i], out _) || !Groups[i].AsSpan().ContainsAny('.', ':'))
                problems.Add($"{nameof(Groups)}:{i.ToString(CultureInfo.InvariantCulture)}: '{Groups[i]}' is no address, as 233.252.1.32, ff02::e52 or 10.0.0.255.");
        }
        if (Interface is not null && FindInterface() is null)
            problems.Add($"{nameof(Interface)}: this host has no interface '{Interface}'; it has {string.Join(", ", NetworkInterface.GetAllNetworkInterfaces().Select(network => network.Name))}.");
        if (ForgetAfter <= SilentAfter)
            problems.Add($"{nameof(ForgetAfter)}: {ForgetAfter} is not more than {nameof(SilentAfter)}, {SilentAfter}.");
        if (SilentAfter < Interval * 2)
            problems.Add($"{nameof(SilentAfter)}: {SilentAfter} is less than twice the {nameof(Interval)}, {Interval}, so one lost packet would be silence.");
        if (SecretFile is not null)
            problems.AddRange(GossipSecrets.Problems(SecretFile, Protocol).Select(problem => $"{nameof(SecretFile)}: {problem}"));
        else if (Protocol == GossipProtocol.Sealed)
            problems.Add($"{nameof(SecretFile)}: {nameof(GossipProtocol.Sealed)} packets need a secret; name the file that has it.");
        return problems;
    }

    internal IEnumerable<IPAddress> ReadGroups() =>
        (Groups.Count == 0 ? [DefaultGroup] : Groups).Select(IPAddress.Parse);

    internal NetworkInterface? FindInterface()
    {
        var all = NetworkInterface.GetAllNetworkInterfaces();
        return IPAddress.TryParse(Interface, out var address)
            ? Array.Find(all, network => network.GetIPProperties().UnicastAddresses.Any(own => own.Address.Equals(address)))
            : Array.Find(all, network => network.Name.Equals(Interface, StringComparison.Ordinal));
    }
}
