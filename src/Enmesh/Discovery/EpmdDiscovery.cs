using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Enmesh.Epmd;
using Enmesh.Resolver;
using Enmesh.Transport;

namespace Enmesh.Discovery;

/// <summary>What <see cref="EpmdDiscovery"/> can be told.</summary>
public sealed class EpmdDiscoveryOptions : DiscoveryPolling
{
    internal const int MaxHosts = 64;

    /// <summary>
    /// The hosts whose EPMD is asked, by name or address, written as in the names of their nodes. At most 64. Default:
    /// none, which stands for <c>localhost</c>.
    /// </summary>
    public IList<string> Hosts { get; init; } = [];

    /// <summary>The port of EPMD on all hosts. Default: what <c>ERL_EPMD_PORT</c> says, else 4369.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int? Port
    {
        get;
        set => field = value is null ? null : Bounds.Within(value.Value, 1, ushort.MaxValue, nameof(value));
    }

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (Hosts.Count > MaxHosts)
            problems.Add($"{nameof(Hosts)}: there are {Hosts.Count}; at most {MaxHosts} are asked.");
        for (var i = 0; i < Hosts.Count; i++)
        {
            if (!IPAddress.TryParse(Hosts[i], out _) && DnsName.Problem(Hosts[i]) is { } problem)
                problems.Add($"{nameof(Hosts)}:{i.ToString(CultureInfo.InvariantCulture)}: {problem}");
        }
        try
        {
            ReadPort();
        }
        catch (FormatException e)
        {
            problems.Add($"{nameof(Port)}: {e.Message}");
        }
        return problems;
    }

    internal int ReadPort() => Port ?? EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;
}

/// <summary>
/// The members are all nodes that are registered with EPMD on certain hosts, each with the port EPMD has for it.
/// </summary>
/// <remarks>
/// <para><b>Deployment.</b> For hosts that run EPMD: several nodes on a developer's machine, or a fixed set of machines
/// with any nodes on them. Our own nodes register when their EPMD mode is <c>register</c> or <c>embedded</c>; BEAM
/// nodes do unless started with <c>-start_epmd false</c>. What <c>localhost</c> knows are nodes of this host, so they
/// are named
/// <c>alive@</c> and this node's own host part; nodes of other hosts are named by the host as it is written in the
/// list.</para>
/// <code>{ "Strategy": "epmd", "Hosts": ["localhost", "10.0.0.8"] }</code>
/// <para><b>What counts as what.</b> Every host answered: complete. Some did not: incomplete, with the nodes of the
/// others. None did: unavailable. EPMD lists whoever registers, so a node of another cluster on the same host is found
/// and dialled, too; its cookie keeps it out, and it stays in the view as a peer that failed.</para>
/// </remarks>
public sealed class EpmdDiscovery : IPeerDiscovery
{
    private readonly EpmdHosts _epmd;
    private readonly ImmutableArray<string> _hosts;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public EpmdDiscovery(EpmdDiscoveryOptions options, TimeProvider? time = null)
        : this(options, null, time ?? TimeProvider.System)
    {
    }

    internal EpmdDiscovery(
        EpmdDiscoveryOptions options, Func<string, CancellationToken, Task<IReadOnlyList<EpmdListing>>>? names,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _hosts = options.Hosts.Count == 0
            ? ["localhost"]
            : [.. options.Hosts.Distinct(StringComparer.OrdinalIgnoreCase)];
        _epmd = new EpmdHosts(names ?? new EpmdClient(new TcpTransport(time), time, options.ReadPort()).NamesAsync, time ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        return await _epmd.AskAsync(
            [.. _hosts.Select(host => (host, IsLoopback(host) ? self.Host : host))], cancellationToken).ConfigureAwait(false);
    }

    internal static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
