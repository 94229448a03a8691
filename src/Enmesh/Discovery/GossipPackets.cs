using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Enmesh.Terms.External;

namespace Enmesh.Discovery;

/// <summary>Why a packet says nothing to us.</summary>
internal enum GossipRefusal
{
    /// <summary>None: it was read.</summary>
    None,

    /// <summary>Neither of the protocol nor of the kind that is expected, encrypted or not.</summary>
    Foreign,

    /// <summary>No secret of ours opens it.</summary>
    OtherSecret,

    /// <summary>It names no node.</summary>
    Malformed,

    /// <summary>It was taken before.</summary>
    Replayed,

    /// <summary>Its time is not ours.</summary>
    WrongTime,
}

/// <summary>Writes and reads the packets of one protocol.</summary>
internal interface IGossipCodec
{
    /// <summary>The longest packet that is read.</summary>
    const int MaxBytes = 1024;

    /// <summary>A packet that says: here I am.</summary>
    byte[] Write(NodeName node);

    /// <summary>Reads a packet of anybody.</summary>
    GossipRefusal Read(ReadOnlySpan<byte> packet, out NodeName? node);
}

/// <summary>
/// libcluster's packets (its <c>Cluster.Strategy.Gossip</c>, version 3.5): <c>heartbeat::</c> and the external term
/// format of <c>#{node => Node}</c>; with a secret AES-256-CBC over that, the key the SHA-256 of the secret, 16 bytes of
/// IV in front.
/// </summary>
/// <remarks>
/// libcluster decodes any term anybody sends it. Here only a map of this one pair is read, byte by byte, so that nothing
/// grows: an atom is a text of at most 255 characters that must be a node's name.
/// </remarks>
/// <param name="secrets">The first encrypts, each is tried on what comes; none for packets in the clear.</param>
internal sealed class LibclusterCodec(IReadOnlyList<byte[]> secrets) : IGossipCodec
{
    private const int IvBytes = 16;

    // 131 (version) 116 (MAP_EXT) u32 pairs
    private static readonly byte[] MapOfOne = [TermTag.Version, TermTag.Map, 0, 0, 0, 1];
    private readonly byte[][] _keys = [.. secrets.Select(SHA256.HashData)];

    private static ReadOnlySpan<byte> Prefix => "heartbeat::"u8;

    public byte[] Write(NodeName node)
    {
        // Every release reads UTF-8 atoms, though those before OTP 26 write the Latin-1 form.
        var name = node.Atom.Utf8;
        byte[] plain = [.. Prefix, .. MapOfOne, TermTag.SmallAtom, 4, .. "node"u8, .. AtomHead(name.Length), .. name];
        if (_keys.Length == 0)
            return plain;
        using var aes = Aes.Create();
        aes.Key = _keys[0];
        var iv = RandomNumberGenerator.GetBytes(IvBytes);
        return [.. iv, .. aes.EncryptCbc(plain, iv)];
    }

    public GossipRefusal Read(ReadOnlySpan<byte> packet, out NodeName? node)
    {
        node = null;
        if (_keys.Length == 0)
            return packet.StartsWith(Prefix) ? ReadPlain(packet, out node) : GossipRefusal.Foreign;
        if (packet.Length < IvBytes * 2 || packet.Length % IvBytes != 0 || packet.Length > IGossipCodec.MaxBytes)
            return GossipRefusal.Foreign;
        Span<byte> plain = stackalloc byte[IGossipCodec.MaxBytes];
        foreach (var key in _keys)
        {
            using var aes = Aes.Create();
            aes.Key = key;
            // Padding that does not come out right is what a wrong key looks like, nearly always; the prefix settles it.
            if (TryDecrypt(aes, packet, plain, out var length) && plain[..length].StartsWith(Prefix))
                return ReadPlain(plain[..length], out node);
        }
        return GossipRefusal.OtherSecret;
    }

    private static bool TryDecrypt(Aes aes, ReadOnlySpan<byte> packet, Span<byte> plain, out int length)
    {
        try
        {
            return aes.TryDecryptCbc(packet[IvBytes..], packet[..IvBytes], plain, out length);
        }
        catch (CryptographicException)
        {
            length = 0;
            return false;
        }
    }

    private static byte[] AtomHead(int bytes) =>
        bytes <= byte.MaxValue ? [TermTag.SmallAtom, (byte)bytes] : [TermTag.Atom, (byte)(bytes >> 8), (byte)bytes];

    private static GossipRefusal ReadPlain(ReadOnlySpan<byte> packet, out NodeName? node)
    {
        node = null;
        var rest = packet[Prefix.Length..];
        if (!rest.StartsWith(MapOfOne))
            return GossipRefusal.Malformed;
        rest = rest[MapOfOne.Length..];
        return TryReadAtom(ref rest, out var key) && key == "node" && TryReadAtom(ref rest, out var name) && rest.IsEmpty
            && NodeName.TryParse(name, out node)
            ? GossipRefusal.None
            : GossipRefusal.Malformed;
    }

    // u8 tag | u16 or u8 length | bytes in Latin-1 or UTF-8, by tag (erl_ext_dist, ATOM_EXT and the following)
    private static bool TryReadAtom(ref ReadOnlySpan<byte> rest, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (rest.Length < 2)
            return false;
        var tag = rest[0];
        var isSmall = tag is TermTag.SmallAtom or TermTag.SmallLatin1Atom;
        if ((!isSmall && tag is not (TermTag.Atom or TermTag.Latin1Atom)) || (!isSmall && rest.Length < 3))
            return false;
        var length = isSmall ? rest[1] : BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
        var start = isSmall ? 2 : 3;
        if (rest.Length - start < length)
            return false;
        var bytes = rest.Slice(start, length);
        rest = rest[(start + length)..];
        try
        {
            text = tag is TermTag.SmallLatin1Atom or TermTag.Latin1Atom
                ? Encoding.Latin1.GetString(bytes)
                : Strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static UTF8Encoding Strict { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
