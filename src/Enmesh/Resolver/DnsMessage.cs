using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Enmesh.Resolver;

/// <summary>The first twelve bytes of every message (RFC 1035 section 4.1.1).</summary>
/// <remarks>u16 Id | u16 Flags | u16 QDCOUNT | u16 ANCOUNT | u16 NSCOUNT | u16 ARCOUNT</remarks>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DnsHeader(
    ushort Id, ushort Flags, ushort Questions, ushort Answers, ushort Authorities, ushort Additionals)
{
    internal const int Bytes = 12;

    /// <summary>QR.</summary>
    internal bool IsResponse => (Flags & 0x8000) != 0;

    /// <summary>OPCODE; 0 is an ordinary query.</summary>
    internal int Opcode => Flags >> 11 & 0xF;

    /// <summary>AA.</summary>
    internal bool IsAuthoritative => (Flags & 0x0400) != 0;

    /// <summary>TC: the rest of the message is cut off and not to be read; ask over TCP.</summary>
    internal bool IsTruncated => (Flags & 0x0200) != 0;

    /// <summary>RA.</summary>
    internal bool RecursionAvailable => (Flags & 0x0080) != 0;

    /// <summary>RCODE without the bits of an OPT record.</summary>
    internal DnsResponseCode Code => (DnsResponseCode)(Flags & 0xF);
}

