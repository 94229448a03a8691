using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Enmesh.Epmd;

/// <summary>A request to EPMD.</summary>
/// <remarks>
/// u16 Length | Body, and the first byte of the body says what it is (erl_dist_protocol, "EPMD Protocol").
/// </remarks>
internal abstract record EpmdRequest
{
    /// <summary>ALIVE2_REQ: register a node for as long as the connection lives.</summary>
    internal sealed record Register(EpmdEntry Entry) : EpmdRequest;

    /// <summary>PORT_PLEASE2_REQ: where does this node listen?</summary>
    internal sealed record LookUp(string Name) : EpmdRequest;

    /// <summary>NAMES_REQ: who is registered, and where?</summary>
    internal sealed record Names : EpmdRequest;

    /// <summary>DUMP_REQ: the same with more detail.</summary>
    internal sealed record Dump : EpmdRequest;

    /// <summary>KILL_REQ: end EPMD.</summary>
    internal sealed record Kill : EpmdRequest;
}

/// <summary>The requests and answers of EPMD as bytes.</summary>
internal static class EpmdMessages
{
    /// <summary>No request is longer; it leaves room for a name and for extra bytes nobody sends.</summary>
    public const int MaxRequestBytes = 2048;

    private const byte RegisterTag = 120;
    private const byte RegisteredTag = 118;
    private const byte RegisteredOldTag = 121;
    private const byte LookUpTag = 122;
    private const byte FoundTag = 119;
    private const byte NamesTag = 110;
    private const byte DumpTag = 100;
    private const byte KillTag = 107;

    // u16 Port | u8 Type | u8 Protocol | u16 Highest | u16 Lowest | u16 Nlen | Name | u16 Elen | Extra
    private const int FixedEntryBytes = 12;

    // What the official EPMD answers with beside the result 1.
    private const uint RefusedCreation = 99;

    /// <summary>A whole request, length included.</summary>
    public static byte[] Write(EpmdRequest request)
    {
        byte[] body = request switch
        {
            EpmdRequest.Register(var entry) => [RegisterTag, .. WriteEntry(entry)],
            EpmdRequest.LookUp(var name) => [LookUpTag, .. EpmdName.ToBytes(name)],
            EpmdRequest.Names => [NamesTag],
            EpmdRequest.Dump => [DumpTag],
            EpmdRequest.Kill => [KillTag],
            _ => throw new ArgumentOutOfRangeException(nameof(request)),
        };
        var message = new byte[2 + body.Length];
        BinaryPrimitives.WriteUInt16BigEndian(message, checked((ushort)body.Length));
        body.CopyTo(message, 2);
        return message;
    }

    /// <summary>Reads the body of a request.</summary>
    /// <returns>Null for one that the official EPMD closes the connection for.</returns>
    public static EpmdRequest? ReadRequest(ReadOnlySpan<byte> body) => body switch
    {
        [RegisterTag, .. var entry] when TryReadEntry(entry, out var read) => new EpmdRequest.Register(read),
        [LookUpTag, _, ..] => new EpmdRequest.LookUp(EpmdName.FromBytes(body[1..])),
        [NamesTag] => new EpmdRequest.Names(),
        [DumpTag] => new EpmdRequest.Dump(),
        [KillTag] => new EpmdRequest.Kill(),
        _ => null,
    };

    /// <summary>The answer to a registration; a creation of null refuses it.</summary>
    public static byte[] WriteRegistered(EpmdEntry entry, uint? creation)
    {
        // 118 Result Creation:32 to nodes of protocol 6, 121 Result Creation:16 to older ones.
        var result = creation is null ? (byte)1 : (byte)0;
        var value = creation ?? RefusedCreation;
        if (entry.HighestVersion >= 6)
        {
            var answer = new byte[] { RegisteredTag, result, 0, 0, 0, 0 };
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(2), value);
            return answer;
        }

