using System.Buffers.Binary;
using System.Text;
using Enmesh.Terms;
using Enmesh.Wire;

namespace Enmesh.Handshake;

// erl_dist_protocol, "Distribution Handshake". All integers are big endian; the length prefix is not shown.
//   1 send_name        'N' Flags:64 Creation:32 Nlen:16 Name       or   'n' Version:16 Flags:32 Name
//   2 send_status      's' Status
//   3 send_challenge   'N' Flags:64 Challenge:32 Creation:32 Nlen:16 Name
//   4 send_complement  'c' FlagsHigh:32 Creation:32
//   5 challenge_reply  'r' Challenge:32 Digest:16
//   6 challenge_ack    'a' Digest:16

/// <summary>Who calls: message 1. The name is checked by whoever receives it.</summary>
internal readonly record struct NameMessage(bool IsOld, DistributionFlags Flags, uint Creation, string Name);

/// <summary>Who answers, and what is to be digested: message 3.</summary>
internal readonly record struct ChallengeMessage(DistributionFlags Flags, uint Challenge, uint Creation, string Name);

/// <summary>Reads and writes the messages of a handshake.</summary>
internal static class HandshakeMessages
{
    /// <summary>The first byte of a status, which may come in place of another message.</summary>
    internal const byte StatusTag = (byte)'s';

    private const byte NameTag = (byte)'N';
    private const byte OldNameTag = (byte)'n';
    private const byte ComplementTag = (byte)'c';
    private const byte ReplyTag = (byte)'r';
    private const byte AcknowledgeTag = (byte)'a';
    private const int NameHeader = 1 + 8 + 4 + 2;
    private const int ChallengeHeader = 1 + 8 + 4 + 4 + 2;
    private const int OldNameHeader = 1 + 2 + 4;
    private const int OldVersion = 5;

    internal static byte[] WriteName(int prefixBytes, DistributionFlags flags, uint creation, string name)
    {
        var text = Encoding.UTF8.GetBytes(name);
        var message = HandshakeFraming.Allocate(prefixBytes, NameHeader + text.Length, out var body);
        body[0] = NameTag;
        BinaryPrimitives.WriteUInt64BigEndian(body[1..], (ulong)flags);
        BinaryPrimitives.WriteUInt32BigEndian(body[9..], creation);
        WriteText(body[13..], text);
        return message;
    }

    /// <summary>Reads either form of message 1.</summary>
    /// <returns>False when it is none; <paramref name="problem"/> says why.</returns>
    internal static bool TryReadName(ReadOnlySpan<byte> body, out NameMessage message, out string problem)
    {
        message = default;
        switch (body)
        {
            case [NameTag, ..]:
                if (body.Length < NameHeader)
                    return Fail($"its name message has {Counted.Bytes(body.Length)}, too few", out problem);
                if (!TryReadText(body[13..], out var name, out problem))
                    return false;
                message = new(
                    IsOld: false,
                    (DistributionFlags)BinaryPrimitives.ReadUInt64BigEndian(body[1..]),
                    BinaryPrimitives.ReadUInt32BigEndian(body[9..]),
                    name);
                return true;
            case [OldNameTag, ..]:
                if (body.Length < OldNameHeader)
                    return Fail($"its old name message has {Counted.Bytes(body.Length)}, too few", out problem);
                var version = BinaryPrimitives.ReadUInt16BigEndian(body[1..]);
                if (version < OldVersion)
                    return Fail($"its old name message has version {version}; the least is {OldVersion}", out problem);
                if (!TryDecode(body[OldNameHeader..], out name, out problem))
                    return false;
                message = new(IsOld: true, (DistributionFlags)BinaryPrimitives.ReadUInt32BigEndian(body[3..]), 0, name);
                return true;
            default:
                return Fail($"{Opening(body)} where its name was expected", out problem);
        }
    }

    internal static byte[] WriteStatus(int prefixBytes, string status)
    {
        var message = HandshakeFraming.Allocate(prefixBytes, 1 + status.Length, out var body);
        body[0] = StatusTag;
        Encoding.ASCII.GetBytes(status, body[1..]);
        return message;
    }

    //   's' "named:" Nlen:16 Name Creation:32
    internal static byte[] WriteNamed(int prefixBytes, NodeName name, uint creation)
    {
        var text = name.Atom.Utf8;
        var intro = HandshakeStatus.NamedPrefix.Length;
        var message = HandshakeFraming.Allocate(prefixBytes, 1 + intro + 2 + text.Length + 4, out var body);
        body[0] = StatusTag;
        HandshakeStatus.NamedPrefix.CopyTo(body[1..]);
        WriteText(body[(1 + intro)..], text);
        BinaryPrimitives.WriteUInt32BigEndian(body[^4..], creation);
        return message;
    }

    internal static byte[] WriteChallenge(
        int prefixBytes, DistributionFlags flags, uint challenge, uint creation, NodeName name)
    {
        var text = name.Atom.Utf8;
        var message = HandshakeFraming.Allocate(prefixBytes, ChallengeHeader + text.Length, out var body);
        body[0] = NameTag;
        BinaryPrimitives.WriteUInt64BigEndian(body[1..], (ulong)flags);
        BinaryPrimitives.WriteUInt32BigEndian(body[9..], challenge);
        BinaryPrimitives.WriteUInt32BigEndian(body[13..], creation);
        WriteText(body[17..], text);
        return message;
    }

