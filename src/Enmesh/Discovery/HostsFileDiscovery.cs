using System.Net;
using System.Text;
using Enmesh.Epmd;
using Enmesh.Files;
using Enmesh.Resolver;
using Enmesh.Terms.Text;
using Enmesh.Transport;

namespace Enmesh.Discovery;

/// <summary>What <see cref="HostsFileDiscovery"/> can be told.</summary>
public sealed class HostsFileDiscoveryOptions : DiscoveryPolling
{
    /// <summary>
    /// The file. Default: none, so that <c>.hosts.erlang</c> is looked for in the working directory and then in the
    /// home directory.
    /// </summary>
    public string? File { get; set; }

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
        try
        {
            ReadPort();
            return [];
        }
        catch (FormatException e)
        {
            return [$"{nameof(Port)}: {e.Message}"];
        }
    }

    internal int ReadPort() => Port ?? EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;
}

/// <summary>
/// The members are all nodes that are registered with EPMD on the hosts in a file, as <c>net_adm:world/0</c> finds them.
/// </summary>
/// <remarks>
/// <para><b>Deployment.</b> For clusters that have such a file: <c>.hosts.erlang</c> with one host a line, as an atom
/// with a dot behind it. A change of the file takes effect at once.</para>
/// <code>
/// 'web1.example.com'.
/// 'web2.example.com'.
/// </code>
/// <code>{ "Strategy": "hosts-file", "File": "/etc/erlang/.hosts.erlang" }</code>
/// <para>As with <c>net_adm</c>, this host is asked when it is on the list and not otherwise, and a node with a short
/// name cuts the hosts at their first dot. What loopback knows are nodes of this host, and named by this node's own host
/// part.</para>
/// <para><b>What counts as what.</b> As with <see cref="EpmdDiscovery"/>. A file that is not there, or is no such file:
/// unavailable. <c>net_adm</c> passes over hosts that do not answer without a word; here they make the answer
/// incomplete.</para>
/// </remarks>
public sealed class HostsFileDiscovery : IWatchedPeerDiscovery
{
    private const string FileName = ".hosts.erlang";
    private const int MaxFileBytes = 256 * 1024;
    private const int MaxHosts = 256;

    private readonly EpmdHosts _epmd;
    private readonly string[] _places;
    private readonly TimeProvider _time;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public HostsFileDiscovery(HostsFileDiscoveryOptions options, TimeProvider? time = null)
        : this(options, null, time ?? TimeProvider.System)
    {
    }

    internal HostsFileDiscovery(
        HostsFileDiscoveryOptions options, Func<string, CancellationToken, Task<IReadOnlyList<EpmdListing>>>? names,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _epmd = new EpmdHosts(names ?? new EpmdClient(new TcpTransport(time), time, options.ReadPort()).NamesAsync, time);
        _time = time;
        _places = options.File is { Length: > 0 } file ? [Path.GetFullPath(file)] : [.. UsualPlaces()];
    }

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        string[] hosts;
        try
        {
            hosts = Read(Array.Find(_places, File.Exists)
                ?? throw new DiscoveryException($"There is no hosts file {string.Join(" nor ", _places)}."));
        }
        catch (DiscoveryException e)
        {
            return new PeerSnapshot.Unavailable(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PeerSnapshot.Unavailable(new DiscoveryException($"The hosts file cannot be read: {e.Message}", e));
        }
        return await _epmd.AskAsync([.. hosts.Select(host => (host, HostPart(host, self)))], cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task WatchAsync(NodeName self, Action changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changed);
        using var watch = new FileWatch(_places, changed, _time);
        // Whatever happened before the watch was there.
        changed();
        await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the hosts out of the text of such a file.</summary>
    /// <exception cref="DiscoveryException">It is none; the message says where.</exception>
    internal static string[] Parse(string text, string path)
    {
        try
        {
            var hosts = ErlangText.Consult(text).Select(term => term.AtomText
                ?? throw new DiscoveryException($"{path} has the term {term} in it; a host is an atom, as 'web1.example.com'.")).ToArray();
            if (Array.Find(hosts, host => !IPAddress.TryParse(host, out _) && DnsName.Problem(host) is not null) is { } wrong)
                throw new DiscoveryException($"{path}: {(wrong.Length == 0 ? "a host's name is empty." : DnsName.Problem(wrong))}");
            return hosts.Length <= MaxHosts
                ? [.. hosts.Distinct(StringComparer.OrdinalIgnoreCase)]
                : throw new DiscoveryException(FormattableString.Invariant($"{path} names {hosts.Length} hosts; at most {MaxHosts} are asked."));
        }
        catch (TermSyntaxException e)
        {
            throw new DiscoveryException($"{path} is no list of hosts. {e.Message}", e);
        }
    }

    private static string[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[MaxFileBytes + 1];
        var read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return read <= MaxFileBytes
            ? Parse(Encoding.UTF8.GetString(buffer, 0, read), path)
            : throw new DiscoveryException($"{path} has more than {MaxFileBytes} bytes; that is no list of hosts.");
    }

    private static IEnumerable<string> UsualPlaces()
    {
        yield return Path.GetFullPath(FileName);
        var home = Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } named
            ? named
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home.Length > 0)
            yield return Path.Combine(home, FileName);
    }

    private static string HostPart(string host, NodeName self)
    {
        if (EpmdDiscovery.IsLoopback(host))
            return self.Host;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return self.IsLong || dot < 0 ? host : host[..dot];
    }
}
