using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Enmesh.Hosting.Ssh;

/// <summary>A public key or certificate of SSH, as it stands in files (RFC 4253 6.6, PROTOCOL.certkeys of OpenSSH).</summary>
/// <param name="Type">Its kind, as <c>ssh-ed25519</c>.</param>
/// <param name="Text">Kind and bytes, as they stand in a line of <c>known_hosts</c>.</param>
/// <param name="Fingerprint">Of the key; a certificate has that of the key in it.</param>
/// <param name="Certificate">What the certificate is called by whoever has signed it; empty for a key.</param>
internal sealed record SshPublicKey(string Type, string Text, string Fingerprint, string Certificate)
{
    private const string CertificateSuffix = "-cert-v01@openssh.com";

    /// <summary>Reads <c>TYPE BASE64 [comment]</c>; null when it is none.</summary>
    internal static SshPublicKey? Parse(string line)
    {
        if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var type, var encoded, ..])
            return null;
        var blob = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, blob, out var length))
            return null;
        var reader = new Reader(blob.AsSpan(0, length));
        if (!reader.TryRead(out var named) || Encoding.ASCII.GetString(named) != type)
            return null;
        if (!type.EndsWith(CertificateSuffix, StringComparison.Ordinal))
            return new(type, $"{type} {encoded}", FingerprintOf(blob.AsSpan(0, length)), "");
        return TryReadCertificate(ref reader, type, out var key, out var id)
            ? new(type, $"{type} {encoded}", FingerprintOf(key), id)
            : null;
    }

    /// <summary>What OpenSSH prints for a key.</summary>
    private static string FingerprintOf(ReadOnlySpan<byte> blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');

    // string type | string nonce | the fields of the key | u64 serial | u32 kind | string id | …
    private static bool TryReadCertificate(ref Reader reader, string type, out byte[] key, out string id)
    {
        (key, id) = ([], "");
        var plain = type[..^CertificateSuffix.Length];
        if (plain.StartsWith("sk-", StringComparison.Ordinal))
            plain += "@openssh.com";
        var blob = new MemoryStream();
        Append(blob, Encoding.ASCII.GetBytes(plain));
        if (!reader.TryRead(out _))
            return false;
        for (var field = 0; field < FieldsOf(plain); field++)
        {
            if (!reader.TryRead(out var value))
                return false;
            Append(blob, value);
        }
        if (!reader.TrySkip(sizeof(ulong) + sizeof(uint)) || !reader.TryRead(out var name))
            return false;
        (key, id) = (blob.ToArray(), Encoding.UTF8.GetString(name));
        return true;
    }

    private static int FieldsOf(string type) => type switch
    {
        "ssh-ed25519" => 1,
        _ when type.StartsWith("sk-ecdsa-", StringComparison.Ordinal) => 3,
        _ => 2, // RSA: e, n. ECDSA: curve, point. Ed25519 on a token: point, application
    };

    private static void Append(MemoryStream blob, ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)value.Length);
        blob.Write(length);
        blob.Write(value);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        internal bool TryRead(out ReadOnlySpan<byte> value)
        {
            value = default;
            if (_rest.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32BigEndian(_rest) is var length && length > _rest.Length - sizeof(uint))
                return false;
            value = _rest.Slice(sizeof(uint), (int)length);
            _rest = _rest[(sizeof(uint) + (int)length)..];
            return true;
        }

        internal bool TrySkip(int count)
        {
            if (_rest.Length < count)
                return false;
            _rest = _rest[count..];
            return true;
        }
    }
}