    internal static bool TryReadChallenge(ReadOnlySpan<byte> body, out ChallengeMessage message, out string problem)
    {
        message = default;
        if (body is not [NameTag, ..])
            return Fail($"{Opening(body)} where its challenge was expected", out problem);
        if (body.Length < ChallengeHeader)
            return Fail($"its challenge has {Counted.Bytes(body.Length)}, too few", out problem);
        if (!TryReadText(body[17..], out var name, out problem))
            return false;
        message = new(
            (DistributionFlags)BinaryPrimitives.ReadUInt64BigEndian(body[1..]),
            BinaryPrimitives.ReadUInt32BigEndian(body[9..]),
            BinaryPrimitives.ReadUInt32BigEndian(body[13..]),
            name);
        return true;
    }

    /// <summary>Whether this is a challenge of the handshake before OTP 23, which we never ask for.</summary>
    internal static bool IsOldChallenge(ReadOnlySpan<byte> body) => body is [OldNameTag, ..];

    internal static bool TryReadComplement(
        ReadOnlySpan<byte> body, out DistributionFlags high, out uint creation, out string problem)
    {
        high = default;
        creation = 0;
        if (body is not [ComplementTag, _, _, _, _, _, _, _, _])
            return Fail(
                $"{Opening(body)} of {Counted.Bytes(body.Length)} instead of the rest of its flags", out problem);
        high = (DistributionFlags)((ulong)BinaryPrimitives.ReadUInt32BigEndian(body[1..]) << 32);
        creation = BinaryPrimitives.ReadUInt32BigEndian(body[5..]);
        problem = "";
        return true;
    }

    internal static byte[] WriteReply(int prefixBytes, uint challenge, ReadOnlySpan<byte> digest)
    {
        var message = HandshakeFraming.Allocate(prefixBytes, 1 + 4 + ChallengeDigest.Bytes, out var body);
        body[0] = ReplyTag;
        BinaryPrimitives.WriteUInt32BigEndian(body[1..], challenge);
        digest.CopyTo(body[5..]);
        return message;
    }

    internal static bool TryReadReply(
        ReadOnlySpan<byte> body, out uint challenge, out ReadOnlySpan<byte> digest, out string problem)
    {
        challenge = 0;
        digest = default;
        if (body is not [ReplyTag, ..] || body.Length != 1 + 4 + ChallengeDigest.Bytes)
            return Fail(
                $"{Opening(body)} of {Counted.Bytes(body.Length)} instead of its answer to our challenge", out problem);
        challenge = BinaryPrimitives.ReadUInt32BigEndian(body[1..]);
        digest = body[5..];
        problem = "";
        return true;
    }

    internal static byte[] WriteAcknowledgement(int prefixBytes, ReadOnlySpan<byte> digest)
    {
        var message = HandshakeFraming.Allocate(prefixBytes, 1 + ChallengeDigest.Bytes, out var body);
        body[0] = AcknowledgeTag;
        digest.CopyTo(body[1..]);
        return message;
    }

    internal static bool TryReadAcknowledgement(
        ReadOnlySpan<byte> body, out ReadOnlySpan<byte> digest, out string problem)
    {
        digest = default;
        if (body is not [AcknowledgeTag, ..] || body.Length != 1 + ChallengeDigest.Bytes)
            return Fail(
                $"{Opening(body)} of {Counted.Bytes(body.Length)} where its last digest was expected", out problem);
        digest = body[1..];
        problem = "";
        return true;
    }

    /// <summary>Reads <c>Nlen:16 Name</c>. What follows is for versions to come and is ignored.</summary>
    internal static bool TryReadText(ReadOnlySpan<byte> bytes, out string text, out string problem)
    {
        text = "";
        if (bytes.Length < 2)
            return Fail("its message ends before the name", out problem);
        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return length > bytes.Length - 2
            ? Fail(
                $"its name is said to have {Counted.Bytes(length)}, of which only {bytes.Length - 2} came", out problem)
            : TryDecode(bytes.Slice(2, length), out text, out problem);
    }

    private static bool TryDecode(ReadOnlySpan<byte> utf8, out string text, out string problem)
    {
        var isText = System.Text.Unicode.Utf8.IsValid(utf8);
        text = isText ? Encoding.UTF8.GetString(utf8) : "";
        problem = isText ? "" : "its name is no valid UTF-8";
        return isText;
    }

    private static void WriteText(Span<byte> body, ReadOnlySpan<byte> utf8)
    {
        BinaryPrimitives.WriteUInt16BigEndian(body, checked((ushort)utf8.Length));
        utf8.CopyTo(body[2..]);
    }

    private static string Opening(ReadOnlySpan<byte> body) => body switch
    {
        [] => "it sent an empty message",
        [>= 0x21 and < 0x7F, ..] => $"it sent a message '{(char)body[0]}'",
        _ => $"it sent a message that begins with byte {body[0]}",
    };

    private static bool Fail(string what, out string problem)
    {
        problem = what;
        return false;
    }
}
