using System.Buffers.Binary;

namespace Enmesh.Resolver;

/// <summary>Writes queries (RFC 1035 section 4, RFC 6891).</summary>
internal static class DnsQuery
{
    /// <summary>The longest query: header, one name, type and class, an OPT record.</summary>
    internal const int MaxBytes = DnsHeader.Bytes + DnsName.MaxWireBytes + 4 + OptionsBytes;

    /// <summary>
    /// The answer we take over UDP. 1,232 bytes fit into every IPv6 packet that is not fragmented; fragments get lost,
    /// and they are the easiest to forge.
    /// </summary>
    internal const ushort UdpPayloadBytes = 1232;

    private const ushort RecursionDesired = 0x0100;
    private const int OptionsBytes = 11;

    /// <summary>Writes a query for one question, which has no <see cref="DnsName.Problem"/>.</summary>
    /// <returns>The bytes written.</returns>
    internal static int Write(Span<byte> destination, ushort id, DnsQuestion question, bool edns)
    {
        destination[..DnsHeader.Bytes].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination, id);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], RecursionDesired);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], 1);
        var at = DnsHeader.Bytes;
        at += DnsName.Write(destination[at..], question.Name);
        BinaryPrimitives.WriteUInt16BigEndian(destination[at..], (ushort)question.Type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], 1);
        at += 4;
        if (!edns)
            return at;
        // 0 (root) | u16 OPT | u16 our UDP payload | u32 extended code, version 0, flags | u16 0
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], 1);
        destination.Slice(at, OptionsBytes).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 1)..], (ushort)DnsType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 3)..], UdpPayloadBytes);
        return at + OptionsBytes;
    }
}
