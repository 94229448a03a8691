using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>One certificate of a chain, as people want to see it.</summary>
internal sealed record CertificateFacts(
    string Subject, string Issuer, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string Names,
    IReadOnlyList<string>? Usages, IReadOnlyList<string> KeyUsages, string Key, string Signature, bool IsAuthority)
{
    internal static CertificateFacts Of(X509Certificate2 certificate)
    {
        var (from, to) = CertificateCheck.Validity(certificate);
        var flags = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages ?? X509KeyUsageFlags.None;
        return new(
            Line(certificate.Subject), Line(certificate.Issuer), certificate.SerialNumber, from, to, NamesOf(certificate),
            CertificateCheck.Usages(certificate),
            flags == X509KeyUsageFlags.None ? [] : flags.ToString().Split(", ").Select(usage => char.ToLowerInvariant(usage[0]) + usage[1..]).ToList(),
            KeyOf(certificate), certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value ?? "?",
            certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault()?.CertificateAuthority == true);
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        try
        {
            return CertificateNames.Of(certificate).Text;
        }
        catch (CertificateException e)
        {
            return e.Message;
        }
    }

    private static string KeyOf(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
            return $"RSA {rsa.KeySize}";
        try
        {
            using var ec = certificate.GetECDsaPublicKey();
            if (ec is not null)
                return $"EC {ec.KeySize}";
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            // A curve that is not known here; its name says more than nothing.
        }
        return certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "?";
    }

    // Somebody else's text must not write lines of its own.
    private static string Line(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}

/// <summary>What is to be said about a chain: facts, what is wrong, and who would accept it for which host.</summary>
/// <param name="Chain">The certificates, the first one is the node's.</param>
/// <param name="Problems">What is wrong, each a sentence.</param>
/// <param name="Warnings">What works, and has a price.</param>
/// <param name="Hosts">Who would accept it, for each host that was asked for.</param>
/// <param name="KeyMatches">Whether the key belongs to it; null when nobody looked.</param>
internal sealed record CertificateReport(
    IReadOnlyList<CertificateFacts> Chain, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings,
    IReadOnlyList<(string Host, IReadOnlyList<HostVerdict> Verdicts)> Hosts, bool? KeyMatches)
{
    /// <summary>Looks at a chain.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="hosts">The host parts of node names that it is to be for.</param>
    /// <param name="trusted">Whom peers trust; null when that is not known.</param>
    /// <param name="now">The moment that counts.</param>
    /// <param name="file">Where the chain lies; null when it lies nowhere.</param>
    /// <param name="key">The text with the key, and where it is from; null when nobody looks at it.</param>
    internal static CertificateReport Make(
        IReadOnlyList<X509Certificate2> chain, IReadOnlyList<string> hosts, IReadOnlyList<X509Certificate2>? trusted, DateTimeOffset now,
        string? file = null, (string Text, string Place)? key = null)
    {
        var (problems, warnings) = (new List<string>(CertificateCheck.Problems(chain[0], now)), new List<string>());
        if (TrustCheck.BrokenAt(chain) is { } broken)
            problems.Add($"The chain is out of order: {broken}.");
        if (TrustCheck.OutdatedIn(chain, now) is { } outdated)
            problems.Add($"Peers would not trust it: {outdated}.");
        if (trusted is not null && TrustCheck.Problem(chain, trusted, now) is { } untrusted)
            problems.Add($"Peers would not trust it: {untrusted}.");
        // An Erlang node always sends it; in a file it is somebody's choice.
        if (file is not null && chain.Count > 1 && TrustCheck.SignsItself(chain[^1]))
            warnings.Add("The chain carries its authority along; peers trust their own copy of it, or none.");
        var matches = key is { } given ? Matches(chain[0], given, problems) : (bool?)null;
        var verdicts = new List<(string, IReadOnlyList<HostVerdict>)>();
        if (Names(chain[0], problems) is { } names)
        {
            foreach (var host in hosts)
            {
                var of = CertificateCheck.ForHost(names, host);
                verdicts.Add((host, of));
                var findings = file is null ? CertificateLayout.Check(CertificateLayoutKind.Plain, names, host) : CertificateLayout.CheckFile(file, names, host);
                Sort(findings, problems, warnings);
                if (of.Any(verdict => verdict.Accepted))
                    problems.AddRange(of.Where(verdict => !verdict.Accepted).Select(verdict => $"{verdict.Who} would not accept it for '{host}': it lacks {verdict.Wanted}."));
            }
            if (hosts.Count == 0 && file is not null)
                Sort(CertificateLayout.CheckFile(file, names, null), problems, warnings);
        }
        return new([.. chain.Select(CertificateFacts.Of)], [.. problems.Distinct(StringComparer.Ordinal)], [.. warnings.Distinct(StringComparer.Ordinal)], verdicts, matches);
    }

    private static void Sort(IReadOnlyList<LayoutFinding> findings, List<string> problems, List<string> warnings)
    {
        foreach (var finding in findings)
            (finding.IsFatal ? problems : warnings).Add(finding.Text);
    }

    private static CertificateNames? Names(X509Certificate2 certificate, List<string> problems)
    {
        try
        {
            return CertificateNames.Of(certificate);
        }
        catch (CertificateException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }

    private static bool Matches(X509Certificate2 certificate, (string Text, string Place) given, List<string> problems)
    {
        try
        {
            using var key = CertificateKey.FromPem(given.Text, given.Place);
            if (key.IsOf(certificate))
                return true;
            problems.Add($"The private key in {given.Place} is not the certificate's: the two do not belong together.");
        }
        catch (CertificateException e)
        {
            problems.Add(e.Message);
        }
        return false;
    }
}
