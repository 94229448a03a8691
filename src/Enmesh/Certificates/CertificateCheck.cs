using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>Whether somebody who goes by a rule accepts a certificate for a host.</summary>
/// <param name="Who">Who, in words.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Accepted">Whether the host is named as the rule wants it.</param>
/// <param name="Wanted">The name the rule looks for, as in <c>DNS:10.0.0.7</c>.</param>
internal sealed record HostVerdict(string Who, HostRule Rule, bool Accepted, string Wanted);

/// <summary>What peers would make of a certificate, whoever has signed it.</summary>
internal static class CertificateCheck
{
    private const string AnyUsage = "2.5.29.37.0";
    private const int MinRsaBits = 2048;

    /// <summary>What is wrong with it, whatever it is used for; each a sentence, none when all is well.</summary>
    public static IReadOnlyList<string> Problems(X509Certificate2 certificate, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var problems = new List<string>();
        var (from, to) = Validity(certificate);
        if (now > to)
            problems.Add($"It has expired: it was valid until {Text(to)}.");
        if (now < from)
            problems.Add($"It is not valid yet: it will be from {Text(from)} on. Do the clocks agree?");
        problems.AddRange(UsageProblems(certificate));
        using (var rsa = certificate.GetRSAPublicKey())
        {
            if (rsa?.KeySize < MinRsaBits)
                problems.Add($"Its key has {rsa.KeySize} bits; peers want {MinRsaBits}.");
            else if (rsa is null && !HasEcKey(certificate))
                problems.Add($"Its key is of a kind ({certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value}) that nodes cannot use; RSA and ECDSA can be.");
        }
        if (certificate.SignatureAlgorithm.FriendlyName is { } signature
            && (signature.Contains("sha1", StringComparison.OrdinalIgnoreCase) || signature.Contains("md5", StringComparison.OrdinalIgnoreCase)))
        {
            problems.Add($"It is signed with {signature}, which peers no longer accept.");
        }
        return problems;
    }

    /// <summary>Who would accept it for the host part of a node's name.</summary>
    public static IReadOnlyList<HostVerdict> ForHost(CertificateNames names, string host)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentException.ThrowIfNullOrEmpty(host);
        var address = HostMatch.IsLiteral(host) ? $"IP:{host}" : $"DNS:{host}";
        var byOtp = names.IsBeyondOtp() ? $"DNS:{host} beside the address (it has no subject, and then OTP refuses names that are addresses alone)" : address;
        return
        [
            new("OTP 23 to 25", HostRule.Otp25, names.Covers(host, HostRule.Otp25), $"DNS:{host}"),
            new("OTP 26 and later", HostRule.Otp27, names.Covers(host, HostRule.Otp27), byOtp),
            new("Enmesh", HostRule.Enmesh, names.Covers(host, HostRule.Enmesh), address),
        ];
    }

    /// <summary>From when and until when it is valid.</summary>
    public static (DateTimeOffset From, DateTimeOffset To) Validity(X509Certificate2 certificate) =>
        (new(certificate.NotBefore.ToUniversalTime()), new(certificate.NotAfter.ToUniversalTime()));

    /// <summary>A time as messages have it.</summary>
    public static string Text(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>The extended usages by their short names; null where the certificate says nothing, which allows
    /// all.</summary>
    public static IReadOnlyList<string>? Usages(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } extension
            ? [.. extension.EnhancedKeyUsages.Cast<Oid>().Select(usage => usage.Value switch
            {
                KeyUsages.ServerAuth => "serverAuth",
                KeyUsages.ClientAuth => "clientAuth",
                AnyUsage => "any",
                var other => other ?? "?",
            })]
            : null;

    private static IEnumerable<string> UsageProblems(X509Certificate2 certificate)
    {
        if (Usages(certificate) is { } usages && !usages.Contains("any"))
        {
            if (!usages.Contains("serverAuth"))
                yield return "It may not be used to accept connections (extended key usage serverAuth is missing); nodes do both.";
            if (!usages.Contains("clientAuth"))
                yield return "It may not be used to dial (extended key usage clientAuth is missing); nodes do both.";
        }
        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } key
            && !key.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        {
            yield return "Its key may not sign (key usage digitalSignature is missing), which every handshake of TLS 1.3 needs.";
        }
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault()?.CertificateAuthority == true)
            yield return "It is an authority's own certificate, which signs those of nodes and is none itself.";
    }

    private static bool HasEcKey(X509Certificate2 certificate)
    {
        try
        {
            using var key = certificate.GetECDsaPublicKey();
            return key is not null;
        }
        catch (CryptographicException)
        {
            // A curve nobody knows.
            return false;
        }
    }
}
