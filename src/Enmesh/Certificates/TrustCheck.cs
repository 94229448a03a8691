using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>Whether a chain leads to an authority that peers trust.</summary>
internal static class TrustCheck
{
    /// <summary>What is wrong with the way from the first certificate to one of the authorities; null when nothing
    /// is.</summary>
    /// <param name="chain">The certificate, then what its holder sends along.</param>
    /// <param name="authorities">Whom peers trust.</param>
    /// <param name="now">The moment that counts.</param>
    public static string? Problem(IReadOnlyList<X509Certificate2> chain, IEnumerable<X509Certificate2> authorities, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(chain);
        using var built = new X509Chain();
        var policy = built.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        // Nobody is asked for a certificate that is missing: peers do not ask either.
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = now.UtcDateTime;
        // The dates of the first are looked at elsewhere, those of the others below, by name.
        policy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid | X509VerificationFlags.IgnoreCtlNotTimeValid;
        policy.CustomTrustStore.AddRange(authorities.ToArray());
        policy.ExtraStore.AddRange(chain.Skip(1).ToArray());
        var trusted = built.Build(chain[0]);
        var last = built.ChainElements is { Count: > 0 } elements ? elements[^1].Certificate : chain[0];
        var text = last switch
        {
            _ when trusted => OutdatedIn([.. built.ChainElements.Select(element => element.Certificate)], now),
            var end when !SignsItself(end) && policy.CustomTrustStore.Any(one => one.SubjectName.RawData.AsSpan().SequenceEqual(end.IssuerName.RawData)) =>
                $"{Name(end)} is signed by one that is called '{end.Issuer}', as one that is trusted, and has another key",
            var end when !SignsItself(end) =>
                $"{Name(end)} is signed by '{end.Issuer}', which is neither sent along nor trusted: the chain is not complete, or of another authority",
            var end => $"its authority '{end.Subject}' is not among those that are trusted",
        };
        foreach (var element in built.ChainElements)
            element.Certificate.Dispose();
        return text;
    }

    /// <summary>Where a chain breaks off by itself, whoever is trusted; null when each certificate is signed by the
    /// next.</summary>
    public static string? BrokenAt(IReadOnlyList<X509Certificate2> chain)
    {
        for (var i = 0; i + 1 < chain.Count; i++)
        {
            if (!chain[i].IssuerName.RawData.AsSpan().SequenceEqual(chain[i + 1].SubjectName.RawData))
                return $"certificate {i + 2} is not the one that signed certificate {i + 1} ('{chain[i].Issuer}')";
        }
        return null;
    }

    /// <summary>Which authority of a chain is not valid now, the first certificate aside; null when all are.</summary>
    public static string? OutdatedIn(IReadOnlyList<X509Certificate2> chain, DateTimeOffset now)
    {
        foreach (var authority in chain.Skip(1))
        {
            if (CertificateCheck.Validity(authority) is var (from, to) && (now < from || now > to))
                return $"{Name(authority)}, which signs for it, is valid from {CertificateCheck.Text(from)} to {CertificateCheck.Text(to)} only";
        }
        return null;
    }

    /// <summary>Whether a certificate is a root: its subject is its issuer.</summary>
    public static bool SignsItself(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static string Name(X509Certificate2 certificate) =>
        certificate.Subject.Length > 0 ? $"'{certificate.Subject}'" : "the certificate";
}
