using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Enmesh.Discovery;

/// <summary>What <see cref="RancherDiscovery"/> can be told.</summary>
public sealed class RancherDiscoveryOptions : DiscoveryPolling
{
    internal const string DefaultUrl = "http://rancher-metadata/latest/self/service";

    /// <summary>Where the metadata service tells about the node's own service.</summary>
    public string Url { get; set; } = DefaultUrl;

    /// <summary>The part of the members' names before the <c>@</c>. Default: that of this node.</summary>
    public string? Alive { get; set; }

    /// <summary>
    /// The members' distribution port, 1 to 65535. Default: none, so that EPMD gives the port where EPMD is in use, and
    /// else the fixed port is dialled.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
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
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            problems.Add($"{nameof(Url)}: '{Url}' is no address as {DefaultUrl}.");
        if (Alive is not null && !NodeName.TryParse($"{Alive}@host", out _))
            problems.Add($"{nameof(Alive)}: '{Alive}' cannot stand before the '@' of a node name.");
        return problems;
    }
}

/// <summary>
/// The members are the containers of the node's own Rancher service: <c>alive@address</c> with the first address of each,
/// as libcluster's <c>Cluster.Strategy.Rancher</c> names them.
/// </summary>
/// <remarks>
/// <para><b>Deployment.</b> For services under Rancher 1.x (Cattle), whose metadata service every container reaches as
/// <c>rancher-metadata</c>. Name every node by its container's address.</para>
/// <code>{ "Strategy": "rancher" }</code>
/// <para><b>What counts as what.</b> An answer with an address for every container: complete. A container that has none
/// yet: incomplete. Any error, status or answer that is not understood: unavailable; libcluster takes these for an empty
/// service.</para>
/// </remarks>
public sealed class RancherDiscovery : IPeerDiscovery
{
    private const int MaxAnswerBytes = 4 << 20;

    private readonly Uri _url;
    private readonly string? _alive;
    private readonly int? _port;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public RancherDiscovery(RancherDiscoveryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _url = new Uri(options.Url);
        _alive = options.Alive;
        _port = options.Port;
    }

    /// <inheritdoc/>
    public bool NamesSelf => true;

    /// <inheritdoc/>
    public async ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        try
        {
            return Read(await AskAsync(cancellationToken).ConfigureAwait(false), _alive ?? self.Alive, _port);
        }
        catch (DiscoveryException e)
        {
            return new PeerSnapshot.Unavailable(e);
        }
        catch (HttpRequestException e)
        {
            return new PeerSnapshot.Unavailable(new DiscoveryException($"The metadata service {_url} cannot be asked: {e.Message}", e));
        }
        catch (JsonException e)
        {
            return new PeerSnapshot.Unavailable(new DiscoveryException($"The answer of {_url} is no JSON: {e.Message}", e));
        }
    }

    /// <summary>Reads <c>{"containers": [{"ips": ["10.42.0.7", …]}, …]}</c>.</summary>
    /// <exception cref="DiscoveryException">It is something else.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    internal static PeerSnapshot Read(ReadOnlyMemory<byte> answer, string alive, int? port)
    {
        using var json = JsonDocument.Parse(answer);
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("containers", out var containers)
            || containers.ValueKind != JsonValueKind.Array)
        {
            throw new DiscoveryException("The answer of the metadata service has no list of containers.");
        }
        var peers = new Dictionary<NodeName, DiscoveredPeer>();
        var without = 0;
        foreach (var container in containers.EnumerateArray())
        {
            if (AddressOf(container) is not { } address)
                without++;
            else if (NodeName.TryParse($"{alive}@{address}", out var name))
                peers.TryAdd(name, new DiscoveredPeer(name, Port: port));
        }
        return without == 0
            ? new PeerSnapshot.Complete(peers.Values)
            : new PeerSnapshot.Incomplete(peers.Values, $"containers of the service without an address: {without}");
    }

    private static IPAddress? AddressOf(JsonElement container) =>
        container.ValueKind == JsonValueKind.Object
        && container.TryGetProperty("ips", out var ips) && ips.ValueKind == JsonValueKind.Array
        && ips.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } first
        && first.GetString()!.AsSpan().ContainsAny('.', ':') // "7" would be 0.0.0.7
        && IPAddress.TryParse(first.GetString(), out var address) && DnsLookups.IsReal(address)
            ? address
            : null;

    private async Task<byte[]> AskAsync(CancellationToken cancellationToken)
    {
        // One connection a question: there is one every few seconds, and none is kept that has died meanwhile.
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, _url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.OK
            ? await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)
            : throw new DiscoveryException($"The metadata service {_url} answers {(int)response.StatusCode} {response.ReasonPhrase}.");
    }
}
