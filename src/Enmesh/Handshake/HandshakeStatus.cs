using System.Buffers.Binary;
using System.Text;

namespace Enmesh.Handshake;

// erl_dist_protocol, "Distribution Handshake", message 2: what the dialled node says to our name.

/// <summary>The kinds of status.</summary>
internal enum HandshakeStatusKind
{
    /// <summary>Nothing known.</summary>
    Unknown,

    /// <summary>Go on.</summary>
    Ok,

    /// <summary>Go on; the peer has given up its own attempt.</summary>
    OkSimultaneous,

    /// <summary>The peer goes on with its own attempt.</summary>
    Nok,

    /// <summary>The peer refuses.</summary>
    NotAllowed,

    /// <summary>The peer has a connection from us already and asks whether this one shall replace it.</summary>
    Alive,

    /// <summary>Go on, with the name and creation given.</summary>
    Named,
}

/// <summary>A status that was received.</summary>
internal readonly record struct HandshakeStatus(HandshakeStatusKind Kind, string Text, uint Creation)
{
    internal const string OkText = "ok";
    internal const string OkSimultaneousText = "ok_simultaneous";
    internal const string NokText = "nok";
    internal const string NotAllowedText = "not_allowed";
    internal const string AliveText = "alive";
    internal const string TrueText = "true";
    internal const string FalseText = "false";

    internal static ReadOnlySpan<byte> NamedPrefix => "named:"u8;

    /// <summary>
    /// Reads a status with its tag. One that makes no sense is <see cref="HandshakeStatusKind.Unknown"/>.
    /// </summary>
    /// <returns>False when the message is no status.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> body, out HandshakeStatus status)
    {
        status = default;
        if (body is not [HandshakeMessages.StatusTag, .. var text])
            return false;
        if (text.StartsWith(NamedPrefix))
        {
            text = text[NamedPrefix.Length..];
            if (HandshakeMessages.TryReadText(text, out var name, out _))
            {
                var length = 2 + Encoding.UTF8.GetByteCount(name);
                if (text.Length >= length + 4)
                    status = new(HandshakeStatusKind.Named, name, BinaryPrimitives.ReadUInt32BigEndian(text[length..]));
            }
            return true;
        }
        var ascii = Printable(text);
        var kind = ascii switch
        {
            OkText => HandshakeStatusKind.Ok,
            OkSimultaneousText => HandshakeStatusKind.OkSimultaneous,
            NokText => HandshakeStatusKind.Nok,
            NotAllowedText => HandshakeStatusKind.NotAllowed,
            AliveText => HandshakeStatusKind.Alive,
            _ => HandshakeStatusKind.Unknown,
        };
        status = new(kind, ascii, 0);
        return true;
    }

    // It ends in messages for people, so it must not bring control characters or pages of text.
    private static string Printable(ReadOnlySpan<byte> text)
    {
        var shown = text.Length > 64 ? text[..64] : text;
        return string.Create(shown.Length, shown, static (chars, bytes) =>
        {
            for (var i = 0; i < chars.Length; i++)
                chars[i] = bytes[i] is >= 0x20 and < 0x7F ? (char)bytes[i] : '?';
        });
    }
}
