using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>Whom a certificate names.</summary>
/// <param name="CommonName">The last CN of the subject, which counts for little; null without one.</param>
/// <param name="Dns">The DNS names, as they are written.</param>
/// <param name="Addresses">The IP addresses.</param>
/// <param name="Uris">The URIs.</param>
/// <param name="HasAlternativeNames">Whether there is an extension subjectAltName at all.</param>
internal sealed record CertificateNames(
    string? CommonName, IReadOnlyList<string> Dns, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<string> Uris,
    bool HasAlternativeNames)
{
    private const string AlternativeNames = "2.5.29.17";
    private const string CommonNameId = "2.5.4.3";

    // GeneralName (RFC 5280, 4.2.1.6)
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 7);

    /// <summary>Whether whoever does not understand the names has to refuse the certificate.</summary>
    public bool IsCritical { get; init; }

    /// <summary>The names in words: <c>DNS:a.example, IP:10.0.0.7</c>.</summary>
    public string Text
    {
        get
        {
            string[] all =
            [
                .. Dns.Select(name => $"DNS:{Printable(name)}"), .. Addresses.Select(address => $"IP:{address}"),
                .. Uris.Select(uri => $"URI:{Printable(uri)}"),
            ];
            return all.Length > 0 ? string.Join(", ", all)
                : CommonName is null ? "no names"
                : $"no names but CN={Printable(CommonName)}";
        }
    }

    /// <summary>Reads the names of a certificate.</summary>
    /// <exception cref="CertificateException">The extension with the names is malformed.</exception>
    public static CertificateNames Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var (dns, addresses, uris) = (new List<string>(), new List<IPAddress>(), new List<string>());
        var extension = certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == AlternativeNames);
        try
        {
            if (extension is not null)
                Read(extension.RawData, dns, addresses, uris);
        }
        catch (Exception e) when (e is AsnContentException or ArgumentException or CryptographicException)
        {
            throw new CertificateException("The certificate's subjectAltName is malformed.", e);
        }
        return new(CommonNameOf(certificate.SubjectName), dns, addresses, uris, extension is not null)
        {
            IsCritical = extension?.Critical == true,
        };
    }

    private static void Read(ReadOnlyMemory<byte> raw, List<string> dns, List<IPAddress> addresses, List<string> uris)
    {
        var names = new AsnReader(raw, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            if (tag.HasSameClassAndValue(DnsName))
                dns.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, DnsName));
            else if (tag.HasSameClassAndValue(Uri))
                uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
            else if (tag.HasSameClassAndValue(Address))
                addresses.Add(new IPAddress(names.ReadOctetString(Address)));
            else
                names.ReadEncodedValue();
        }
    }

    private static string? CommonNameOf(X500DistinguishedName subject)
    {
        string? last = null;
        try
        {
            foreach (var part in subject.EnumerateRelativeDistinguishedNames(reversed: false))
            {
                if (!part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameId)
                    last = part.GetSingleElementValue();
            }
        }
        catch (CryptographicException)
        {
            // A subject that cannot be read names nobody; what counts is in the other names.
        }
        return last;
    }

    // A name is somebody else's text: it must not write lines of its own into a log.
    private static string Printable(string name) =>
        string.Concat(name.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()));
}
