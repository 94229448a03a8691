using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>Reads PEM files as they are found: several blocks, remarks and line noise between them (RFC 7468, lax).</summary>
internal static class PemText
{
    private const string Certificate = "CERTIFICATE";
    private const string TrustedCertificate = "TRUSTED CERTIFICATE";
    private const string RsaObjectId = "1.2.840.113549.1.1.1";
    private const string EcObjectId = "1.2.840.10045.2.1";

    /// <summary>Every certificate of a text, in its order.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="place">Where it is from, for the message.</param>
    /// <exception cref="CertificateException">There is none, or one cannot be read.</exception>
    public static IReadOnlyList<X509Certificate2> Certificates(string pem, string place)
    {
        ArgumentNullException.ThrowIfNull(pem);
        var found = new List<X509Certificate2>();
        try
        {
            foreach (var (label, text) in Blocks(pem))
            {
                if (label == TrustedCertificate)
                    throw new CertificateException($"{place} has OpenSSL's own form, TRUSTED CERTIFICATE, which nobody else reads. Convert it: openssl x509 -in FILE.");
                if (label == Certificate)
                    found.Add(Read(text, place, found.Count + 1));
            }
            if (found.Count > 0)
                return found;
            throw new CertificateException(Nothing(pem, place));
        }
        catch
        {
            // Whatever it was, nobody gets what was read before it.
            found.ForEach(certificate => certificate.Dispose());
            throw;
        }
    }

    /// <summary>The one private key of a text, as the block it is.</summary>
    /// <exception cref="CertificateException">There is none, more than one, or it is encrypted or of another
    /// kind.</exception>
    public static string KeyBlock(string pem, string place)
    {
        string? found = null;
        foreach (var (label, text) in Blocks(pem))
        {
            if (!label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                continue;
            if (label == "ENCRYPTED PRIVATE KEY" || text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
                throw new CertificateException($"The private key in {place} is encrypted. A node starts without anybody to ask for a password: decrypt it (openssl pkey -in FILE -out FILE) and guard the file by its rights.");
            if (label is not ("PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY"))
                throw new CertificateException($"The private key in {place} is a {label}. RSA and ECDSA can be used.");
            if (found is not null)
                throw new CertificateException($"{place} has more than one private key.");
            found = text;
        }
        if (found is null)
            throw new CertificateException($"There is no private key in {place}.");
        return KindOf(found) is null
            ? throw new CertificateException($"The private key in {place} is damaged, or neither RSA nor ECDSA.")
            : found;
    }

    /// <summary>Whether a key block is RSA's; else it is ECDSA's.</summary>
    public static bool IsRsa(string block) => KindOf(block) == RsaObjectId;

    /// <summary>The blocks of a text with their labels. What begins and does not end is passed over.</summary>
    public static IEnumerable<(string Label, string Text)> Blocks(string pem)
    {
        const string Begin = "-----BEGIN ";
        const string Dashes = "-----";
        for (var at = 0; (at = pem.IndexOf(Begin, at, StringComparison.Ordinal)) >= 0;)
        {
            var label = at + Begin.Length;
            var labelEnd = pem.IndexOf(Dashes, label, StringComparison.Ordinal);
            if (labelEnd < 0)
                yield break;
            var name = pem[label..labelEnd];
            var end = $"-----END {name}-----";
            var ends = pem.IndexOf(end, labelEnd, StringComparison.Ordinal);
            var next = pem.IndexOf(Begin, labelEnd, StringComparison.Ordinal);
            if (ends < 0 || (next >= 0 && next < ends))
            {
                // Half a block: the next one may be whole.
                at = labelEnd;
                continue;
            }
            yield return (name, pem[at..(ends + end.Length)]);
            at = ends + end.Length;
        }
    }

    private static X509Certificate2 Read(string block, string place, int number)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(Bytes(block));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new CertificateException($"Certificate {number} in {place} cannot be read: it is damaged.", e);
        }
    }

    private static string Nothing(string pem, string place) =>
        pem.AsSpan().Trim().IsEmpty ? $"{place} is empty."
        : pem.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) ? $"The certificate in {place} is cut off: its end is missing."
        : pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? $"There is no certificate in {place}, only a key."
        : $"There is no certificate in {place}: it has no PEM block CERTIFICATE.";

    private static byte[] Bytes(string block)
    {
        var begin = block.IndexOf('\n', StringComparison.Ordinal) is var line and >= 0
            ? line
            : block.IndexOf("-----", "-----BEGIN ".Length, StringComparison.Ordinal) + "-----".Length;
        var end = block.LastIndexOf("-----END ", StringComparison.Ordinal);
        return begin <= end ? Convert.FromBase64String(block[begin..end]) : throw new FormatException("The block is empty.");
    }

    // PKCS#8 says it inside; the older forms say it by their label.
    private static string? KindOf(string block)
    {
        if (block.StartsWith("-----BEGIN RSA", StringComparison.Ordinal))
            return RsaObjectId;
        if (block.StartsWith("-----BEGIN EC", StringComparison.Ordinal))
            return EcObjectId;
        try
        {
            var whole = new AsnReader(Bytes(block), AsnEncodingRules.BER).ReadSequence();
            whole.ReadInteger();
            var kind = whole.ReadSequence().ReadObjectIdentifier();
            return kind is RsaObjectId or EcObjectId ? kind : null;
        }
        catch (Exception e) when (e is AsnContentException or FormatException)
        {
            return null;
        }
    }
}
