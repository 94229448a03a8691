using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;

namespace Enmesh.Tls;

/// <summary>What is wrong with a certificate, in one line that says what to do; nothing when all is well.</summary>
/// <param name="Failure">The kind.</param>
/// <param name="Message">The line.</param>
internal sealed record Verdict(TlsFailure Failure, string Message);

/// <summary>Looks at chains of certificates as OTP does: by the trusted authorities alone, and without the network.</summary>
internal static class ChainVerdict
{
    /// <summary>How a chain is built.</summary>
    /// <param name="material">Whom to trust.</param>
    /// <param name="now">The time.</param>
    /// <param name="usage">What the certificate must be meant for; null when that is not looked at.</param>
    internal static X509ChainPolicy Policy(TlsMaterial material, DateTimeOffset now, string? usage)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // by our own lists, see OfPeer
            DisableCertificateDownloads = true,
            VerificationTime = now.UtcDateTime,
            VerificationTimeIgnored = false,
        };
        policy.CustomTrustStore.AddRange(material.Authorities);
        if (usage is not null)
            policy.ApplicationPolicy.Add(new Oid(usage));
        return policy;
    }

    /// <summary>The verdict on a peer's certificate, its name aside.</summary>
    /// <param name="whose">The peer, for the message.</param>
    /// <param name="material">Whom to trust, and what is revoked.</param>
    /// <param name="chain">The chain, built by <see cref="Policy"/>.</param>
    /// <param name="now">The time.</param>
    internal static Verdict? OfPeer(string whose, TlsMaterial material, X509Chain chain, DateTimeOffset now)
    {
        var leaf = chain.ChainElements[0].Certificate;
        var subject = $"The certificate of {whose} ({Short(leaf)})";
        return Trust(subject, leaf, material, chain)
            ?? Times(subject, chain, now, $"; it is {Day(now.UtcDateTime)} here")
            ?? Others(subject, leaf, chain)
            ?? Revoked(subject, material, chain);
    }

    /// <summary>What is wrong with our own certificate; null when nothing is.</summary>
    internal static string? OfOurs(TlsMaterial material, X509Chain chain, DateTimeOffset now)
    {
        var file = material.Files.CertificateFile;
        var subject = $"The certificate in {file} ({Short(material.Certificate)})";
        var all = Flags(chain);
        if (Times(subject, chain, now, here: "") is { } times)
            return times.Message;
        if (all.HasFlag(X509ChainStatusFlags.PartialChain) || all.HasFlag(X509ChainStatusFlags.UntrustedRoot))
        {
            if (HasNamesake(material, chain))
                return $"{subject} is not signed by {IssuerOfLast(chain)} in {material.Files.CaFile}, but by one of the same name with another key. Put a certificate of that one there, or add the other one to {material.Files.CaFile}.";
            return $"{subject} does not lead to an authority in {material.Files.CaFile} ({Authorities(material)}): "
                + $"its chain ends with {IssuerOfLast(chain)}. Append the certificates between the two to {file}, or that authority to {material.Files.CaFile}.";
        }
        return Others(subject, material.Certificate, chain)?.Message;
    }

    /// <summary>A certificate for a message: its names, who has issued it, until when it is valid.</summary>
    internal static string Short(X509Certificate2 certificate) =>
        $"{NamesOf(certificate)}; issued by {Printable(certificate.Issuer)}; valid until {Day(certificate.NotAfter)}";

    internal static string NamesOf(X509Certificate2 certificate)
    {
        try
        {
            return CertificateNames.Of(certificate).Text;
        }
        catch (CertificateException)
        {
            return "names that cannot be read";
        }
    }

    // Text of others must not write lines of its own into a log.
    internal static string Printable(string text) =>
        text.Length == 0 ? "a nameless authority" : string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));

    internal static string Day(DateTime local) => FormattableString.Invariant($"{local.ToUniversalTime():yyyy-MM-dd HH:mm:ss} UTC");

    private static Verdict? Trust(string subject, X509Certificate2 leaf, TlsMaterial material, X509Chain chain)
    {
        var all = Flags(chain);
        if (all.HasFlag(X509ChainStatusFlags.NotSignatureValid)
            || (HasNamesake(material, chain) && (all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != X509ChainStatusFlags.NoError))
            return new(TlsFailure.UnknownAuthority, $"{subject} is not signed by {IssuerOfLast(chain)} in {material.Files.CaFile}, but by one of the same name with another key. Have it issued anew by that one, or add the other one to that file.");
        if (!all.HasFlag(X509ChainStatusFlags.UntrustedRoot) && !all.HasFlag(X509ChainStatusFlags.PartialChain))
            return null;
        if (chain.ChainElements.Count == 1 && TrustCheck.SignsItself(leaf))
            return new(TlsFailure.SelfSigned, $"{subject} is self-signed, and none of those in {material.Files.CaFile} ({Authorities(material)}). Have it issued by the cluster's authority.");
        return new(
            TlsFailure.UnknownAuthority,
            $"{subject} leads to {IssuerOfLast(chain)}, which is none of the authorities in {material.Files.CaFile} ({Authorities(material)}). "
            + "Have it issued by one of them, add its authority to that file, or, where one in between is missing, append that to the peer's certificate file.");
    }

    // Among the authorities there is one of the name that has signed the last certificate.
    private static bool HasNamesake(TlsMaterial material, X509Chain chain)
    {
        var last = chain.ChainElements[^1].Certificate;
        return material.Authorities.Any(one => one.SubjectName.RawData.AsSpan().SequenceEqual(last.IssuerName.RawData));
    }

    private static Verdict? Times(string subject, X509Chain chain, DateTimeOffset now, string here)
    {
        for (var i = 0; i < chain.ChainElements.Count; i++)
        {
            var one = chain.ChainElements[i].Certificate;
            var what = i == 0 ? subject : $"{subject} is signed by {Printable(one.Subject)}, which";
            if (TlsMaterial.Instant(one.NotAfter) < now)
                return new(TlsFailure.Expired, $"{what} expired on {Day(one.NotAfter)}{here}. Renew {(i == 0 ? "it" : "that authority, and what it has signed")}.");
            if (TlsMaterial.Instant(one.NotBefore) > now)
                return new(TlsFailure.NotYetValid, $"{what} is not valid before {Day(one.NotBefore)}{here}. Compare the clocks of the two hosts, or wait.");
        }
        return null;
    }

    private static Verdict? Others(string subject, X509Certificate2 leaf, X509Chain chain)
    {
        var all = Flags(chain) & ~X509ChainStatusFlags.NotTimeValid;
        if (all == X509ChainStatusFlags.NoError)
            return null;
        if (all.HasFlag(X509ChainStatusFlags.NotValidForUsage))
        {
            var usages = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(usage => usage.EnhancedKeyUsages.Cast<Oid>())
                .Select(usage => usage.Value == KeyUsages.ServerAuth ? "serverAuth" : usage.Value == KeyUsages.ClientAuth ? "clientAuth" : usage.Value);
            return new(TlsFailure.WrongUsage, $"{subject} is not meant for this: its extended key usage is {string.Join(", ", usages)}. A node is server and client; issue it with both, serverAuth and clientAuth.");
        }
        var why = string.Join("; ", chain.ChainStatus.Where(status => status.Status != X509ChainStatusFlags.NotTimeValid)
            .Select(status => Printable(status.StatusInformation.TrimEnd('.', '\n'))));
        return new(TlsFailure.BadCertificate, $"{subject} cannot be accepted: {why}. Have it issued anew.");
    }

    private static Verdict? Revoked(string subject, TlsMaterial material, X509Chain chain)
    {
        for (var i = 0; i + 1 < chain.ChainElements.Count; i++)
        {
            var one = chain.ChainElements[i].Certificate;
            if (material.Revoked.Find(one, chain.ChainElements[i + 1].Certificate) is not { } revocation)
                continue;
            var what = i == 0 ? subject : $"{subject} is signed by {Printable(one.Subject)}, which";
            return new(
                TlsFailure.Revoked,
                $"{what} has been revoked since {Day(revocation.At.UtcDateTime)}{(revocation.Reason is null ? "" : $" ({revocation.Reason})")} "
                + $"by {Printable(one.Issuer)}, serial number {one.SerialNumber}. Have a new one issued, with a new key.");
        }
        return null;
    }

    private static X509ChainStatusFlags Flags(X509Chain chain) =>
        chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, one) => all | one.Status);

    private static string IssuerOfLast(X509Chain chain) => Printable(chain.ChainElements[^1].Certificate.Issuer);

    private static string Authorities(TlsMaterial material) =>
        string.Join("; ", material.Authorities.Select(one => Printable(one.Subject)));
}
