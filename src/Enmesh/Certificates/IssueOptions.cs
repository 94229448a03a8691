using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>What a certificate is to say.</summary>
public sealed record IssueOptions
{
    /// <summary>The host parts of node names: each becomes a DNS name, an address an IP name as well.</summary>
    /// <remarks>OTP up to 25 looks for an address among the DNS names, later releases among the IP names.</remarks>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>DNS names that are no host parts.</summary>
    public IReadOnlyList<string> DnsNames { get; init; } = [];

    /// <summary>Addresses that are only IP names.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>URIs, such as SPIFFE ids.</summary>
    public IReadOnlyList<string> Uris { get; init; } = [];

    /// <summary>The common name of the subject; null for none. Nobody should look at it.</summary>
    public string? CommonName { get; init; }

    /// <summary>The kind of the key.</summary>
    public CertificateKeyKind Key { get; init; } = CertificateKeyKind.EcP256;

    /// <summary>From when on it is valid; null for five minutes ago, since clocks differ.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Until when it is valid; null for 90 days from now, or the end of its authority.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Whether its holder may accept connections (extended key usage serverAuth).</summary>
    public bool ForServer { get; init; } = true;

    /// <summary>Whether its holder may dial (extended key usage clientAuth).</summary>
    public bool ForClient { get; init; } = true;

    /// <summary>The extension with the names; null when there are none.</summary>
    internal X509Extension? AlternativeNames()
    {
        string[] dns = [.. Hosts, .. DnsNames];
        IPAddress[] addresses = [.. Hosts.Where(HostMatch.IsLiteral).Select(IPAddress.Parse), .. Addresses];
        if (dns.Length + addresses.Length + Uris.Count == 0)
            return null;
        // The BCL's builder passes DNS names through IDN, which is not for addresses.
        var names = new AsnWriter(AsnEncodingRules.DER);
        using (names.PushSequence())
        {
            foreach (var name in dns.Distinct(StringComparer.Ordinal))
                names.WriteCharacterString(UniversalTagNumber.IA5String, Ascii(name), new Asn1Tag(TagClass.ContextSpecific, 2));
            foreach (var uri in Uris)
                names.WriteCharacterString(UniversalTagNumber.IA5String, Ascii(uri), new Asn1Tag(TagClass.ContextSpecific, 6));
            foreach (var address in addresses.Distinct())
                names.WriteOctetString(address.GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7));
        }
        // Without a subject this is who the certificate is about, so it must be understood (RFC 5280, 4.2.1.6).
        return new X509Extension("2.5.29.17", names.Encode(), critical: CommonName is null);
    }

    internal X500DistinguishedName Subject() => Named(CommonName);

    internal static X500DistinguishedName Named(string? commonName)
    {
        var subject = new X500DistinguishedNameBuilder();
        if (commonName is not null)
            subject.AddCommonName(commonName);
        return subject.Build();
    }

    private static string Ascii(string name) => name.Length > 0 && name.All(c => c is > ' ' and < '\x7f')
        ? name
        : throw new CertificateException($"'{name}' cannot be a name in a certificate: letters, digits and punctuation of ASCII can.");
}
