using System.Collections.Immutable;
using System.Net;

namespace Enmesh.Resolver;

/// <summary>Looks names up. The seam for tests of what stands on it.</summary>
internal interface IDnsResolver
{
    /// <summary>Looks a name up, through the search list unless it ends with a dot.</summary>
    /// <param name="name">A name in which <see cref="DnsName.Problem"/> finds none.</param>
    /// <param name="type">The records wanted.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<DnsAnswer> ResolveAsync(string name, DnsType type, CancellationToken cancellationToken);
}

/// <summary>
/// A stub resolver as the C library has one, but it can tell "there is none" from "nobody could say".
/// </summary>
/// <remarks>
/// /etc/hosts is not read. resolv.conf is read anew for every name, so that a change of it takes effect at once.
/// </remarks>
internal sealed class DnsResolver : IDnsResolver
{
    private readonly DnsClient _client;
    private readonly string _path;
    private readonly ImmutableArray<IPEndPoint> _servers;
    private readonly string? _localDomain = Environment.GetEnvironmentVariable("LOCALDOMAIN");
    private readonly string? _options = Environment.GetEnvironmentVariable("RES_OPTIONS");

    /// <summary>Makes a resolver.</summary>
    /// <param name="time">The clock for time-outs.</param>
    /// <param name="servers">The servers to ask instead of those of the file; null or empty for those of the
    /// file.</param>
    /// <param name="path">The file; null for /etc/resolv.conf.</param>
    internal DnsResolver(TimeProvider time, IEnumerable<IPEndPoint>? servers = null, string? path = null)
    {
        _client = new DnsClient(time);
        _servers = servers?.ToImmutableArray() ?? [];
        _path = path ?? ResolvConf.DefaultPath;
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer> ResolveAsync(string name, DnsType type, CancellationToken cancellationToken)
    {
        var conf = await ReadConfigurationAsync(cancellationToken).ConfigureAwait(false);
        var walk = new SearchWalk(name, conf);
        while (walk.Current is { } full)
            walk.Next(await _client.QueryAsync(full, type, conf, cancellationToken).ConfigureAwait(false));
        return walk.Result!;
    }

    private async Task<ResolvConf> ReadConfigurationAsync(CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = await File.ReadAllTextAsync(_path, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without the file the defaults hold, as in the C library: a server on this host.
            text = "";
        }
        var conf = ResolvConf.Parse(text, System.Net.Dns.GetHostName(), _localDomain, _options);
        return _servers.IsEmpty ? conf : conf with { Servers = _servers };
    }
}
