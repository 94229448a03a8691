using System.Globalization;
using System.Net;

namespace Enmesh.Discovery;

/// <summary>What <see cref="StaticDiscovery"/> can be told.</summary>
public sealed class StaticDiscoveryOptions : DiscoveryPolling
{
    /// <summary>
    /// The members: <c>orders@10.0.0.7</c>, or with a distribution port <c>orders@10.0.0.7:4371</c>, where an IPv6
    /// address is in brackets: <c>orders@[fd00::7]:4371</c>. At least one; this node itself may be among them.
    /// </summary>
    public IList<string> Peers { get; init; } = [];

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        ReadPeers(out var problems);
        return problems;
    }

    internal IReadOnlyList<DiscoveredPeer> ReadPeers(out IReadOnlyList<string> problems)
    {
        var found = new List<string>();
        var peers = new Dictionary<NodeName, DiscoveredPeer>();
        if (Peers.Count == 0)
            found.Add($"{nameof(Peers)}: there is none. Name at least one node, as in orders@10.0.0.7.");
        for (var i = 0; i < Peers.Count; i++)
        {
            var key = $"{nameof(Peers)}:{i.ToString(CultureInfo.InvariantCulture)}";
            if (Read(Peers[i], out var problem) is not { } peer)
                found.Add($"{key}: {problem}");
            else if (peers.TryGetValue(peer.Name, out var other) && other != peer)
                found.Add($"{key}: {peer.Name} is listed twice, with different ports.");
            else
                peers[peer.Name] = peer;
        }
        problems = found;
        return [.. peers.Values];
    }

    private static DiscoveredPeer? Read(string text, out string problem)
    {
        problem = "";
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var host = text[(at + 1)..];
        var port = "";
        if (host.StartsWith('['))
        {
            var close = host.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || (close + 1 < host.Length && host[close + 1] != ':'))
            {
                problem = $"'{text}' has a bracket but not the form alive@[address]:port.";
                return null;
            }
            port = host[(close + 1)..];
            host = host[1..close];
        }
        else if (host.AsSpan().Count(':') == 1)
        {
            port = host[host.IndexOf(':', StringComparison.Ordinal)..];
            host = host[..^port.Length];
        }
        if (host.Contains(':', StringComparison.Ordinal) && !IPAddress.TryParse(host, out _))
        {
            problem =
                $"'{host}' in '{text}' is no IPv6 address. A port behind one needs brackets: alive@[address]:port.";
            return null;
        }
        if (!NodeName.TryParse(text[..(at + 1)] + host, out var name))
        {
            problem =
                $"'{text}' is no node name. It has the form alive@host or alive@host:port, as in orders@10.0.0.7.";
            return null;
        }
        if (port.Length == 0)
            return new DiscoveredPeer(name);
        if (int.TryParse(port.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and <= ushort.MaxValue)
            return new DiscoveredPeer(name, Port: number);
        problem = $"'{port[1..]}' in '{text}' is no port; ports are 1 to 65535.";
        return null;
    }
}

/// <summary>The members are those on a list.</summary>
/// <remarks>
/// <para><b>Deployment.</b> For hosts that are known beforehand: virtual machines, a StatefulSet of fixed size, tests.
/// Give every node the same list; it may contain the node itself. Without a port, EPMD is asked where EPMD is in use,
/// else the fixed distribution port is dialled, so nodes that share a host need ports.</para>
/// <code>{ "Strategy": "static", "Peers": ["orders@10.0.0.7", "orders@10.0.0.8", "billing@10.0.0.8:4371"] }</code>
/// <para>Its answer is always <see cref="PeerSnapshot.Complete"/>.</para>
/// </remarks>
public sealed class StaticDiscovery : IPeerDiscovery
{
    private readonly PeerSnapshot.Complete _snapshot;

    /// <summary>Makes the strategy. The options are copied.</summary>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public StaticDiscovery(StaticDiscoveryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var peers = options.ReadPeers(out var problems);
        if (problems.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _snapshot = new PeerSnapshot.Complete(peers);
    }

    /// <inheritdoc/>
    public ValueTask<PeerSnapshot> DiscoverAsync(NodeName self, CancellationToken cancellationToken) => new(_snapshot);
}
