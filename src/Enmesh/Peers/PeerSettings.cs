using Enmesh.Handshake;
using Enmesh.Transport;
using Enmesh.Wire;

namespace Enmesh.Peers;

/// <summary>Where a peer's listener is.</summary>
internal readonly record struct PeerEndPoint(string Host, int Port);

/// <summary>What is known beforehand of where a peer's listener is; the rest is found out.</summary>
/// <param name="Host">The host name or address to dial; null for the host in the peer's name.</param>
/// <param name="Port">The port; null for what the node's <see cref="PeerLocator"/> finds.</param>
internal readonly record struct PeerHint(string? Host, int? Port);

/// <summary>Finds where a peer listens on a host: on the fixed port, or on the one that EPMD there says.</summary>
internal delegate ValueTask<PeerEndPoint> PeerLocator(NodeName peer, string host, CancellationToken cancellationToken);

/// <summary>What a node's peers need to know of it.</summary>
internal sealed record PeerSettings
{
    internal required NodeName Name { get; init; }

    internal required uint Creation { get; init; }

    internal required Func<NodeName, PeerCookies> Cookies { get; init; }

    internal required ITransport Transport { get; init; }

    internal required PeerLocator Locate { get; init; }

    /// <summary>Why a peer may not connect; null when it may.</summary>
    internal Func<NodeName, string?> Refuse { get; init; } = static _ => null;

    internal DistributionFlags Flags { get; init; } = DistributionFlagSets.Hidden;

    internal HandshakeLimits HandshakeLimits { get; init; } = HandshakeLimits.Default;

    internal PeerLinkOptions Link { get; init; } = new();
}
