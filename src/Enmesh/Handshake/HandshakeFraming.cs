using System.Buffers.Binary;

namespace Enmesh.Handshake;

// erl_dist_protocol, "Distribution Handshake":
//   TCP: u16 Length | Length bytes.   TLS (inet_tls_dist): u32 Length | Length bytes, from the first message on.

/// <summary>The length in front of each message of a handshake.</summary>
internal static class HandshakeFraming
{
    /// <summary>The length prefix on plain TCP.</summary>
    internal const int TcpPrefixBytes = 2;

    /// <summary>The length prefix over TLS, the same as after the handshake.</summary>
    internal const int TlsPrefixBytes = 4;

    /// <summary>The longest message taken from somebody who has not yet proved that it knows the cookie.</summary>
    internal const int MaxBodyBytes = 4096;

    /// <summary>Reads the length of a message.</summary>
    /// <param name="prefix">Exactly the bytes of the prefix, 2 or 4.</param>
    /// <param name="peer">Who is supposed to have sent it, if that is known.</param>
    /// <exception cref="HandshakeException">The length is above <see cref="MaxBodyBytes"/>.</exception>
    internal static int ReadLength(ReadOnlySpan<byte> prefix, NodeName? peer)
    {
        var length = prefix.Length == TcpPrefixBytes
            ? BinaryPrimitives.ReadUInt16BigEndian(prefix)
            : BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (length <= MaxBodyBytes)
            return (int)length;
        throw new HandshakeException(
            HandshakeFailure.TooLong,
            peer,
            $"{peer?.Text ?? "A caller"} announced a handshake message of {length} bytes; {MaxBodyBytes} are the "
            + $"limit. {Guess(prefix)}");
    }

    /// <summary>A message with its length in front, all zero but the length.</summary>
    internal static byte[] Allocate(int prefixBytes, int bodyLength, out Span<byte> body)
    {
        var message = new byte[prefixBytes + bodyLength];
        if (prefixBytes == TcpPrefixBytes)
            BinaryPrimitives.WriteUInt16BigEndian(message, checked((ushort)bodyLength));
        else
            BinaryPrimitives.WriteUInt32BigEndian(message, (uint)bodyLength);
        body = message.AsSpan(prefixBytes);
        return message;
    }

    // The usual wrong numbers, by the first bytes that they send.
    private static string Guess(ReadOnlySpan<byte> prefix) => prefix switch
    {
        [0x15 or 0x16, 0x03, ..] =>
            "The first bytes look like TLS: the other side uses TLS distribution, and this side does not.",
        [>= (byte)'A' and <= (byte)'z', >= (byte)'A' and <= (byte)'z', ..] =>
            "The first bytes look like text: this is another protocol, HTTP perhaps, and no Erlang node.",
        [0, > 0, ..] => "A node without TLS may have called a port with TLS.",
        _ => "That is no Erlang node.",
    };
}
