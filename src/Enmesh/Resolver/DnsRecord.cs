using System.Net;

namespace Enmesh.Resolver;

/// <summary>The record types we ask for or understand (RFC 1035, 3596, 2782, 6891).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Ns = 2,
    Cname = 5,
    Soa = 6,
    Ptr = 12,
    Aaaa = 28,
    Srv = 33,
    Opt = 41,
}

/// <summary>RCODE, with the high bits of an OPT record where there is one (RFC 1035, 6891).</summary>
internal enum DnsResponseCode : ushort
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16,
}

/// <summary>What is asked: records of one type at one name, written as <see cref="DnsName"/> writes it.</summary>
internal readonly record struct DnsQuestion(string Name, DnsType Type);

/// <summary>
/// A resource record: the name it belongs to, the seconds it may be kept, and in the subtypes the data of the types we
/// understand, of class IN.
/// </summary>
internal abstract record DnsRecord(string Owner, uint Ttl)
{
    /// <summary>A or AAAA.</summary>
    internal sealed record Address(string Owner, uint Ttl, IPAddress Value) : DnsRecord(Owner, Ttl);

    /// <summary>The owner is another name for the target.</summary>
    internal sealed record Alias(string Owner, uint Ttl, string Target) : DnsRecord(Owner, Ttl);

    /// <summary>PTR: the name behind an address.</summary>
    internal sealed record Pointer(string Owner, uint Ttl, string Target) : DnsRecord(Owner, Ttl);

    /// <summary>SRV: a host and port that serve, lowest priority first, shared out by weight.</summary>
    internal sealed record Service(string Owner, uint Ttl, ushort Priority, ushort Weight, ushort Port, string Target)
        : DnsRecord(Owner, Ttl);

    /// <summary>NS: a server of the zone.</summary>
    internal sealed record NameServer(string Owner, uint Ttl, string Target) : DnsRecord(Owner, Ttl);

    /// <summary>SOA; beside an empty answer it says that the emptiness is meant (RFC 2308).</summary>
    internal sealed record Authority(
        string Owner, uint Ttl, string Primary, string Mailbox, uint Serial, uint Refresh, uint Retry, uint Expire,
        uint Minimum)
        : DnsRecord(Owner, Ttl);

    /// <summary>OPT: no record of the zone but what the server can do (RFC 6891).</summary>
    internal sealed record Options(ushort UdpPayloadBytes, byte ExtendedCode, byte Version) : DnsRecord("", 0);

    /// <summary>A type or class we have no use for.</summary>
    internal sealed record Other(
        string Owner, uint Ttl, ushort Type, ushort Class, int DataBytes) : DnsRecord(Owner, Ttl);
}
