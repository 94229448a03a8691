using System.Buffers.Binary;
using System.Security.Cryptography;
using Enmesh.Wire;

namespace Enmesh.Handshake;

/// <summary>What a handshake needs to know of the node it is made for.</summary>
internal sealed record HandshakeSettings
{
    /// <summary>Our name; null when we ask the first peer for one, which only an initiator can do.</summary>
    internal NodeName? Name { get; init; }

    /// <summary>Our host, for the peer that gives us a name. Only looked at without <see cref="Name"/>.</summary>
    internal string Host { get; init; } = "";

    /// <summary>Which start of our node this is; at least 4.</summary>
    internal required uint Creation { get; init; }

    /// <summary>What we can receive.</summary>
    internal DistributionFlags Flags { get; init; } = DistributionFlagSets.Hidden;

    /// <summary>
    /// <see cref="HandshakeFraming.TcpPrefixBytes"/> or <see cref="HandshakeFraming.TlsPrefixBytes"/>.
    /// </summary>
    internal int PrefixBytes { get; init; } = HandshakeFraming.TcpPrefixBytes;

    /// <summary>The certificate that we have shown, in words; null where nothing is encrypted.</summary>
    internal string? OwnCertificate { get; init; }

    /// <summary>The cookies shared with a peer.</summary>
    internal required Func<NodeName, PeerCookies> Cookies { get; init; }

    /// <summary>Makes a challenge that nobody can foresee.</summary>
    internal Func<uint> NewChallenge { get; init; } = RandomChallenge;

    private static uint RandomChallenge()
    {
        Span<byte> bytes = stackalloc byte[4];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }
}