        return [RegisteredOldTag, result, (byte)(value >> 8), (byte)value];
    }

    /// <summary>Reads the answer to a registration, of which more may follow.</summary>
    /// <returns>False when there is not enough of it yet.</returns>
    /// <exception cref="FormatException">It is no such answer.</exception>
    public static bool TryReadRegistered(ReadOnlySpan<byte> answer, out uint? creation)
    {
        creation = null;
        switch (answer)
        {
            case [RegisteredTag, var result, _, _, _, _, ..]:
                creation = result == 0 ? BinaryPrimitives.ReadUInt32BigEndian(answer[2..]) : null;
                return true;
            case [RegisteredOldTag, var result, _, _, ..]:
                creation = result == 0 ? BinaryPrimitives.ReadUInt16BigEndian(answer[2..]) : null;
                return true;
            case [] or [RegisteredTag, ..] or [RegisteredOldTag, ..]:
                return false;
            default:
                throw NotEpmd();
        }
    }

    /// <summary>The answer to a look-up; null says that nobody of that name is registered.</summary>
    public static byte[] WriteFound(EpmdEntry? entry) =>
        entry is null ? [FoundTag, 1] : [FoundTag, 0, .. WriteEntry(entry)];

    /// <summary>Reads the whole answer to a look-up, up to the end of the connection.</summary>
    /// <returns>Null when nobody of that name is registered.</returns>
    /// <exception cref="FormatException">It is no such answer.</exception>
    public static EpmdEntry? ReadFound(ReadOnlySpan<byte> answer) => answer switch
    {
        [FoundTag, 0, .. var rest] when TryReadEntry(rest, out var entry) => entry,
        [FoundTag, not 0, ..] => null,
        _ => throw NotEpmd(),
    };

    /// <summary>The answer to a request for names: u32 Port of EPMD | lines of text.</summary>
    public static byte[] WriteNames(int epmdPort, IEnumerable<EpmdEntry> entries) => WriteText(
        epmdPort, string.Concat(entries.Select(e => Invariant($"name {e.Name} at port {e.Port}\n"))));

    /// <summary>The answer to a request for a dump: the same with the number of the connection of each node.</summary>
    public static byte[] WriteDump(int epmdPort, IEnumerable<(EpmdEntry Entry, long Connection)> entries) => WriteText(
        epmdPort,
        string.Concat(entries.Select(
            // Each line carries its terminating zero, since the official EPMD sends it too.
            e => Invariant($"active name     <{e.Entry.Name}> at port {e.Entry.Port}, fd = {e.Connection}\n\0"))));

    /// <summary>The answer to a request to end, which is always refused.</summary>
    public static byte[] WriteKillRefused() => "NO"u8.ToArray();

    /// <summary>Reads the whole answer to a request for names, up to the end of the connection.</summary>
    /// <exception cref="FormatException">It is no such answer.</exception>
    public static IReadOnlyList<EpmdListing> ReadNames(ReadOnlySpan<byte> answer)
    {
        if (answer.Length < 4)
            throw NotEpmd();
        var text = EpmdName.FromBytes(answer[4..]);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var names = lines.Select(ReadNameLine).OfType<EpmdListing>().ToList();
        // Whoever registers may put a line feed into his name; that must not hide the others.
        return names.Count > 0 || lines.Length == 0 ? names : throw NotEpmd();
    }

    private static FormatException NotEpmd() => new("That is no answer of EPMD.");

    private static EpmdListing? ReadNameLine(string line)
    {
        // "name NAME at port PORT"; the name may have spaces in it, so the port is looked for from the end.
        const string Before = "name ";
        const string Between = " at port ";
        var between = line.LastIndexOf(Between, StringComparison.Ordinal);
        if (!line.StartsWith(Before, StringComparison.Ordinal)
            || between < Before.Length
            || !ushort.TryParse(
                line.AsSpan(between + Between.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        return new EpmdListing(line[Before.Length..between], port);
    }

    private static byte[] WriteText(int epmdPort, string text)
    {
        var answer = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(answer, epmdPort);
        Encoding.Latin1.GetBytes(text, answer.AsSpan(4));
        return answer;
    }

    private static byte[] WriteEntry(EpmdEntry entry)
    {
        var name = EpmdName.ToBytes(entry.Name);
        var bytes = new byte[FixedEntryBytes + name.Length + entry.Extra.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)entry.Port));
        bytes[2] = entry.NodeType;
        bytes[3] = entry.Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), checked((ushort)entry.HighestVersion));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), checked((ushort)entry.LowestVersion));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), checked((ushort)name.Length));
        name.CopyTo(bytes, 10);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10 + name.Length), checked((ushort)entry.Extra.Length));
        entry.Extra.Span.CopyTo(bytes.AsSpan(FixedEntryBytes + name.Length));
        return bytes;
    }

    private static bool TryReadEntry(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out EpmdEntry? entry)
    {
        entry = null;
        if (bytes.Length < FixedEntryBytes)
            return false;
        var nameBytes = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]);
        if (nameBytes == 0 || bytes.Length < FixedEntryBytes + nameBytes)
            return false;
        var extra = bytes[(FixedEntryBytes + nameBytes)..];
        if (extra.Length < BinaryPrimitives.ReadUInt16BigEndian(bytes[(10 + nameBytes)..]))
            return false;
        entry = new EpmdEntry(
            EpmdName.FromBytes(bytes.Slice(10, nameBytes)),
            BinaryPrimitives.ReadUInt16BigEndian(bytes),
            bytes[2],
            bytes[3],
            BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]),
            extra[..BinaryPrimitives.ReadUInt16BigEndian(bytes[(10 + nameBytes)..])].ToArray());
        return true;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
