using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Enmesh.Certificates;

namespace Enmesh.Tls;

// RFC 5280, 5.1:  CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }
//   TBSCertList ::= SEQUENCE { version OPTIONAL, signature, issuer, thisUpdate, nextUpdate OPTIONAL,
//                              revokedCertificates SEQUENCE OF SEQUENCE { serial, date, extensions OPTIONAL } OPTIONAL,
//                              [0] extensions OPTIONAL }

/// <summary>A certificate that is on a list, with when and why.</summary>
/// <param name="At">Since when.</param>
/// <param name="Reason">Why; null when the list does not say.</param>
internal sealed record Revocation(DateTimeOffset At, string? Reason);

/// <summary>Lists of revoked certificates, out of files; nobody is asked over the network.</summary>
internal sealed class RevocationLists
{
    private readonly IReadOnlyList<RevocationList> _lists;

    private RevocationLists(IReadOnlyList<RevocationList> lists) => _lists = lists;

    /// <summary>Those that have run out at a time, by their issuers: they still revoke, but newer ones are due.</summary>
    internal IEnumerable<string> Outdated(DateTimeOffset now) =>
        _lists.Where(list => list.NextUpdate < now).Select(list => $"{list.Issuer.Name} (was due on {list.NextUpdate:u})");

    /// <summary>Reads files of lists.</summary>
    /// <exception cref="TlsSettingsException">One is none.</exception>
    internal static RevocationLists Read(IEnumerable<string> files, Func<string, byte[]> read)
    {
        var lists = new List<RevocationList>();
        foreach (var file in files)
        {
            var bytes = read(file);
            try
            {
                lists.AddRange(Blocks(bytes).Select(RevocationList.Parse));
            }
            catch (Exception e) when (e is AsnContentException or CryptographicException or FormatException or ArgumentException)
            {
                throw new TlsSettingsException($"{file} is no list of revoked certificates (PEM with X509 CRL, or DER): {e.Message}", e);
            }
        }
        return new(lists);
    }

    /// <summary>Whether they are the same lists.</summary>
    internal bool IsSameAs(RevocationLists other) =>
        _lists.Count == other._lists.Count && _lists.Zip(other._lists).All(pair => pair.First.Signature.SequenceEqual(pair.Second.Signature));

    /// <summary>Looks for a certificate on the lists of its issuer.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">The one that has signed it, and must have signed the list.</param>
    /// <returns>Null when it is on none.</returns>
    internal Revocation? Find(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        foreach (var list in _lists)
        {
            if (list.Issuer.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) && list.IsSignedBy(issuer)
                && list.Find(certificate) is { } found)
            {
                return found;
            }
        }
        return null;
    }

    private static List<byte[]> Blocks(byte[] file)
    {
        var text = Encoding.Latin1.GetString(file);
        if (!text.Contains("-----BEGIN", StringComparison.Ordinal))
            return [file];
        var blocks = PemText.Blocks(text).Where(block => block.Label == "X509 CRL")
            .Select(block => Convert.FromBase64String(block.Text.Split("-----")[2])).ToList();
        return blocks.Count > 0 ? blocks : throw new FormatException("there is no whole block X509 CRL in it");
    }
}

/// <summary>One list.</summary>
internal sealed class RevocationList
{
    private static readonly string?[] Reasons =
    [
        null, "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation", "certificateHold", null,
        "removeFromCRL", "privilegeWithdrawn", "aACompromise",
    ];

    private readonly ReadOnlyMemory<byte> _signed;
    private readonly byte[] _signature;
    private readonly string _algorithm;
    private readonly Dictionary<BigInteger, Revocation> _revoked = [];

    private RevocationList(ReadOnlyMemory<byte> encoded)
    {
        var whole = new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence();
        _signed = whole.PeekEncodedValue();
        var list = whole.ReadSequence();
        _algorithm = whole.ReadSequence().ReadObjectIdentifier();
        // A list whose signature nobody here can look at would revoke nothing, and nobody would know.
        if (HashOf(_algorithm) is null)
            throw new FormatException($"it is signed with {_algorithm}, which is not known here: RSA (PKCS #1) and ECDSA with SHA-256, 384 or 512 are");
        _signature = whole.ReadBitString(out _);
        if (list.PeekTag() == Asn1Tag.Integer)
            list.ReadInteger();
        list.ReadSequence();
        Issuer = new X500DistinguishedName(list.ReadEncodedValue().Span);
        ReadTime(list);
        NextUpdate = IsTime(list) ? ReadTime(list) : DateTimeOffset.MaxValue;
        if (list.HasData && list.PeekTag() == Asn1Tag.Sequence)
            ReadRevoked(list.ReadSequence());
    }

    internal X500DistinguishedName Issuer { get; }

    internal ReadOnlySpan<byte> Signature => _signature;

    internal DateTimeOffset NextUpdate { get; }

    internal static RevocationList Parse(byte[] encoded) => new(encoded);

    internal Revocation? Find(X509Certificate2 certificate) =>
        _revoked.GetValueOrDefault(new BigInteger(certificate.SerialNumberBytes.Span, isBigEndian: true));

    /// <summary>Whether that authority made the list; of an unknown signature nothing is taken.</summary>
    internal bool IsSignedBy(X509Certificate2 issuer)
    {
        if (HashOf(_algorithm) is not { } hash)
            return false;
        using var rsa = issuer.GetRSAPublicKey();
        if (rsa is not null)
            return rsa.VerifyData(_signed.Span, _signature, hash, RSASignaturePadding.Pkcs1);
        using var ec = issuer.GetECDsaPublicKey();
        return ec is not null && ec.VerifyData(_signed.Span, _signature, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static HashAlgorithmName? HashOf(string algorithm) => algorithm switch
    {
        "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static bool IsTime(AsnReader reader) =>
        reader.HasData && (reader.PeekTag() == Asn1Tag.UtcTime || reader.PeekTag() == Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private void ReadRevoked(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serial = entry.ReadInteger();
            var at = ReadTime(entry);
            var reason = entry.HasData ? ReasonIn(entry.ReadSequence()) : null;
            if (reason != "removeFromCRL")
                _revoked[serial] = new(at, reason);
        }
    }

    private static string? ReasonIn(AsnReader extensions)
    {
        string? reason = null;
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            if (extension.PeekTag() == Asn1Tag.Boolean)
                extension.ReadBoolean();
            var value = extension.ReadOctetString();
            if (id == "2.5.29.21" && new AsnReader(value, AsnEncodingRules.DER).ReadEnumeratedBytes().Span is [var code] && code < Reasons.Length)
                reason = Reasons[code];
        }
        return reason;
    }
}