/// <summary>A parsed message; <c>Code</c> is the response code with the bits of the OPT record.</summary>
internal sealed record DnsMessage(
    DnsHeader Header,
    DnsResponseCode Code,
    IReadOnlyList<DnsQuestion> Questions,
    IReadOnlyList<DnsRecord> Answers,
    IReadOnlyList<DnsRecord> Authorities,
    IReadOnlyList<DnsRecord> Additionals)
{
    private const ushort ClassInternet = 1;

    private static ReadOnlySpan<byte> PointerToQuestion => [0xC0, DnsHeader.Bytes];

    /// <summary>Whether the server knows EDNS.</summary>
    internal bool HasOptions => Additionals.Any(record => record is DnsRecord.Options);

    /// <summary>
    /// Reads the header and the one question behind it, which is all that may be read of a truncated message.
    /// </summary>
    /// <returns>False when there is no whole header; the question is null when there is not exactly one.</returns>
    /// <exception cref="DnsFormatException">The question is malformed.</exception>
    internal static bool TryReadHeader(ReadOnlySpan<byte> message, out DnsHeader header, out DnsQuestion? question)
    {
        header = default;
        question = null;
        if (message.Length < DnsHeader.Bytes)
            return false;
        header = ReadHeader(message);
        if (header.Questions != 1)
            return true;
        var position = DnsHeader.Bytes;
        question = ReadQuestion(message, ref position);
        return true;
    }

    /// <summary>Reads a whole message. Bytes behind the announced records are ignored.</summary>
    /// <exception cref="DnsFormatException">It is malformed.</exception>
    internal static DnsMessage Read(ReadOnlySpan<byte> message)
    {
        if (message.Length < DnsHeader.Bytes)
            DnsFormatException.Throw($"A message of length {message.Length} has no whole header", message.Length);
        var header = ReadHeader(message);
        var position = DnsHeader.Bytes;
        // The lists grow with what is really there, never by the announced counts.
        var questions = new List<DnsQuestion>(1);
        for (var i = 0; i < header.Questions; i++)
            questions.Add(ReadQuestion(message, ref position));
        var asked = questions.Count > 0 ? questions[0].Name : null;
        var answers = ReadRecords(message, ref position, header.Answers, asked);
        var authorities = ReadRecords(message, ref position, header.Authorities, asked);
        var additionals = ReadRecords(message, ref position, header.Additionals, asked);
        var code = header.Code;
        foreach (var record in additionals)
        {
            if (record is DnsRecord.Options options)
                code |= (DnsResponseCode)(options.ExtendedCode << 4);
        }
        return new DnsMessage(header, code, questions, answers, authorities, additionals);
    }

    private static DnsHeader ReadHeader(ReadOnlySpan<byte> message) => new(
        BinaryPrimitives.ReadUInt16BigEndian(message),
        BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
        BinaryPrimitives.ReadUInt16BigEndian(message[4..]),
        BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
        BinaryPrimitives.ReadUInt16BigEndian(message[8..]),
        BinaryPrimitives.ReadUInt16BigEndian(message[10..]));

    // QNAME | u16 QTYPE | u16 QCLASS  (RFC 1035 section 4.1.2)
    private static DnsQuestion ReadQuestion(ReadOnlySpan<byte> message, ref int position)
    {
        var name = DnsName.Read(message, ref position);
        var type = Take(message, ref position, 4, "a question");
        var questionClass = BinaryPrimitives.ReadUInt16BigEndian(type[2..]);
        if (questionClass != ClassInternet)
            DnsFormatException.Throw($"The question is of class {questionClass}, not IN", position - 2);
        return new DnsQuestion(name, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(type));
    }

    private static List<DnsRecord> ReadRecords(ReadOnlySpan<byte> message, ref int position, int count, string? asked)
    {
        var records = new List<DnsRecord>();
        for (var i = 0; i < count; i++)
            records.Add(ReadRecord(message, ref position, asked));
        return records;
    }

    // NAME | u16 TYPE | u16 CLASS | u32 TTL | u16 RDLENGTH | RDATA  (RFC 1035 section 4.1.3)
    private static DnsRecord ReadRecord(ReadOnlySpan<byte> message, ref int position, string? asked)
    {
        var owner = ReadOwner(message, ref position, asked);
        var head = Take(message, ref position, 10, "a record");
        var type = BinaryPrimitives.ReadUInt16BigEndian(head);
        var recordClass = BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
        var ttl = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        int dataBytes = BinaryPrimitives.ReadUInt16BigEndian(head[8..]);
        var start = position;
        var data = Take(message, ref position, dataBytes, "a record's data");
        if ((DnsType)type == DnsType.Opt)
            return new DnsRecord.Options(recordClass, (byte)(ttl >> 24), (byte)(ttl >> 16));
        if (recordClass != ClassInternet)
            return new DnsRecord.Other(owner, ttl, type, recordClass, dataBytes);
        switch ((DnsType)type)
        {
            case DnsType.A:
                Demand(data.Length == 4, "An A record does not have 4 bytes", start);
                return new DnsRecord.Address(owner, ttl, new IPAddress(data));
            case DnsType.Aaaa:
                Demand(data.Length == 16, "An AAAA record does not have 16 bytes", start);
                return new DnsRecord.Address(owner, ttl, new IPAddress(data));
            case DnsType.Cname:
                return new DnsRecord.Alias(owner, ttl, OnlyName(message, start, position));
            case DnsType.Ptr:
                return new DnsRecord.Pointer(owner, ttl, OnlyName(message, start, position));
            case DnsType.Ns:
                return new DnsRecord.NameServer(owner, ttl, OnlyName(message, start, position));
            case DnsType.Srv:
                Demand(data.Length >= 7, "An SRV record is too short", start);
                return new DnsRecord.Service(
                    owner,
                    ttl,
                    BinaryPrimitives.ReadUInt16BigEndian(data),
                    BinaryPrimitives.ReadUInt16BigEndian(data[2..]),
                    BinaryPrimitives.ReadUInt16BigEndian(data[4..]),
                    OnlyName(message, start + 6, position));
            case DnsType.Soa:
                return ReadAuthority(message[..position], owner, ttl, start);
            default:
                return new DnsRecord.Other(owner, ttl, type, recordClass, dataBytes);
        }
    }

    // Nearly every record belongs to the name that was asked for, by a pointer to it; a thousand records share one
    // string.
    private static string ReadOwner(ReadOnlySpan<byte> message, ref int position, string? asked)
    {
        if (asked is null || !message[position..].StartsWith(PointerToQuestion))
            return DnsName.Read(message, ref position);
        position += PointerToQuestion.Length;
        return asked;
    }

    // MNAME | RNAME | u32 SERIAL | u32 REFRESH | u32 RETRY | u32 EXPIRE | u32 MINIMUM  (RFC 1035 section 3.3.13)
    private static DnsRecord.Authority ReadAuthority(ReadOnlySpan<byte> message, string owner, uint ttl, int start)
    {
        var at = start;
        var primary = DnsName.Read(message, ref at);
        var mailbox = DnsName.Read(message, ref at);
        Demand(message.Length - at == 20, "An SOA record does not end with five numbers", at);
        return new DnsRecord.Authority(
            owner,
            ttl,
            primary,
            mailbox,
            BinaryPrimitives.ReadUInt32BigEndian(message[at..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[(at + 8)..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[(at + 12)..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[(at + 16)..]));
    }

    private static string OnlyName(ReadOnlySpan<byte> message, int start, int end)
    {
        var at = start;
        var name = DnsName.Read(message[..end], ref at);
        Demand(at == end, "A record's data does not end with its name", at);
        return name;
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> message, ref int position, int bytes, string what)
    {
        if (message.Length - position < bytes)
            DnsFormatException.Throw($"The message ends within {what}", message.Length);
        position += bytes;
        return message.Slice(position - bytes, bytes);
    }

    private static void Demand(bool condition, string problem, int offset)
    {
        if (!condition)
            DnsFormatException.Throw(problem, offset);
    }
}
